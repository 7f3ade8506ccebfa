"""How many rows one reason may still ask for, and by what chance each of those that come now is taken.

The rule: of n rows in a window of time (an hour, a day), a part may go at once and the rest evenly over the window, and
never more than n. Of what comes together, as many as may go are drawn at random: so each one's chance is known, and
whoever reads the rows can weigh them by it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic

import numpy as np

from adequate.types import Mask, Rows


@dataclass(slots=True)
class Budget:
    """Of one reason.

    Args:
        n: rows a window.
        window: seconds.
        at_once: part of n that may go at its start, a fraction.
    """

    n: float
    window: float
    at_once: float = 1.0
    clock: Callable[[], float] = monotonic
    _spent: int = 0
    _start: float = field(default=-np.inf)

    def draw(self, fired: Mask, rng: np.random.Generator) -> tuple[Mask, float]:
        """Which of those that fired are taken, and each one's chance of it.

        >>> taken, chance = Budget(2, 3600).draw(np.ones(8, bool), np.random.default_rng(0))
        >>> int(taken.sum()), chance
        (2, 0.25)
        """
        places: Rows = np.flatnonzero(fired)
        many = min(len(places), self._left()) if len(places) else 0
        taken = np.zeros(len(fired), bool)
        taken[places if many == len(places) else rng.choice(places, many, replace=False)] = True
        self._spent += many
        return taken, many / len(places) if len(places) else 0.0

    def _left(self) -> int:
        now = self.clock()
        if now - self._start >= self.window:
            self._start, self._spent = now, 0
        over = self.at_once + (1 - self.at_once) * (now - self._start) / self.window
        return max(0, int(max(min(1.0, self.n), self.n * over)) - self._spent)
