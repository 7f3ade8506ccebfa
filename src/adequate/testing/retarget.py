"""What would a cell's state be at another target? Worked out from the counts there are; nobody looks at the gate again.

An exact bound holds for every target at once: whatever lies at or below a bound that was found adequate is proven by
that same look, and a target above the upper bound is missed. Between the two nothing is claimed: the next look decides.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from adequate.testing.bounds import at_most
from adequate.testing.cells import Counts
from adequate.testing.states import judge
from adequate.types import State


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A cell at one target.

    Args:
        n, right, drawn: as in `Counts`.
        low, high: its bounds.
        target: at which it was judged.
        state, need: what came of it; `need` is None where no number would decide it.
    """

    n: int
    right: int
    drawn: int
    low: float
    high: float
    target: float
    state: State
    need: int | None

    @property
    def level(self) -> float:
        """The alpha of its bounds, found again from them.

        >>> from adequate.testing.bounds import clopper_pearson
        >>> low, high = clopper_pearson(58, 59, 0.025)
        >>> two = Standing(n=59, right=58, drawn=59, low=low, high=high, target=0.9, state=State.UNKNOWN, need=9)
        >>> round(two.level, 6)
        0.025
        """
        if self.n == 0:
            return 0.05
        of_low = at_most(self.n - self.right, self.n, 1 - self.low)
        return float(of_low if self.right > 0 else at_most(self.right, self.n, self.high))


def retarget(held: Standing, target: float) -> tuple[State, int | None]:
    """The state at another target, and how many further gate labels would decide it there.

    Args:
        target: the new one, a fraction in (0, 1].

    >>> found = Standing(n=59, right=59, drawn=59, low=0.95, high=1.0, target=0.9, state=State.ADEQUATE, need=None)
    >>> [str(retarget(found, target)[0]) for target in (0.8, 0.95, 0.97)]
    ['adequate', 'adequate', 'unknown']
    """
    if target == held.target:
        return held.state, held.need
    if held.state is State.ADEQUATE and held.low >= target:
        return State.ADEQUATE, None
    if held.n > 0 and held.high < target:
        return State.INADEQUATE, None
    counts = Counts(n=np.array([held.n]), right=np.array([held.right]), drawn=np.array([held.drawn]))
    asked = judge(counts, [target], held.level, look=np.zeros(1, bool)).need[0]
    return State.UNKNOWN, int(asked) if np.isfinite(asked) and asked > 0 else None
