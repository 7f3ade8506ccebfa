"""How far is it, in labels, and how fast do people answer? What hours, money and a date are worked out from.

Labels are shared: one even draw for the gate measures every recall at once, and one label teaches every cell of its
task. So a task takes what its furthest cell takes, and tasks add up. Cells whose need is beyond the examples that are
left, or that have no forecast, are counted apart: no date is true for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from adequate.labelling.pace import pauses, typical
from adequate.loop.board import FEW
from adequate.store.schema import event as log

if TYPE_CHECKING:
    from adequate.loop.board import CellRow
    from adequate.store.sql import Sql

WEEK = 7 * 86_400.0
MOST = 50_000  # answers looked at


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Labels until the cells that can be settled are settled.

    Args:
        labels, low, high: to teach and to measure: likely, and the range.
        settles: cells that this decides.
        beyond: undecided cells that it doesn't: without a forecast, or in need of more examples than there are.
    """

    labels: int
    low: int
    high: int
    settles: int
    beyond: int


def reach(cells: Iterable[CellRow]) -> Reach:
    """What the cells that are not adequate still take."""
    furthest: dict[str, tuple[int, int, int]] = {}
    settles = beyond = 0
    for cell in cells:
        if cell.state == "adequate":
            continue
        takes = _takes(cell)
        if takes is None:
            beyond += 1
            continue
        settles += 1
        furthest[cell.task] = max(furthest.get(cell.task, (0, 0, 0)), takes)
    likely, low, high = (sum(takes[i] for takes in furthest.values()) for i in range(3))
    return Reach(labels=likely, low=low, high=high, settles=settles, beyond=beyond)


def _takes(cell: CellRow) -> tuple[int, int, int] | None:
    """(likely, low, high) labels of one cell; None where nobody can say."""
    if cell.low is not None and cell.low >= cell.target:
        return 0, 0, 0
    if cell.value is not None and cell.value < cell.target:
        # Its need is for proving that it is below: that gets nobody there.
        return cell.forecast if cell.n >= FEW else None
    if cell.need:
        return (cell.need, cell.need, cell.need) if cell.need <= cell.room else None
    return cell.forecast if cell.n >= FEW else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How people answered in the last seven days.

    Args:
        seconds: a typical answer takes, the median; None where too few tell.
        answers: how many there were.
        people: who answered.
        a_day: answers a day, since the first of them.
    """

    seconds: float | None
    answers: int
    people: int
    a_day: float | None


def pace(sql: Sql, now: float) -> Pace:
    """From the answers of people, in the order in which each gave them.

    Args:
        now: seconds since 1970.
    """
    query = (
        sa.select(log.c.actor, log.c.at)
        .where(log.c.source == "human", log.c.kind.in_(("label", "answer")), log.c.at > now - WEEK)
        .where(log.c.value.is_not(None))
        .order_by(log.c.seq.desc())
        .limit(MOST)
    )
    said: dict[str, list[float]] = {}
    for actor, at in sql.rows(query):
        said.setdefault(actor, []).append(at)
    answers = sum(map(len, said.values()))
    first = min((at for times in said.values() for at in times), default=now)
    days = max((now - first) / 86_400, 1.0)
    return Pace(
        seconds=typical([gap for times in said.values() for gap in pauses(times)]),
        answers=answers,
        people=len(said),
        a_day=answers / days if answers else None,
    )


def as_json(value: Reach | Pace) -> dict[str, Any]:
    """The fields."""
    return asdict(value)


def thinned(points: Sequence[tuple[float, int]], most: int = 240) -> list[tuple[float, int]]:
    """At most so many points of a rising line, the first and the last among them."""
    if len(points) <= most:
        return list(points)
    step = (len(points) - 1) / (most - 1)
    return [points[round(i * step)] for i in range(most)]
