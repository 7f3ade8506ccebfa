"""An example is erased for good: nobody reads the tables meanwhile, and afterwards nothing that was kept holds it.

Where several servers serve the project, the others hear of it as of any event. Until the server that erases has ended
they read nothing, and then they let go of what they had read.
"""

from __future__ import annotations

import asyncio
import shutil
from typing import TYPE_CHECKING

from adequate.store.erase import KIND
from adequate.store.lock import taking_turns
from adequate.studio import held

if TYPE_CHECKING:
    from adequate.store import Event
    from adequate.studio.context import Studio

KEPT = ("opened", "mined", "filled", "questions")  # in `Studio.extra`, for a while


async def erase(here: Studio, example: str, actor: str) -> None:
    """Erase it.

    Raises:
        BusyError: a cycle is turned, here or at another server.
    """
    async with here.engine.still("studio (erasing an example)", wait=False), here.worker.resting():
        await asyncio.to_thread(_erase, here, example, actor)
    here.hub.nudge()


def follow(here: Studio) -> None:
    """From now on let go of what is erased, whichever server erases it."""
    ending: set[asyncio.Task[None]] = set()

    def told(_seq: int, event: Event) -> None:
        if event.kind == KIND:
            task = asyncio.create_task(_elsewhere(here))
            ending.add(task)
            task.add_done_callback(ending.discard)

    here.hub.watchers.append(told)


def _erase(here: Studio, example: str, actor: str) -> None:
    with taking_turns(here.root / ".adequate" / "erasing"):
        here.store.erase(example, actor)
        _forget(here)


async def _elsewhere(here: Studio) -> None:
    async with here.worker.resting():
        await asyncio.to_thread(_once_ended, here)


def _once_ended(here: Studio) -> None:
    with taking_turns(here.root / ".adequate" / "erasing"):
        _forget(here)


def _forget(here: Studio) -> None:
    held.forget(here)
    for kept in KEPT:
        here.extra.pop(kept, None)
    shutil.rmtree(here.root / ".adequate" / "outgoing", ignore_errors=True)
