"""Of the predictions that violate assertions, which should people look at? Those of assertions that still teach.

An assertion that fired less after the last labels than before is one that labels mend: it gets more of the next ones.
One whose rate no longer falls gets little, but never nothing, as long as it fires: what doesn't help now may help a
better model. Before there is a history, and where no rate falls, all get alike.

Source: the bandit BAL of Kang et al., "Model Assertions for Monitoring and Improving ML Models", MLSys 2020.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from adequate.mining.plan import share_out
from adequate.types import Rows

EVEN = 0.25  # of the budget, shared alike whatever the rates do
FALLING = 0.01  # of its rate: an assertion that fell by less doesn't fall


def share(rates: Sequence[Sequence[float]], able: Sequence[int], budget: int) -> list[int]:
    """How many labels each assertion gets: at most `able`, and altogether `budget` where there are so many.

    Args:
        rates: for each the share of predictions that violated it under each model so far, oldest first.
        able: for each how many examples can be asked for.

    >>> share([(0.4, 0.2), (0.4, 0.4)], [90, 90], 80)  # one falls, one stays
    [70, 10]
    >>> share([(0.4, 0.4), (0.1,)], [90, 90], 80)  # one stays, one is new
    [10, 70]
    >>> share([(0.4, 0.4), (0.1, 0.2)], [90, 90], 80)  # one stays, one rises
    [40, 40]
    """
    most = np.array(able, int)
    gains = np.array([gain(one) for one in rates], float)
    # One that has only just begun to be looked at promises as much as the best of those that were.
    gains[np.isnan(gains)] = np.nanmax(gains, initial=0.0) or 1.0
    found = np.zeros(len(most), int)
    while (left := budget - int(found.sum())) > 0 and (open_ := found < most).any():
        falling = gains * open_
        even = open_ / open_.sum()
        weight = EVEN * even + (1 - EVEN) * falling / falling.sum() if falling.sum() else even
        found += np.minimum(share_out(list(weight), left), most - found)
    return [int(many) for many in found]


def gain(rates: Sequence[float]) -> float:
    """By which fraction an assertion fired less under the last model than under the one before; NaN: nobody knows."""
    if len(rates) < 2:
        return float("nan")
    before, now = rates[-2:]
    fell = (before - now) / before if before > 0 else 0.0
    return fell if fell >= FALLING else 0.0


def chosen(rates: Sequence[Sequence[float]], found: Sequence[Rows], budget: int) -> list[Rows]:
    """For each assertion which of its violations to ask for, each example once, altogether at most `budget`.

    Args:
        rates: as in `share`.
        found: for each its violations, the worst first.
    """
    picked: list[list[int]] = [[] for _ in found]
    taken = np.empty(0, np.int64)
    while (left := budget - len(taken)) > 0:
        # An example that violates several is taken for one of them: the others then take their next.
        fresh = [one[~np.isin(one, taken)] for one in found]
        quota = share(rates, [len(one) for one in fresh], left)
        if not any(quota):
            break
        for mine, one, many in zip(picked, fresh, quota, strict=True):
            mine += one[:many][~np.isin(one[:many], taken)].tolist()
            taken = np.union1d(taken, one[:many])
    return [np.array(mine, np.int64) for mine in picked]
