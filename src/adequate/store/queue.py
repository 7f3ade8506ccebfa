"""What waits to be labelled, and who holds what: each item before as many people as are to answer, for two minutes.

The miner puts items; a labeller leases some and answers or passes them over. A lease that is not used runs out by
itself, so an abandoned session loses nothing; how late it is, the database says (`sql.now`). What becomes of an
answer is `labelling`'s to say; here are the moves.

The functions below `Queue` are those moves inside a transaction of the caller's. An item of more than one answer stays
`waiting` until all have answered; who has is a lease that is `done`, so that nobody gets the same item twice.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from operator import attrgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from adequate.errors import UnknownNameError
from adequate.spec.cells import label_in
from adequate.store import quick
from adequate.store.schema import answer, lease, queue_item
from adequate.store.sql import Sql, alone, among, now, upsert
from adequate.types import Part

LEASE_SECONDS = 120.0
WAITING, ANSWERED, DISPUTED, SKIPPED, WITHDRAWN = "waiting", "answered", "disputed", "skipped", "withdrawn"
BY_PEOPLE = 0  # the cycle of what people asked themselves: no cycle withdraws it


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
        cycle: in which it was picked; `BY_PEOPLE`: in none, somebody asked for it.
        id: given by the queue.
        overlap: how many different people are to answer.
        answers: how many of them have, where more than one is to.
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
    cycle: int = BY_PEOPLE
    id: int = 0
    overlap: int = 1
    answers: int = 0
    blind: bool = False
    gold: str | None = None
    text: str | None = None
    suggestion: str | None = None


_FIELDS = tuple(QueueItem.__dataclass_fields__)
_PUT = tuple(name for name in _FIELDS if name not in ("id", "answers"))
_values = attrgetter(*_PUT)


@dataclass(frozen=True, slots=True)
class Queue:
    """The queue of a project."""

    sql: Sql

    def put(self, items: Sequence[QueueItem], *, replace: bool = False) -> int:
        """Add items; returns how many of them are new. An example that waits for the task already is updated instead;
        where a person asked for it, a cycle gives it its suggestion and no more.

        Args:
            items: their `id` and `answers` are not looked at.
            replace: withdraw first what waits for the items' tasks and nobody holds.
        """
        return self.sql.write(lambda connection: put(connection, items, replace=replace), "filling the queue")

    def next(self, task: str, actor: str, n: int = 1, *, seconds: float = LEASE_SECONDS) -> list[QueueItem]:
        """Lease the first items that still need somebody to `actor`, those included that they hold already."""
        return self.sql.write(
            lambda connection: hand_out(connection, task, actor, n, seconds), "leasing from the queue"
        )

    def skip(self, item: int, actor: str) -> None:
        """Put an item aside: it isn't asked again unless the miner picks it again; one that others are to answer too
        is put aside for `actor` alone."""
        self.sql.write(lambda connection: skip(connection, item, actor), "skipping an item")

    def reopen(self, item: int, actor: str) -> None:
        """Ask `actor` an item that they skipped after all, before all others."""
        self.sql.write(lambda connection: reopen(connection, item, actor), "reopening an item")

    def give_back(self, actor: str) -> None:
        """Let others have at once what `actor` holds."""
        self.sql.write(lambda connection: give_back(connection, actor), "giving items back")

    def renew(self, actor: str, seconds: float = LEASE_SECONDS) -> None:
        """Hold what `actor` holds for longer."""
        self.sql.write(lambda connection: renew(connection, actor, seconds), "renewing a lease")

    def clear(self, task: str | None = None) -> None:
        """Withdraw what waits, nobody holds and nobody has answered yet, of one task or of all."""
        self.sql.write(lambda connection: withdraw(connection, None if task is None else {task}), "clearing the queue")

    def counts(self) -> list[tuple[str, str, str, int]]:
        """How much waits: (task, cell, part, items). Questions whose answer is known don't count."""
        return [tuple(row) for row in self.sql.rows(_COUNTS)]

    def sought(self, task: str) -> list[tuple[int, str]]:
        """What was asked to teach a task and has been answered, oldest first: (row, the cell it was meant for)."""
        query = sa.select(queue_item.c.row, queue_item.c.cell)
        done = (queue_item.c.task == task, queue_item.c.state == ANSWERED, queue_item.c.part == str(Part.TEACH))
        return [(row.row, row.cell) for row in self.sql.rows(query.where(*done).order_by(queue_item.c.id))]

    def waiting(self, task: str | None = None) -> list[QueueItem]:
        """All that waits, first things first. Questions whose answer is known don't count."""
        return self._all(WAITING, task)

    def disputed(self, task: str | None = None) -> list[QueueItem]:
        """What people answered differently and a reviewer has to settle, first things first."""
        return self._all(DISPUTED, task)

    def _all(self, state: str, task: str | None) -> list[QueueItem]:
        return [_item(row) for row in self.sql.rows(_waiting(state, task))]


