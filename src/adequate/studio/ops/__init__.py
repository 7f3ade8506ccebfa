"""Operations: what people do, as functions that run in the writer's transaction.

    @operation("comment.add", needs=Can.LABEL)
    def add(connection, ask): ...                # returns the events to record; raises to refuse

A handler checks, reads and changes tables of its own with the connection, and returns the events; `perform` records
them in the same transaction. An operation that came before (same `op`) is not run again. Files of this folder register
their kinds when they are imported; `load` imports them all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from adequate.errors import DataError, unknown
from adequate.store import Event
from adequate.store.events import record
from adequate.store.schema import event as log
from adequate.studio.roles import Can, Person

if TYPE_CHECKING:
    from adequate.studio.context import Studio

FILES = ("answers", "comments", "spans", "queues", "guide", "schema")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """An operation somebody asks for.

    Args:
        op: names it; asked again, it is the same one.
        kind: which operation.
        topic: whom its events are told: `example:ID`, `queue:TASK`, `guide:TASK`, `board` ...
        body: what the operation needs, as its handler says.
        rev: the number of the last event that its author had seen of the topic; None: don't compare.
        person: who asks, from the session.
        at: when it came in, seconds since 1970, by our clock.
        studio: the project.
    """

    op: str
    kind: str
    topic: str
    body: dict[str, Any]
    rev: int | None
    person: Person
    at: float
    studio: Studio


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What became of it: the numbers of its events, and the events."""

    seqs: list[int]
    events: list[Event] = field(default_factory=list)


Handler = Callable[[sa.Connection, Ask], Sequence[Event]]


@dataclass(frozen=True, slots=True)
class Operation:
    """One kind of operation."""

    handler: Handler
    needs: Can


OPERATIONS: dict[str, Operation] = {}


def operation(kind: str, *, needs: Can) -> Callable[[Handler], Handler]:
    """Register the handler of a kind."""

    def keep(handler: Handler) -> Handler:
        OPERATIONS[kind] = Operation(handler, needs)
        return handler

    return keep


def load() -> None:
    """Import every file of operations."""
    for name in FILES:
        import_module(f"adequate.studio.ops.{name}")


def perform(connection: sa.Connection, ask: Ask) -> Done:
    """Run one operation inside a transaction of the caller's.

    Raises:
        AccessError: the person may not.
        UnknownNameError: there is no such operation.
        AdequateError: whatever its handler refuses; `ConflictError.current` says how things are now.
    """
    known = OPERATIONS.get(ask.kind)
    if known is None:
        raise unknown("operation", ask.kind, OPERATIONS)
    ask.person.must(known.needs)
    before = connection.scalars(sa.select(log.c.seq).where(log.c.op == ask.op)).all()
    if before:
        return Done(seqs=list(before))
    events = list(known.handler(connection, ask))
    if events and events[0].op != ask.op:
        raise DataError(f"the first event of {ask.kind} must carry the operation's own name")
    return Done(seqs=record(connection, events), events=events)
