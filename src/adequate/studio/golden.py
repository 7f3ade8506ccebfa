"""Gold questions: those whose answer is known, put between the others as soon as a task is to be asked some.

What they need is in the tables, so the worker makes them, after the change is told and before it can be noticed.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from adequate.errors import AdequateError
from adequate.labelling import policy
from adequate.store import QueueItem
from adequate.studio.turn import TURNING

if TYPE_CHECKING:
    import sqlalchemy as sa

    from adequate.loop.engine import Engine
    from adequate.studio.context import Studio

_log = logging.getLogger(__name__)


def soon(studio: Studio, task: str) -> None:
    """Put them once the transaction of the caller's is over. On any thread."""
    asyncio.run_coroutine_threadsafe(_put(studio, task), studio.hub.loop)


async def _put(studio: Studio, task: str) -> None:
    try:
        made = await studio.worker.run(_made, task)
        items = [QueueItem(**item) for item in made]

        def job(connection: sa.Connection) -> None:
            policy.mix(connection, task, items, policy.of(studio.store.overrides, task))

        await asyncio.wrap_future(studio.store.sql.submit(job))
        studio.hub.recount()
    except AdequateError as error:  # the next cycle brings them
        _log.warning("gold questions of %s: %s", task, error.message)


def _made(engine: Engine, task: str) -> list[dict[str, Any]]:
    from adequate import store as stores
    from adequate.loop.known import candidates  # brings the arrays, which the server has no need of
    from adequate.store.lock import locked

    # As a cycle does, it may have to keep features that nobody needed before; one that is turned brings its own.
    with (
        locked(engine.root / ".adequate" / TURNING, "studio (its engine)"),
        stores.open(engine.root, write=True, beside=True, verb="studio", text=engine.project.text) as store,
    ):
        return candidates(store, engine.project, task)