# Built once: to build a statement takes longer than to run it.
_ITEMS = sa.select(*(queue_item.c[name] for name in _FIELDS))
_STATE = sa.select(*(queue_item.c[name] for name in _FIELDS), queue_item.c.state).where(
    queue_item.c.id == sa.bindparam("item")
)
_COUNTS = (
    sa.select(queue_item.c.task, queue_item.c.cell, queue_item.c.part, sa.func.count().label("items"))
    .where(queue_item.c.state == sa.literal_column(f"'{WAITING}'"), queue_item.c.gold.is_(None))  # as its index says
    .group_by(queue_item.c.task, queue_item.c.cell, queue_item.c.part)
    .order_by(queue_item.c.task, queue_item.c.cell, queue_item.c.part)
)
_NEXT = (
    _ITEMS.where(queue_item.c.task == sa.bindparam("of"), queue_item.c.state == WAITING)
    .where(
        ~sa.exists().where(
            lease.c.item == queue_item.c.id, lease.c.actor == sa.bindparam("who"), lease.c.done.is_(sa.true())
        ),
        queue_item.c.answers
        + sa.select(sa.func.count())
        .where(
            lease.c.item == queue_item.c.id,
            lease.c.actor != sa.bindparam("who"),
            lease.c.until > sa.bindparam("now"),
            lease.c.done.is_(sa.false()),
        )
        .scalar_subquery()
        < queue_item.c.overlap,
    )
    .order_by(queue_item.c.rank, queue_item.c.id)
    .limit(sa.bindparam("most", type_=sa.Integer))
)
_NEXT_OF_CELL = _NEXT.where(queue_item.c.cell.in_([sa.bindparam("at_cell"), sa.bindparam("or_label")]))


@cache
def _lend(dialect: str) -> sa.Insert:
    insert = postgresql.insert(lease) if dialect == "postgresql" else sqlite.insert(lease)
    who, end = sa.bindparam("who", type_=sa.Text), sa.bindparam("end", type_=sa.Double)
    # "WHERE true": else SQLite reads the ON of "ON CONFLICT" as that of a join.
    given = sa.select(quick.each(dialect, lease.c.item, "held"), who, end).where(sa.true())
    return insert.from_select(["item", "actor", "until"], given).on_conflict_do_update(
        index_elements=["item", "actor"], set_={"until": insert.excluded.until}
    )


_SET_STATE = (
    sa.update(queue_item)
    .where(queue_item.c.id == sa.bindparam("item"))
    .values(state=sa.bindparam("to"), answers=sa.bindparam("by"))
)
_CLOSE_SINGLE = (
    sa.update(queue_item)
    .where(queue_item.c.id == sa.bindparam("item"), queue_item.c.overlap == 1, queue_item.c.gold.is_(None))
    .values(state=ANSWERED)
)
_FREE = sa.delete(lease).where(lease.c.item == sa.bindparam("held"))
_FREE_OF = _FREE.where(lease.c.actor == sa.bindparam("who"))
_SAID = sa.select(answer.c.actor, answer.c.value).where(
    answer.c.task == sa.bindparam("of"), answer.c.row == sa.bindparam("at_row"), answer.c.item == sa.bindparam("held")
)
_UPDATE = (
    sa.update(queue_item)
    .where(queue_item.c.id == sa.bindparam("held"))
    .values({name: sa.bindparam(name) for name in (*_PUT, "at")})
)
_SUGGEST = (
    sa.update(queue_item).where(queue_item.c.id == sa.bindparam("held")).values(suggestion=sa.bindparam("suggestion"))
)
_INSERT = sa.insert(queue_item)


def _waiting(state: str, task: str | None) -> sa.Select[Any]:
    query = _ITEMS.where(queue_item.c.state == state, queue_item.c.gold.is_(None))
    if task is not None:
        query = query.where(queue_item.c.task == task)
    return query.order_by(queue_item.c.rank, queue_item.c.id)


def put(connection: sa.Connection, items: Sequence[QueueItem], *, replace: bool = False) -> int:
    """As `Queue.put`."""
    alone(connection)
    if replace:
        withdraw(connection, {item.task for item in items})
    held = _held(connection, items)
    at = now(connection)
    fresh: dict[tuple[str, int], dict[str, Any]] = {}
    known: list[dict[str, Any]] = []
    guessed: list[dict[str, Any]] = []
    for item in items:
        values = dict(zip(_PUT, _values(item), strict=True)) | {"at": at}
        number, cycle = held.get((item.task, item.row), (None, BY_PEOPLE))
        if number is None:
            fresh[item.task, item.row] = values | {"state": WAITING}
        elif cycle == BY_PEOPLE != item.cycle:
            guessed.append({"held": number, "suggestion": item.suggestion})
        else:
            known.append(values | {"held": number})
    if known:
        quick.change_all(connection, _UPDATE, known)
    if guessed:
        quick.change_all(connection, _SUGGEST, guessed)
    if fresh:
        quick.change_all(connection, _INSERT, list(fresh.values()))
        _spare(connection, {task for (task, _), values in fresh.items() if values["gold"] is not None})
    return len(fresh)


