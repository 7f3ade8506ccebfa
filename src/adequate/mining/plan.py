"""Who gets the next labels when there are several tasks, and when to stop looking for a label.

Which of the labels steer and which measure is decided with the gate (`measure`, `loop.measuring`); this is about those
that teach.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from adequate.types import Codes

TRIES = 8  # picks for one label without finding it: at a true yield of 30 % that happens once in 17 times


def share_out(short: Sequence[float], budget: int) -> list[int]:
    """The budget over tasks in proportion to how far each is short; all of it, where any is.

    >>> share_out([0.3, 0.1, 0.0], 50)
    [38, 12, 0]
    """
    want = np.maximum(np.array(short, float), 0)
    if want.sum() == 0:
        return [0] * len(want)
    share = budget * want / want.sum()
    whole = np.floor(share).astype(int)
    rest = budget - int(whole.sum())
    whole[np.argsort(whole - share, kind="stable")[:rest]] += 1  # the largest remainders
    return [int(count) for count in whole]


def exhausted(sought: Codes, given: Codes | NDArray[np.bool_], k: int) -> frozenset[int]:
    """Labels of which the pool seems to hold no more: the last `TRIES` picks made for them found none.

    Then more picks would be wasted: the board says "not in this pool" and offers to collect more.

    Args:
        sought: shape (m,), the label that each earlier pick was made for (code of its `Picks.cell`), in order; or -1.
        given: shape (m,) codes, or (m, k) bool: what people answered.

    >>> exhausted(np.zeros(8, np.int32), np.array([1] * 8, np.int32), 2)
    frozenset({0})
    """
    hit = given == sought if given.ndim == 1 else given[np.arange(len(sought)), np.maximum(sought, 0)]
    found = []
    for label in range(k):
        last = hit[sought == label][-TRIES:]
        if len(last) == TRIES and not last.any():
            found.append(label)
    return frozenset(found)
