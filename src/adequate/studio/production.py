"""Production beside the studio: what servers record comes in by itself, and the last look at it is kept for a moment.

following(studio)    while the application lives: new recordings come in, a minute after they were written at most
watched(studio)      the last look, never older than a few seconds; one at a time, whoever asks
alerts(root)         how many there were at the last look, whoever looked
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adequate.errors import AdequateError
from adequate.store.connect import FOLDER
from adequate.store.recordings import folder_of, segments
from adequate.studio import far_production
from adequate.studio.child import lines

if TYPE_CHECKING:
    from adequate.studio.context import Studio

_log = logging.getLogger(__name__)

EVERY = 60.0  # seconds between two looks whether something was recorded
REST = 10.0  # seconds at least between two times, however often somebody looks
SHARE = 0.05  # of a core, at most
FRESH = 4.0  # seconds that a look is shown for
ALERTS = "watch.json"  # `loop.watch.told` writes it; that takes SciPy to import


@dataclass(slots=True)
class Production:
    """What is known of it here.

    Args:
        seen, at: the last look, and when it was.
        sizes: of the segments when they were last brought in: a torn line at an end stays unread.
        wanted: somebody looks, so bring in now.
    """

    seen: dict[str, Any] | None = None
    at: float = 0.0
    sizes: dict[str, int] = field(default_factory=dict)
    wanted: asyncio.Event = field(default_factory=asyncio.Event)
    alone: asyncio.Lock = field(default_factory=asyncio.Lock)


def of(studio: Studio) -> Production:
    """That of a project."""
    found: Production = studio.extra.setdefault("production", Production())
    return found


async def watched(studio: Studio) -> dict[str, Any]:
    """What there is to see now, or was a few seconds ago."""
    mine = of(studio)
    mine.wanted.set()
    async with mine.alone:
        if mine.seen is None or time.monotonic() - mine.at > FRESH:
            mine.seen = await studio.worker.run(far_production.watched)
            mine.at = time.monotonic()
        return mine.seen


def forget(studio: Studio) -> None:
    """Something has changed: what was seen isn't so any more."""
    of(studio).seen = None


def alerts(root: Path) -> int:
    """How many hold, as of the last look of a studio or of `adequate watch`."""
    try:
        known = json.loads((root / FOLDER / ALERTS).read_bytes())
        return sum(not one.get("over") for one in known.values())
    except (OSError, ValueError, AttributeError):
        return 0


@contextlib.asynccontextmanager
async def following(studio: Studio) -> AsyncIterator[None]:
    """While the application lives."""
    task = asyncio.create_task(_follow(studio)) if studio.engine.automatic else None
    try:
        yield
    finally:
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


async def _follow(studio: Studio) -> None:
    mine, took = of(studio), 0.0
    while True:
        try:
            sizes = await asyncio.to_thread(_unread, studio)
            if sizes and sizes != mine.sizes:
                began = time.monotonic()
                if await _bring(studio):
                    mine.sizes = sizes
                took = time.monotonic() - began
        except (AdequateError, OSError) as error:
            _log.warning("what servers recorded can't be brought in: %s", error)
        await asyncio.sleep(max(REST, took / SHARE))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(mine.wanted.wait(), EVERY)
        mine.wanted.clear()


def _unread(studio: Studio) -> dict[str, int]:
    """The sizes of segments of which something was not read yet."""
    found: dict[str, int] = {}
    known: dict[str, dict[str, int]] = {}
    for path in segments(folder_of(studio.root)):
        server = path.parent.name
        if server not in known:
            known[server] = studio.store.traffic.read(server)
        with contextlib.suppress(FileNotFoundError):  # too old: it was deleted just now
            if (size := path.stat().st_size) > known[server].get(path.name, 0):
                found[str(path)] = size
    return found


async def _bring(studio: Studio) -> bool:
    """In a process of its own, while no cycle turns: it must not see half of what is added; whether all is in."""
    done = False
    async with (
        studio.engine.still("studio (production)"),
        contextlib.aclosing(lines("adequate.studio.brought", str(studio.root))) as said,
    ):
        async for line in said:
            if "error" in line:
                _log.warning("what servers recorded can't be brought in: %s", line["error"]["message"])
            elif "result" in line:
                forget(studio)
                studio.hub.recount()
                studio.hub.tell("board", "production", line["result"])
                done = True
    return done
