"""What waits to be labelled, and who holds what: an item is before one person at a time, for two minutes.

The miner puts items; a labeller leases some and answers or skips them. A lease that is not used runs out by itself, so
an abandoned session loses nothing. An answer records the label and closes the item in one transaction.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa

from adequate.errors import UnknownNameError
from adequate.store.events import Event, record, undo
from adequate.store.schema import lease, queue_item
from adequate.store.sql import Sql, alone, upsert
from adequate.types import Part

LEASE_SECONDS = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueItem:
    """One example to be labelled for one task.

    Args:
        task: of the project.
        row: of the example.
        example: its id.
        part: what the label will be for: `teach`, `steer` or `gate`.
        cell: what it is expected to help, "" where it is of no cell in particular.
        policy: what picked it.
        why: the reason, for people.
        probability: in (0, 1], the chance with which it was drawn from its part.
        rank: lower comes first.
        cycle: in which it was picked.
        id: given by the queue.
        overlap: how many different people are to answer.
        answers: how many have.
        blind: labellers see neither each other's answers nor the model's.
        gold: JSON, the answer that is known; None where it is a true question.
        text: of the example, where it is short; None: look it up.
        suggestion: JSON, {label, confidence, second, margin} of the newest model; None before the first.
    """

    task: str
    row: int
    example: str
    part: str
    cell: str = ""
    policy: str = ""
    why: str = ""
    probability: float = 1.0
    rank: float = 0.0
    cycle: int = 0
    id: int = 0
    overlap: int = 1
    answers: int = 0
    blind: bool = False
    gold: str | None = None
    text: str | None = None
    suggestion: str | None = None


@dataclass(frozen=True, slots=True)
class Queue:
    """The queue of a project."""

    sql: Sql

    def put(self, items: Sequence[QueueItem], *, replace: bool = False) -> int:
        """Add items; returns how many of them are new. An example that waits for the task already is updated instead.

        Args:
            items: their `id` is not looked at.
            replace: withdraw first what waits for the items' tasks and nobody holds.
        """
        return self.sql.write(lambda connection: _put(connection, items, replace), "filling the queue")

    def next(self, task: str, actor: str, n: int = 1, *, seconds: float = LEASE_SECONDS) -> list[QueueItem]:
        """Lease the first items that nobody else holds to `actor`, those included that they hold already."""
        return self.sql.write(lambda connection: _next(connection, task, actor, n, seconds), "leasing from the queue")

    def answer(self, item: int, event: Event) -> int:
        """Record the label of an item and close the item; returns the event's number.

        Any answer counts, also one whose lease has run out: work done is never refused.
        """
        return self.answer_all([(item, event)])[0]

    def answer_all(self, answers: Sequence[tuple[int, Event]]) -> list[int]:
        """As `answer` for several items in one transaction: all of them hold, or none."""

        def job(connection: sa.Connection) -> list[int]:
            numbers = record(connection, [event for _, event in answers])
            for item, _ in answers:
                _close(connection, item, "answered")
            return numbers

        return self.sql.write(job, "recording answers")

    def skip(self, item: int) -> None:
        """Put an item aside: it isn't asked again unless the miner picks it again."""
        self.sql.write(lambda connection: _close(connection, item, "skipped"), "skipping an item")

    def undo(self, item: int, seq: int, actor: str) -> int:
        """Take back the answer `seq` of an item and ask it again, before all others; returns the new event's number.

        Raises:
            LabelError: something was said of the same example since.
        """

        def job(connection: sa.Connection) -> int:
            undone = undo(connection, seq, actor)
            _reopen(connection, item)
            return undone

        return self.sql.write(job, "undoing an answer")

    def reopen(self, item: int) -> None:
        """Ask an item that was skipped after all, before all others."""
        self.sql.write(lambda connection: _reopen(connection, item), "reopening an item")

    def give_back(self, actor: str) -> None:
        """Let others have at once what `actor` holds."""
        self.sql.write(
            lambda connection: connection.execute(sa.delete(lease).where(lease.c.actor == actor)), "giving items back"
        )

    def renew(self, actor: str, seconds: float = LEASE_SECONDS) -> None:
        """Hold what `actor` holds for longer."""
        still = (lease.c.actor == actor, lease.c.until > time.time())
        change = sa.update(lease).where(*still).values(until=time.time() + seconds)
        self.sql.write(lambda connection: connection.execute(change), "renewing a lease")

    def clear(self, task: str | None = None) -> None:
        """Withdraw all that waits and nobody holds, of one task or of all."""
        self.sql.write(lambda connection: _withdraw(connection, None if task is None else {task}), "clearing the queue")

    def counts(self) -> list[tuple[str, str, str, int]]:
        """How much waits: (task, cell, part, items)."""
        by = (queue_item.c.task, queue_item.c.cell, queue_item.c.part)
        query = sa.select(*by, sa.func.count().label("items")).where(queue_item.c.state == "waiting")
        return [tuple(row) for row in self.sql.rows(query.group_by(*by).order_by(*by))]

    def sought(self, task: str) -> list[tuple[int, str]]:
        """What was asked to teach a task and has been answered, oldest first: (row, the cell it was meant for)."""
        query = sa.select(queue_item.c.row, queue_item.c.cell)
        done = (queue_item.c.task == task, queue_item.c.state == "answered", queue_item.c.part == str(Part.TEACH))
        return [(row.row, row.cell) for row in self.sql.rows(query.where(*done).order_by(queue_item.c.id))]

    def waiting(self, task: str | None = None) -> list[QueueItem]:
        """All that waits, first things first."""
        query = sa.select(queue_item).where(queue_item.c.state == "waiting")
        if task is not None:
            query = query.where(queue_item.c.task == task)
        return [_item(row) for row in self.sql.rows(query.order_by(queue_item.c.rank, queue_item.c.id))]


