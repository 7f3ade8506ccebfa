"""What people said of two examples at a time, as the log has it; what scores it makes, and when it is enough.

An example is asked until it was compared `ENOUGH` times: its item of the queue counts that in `answers`, and closes. It
stays an opponent for those that are still asked. What is taken back counts no more, and is asked again.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np
import sqlalchemy as sa

from adequate.labelling.pairs import strengths
from adequate.store.queue import ANSWERED, WAITING
from adequate.store.schema import event as log
from adequate.store.schema import queue_item

if TYPE_CHECKING:
    from adequate.store import Store

PAIR, UNDONE = "pair", "undone"  # kinds of events
ENOUGH = 5  # comparisons of an example
_WON = {"a": 1.0, "b": 0.0, "=": 0.5}

Game = tuple[str, str, float]  # one example, another, what the first won


def games(connection: sa.Connection, task: str) -> list[Game]:
    """Every comparison that stands, oldest first."""
    # What is said no more was of an example that was erased.
    said = (log.c.task == task, log.c.kind.in_((PAIR, UNDONE)), log.c.value.is_not(None))
    query = sa.select(log.c.op, log.c.kind, log.c.value, log.c.body).where(*said).order_by(log.c.seq)
    rows = connection.execute(query).all()
    undone = {json.loads(row.body)["of"] for row in rows if row.kind == UNDONE}
    stands = [json.loads(row.value) for row in rows if row.kind == PAIR and row.op not in undone]
    return [(game["a"], game["b"], _WON[game["winner"]]) for game in stands]


def scores(said: Collection[Game]) -> dict[str, tuple[float, int]]:
    """Of each example its log strength (Bradley and Terry) and how often it was compared, highest first.

    >>> list(scores([("mild", "angry", 0.0), ("angry", "livid", 0.0), ("livid", "mild", 1.0)]))
    ['livid', 'angry', 'mild']
    """
    names = list(dict.fromkeys(name for game in said for name in game[:2]))
    at = {name: i for i, name in enumerate(names)}
    numbered = [(at[a], at[b], won) for a, b, won in said]
    found = strengths(len(names), numbered)
    times = np.bincount(np.array([side for game in numbered for side in game[:2]], np.int64), minlength=len(names))
    order = sorted(range(len(names)), key=lambda i: (-found[i], names[i]))
    return {names[i]: (float(found[i]), int(times[i])) for i in order}


def scored(store: Store, task: str) -> dict[str, tuple[float, int]]:
    """As `scores`, of all that was said of a task so far."""
    with store.sql.reading() as connection:
        return scores(games(connection, task))


def count(connection: sa.Connection, task: str, examples: Collection[str], by: int) -> None:
    """Two examples were compared once more, or once less."""
    here = (queue_item.c.task == task, queue_item.c.example.in_(examples))
    states = [WAITING] if by > 0 else [WAITING, ANSWERED]
    last = sa.select(sa.func.max(queue_item.c.id)).where(*here, queue_item.c.state.in_(states))
    now = sa.case((queue_item.c.answers + by > 0, queue_item.c.answers + by), else_=0)
    change = sa.update(queue_item).where(queue_item.c.id.in_(last.group_by(queue_item.c.example)))
    connection.execute(change.values(answers=now, state=sa.case((now >= ENOUGH, ANSWERED), else_=WAITING)))
