"""How long does an answer take? From when a person gave each: neither breaks nor several at once are reading."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from statistics import median

BREAK = 120.0  # seconds: a longer pause between two answers is a break
AT_ONCE = 0.2  # a shorter one is no person reading
FEW = 3  # pauses: fewer say nothing of the next


def pauses(times: Sequence[float]) -> list[float]:
    """Seconds between each two answers of one person, as far as they worked meanwhile.

    Args:
        times: seconds, in any order.
    """
    return [gap for gap in (later - earlier for earlier, later in pairwise(sorted(times))) if AT_ONCE < gap <= BREAK]


def typical(gaps: Sequence[float]) -> float | None:
    """Seconds that an answer takes, from the pauses of one person or of many; None where too few tell.

    >>> typical(pauses([0.0, 4.0, 4.1, 7.5, 900.0, 905.0]))
    4.0
    """
    return median(gaps) if len(gaps) >= FEW else None
