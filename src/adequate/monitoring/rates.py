"""How often does something come, and does it come as often as it did? Bounds that may be looked at every day.

Two things make an interval that is watched lie: looking again and again, and starting anew each day. Within a window
the bounds are confidence sequences, which hold at all moments at once; and each day's window gets a 365th of the error
that a year may have. What is sampled without end (traffic) is compared with what is fixed (the reference) by the gap
between their intervals: of a difference that isn't sure, nothing is said.

Both take requests as independent. A client that repeats itself makes them less so: then they are too narrow.

Sources: Robbins, Ann. Math. Stat. 41 (1970); Howard et al., "Time-uniform, nonparametric, nonasymptotic confidence
sequences", Ann. Stat. 49 (2021); `testing.bounds` has the mixture that is used.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from adequate.testing.bounds import clopper_pearson, e_bounds
from adequate.types import Doubles

Counts = NDArray[np.integer[Any]]

LOOKS = 365  # days over which the chance of a false alarm is spent
BINS = 20  # of confidence, equal parts of [0, 1], as servers count them


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """Fractions of n, with bounds.

    Args:
        n: requests.
        value, low, high: shape (k,), fractions in [0, 1]; all bounds hold together and at all moments.
    """

    n: int
    value: Doubles
    low: Doubles
    high: Doubles


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """How far shares moved.

    Args:
        before, now: shape (k,), the shares; nan where nothing was counted.
        least: shape (k,), how far each moved at least (negative: down), 0 where that isn't sure.
    """

    before: Doubles
    now: Doubles
    least: Doubles

    @property
    def total(self) -> float:
        """At least this fraction of requests gets another answer than it would have: a total variation distance."""
        return float(max(self.least.clip(0).sum(), -self.least.clip(None, 0).sum()))


def daily(alpha: float) -> float:
    """The error that one day's window may have, so that a year's have `alpha` together.

    >>> round(daily(0.05), 6)
    0.000137
    """
    return alpha / LOOKS


def shares(counts: ArrayLike, n: int, alpha: float = 0.05) -> Shares:
    """Each count as a fraction of n, with bounds that hold together, whenever they are looked at.

    Args:
        counts: shape (k,), each between 0 and n.
        alpha: chance that any bound of the year's windows is ever wrong.

    >>> shares([30, 70], 100).low.round(2).tolist()
    [0.12, 0.46]
    """
    seen = np.asarray(counts, float)
    low, high = e_bounds(seen, n, daily(alpha) / (2 * max(len(seen), 1)))
    return Shares(n=n, value=_share(seen, n), low=low, high=high)


def moved(before: ArrayLike, n_before: int, now: ArrayLike, n_now: int, alpha: float = 0.05) -> Moved:
    """How far shares moved between a sample that is fixed and a stream that is watched.

    Args:
        before, now: shape (k,), how often each came among `n_before` and `n_now`; they need not exclude each other.
        alpha: chance that, of shares that didn't move, a year of watching ever says that one did.

    >>> found = moved([500, 500], 1000, [900, 100], 1000)
    >>> found.least.round(2).tolist(), round(found.total, 2)
    ([0.31, -0.31], 0.31)
    """
    was, new = np.asarray(before, float), np.asarray(now, float)
    # A reference is drawn once, however often it is compared: half of the error is for it, and exact bounds will do.
    each = 1 / (4 * max(len(was), 1))
    low_was, high_was = clopper_pearson(was, n_before, alpha * each)
    low_now, high_now = e_bounds(new, n_now, daily(alpha) * each)
    least = np.maximum(low_now - high_was, 0) - np.maximum(low_was - high_now, 0)
    return Moved(before=_share(was, n_before), now=_share(new, n_now), least=least)


def below(histogram: Counts) -> Counts:
    """Of answers counted by confidence, how many lie below each inner edge: shape (bins - 1,).

    Shares below an edge add up what single bins scatter, so a shift shows with fewer requests.

    >>> below(np.array([1, 0, 2, 5])).tolist()
    [1, 1, 3]
    """
    return np.cumsum(histogram)[:-1]


def _share(counts: Doubles, n: int) -> Doubles:
    return counts / n if n else np.full(counts.shape, np.nan)
