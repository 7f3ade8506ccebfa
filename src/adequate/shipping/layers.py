"""Which layers of an encoder stay when there are to be fewer.

The one idea: the first stays, the others are spread evenly, and each that stays is made to put out what the layers
dropped after it would have (`walk` solves its last matrix for that), so the next one reads what it was trained on.
"""

from __future__ import annotations


def remaining(depth: int, count: int) -> tuple[int, ...]:
    """The layers that stay, ascending.

    >>> remaining(6, 4), remaining(6, 3), remaining(6, 6)
    ((0, 1, 3, 4), (0, 2, 4), (0, 1, 2, 3, 4, 5))
    """
    return tuple(at * depth // count for at in range(count))
