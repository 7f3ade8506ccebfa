"""The operation on pairs: which of two examples has more of what a `score` task is about.

pair.put  {task, a, b, winner: "a" | "b" | "="}     an example that was compared often enough isn't asked any more
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from adequate.errors import DataError
from adequate.labelling import compared
from adequate.store import Event
from adequate.studio import tasks
from adequate.studio.ops import Ask, operation
from adequate.studio.ops.answers import place
from adequate.studio.roles import Can
from adequate.types import Kind


@operation("pair.put", needs=Can.LABEL)
def put(connection: sa.Connection, ask: Ask) -> Sequence[Event]:
    """One comparison."""
    task = tasks.named(ask.studio, ask.body.get("task"))
    winner = ask.body.get("winner")
    if task.kind is not Kind.SCORE:
        raise DataError(f"task {task.name!r} doesn't compare examples, it is of kind {task.kind}")
    if winner not in ("a", "b", "="):
        raise DataError(f"{winner!r} doesn't say which of the two", remedy='winner: "a", "b" or "="')
    a, row = place(connection, ask, ask.body.get("a"))
    b, _ = place(connection, ask, ask.body.get("b"))
    if a == b:
        raise DataError("an example can't be compared with itself")
    compared.count(connection, task.name, (a, b), 1)
    game = {"a": a, "b": b, "winner": winner}
    return [ask.event(compared.PAIR, example=a, row=row, task=task.name, value=game, why="compared", policy="pairs")]
