"""Boards and comparisons, worked out once for each state of the project and kept.

What a screen shows is a function of the labels, the newest model, the overrides and the queue. Their numbers are its
key: while they stand, the answer stands. The board's last answer also lies in a small file, so that the first page
after a start shows at once what was true before, and is corrected when the worker has caught up.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from adequate import __version__
from adequate.store import schema
from adequate.store.sync import write_atomically
from adequate.studio import far

if TYPE_CHECKING:
    from adequate.studio.context import Studio

FILE = "board.json"
CHANGING = ("label", "tested")  # kinds of events that change what is worked out
MOST = 32  # comparisons and cells kept


@dataclass(slots=True)
class Held:
    """Answers of the worker, by what was asked and the state of the project."""

    board: dict[str, Any] | None = None
    key: str = ""
    others: dict[tuple[Any, ...], Any] = field(default_factory=dict)
    turning: asyncio.Task[None] | None = None


def of(studio: Studio) -> Held:
    """The answers kept for a project."""
    if "held" not in studio.extra:
        studio.extra["held"] = _from_file(studio.root)
    kept: Held = studio.extra["held"]
    return kept


def key_of(studio: Studio) -> str:
    """Names the state of the project: changes with it, and with nothing else. One small read."""
    table = {
        "event": sa.select(sa.func.max(schema.event.c.seq)).where(schema.event.c.kind.in_(CHANGING)),
        "model": sa.select(sa.func.max(schema.model.c.number)),
        "accepted": sa.select(sa.func.max(schema.model.c.accepted)),
        "look": sa.select(sa.func.max(schema.look.c.id)),
        "override": sa.select(sa.func.max(schema.override.c.id)),
        "item": sa.select(sa.func.max(schema.queue_item.c.id)),
        "waiting": sa.select(sa.func.count()).where(schema.queue_item.c.state == "waiting"),
        "cycle": sa.select(sa.func.max(schema.cycle.c.ended)),
        "examples": sa.select(sa.func.max(schema.table_version.c.rows)),
    }
    with studio.store.sql.reading() as connection:
        file = studio.root / "project.py"
        declared = file.stat().st_mtime_ns if file.exists() else 0
        return json.dumps([__version__, *(connection.scalar(query) for query in table.values()), declared])


async def board(studio: Studio, *, fresh: bool = False) -> tuple[dict[str, Any], bool]:
    """The board, and whether it is of this moment.

    Args:
        fresh: rather wait than be shown an older one.
    """
    kept, now = of(studio), key_of(studio)
    if kept.board is not None and kept.key == now:
        return kept.board, True
    if kept.board is None or fresh:
        kept.board, kept.key = await studio.worker.run(far.board), now
        _to_file(studio.root, kept)
        return kept.board, True
    if kept.turning is None or kept.turning.done():
        kept.turning = asyncio.create_task(_behind(studio))
    return kept.board, False


async def _behind(studio: Studio) -> None:
    """Catch up, then say so to whoever looks at the board."""
    await board(studio, fresh=True)
    studio.hub.tell("board", "board", {})


async def other(studio: Studio, function: Callable[..., Any], *args: Any) -> Any:
    """What the worker answers, kept while the project stands as it does."""
    kept, asked = of(studio), (function.__name__, args, key_of(studio))
    if asked not in kept.others:
        answer = await studio.worker.run(function, *args)
        while len(kept.others) >= MOST:
            kept.others.pop(next(iter(kept.others)))
        kept.others[asked] = answer
    return kept.others[asked]


def forget(studio: Studio) -> None:
    """Nothing that was worked out is kept: an example that it shows was erased."""
    studio.extra.pop("held", None)
    _path(studio.root).unlink(missing_ok=True)


def _path(root: Path) -> Path:
    return root / ".adequate" / "studio" / FILE


def _from_file(root: Path) -> Held:
    try:
        kept = json.loads(_path(root).read_text(encoding="utf-8"))
        return Held(board=kept["board"], key=kept["key"])
    except (OSError, ValueError, KeyError, TypeError):  # it saves a second at the start, and is nothing to miss
        return Held()


def _to_file(root: Path, kept: Held) -> None:
    path = _path(root)
    with contextlib.suppress(OSError):  # a full disk: the next server works it out
        path.parent.mkdir(exist_ok=True)
        write_atomically(path, json.dumps({"key": kept.key, "board": kept.board}).encode())
