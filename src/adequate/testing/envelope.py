"""How far may an input be changed until a behaviour fails? Sequential tests and bisection.

At a level, examples are tried a few at a time until the share that holds is proven at its target, or proven below it,
whenever one looks (`bounds.e_value`); then the level is doubled or halved, and bisected. At most `LEVELS` levels are
tried, each at an equal part of alpha, so that with chance 1 - alpha every level that is called proven is.

Source of the idea: automatic domain randomisation, OpenAI, "Solving Rubik's Cube with a Robot Hand" (2019), which
widens a range while performance at its edge holds; here as a test.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from adequate.testing.bounds import e_bounds, e_value
from adequate.testing.results import ALPHA
from adequate.types import Mask, Rows

LEVELS = 6  # tried at most
STEPS = 64  # the finest part of the range that is told apart
FIRST = 64  # examples tried at first, and at least at each look
PART = 2  # then a look whenever one part in so many has come to what was tried: a quarter fewer than by doubling

Try = Callable[[float, Rows], tuple[Mask, Mask]]  # (level, positions) -> which count, which hold; shape (len,) each


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One level.

    Args:
        level: in (0, 1].
        n: cases that count.
        held: those that hold.
        proven: the share is at its target; `refuted`: it is below; neither: there were too few examples to tell.
        low, high: bounds of the share that hold at any moment: `low` is the largest target that is proven here, too.
    """

    level: float
    n: int
    held: int
    proven: bool
    refuted: bool
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What was found.

    Args:
        level: the largest that is proven; 0 where none is.
        tried: in the order of trying; the level that must be reached is the first.
    """

    level: float
    tried: tuple[Tried, ...]


def search(attempt: Try, size: int, *, target: float, reach: float, alpha: float = ALPHA) -> Envelope:
    """The largest level at which the share that holds is proven at `target`.

    Args:
        attempt: changes the examples at these positions to a level and says which count and which hold.
        size: how many examples there are, in the order in which to try them.
        reach: the level that is wanted: tried first, so that its answer is certain to come.

    >>> rng = np.random.default_rng(0)
    >>> luck = rng.random(4000)
    >>> found = search(lambda level, at: (at >= 0, luck[at] > level / 5), 4000, target=0.95, reach=0.1)
    >>> 0.1 <= found.level <= 0.25, len(found.tried) <= LEVELS
    (True, True)
    """
    tried: list[Tried] = []
    low, high = 0, STEPS + 1  # in steps: proven up to low, not proven from high on
    at = max(1, round(reach * STEPS))
    while len(tried) < LEVELS and low < at < high:
        one = at_level(attempt, size, at / STEPS if tried else reach, target=target, alpha=alpha / LEVELS)
        tried.append(one)
        low, high = (at, high) if one.proven else (low, at)
        at = min(2 * low, STEPS) if high > STEPS and low < STEPS else (low + high) // 2
    return Envelope(level=max((one.level for one in tried if one.proven), default=0.0), tried=tuple(tried))


def at_level(attempt: Try, size: int, level: float, *, target: float, alpha: float = ALPHA) -> Tried:
    """Try examples at one level until they tell, or there are no more."""
    n = held = done = 0
    while True:
        some = np.arange(done, min(done + max(FIRST, done // PART // FIRST * FIRST), size), dtype=np.int64)
        if len(some):
            counts, holds = attempt(level, some)
            n, held, done = n + int(counts.sum()), held + int((counts & holds).sum()), done + len(some)
        proven = bool(e_value(held, n, target) >= 1 / alpha) and n > 0
        refuted = bool(e_value(n - held, n, 1 - target) >= 1 / alpha) and n > 0 if target < 1 else held < n
        if proven or refuted or done >= size:
            low, high = e_bounds(held, n, alpha)
            return Tried(level=level, n=n, held=held, proven=proven, refuted=refuted, low=float(low), high=float(high))
