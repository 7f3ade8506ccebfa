"""Operations on queues: ask for what the miner found for one cell.

queue.fill     {picks}    `picks` names what `POST /api/board/mine` found, once, for whoever asked it
queue.unfill   {picks}    takes it back, as far as nobody has begun with it: what waited before waits as it did
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from adequate.errors import ConflictError
from adequate.labelling import policy
from adequate.store import Event, QueueItem, queue
from adequate.studio.ops import Ask, operation
from adequate.studio.picks import KEPT
from adequate.studio.roles import Can


@operation("queue.fill", needs=Can.REVIEW)
def fill(connection: sa.Connection, ask: Ask) -> Sequence[Event]:
    """Put what was found before everything else that waits."""
    found = ask.studio.extra.get("mined", {}).pop(str(ask.body.get("picks", "")), None)
    if found is None:
        raise ConflictError("these picks were asked for already, or are no longer known", remedy="mine again")
    task, cell, items = found
    asked = policy.asked([QueueItem(**item) for item in items], policy.of(ask.studio.store.overrides, task))
    rows = {item.row for item in asked}
    before = [item for item in queue.waiting(connection, task) if item.row in rows]
    new = queue.put(connection, asked)
    filled = _filled(ask)
    while len(filled) >= KEPT:
        filled.pop(next(iter(filled)))
    filled[str(ask.body["picks"])] = (task, cell, rows, before)
    body = {"cell": cell, "asked": len(items), "new": new}
    return [ask.event("queue", topic=f"queue:{task}", task=task, why=f"mined for {cell}", body=body)]


@operation("queue.unfill", needs=Can.REVIEW)
def unfill(connection: sa.Connection, ask: Ask) -> Sequence[Event]:
    """Take back what was put there, as far as nobody has begun with it."""
    found = _filled(ask).pop(str(ask.body.get("picks", "")), None)
    if found is None:
        raise ConflictError("this was taken back already, or is no longer known", remedy="skip what isn't to be asked")
    task, cell, rows, before = found
    gone = queue.take_back(connection, task, rows, before)
    body = {"cell": cell, "taken": gone}
    return [ask.event("queue", topic=f"queue:{task}", task=task, why=f"no longer mined for {cell}", body=body)]


def _filled(ask: Ask) -> dict[str, tuple[str, str, set[int], list[QueueItem]]]:
    """What was asked for last, by its picks: task, cell, rows, and the items that waited for these before."""
    found: dict[str, Any] = ask.studio.extra.setdefault("filled", {})
    return found
