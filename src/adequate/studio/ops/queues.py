"""Operations on queues: ask for what the miner found for one cell.

queue.fill  {picks}    `picks` names what `POST /api/board/mine` found, once, for whoever asked it
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from adequate.errors import ConflictError
from adequate.labelling import policy
from adequate.store import Event, QueueItem, queue
from adequate.studio.ops import Ask, operation
from adequate.studio.roles import Can


@operation("queue.fill", needs=Can.REVIEW)
def fill(connection: sa.Connection, ask: Ask) -> Sequence[Event]:
    """Put what was found before everything else that waits."""
    found = ask.studio.extra.get("mined", {}).pop(str(ask.body.get("picks", "")), None)
    if found is None:
        raise ConflictError("these picks were asked for already, or are no longer known", remedy="mine again")
    task, cell, items = found
    asked = policy.asked([QueueItem(**item) for item in items], policy.of(ask.studio.store.overrides, task))
    new = queue.put(connection, asked)
    body = {"cell": cell, "asked": len(items), "new": new}
    return [ask.event("queue", topic=f"queue:{task}", task=task, why=f"mined for {cell}", body=body)]
