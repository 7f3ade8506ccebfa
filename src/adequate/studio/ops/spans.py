"""Operations on spans while they are being made: what others see at once, before anything is answered.

    span.put  {task, example, span: {start, end, label, id}}
    span.del  {task, example, id}

They are a draft, one a person; `answer.submit` says which spans hold. Offsets count code points.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from adequate.errors import DataError
from adequate.store import Event
from adequate.studio import tasks
from adequate.studio.ops import Ask, operation
from adequate.studio.ops.answers import place
from adequate.studio.roles import Can
from adequate.types import Kind

SPAN = "span"


@operation("span.put", needs=Can.LABEL)
def put(connection: sa.Connection, ask: Ask) -> Sequence[Event]:
    """A span made or changed."""
    task = tasks.named(ask.studio, ask.body.get("task"))
    if task.kind is not Kind.SPAN:
        raise DataError(f"task {task.name!r} has no spans, it is of kind {task.kind}")
    made = tasks.checked(connection, ask.studio, task, [ask.body.get("span")], new=ask.body.get("new") is True)
    return [_drafted(connection, ask, task.name, made[0])]


@operation("span.del", needs=Can.LABEL)
def remove(connection: sa.Connection, ask: Ask) -> Sequence[Event]:
    """A span taken away."""
    task = tasks.named(ask.studio, ask.body.get("task"))
    return [_drafted(connection, ask, task.name, {"id": str(ask.body.get("id", "")), "gone": True})]


def _drafted(connection: sa.Connection, ask: Ask, task: str, value: Any) -> Event:
    example, row = place(connection, ask, ask.body.get("example"))
    return ask.event(SPAN, example=example, row=row, task=task, value=value)