def take_back(connection: sa.Connection, task: str, rows: Collection[int], before: Sequence[QueueItem]) -> int:
    """Undo a `put`: what nobody holds or has answered is no longer asked; returns how many that are.

    Args:
        rows: the examples of the task that were put.
        before: the items that waited for some of them; they wait as they did.
    """
    alone(connection)
    waits = {item.id for item in waiting(connection, task)}
    values = [dict(zip(_PUT, _values(item), strict=True)) | {"held": item.id} for item in before if item.id in waits]
    if values:
        at = now(connection)
        quick.change_all(connection, _UPDATE, [one | {"at": at} for one in values])
    held = sa.select(lease.c.item).where(lease.c.until > now(connection))
    fresh = sorted(set(rows) - {item.row for item in before})
    meant = (
        queue_item.c.task == task,
        queue_item.c.state == WAITING,
        queue_item.c.answers == 0,
        queue_item.c.id.not_in(held),
        among(connection, queue_item.c.row, fresh),
    )
    return int(connection.execute(sa.update(queue_item).where(*meant).values(state=WITHDRAWN)).rowcount)


def _spare(connection: sa.Connection, tasks: set[str]) -> None:
    """Whoever said of an example what it is isn't asked it as a question whose answer is known: they would know it
    again, and be right by their own word."""
    asked = (queue_item.c.task.in_(tasks), queue_item.c.state == WAITING, queue_item.c.gold.is_not(None))
    same = sa.and_(answer.c.task == queue_item.c.task, answer.c.row == queue_item.c.row)
    query = sa.select(queue_item.c.id, answer.c.actor).join(answer, same).where(*asked)
    if tasks:
        done = [{"item": row.id, "actor": row.actor, "until": 0.0, "done": True} for row in connection.execute(query)]
        upsert(connection, lease, done)


def hand_out(
    connection: sa.Connection,
    task: str,
    actor: str,
    n: int = 1,
    seconds: float = LEASE_SECONDS,
    *,
    cell: str | None = None,
) -> list[QueueItem]:
    """As `Queue.next`; of one cell only, if it is named: what is for it, or for its label."""
    alone(connection)
    at = now(connection)
    asked = {"of": task, "who": actor, "now": at, "most": n}
    found = (
        quick.rows(connection, _NEXT, asked)
        if cell is None
        else quick.rows(connection, _NEXT_OF_CELL, asked | {"at_cell": cell, "or_label": label_in(cell) or cell})
    )
    items = [_item(row) for row in found]
    lend(connection, items, actor, at + seconds)
    return items


def lend(connection: sa.Connection, items: Sequence[QueueItem], actor: str, until: float) -> None:
    """Let somebody have items until then, all in one statement."""
    if items:
        held = quick.listed(connection, [item.id for item in items])
        quick.change(connection, _lend(connection.dialect.name), {"held": held, "who": actor, "end": until})


def find(connection: sa.Connection, item: int) -> tuple[QueueItem, str]:
    """An item and its state.

    Raises:
        UnknownNameError: there is none of this number.
    """
    alone(connection)
    row = quick.first(connection, _STATE, {"item": item})
    if row is None:
        raise UnknownNameError(f"no item {item} in the queue")
    return _item(row), row.state


def close(connection: sa.Connection, item: int, state: str = ANSWERED, *, answers: int = 0) -> None:
    """Nobody is asked an item any more."""
    quick.change(connection, _SET_STATE, {"item": item, "to": state, "by": answers})
    quick.change(connection, _FREE, {"held": item})


def close_single(connection: sa.Connection, item: int) -> bool:
    """Close an item that one person is to answer; False, and nothing is changed, where it isn't such a one."""
    alone(connection)
    if not quick.change(connection, _CLOSE_SINGLE, {"item": item}):
        return False
    quick.change(connection, _FREE, {"held": item})
    return True


def pause(connection: sa.Connection, item: int, actor: str, *, answers: int) -> None:
    """An item waits on for others; `actor` is done with it."""
    quick.change(connection, _SET_STATE, {"item": item, "to": WAITING, "by": answers})
    upsert(connection, lease, [{"item": item, "actor": actor, "until": 0.0, "done": True}])


