"""What is spent beside answering, held to a share of what there is, in the long run; bursts are let through.

Seconds of CPU for the checks, rows for the disk: a bucket that fills at a steady rate and holds so much at most.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic


@dataclass(slots=True)
class Thrift:
    """A bucket.

    Args:
        rate: of what flows in, a second.
        most: that it holds; it is full at first.
    """

    rate: float
    most: float
    clock: Callable[[], float] = monotonic
    _left: float = field(init=False)
    _at: float = field(init=False)

    def __post_init__(self) -> None:
        self._left, self._at = self.most, self.clock()

    @property
    def left(self) -> float:
        """What is there; negative where more was spent.

        >>> now = [0.0]
        >>> rows = Thrift(2.0, 10.0, clock=lambda: now[0])
        >>> rows.spend(12)
        >>> now[0] = 3.0
        >>> rows.left
        4.0
        """
        now = self.clock()
        self._left = min(self.most, self._left + self.rate * (now - self._at))
        self._at = now
        return self._left

    def spend(self, much: float) -> None:
        """Take so much."""
        self._left = self.left - much
