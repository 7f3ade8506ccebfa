"""Operations: what people do, as functions that run in the writer's transaction.

    @operation("comment.add", needs=Can.LABEL)
    def add(connection, ask): ...                # returns the events to record; raises to refuse

A handler checks, reads and changes tables of its own with the connection, and returns the events; `perform` records
them in the same transaction. An operation that came before (same `op`) is not run again. Files of this folder register
their kinds when they are imported; `load` imports them all.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from adequate.errors import DataError, unknown
from adequate.store import Event, Override, quick
from adequate.store.events import record
from adequate.store.looks import decide
from adequate.store.schema import event as log
from adequate.store.sql import alone, now
from adequate.studio.roles import Can, Person
from adequate.types import Source

if TYPE_CHECKING:
    from adequate.studio.context import Studio

Before = tuple[int, str]


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
        at: when it came in, seconds since 1970: by our clock until it is performed, then by the database's.
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

    def named(self, i: int) -> str:
        """The name of its i-th event: the first carries the operation's own, and `rest_of` finds the others."""
        return f"{self.op}/{i}" if i else self.op

    def event(self, kind: str, *, i: int = 0, example: str = "", row: int = -1, **more: Any) -> Event:
        """What the person said or did, as the i-th event of this operation: of no example unless one is given.

        Args:
            more: what else `Event` holds.
        """
        said: dict[str, Any] = {"task": "", "value": None, "source": Source.HUMAN, "op": self.named(i), **more}
        return Event(kind=kind, example=example, row=row, actor=self.person.id, at=self.at, **said)

    def reason(self, what: str) -> str:
        """Why they ask for it, in their words.

        Raises:
            DataError: they don't say.
        """
        said = self.body.get("why")
        if not isinstance(said, str) or not said.strip():
            raise DataError(f"{what} takes a reason", remedy="say why, in a few words")
        return said.strip()[:2000]

    def decide(self, connection: sa.Connection, what: str, value: Any, why: str) -> None:
        """Lay a decision of theirs over what is declared."""
        decide(connection, Override(what=what, value=value, who=self.person.id, why=why, at=self.at))


def rest_of(op: str) -> sa.ColumnElement[bool]:
    """The events of an operation after its first: `OP/1`, `OP/2` ..."""
    return sa.and_(log.c.op >= f"{op}/", log.c.op < f"{op}0")  # "0" is the character after "/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What became of it.

    Args:
        seq: the number of its last event, the same however often it is asked.
        seqs, events: what it recorded now, with their numbers; nothing where it had come before.
    """

    seq: int
    seqs: list[int] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)


Outcome = Done | Exception
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
    for file in iter_modules(__path__):
        import_module(f"{__name__}.{file.name}")


def together(connection: sa.Connection, asks: Sequence[Ask]) -> list[Outcome]:
    """Perform operations in this order in one transaction of the caller's; one that is refused leaves nothing behind.

    Most are not refused: all are tried under one savepoint, and only where one fails each gets its own.

    Raises:
        DBAPIError: the database fails; then none has happened.
        Exception: there is one operation, and it is refused.
    """
    alone(connection)  # else the same operation, sent to another server too, could be performed twice
    late = now(connection) - time.time()
    asks = [replace(ask, at=ask.at + late) for ask in asks]
    before = _before(connection, asks)
    if len(asks) == 1:  # the writer sees to it that one that fails leaves nothing
        return [_perform(connection, asks[0], before)]
    if asks:
        whole = connection.begin_nested()
        try:
            seen = dict(before)
            done: list[Outcome] = [_perform(connection, ask, seen) for ask in asks]
        except Exception as error:
            if connection.invalidated or isinstance(error, sa.exc.OperationalError):
                raise
            whole.rollback()
        else:
            whole.commit()
            return done
    return [_alone(connection, ask, before) for ask in asks]


def _alone(connection: sa.Connection, ask: Ask, before: dict[str, Before]) -> Outcome:
    try:
        with connection.begin_nested():
            return _perform(connection, ask, before)
    except Exception as error:
        if connection.invalidated or isinstance(error, sa.exc.OperationalError):
            raise
        return error


def perform(connection: sa.Connection, ask: Ask) -> Done:
    """Run one operation inside a transaction of the caller's.

    Raises:
        AccessError: the person may not.
        UnknownNameError: there is no such operation.
        AdequateError: whatever its handler refuses; `ConflictError.current` says how things are now.
    """
    return _perform(connection, ask, _before(connection, [ask]))


def _perform(connection: sa.Connection, ask: Ask, before: dict[str, Before]) -> Done:
    known = OPERATIONS.get(ask.kind)
    if known is None:
        raise unknown("operation", ask.kind, OPERATIONS)
    ask.person.must(known.needs)
    if ask.op in before:
        seq, actor = before[ask.op]
        if actor != ask.person.id:
            raise DataError(f"an operation named {ask.op!r} is somebody else's", remedy="name it anew")
        return Done(seq=seq)
    events = list(known.handler(connection, ask))
    if not events:
        return Done(seq=0)
    if events[0].op != ask.op:
        raise DataError(f"the first event of {ask.kind} must carry the operation's own name")
    seqs = record(connection, events)
    before[ask.op] = (max(seqs), ask.person.id)
    return Done(seq=max(seqs), seqs=seqs, events=events)


@cache
def _named(dialect: str) -> sa.Select[Any]:
    return sa.select(log.c.op, log.c.seq, log.c.actor).where(quick.one_of(dialect, log.c.op, "ops"))


def _before(connection: sa.Connection, asks: Sequence[Ask]) -> dict[str, Before]:
    """Those that came before: the number of the last event of each, and whose it is."""
    named = quick.listed(connection, [ask.op for ask in asks])
    found = {
        op: (seq, actor) for op, seq, actor in quick.rows(connection, _named(connection.dialect.name), {"ops": named})
    }
    for op, (seq, actor) in found.items():
        more = sa.select(sa.func.max(log.c.seq)).where(rest_of(op))
        found[op] = (max(seq, connection.scalar(more) or 0), actor)
    return found
