"""Items of the queue as a tab of the studio has them: leased ahead, held while shown, given back when left."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence

import sqlalchemy as sa

from adequate.store import QueueItem, queue
from adequate.store.schema import lease, queue_item
from adequate.store.sql import alone, now
from adequate.types import Part, Source

RULED = f', "source": {json.dumps(str(Source.RULE))}}}'  # how the suggestion of an assertion ends


def waiting(connection: sa.Connection, actor: str) -> dict[str, int]:
    """How many questions wait for somebody, by task: those that they have answered or passed over don't, whoever else
    is still to answer them, and whether or not their answer is known."""
    query = sa.select(queue_item.c.task, sa.func.count()).where(
        queue_item.c.state == queue.WAITING, queue_item.c.id.not_in(_done(actor))
    )
    return {row[0]: row[1] for row in connection.execute(query.group_by(queue_item.c.task))}


def swept(connection: sa.Connection, task: str, actor: str, n: int, label: str, *, shared: bool) -> list[QueueItem]:
    """Lease the first items of which the model says one label.

    Args:
        shared: whether several answer each question of the task.
    """
    alone(connection)
    at = now(connection)
    others = (lease.c.item == queue_item.c.id, lease.c.actor != actor, lease.c.until > at)
    # The miner writes the label first, so that its beginning tells.
    begins = json.dumps({"label": label}, ensure_ascii=False).removesuffix("}") + ","
    query = (
        sa.select(queue_item.c.id)
        .where(*_swept(task, actor, shared=shared), queue_item.c.suggestion.startswith(begins, autoescape=True))
        .where(queue_item.c.gold.is_not(None) | ~sa.exists().where(*others))
        .order_by(queue_item.c.rank, queue_item.c.id)
        .limit(n)
    )
    items = [queue.find(connection, number)[0] for number in connection.scalars(query).all()]
    queue.lend(connection, items, actor, at + queue.LEASE_SECONDS)
    return items


def predicted(connection: sa.Connection, task: str, actor: str, *, shared: bool) -> list[tuple[str, int]]:
    """The labels that the model says of what can be swept, with how many, most first."""
    query = (
        sa.select(queue_item.c.suggestion)
        .where(*_swept(task, actor, shared=shared))
        .where(queue_item.c.suggestion.is_not(None))
    )
    said = (json.loads(text)["label"] for text in connection.scalars(query))
    return Counter(label for label in said if isinstance(label, str)).most_common()


def _swept(task: str, actor: str, *, shared: bool) -> tuple[sa.ColumnElement[bool], ...]:
    """Never sealed or blind ones, nor what several people answer; those whose answer is known as the others.

    Nor those beside which an assertion's suggestion stands: a sweep is of what the model says.
    """
    single = queue_item.c.overlap == 1
    return (
        queue_item.c.task == task,
        queue_item.c.state == queue.WAITING,
        queue_item.c.part != str(Part.GATE),
        queue_item.c.blind.is_(sa.false()),
        single if shared else single | queue_item.c.gold.is_not(None),
        queue_item.c.id.not_in(_done(actor)),
        ~sa.func.coalesce(queue_item.c.suggestion, "").endswith(RULED, autoescape=True),
    )


def _done(actor: str) -> sa.Select[tuple[int]]:
    return sa.select(lease.c.item).where(lease.c.actor == actor, lease.c.done)


def hold(connection: sa.Connection, items: Sequence[int], actor: str) -> float:
    """Hold items for longer; returns until when."""
    alone(connection)
    at = now(connection)
    mine = (lease.c.actor == actor, lease.c.item.in_(items), lease.c.until > at)
    connection.execute(sa.update(lease).where(*mine).values(until=at + queue.LEASE_SECONDS))
    return at + queue.LEASE_SECONDS


def give_back(connection: sa.Connection, items: Sequence[int], actor: str, until: float | None) -> None:
    """Let others have items at once.

    Args:
        until: the end of the leases meant; one that ends later was taken since, by a tab that is still there.
    """
    mine = [lease.c.actor == actor, lease.c.item.in_(items), lease.c.done.is_(sa.false())]
    if until is not None:
        mine.append(lease.c.until <= until)
    connection.execute(sa.delete(lease).where(*mine))