def said(connection: sa.Connection, item: QueueItem) -> dict[str, Any]:
    """What each person last answered to an item."""
    rows = quick.rows(connection, _SAID, {"of": item.task, "at_row": item.row, "held": item.id})
    return {row.actor: json.loads(row.value) for row in rows}


def skip(connection: sa.Connection, item: int, actor: str) -> None:
    """As `Queue.skip`."""
    found, _ = find(connection, item)
    if found.overlap == 1 and found.gold is None:
        close(connection, item, SKIPPED)
    else:
        pause(connection, item, actor, answers=found.answers)


def reopen(connection: sa.Connection, item: int, actor: str, *, answers: int | None = None) -> None:
    """As `Queue.reopen`, also of an item that was answered; `answers` says how many people's still stand."""
    found, _ = find(connection, item)
    first = sa.select(sa.func.min(queue_item.c.rank)).where(
        queue_item.c.task == found.task, queue_item.c.state == WAITING
    )
    rank = min(found.rank, (connection.scalar(first) or 0.0) - 1.0)
    change = sa.update(queue_item).where(queue_item.c.id == item)
    stand = found.answers if answers is None else answers
    connection.execute(change.values(state=WAITING, rank=rank, answers=stand))
    quick.change(connection, _FREE_OF, {"held": item, "who": actor})


def give_back(connection: sa.Connection, actor: str) -> None:
    """As `Queue.give_back`."""
    connection.execute(sa.delete(lease).where(lease.c.actor == actor, lease.c.done.is_(sa.false())))


def renew(connection: sa.Connection, actor: str, seconds: float = LEASE_SECONDS) -> None:
    """As `Queue.renew`."""
    alone(connection)
    at = now(connection)
    still = (lease.c.actor == actor, lease.c.until > at)
    connection.execute(sa.update(lease).where(*still).values(until=at + seconds))


def free(connection: sa.Connection, task: str) -> list[QueueItem]:
    """What a cycle asked of a task and `withdraw` would withdraw, first things first; without what is known."""
    return [_item(row) for row in connection.execute(_waiting(WAITING, task).where(*_unheld(connection)))]


def withdraw(connection: sa.Connection, tasks: set[str] | None) -> None:
    """Withdraw what waits, nobody holds and nobody has answered yet."""
    change = sa.update(queue_item).where(queue_item.c.state == WAITING, *_unheld(connection)).values(state=WITHDRAWN)
    connection.execute(change if tasks is None else change.where(queue_item.c.task.in_(tasks)))


def _unheld(connection: sa.Connection) -> tuple[sa.ColumnElement[bool], ...]:
    held = sa.select(lease.c.item).where(lease.c.until > now(connection))
    return queue_item.c.id.not_in(held), queue_item.c.answers == 0, queue_item.c.cycle != BY_PEOPLE


def withdraw_known(connection: sa.Connection, task: str) -> None:
    """Withdraw the questions of a task whose answer is known; what was answered to them stands."""
    here = (queue_item.c.task == task, queue_item.c.state == WAITING, queue_item.c.gold.is_not(None))
    connection.execute(sa.update(queue_item).where(*here).values(state=WITHDRAWN))


def waiting(connection: sa.Connection, task: str) -> list[QueueItem]:
    """As `Queue.waiting`, of one task."""
    return [_item(row) for row in connection.execute(_waiting(WAITING, task))]


def ask_of(connection: sa.Connection, task: str, *, overlap: int, blind: bool) -> None:
    """How many are to answer what waits for a task, and whether they see each other's answers."""
    alone(connection)
    here = (queue_item.c.task == task, queue_item.c.state == WAITING)
    connection.execute(sa.update(queue_item).where(*here).values(blind=blind))
    # One that enough people have answered already still waits for one more: that answer settles it.
    fewer = sa.case((queue_item.c.answers >= overlap, queue_item.c.answers + 1), else_=overlap)
    connection.execute(sa.update(queue_item).where(*here, queue_item.c.gold.is_(None)).values(overlap=fewer))


def _held(connection: sa.Connection, items: Sequence[QueueItem]) -> dict[tuple[str, int], tuple[int, int]]:
    """The items that wait for the same examples: their numbers, and the cycles that picked them."""
    found: dict[tuple[str, int], tuple[int, int]] = {}
    rows: dict[str, list[int]] = {}
    for item in items:
        rows.setdefault(item.task, []).append(item.row)
    for task, asked in rows.items():
        query = sa.select(queue_item.c.row, queue_item.c.id, queue_item.c.cycle).where(
            queue_item.c.task == task, among(connection, queue_item.c.row, asked), queue_item.c.state == WAITING
        )
        found.update({(task, row): (number, cycle) for row, number, cycle in connection.execute(query)})
    return found


def _item(row: Any) -> QueueItem:
    return QueueItem(**dict(zip(_FIELDS, row, strict=False)))  # a query may add columns after an item's own
