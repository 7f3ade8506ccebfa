"""Which layers of an encoder stay when there are to be fewer.

The one idea: the first and the last stay, the others are spread evenly, and each that stays is made to put out what
the layers dropped after it would have (`walk` solves its last matrix for that), so the next one reads what it was
trained on. Without that, dropping two of six layers ruins the vectors.
"""

from __future__ import annotations

import numpy as np


def remaining(depth: int, count: int) -> tuple[int, ...]:
    """The layers that stay, ascending.

    Args:
        count: in [1, depth].

    >>> remaining(6, 4), remaining(6, 3), remaining(6, 1), remaining(6, 6)
    ((0, 2, 3, 5), (0, 2, 5), (0,), (0, 1, 2, 3, 4, 5))
    """
    return tuple(int(at) for at in np.linspace(0, depth - 1, count).round())
