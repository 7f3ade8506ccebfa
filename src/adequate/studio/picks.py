"""What was found to be asked, kept until somebody asks for it by `queue.fill`: whoever looks first sees what it is."""

from __future__ import annotations

import uuid
from typing import Any

from adequate.studio.context import Studio

KEPT = 20  # findings that wait to be asked


def keep(here: Studio, cell: str, items: list[dict[str, Any]]) -> dict[str, Any]:
    """What a screen is told of them; `picks` names them.

    Args:
        cell: for which they were found.
        items: for the queue, as JSON has them.
    """
    mined: dict[str, Any] = here.extra.setdefault("mined", {})
    while len(mined) >= KEPT:
        mined.pop(next(iter(mined)))
    picks = uuid.uuid4().hex
    mined[picks] = (cell.partition("/")[0], cell, items)
    some = [{name: item[name] for name in ("example", "text", "why")} for item in items[:5]]
    return {"picks": picks, "found": len(items), "some": some}