def _put(connection: sa.Connection, items: Sequence[QueueItem], replace: bool) -> int:
    alone(connection, "queue")
    tasks = {item.task for item in items}
    if replace:
        _withdraw(connection, tasks)
    here = (queue_item.c.state == "waiting", queue_item.c.task.in_(tasks))
    columns = (queue_item.c.id, queue_item.c.task, queue_item.c.row)
    held = {(row.task, row.row): row.id for row in connection.execute(sa.select(*columns).where(*here))}
    fresh: dict[tuple[str, int], dict[str, Any]] = {}
    for item in items:
        values = asdict(item) | {"state": "waiting", "at": time.time()}
        number = held.get((item.task, item.row))
        del values["id"]
        if number is None:
            fresh[item.task, item.row] = values
        else:
            connection.execute(sa.update(queue_item).where(queue_item.c.id == number).values(values))
    if fresh:
        connection.execute(sa.insert(queue_item), list(fresh.values()))
    return len(fresh)


def _next(connection: sa.Connection, task: str, actor: str, n: int, seconds: float) -> list[QueueItem]:
    alone(connection, "queue")
    now = time.time()
    query = (
        sa.select(queue_item)
        .outerjoin(lease, sa.and_(lease.c.item == queue_item.c.id, lease.c.until > now))
        .where(queue_item.c.task == task, queue_item.c.state == "waiting")
        .where(sa.or_(lease.c.actor.is_(None), lease.c.actor == actor))
        .order_by(queue_item.c.rank, queue_item.c.id)
        .limit(n)
    )
    items = [_item(row) for row in connection.execute(query)]
    upsert(connection, lease, [{"item": item.id, "actor": actor, "until": now + seconds} for item in items])
    return items


def _withdraw(connection: sa.Connection, tasks: set[str] | None) -> None:
    held = sa.select(lease.c.item).where(lease.c.until > time.time())
    change = (
        sa.update(queue_item)
        .where(queue_item.c.state == "waiting", queue_item.c.id.not_in(held))
        .values(state="withdrawn")
    )
    connection.execute(change if tasks is None else change.where(queue_item.c.task.in_(tasks)))


def _close(connection: sa.Connection, item: int, state: str) -> None:
    _only(connection.execute(sa.update(queue_item).where(queue_item.c.id == item).values(state=state)).rowcount, item)
    connection.execute(sa.delete(lease).where(lease.c.item == item))


def _reopen(connection: sa.Connection, item: int) -> None:
    first = connection.scalar(sa.select(sa.func.min(queue_item.c.rank)).where(queue_item.c.state == "waiting"))
    change = sa.update(queue_item).where(queue_item.c.id == item)
    _only(connection.execute(change.values(state="waiting", rank=(first or 0.0) - 1.0)).rowcount, item)


def _only(changed: int, item: int) -> None:
    if changed != 1:
        raise UnknownNameError(f"no item {item} in the queue")


def _item(row: Any) -> QueueItem:
    return QueueItem(**{name: getattr(row, name) for name in QueueItem.__dataclass_fields__})
