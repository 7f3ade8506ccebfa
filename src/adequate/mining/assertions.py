"""Of the predictions that violate assertions, which should people look at? Those of assertions that still teach.

An assertion that fired less after the last labels than before is one that labels mend: it gets more of the next ones.
One whose rate no longer falls gets little, but never nothing, as long as it fires: what doesn't help now may help a
better model. Before there is a history, and where no rate falls, all get alike.

Source: the bandit BAL of Kang et al., "Model Assertions for Monitoring and Improving ML Models", MLSys 2020.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from adequate.mining.knowledge import Picks
from adequate.mining.plan import share_out
from adequate.types import Rows

EVEN = 0.25  # of the budget, shared alike whatever the rates do
FALLING = 0.01  # of its rate: an assertion that fell by less doesn't fall
POLICY = "assertion"


@dataclass(frozen=True, slots=True, kw_only=True)
class Firing:
    """One assertion of a task.

    Args:
        cell: its key.
        rates: share of predictions that violated it under each model so far, oldest first.
        rows: examples of the pool without a label that violate it, the worst first.
    """

    name: str
    cell: str
    rates: Sequence[float]
    rows: Rows


def share(firings: Sequence[Firing], budget: int) -> list[int]:
    """How many labels each gets: at most those that violate it, and altogether `budget` where so many do.

    >>> def one(name: str, *rates: float) -> Firing:
    ...     return Firing(name=name, cell="", rates=rates, rows=np.arange(90))
    >>> share([one("falls", 0.4, 0.2), one("stays", 0.4, 0.4)], 80)
    [70, 10]
    >>> share([one("stays", 0.4, 0.4), one("new", 0.1)], 80)
    [10, 70]
    >>> share([one("stays", 0.4, 0.4), one("rises", 0.1, 0.2)], 80)
    [40, 40]
    """
    able = np.array([len(one.rows) for one in firings])
    gains = np.array([gain(one.rates) for one in firings])
    # One that has only just begun to be looked at promises as much as the best of those that were.
    gains[np.isnan(gains)] = np.nanmax(gains, initial=0.0) or 1.0
    found = np.zeros(len(firings), int)
    while (left := budget - int(found.sum())) > 0 and (open_ := found < able).any():
        falling = gains * open_
        even = open_ / open_.sum()
        weight = EVEN * even + (1 - EVEN) * falling / falling.sum() if falling.sum() else even
        more = np.minimum(share_out(list(weight), left), able - found)
        found += more
    return [int(many) for many in found]


def gain(rates: Sequence[float]) -> float:
    """By which fraction an assertion fired less under the last model than under the one before; NaN: nobody knows."""
    if len(rates) < 2:
        return float("nan")
    before, now = rates[-2:]
    fell = (before - now) / before if before > 0 else 0.0
    return fell if fell >= FALLING else 0.0


def chosen(firings: Sequence[Firing], budget: int) -> Picks:
    """The examples to ask for, the worst of each assertion first, each example once.

    Args:
        firings: of one task.
        budget: labels, at most.
    """
    taken: dict[int, tuple[str, str]] = {}
    rest = list(firings)
    while rest and (left := budget - len(taken)) > 0:
        # An example that violates several is taken for one of them: the others then take their next.
        known = np.array(list(taken), np.int64)
        rest = [
            Firing(name=one.name, cell=one.cell, rates=one.rates, rows=fresh)
            for one in rest
            if len(fresh := one.rows[~np.isin(one.rows, known)])
        ]
        for one, many in zip(rest, share(rest, left), strict=True):
            for row in one.rows[:many].tolist():
                taken.setdefault(row, (f"violates {one.name}", one.cell))
    return Picks(
        rows=np.array(list(taken), np.int64),
        reason=tuple(reason for reason, _ in taken.values()),
        cell=tuple(cell for _, cell in taken.values()),
        policy=(POLICY,) * len(taken),
        probability=np.full(len(taken), np.nan),
    )
