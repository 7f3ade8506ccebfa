"""Operations on what people say to each other about an example: comments, and flags.

comment.add      {task, example, text}
comment.resolve  {task, example, of: seq}
flag.set         {task, example, on: bool, reason?}
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from adequate.errors import DataError, UnknownNameError
from adequate.store import Event
from adequate.store.schema import event as log
from adequate.studio import tasks
from adequate.studio.ops import Ask, operation
from adequate.studio.ops.answers import place
from adequate.studio.roles import Can

COMMENT, RESOLVED, FLAG = "comment", "resolved", "flag"
LONGEST = 4_000  # characters


@operation("comment.add", needs=Can.LABEL)
def add(connection: sa.Connection, ask: Ask) -> Sequence[Event]:
    """A comment on an example."""
    return [_said(connection, ask, COMMENT, {"text": _text(ask.body.get("text"), least=1)})]


@operation("comment.resolve", needs=Can.LABEL)
def resolve(connection: sa.Connection, ask: Ask) -> Sequence[Event]:
    """A comment that is dealt with."""
    of = ask.body.get("of")
    is_seq = isinstance(of, int) and not isinstance(of, bool)
    query = sa.select(log.c.example).where(log.c.seq == of, log.c.kind == COMMENT)
    example = connection.scalar(query) if is_seq else None
    if example is None or example != ask.body.get("example"):
        raise UnknownNameError(f"no comment {of!r} on this example", remedy="load its comments again")
    return [_said(connection, ask, RESOLVED, {"of": of})]


@operation("flag.set", needs=Can.LABEL)
def flag(connection: sa.Connection, ask: Ask) -> Sequence[Event]:
    """A flag: somebody with more time should look at this."""
    reason = _text(ask.body.get("reason") or "", least=0)
    return [_said(connection, ask, FLAG, {"on": ask.body.get("on") is not False, "reason": reason})]


def _said(connection: sa.Connection, ask: Ask, kind: str, value: Any) -> Event:
    task = tasks.named(ask.studio, ask.body.get("task"))
    example, row = place(connection, ask, ask.body.get("example"))
    return ask.event(kind, example=example, row=row, task=task.name, value=value)


def _text(text: object, *, least: int) -> str:
    said = text.strip() if isinstance(text, str) else ""
    if not isinstance(text, str) or not least <= len(said) <= LONGEST:
        raise DataError(f"a comment has {least} to {LONGEST:,} characters, this one {len(said):,}")
    return said
