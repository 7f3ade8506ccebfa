"""Where does each of many numbers stand in a list? One look at a slot, for all of them at once.

A search by halves takes fifteen steps a number, none of which the processor foresees; the slot of a number is its hash,
and what shares one lies side by side there, so a few steps for all find even the last of them.

Source: D. E. Knuth, "The Art of Computer Programming", volume 3, section 6.4: multiplicative hashing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

GOLDEN = np.uint64(0x9E3779B97F4A7C15)  # 2 ** 64 by the golden ratio: spreads neighbours far apart


class Places:
    """Of some numbers.

    Args:
        keys: shape (p,), int64, at least 0, no two alike.

    >>> Places(np.array([7, 3, 50])).of(np.array([50, 8, 3]), none=-1)
    array([ 2, -1,  1])
    """

    def __init__(self, keys: NDArray[np.int64]) -> None:
        bits = len(keys).bit_length() + 2  # a slot in four to eight is taken
        self._shift = np.uint64(64 - bits)
        slots = self._slots(keys)
        there = np.bincount(slots, minlength=1 << bits)
        self._first = (np.cumsum(there) - there).astype(np.int32)
        self._most = int(there.max())
        order, past = np.argsort(slots, kind="stable"), np.full(max(1, self._most), -1)  # looked at past the last
        self._place, self._keys = np.append(order, past), np.append(keys[order], past)

    def of(self, keys: NDArray[np.int64], *, none: int) -> NDArray[np.int64]:
        """Positions of keys, shape (n,); `none` for those that aren't there."""
        at = self._first.take(self._slots(keys)).astype(np.int64)
        found = self._keys.take(at) == keys
        for _ in range(self._most - 1):
            at += ~found
            found = self._keys.take(at) == keys
        return np.where(found, self._place.take(at), none)

    def _slots(self, keys: NDArray[np.int64]) -> NDArray[np.int64]:
        hashed = keys.view(np.uint64) * GOLDEN
        hashed >>= self._shift
        return hashed.view(np.int64)
