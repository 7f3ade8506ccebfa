"""Numbers of 4 bits, two in a byte: vectors of so few steps say what they said, in half the bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

MIDDLE = 8  # what 0 is written as


def packed(numbers: NDArray[np.int8]) -> NDArray[np.uint8]:
    """Shape (n, width // 2) of (n, width) numbers from -8 to 7; the first of two in the higher half. Width is even."""
    up = (numbers + np.int8(MIDDLE)).astype(np.uint8)
    return np.asarray((up[:, ::2] << 4) | up[:, 1::2], np.uint8)


def unpacked(values: NDArray[Any]) -> NDArray[Any]:
    """The numbers, shape (n, width), int8; values that aren't packed (not uint8) as they are.

    >>> unpacked(packed(np.array([[-8, 7, 0, -1]], np.int8))).tolist()
    [[-8, 7, 0, -1]]
    """
    if values.dtype != np.uint8:
        return values
    halves = np.stack([values >> 4, values & 15], axis=-1).reshape(len(values), 2 * values.shape[1])
    return halves.astype(np.int8) - np.int8(MIDDLE)
