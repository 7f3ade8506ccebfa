"""Which words and pairs of words a static student knows, and texts as sums of their rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

from adequate.bundles.static import EDGE, Static, words

if TYPE_CHECKING:
    from numpy.typing import NDArray

OFTEN = 2  # times that a pair is seen, at least: others tell more of one text than of the next


def chosen(texts: Sequence[str], *, most: int, more: Sequence[str] = ()) -> Static:
    """A block of zeros, of width 1: the words of some texts, the commonest first, and their commonest pairs.

    Args:
        texts: n texts.
        most: pairs, at most.
        more: words known besides; those of more than one word in our reading are left out.
    """
    counted = Counter(word for word in words(texts) if word != EDGE)
    known = [word for word, _ in sorted(counted.items(), key=lambda each: (-each[1], each[0]))]
    extra = dict.fromkeys(word for word in more if word not in counted and words([word])[1:-1] == [word])
    known += extra
    v = len(known)
    rows = Static(tuple(known), np.zeros(0, np.uint64), np.zeros((v, 1), np.int8), np.ones(v, np.float16))
    return _with(rows, _pairs(rows, texts, most) if most else np.zeros(0, np.uint64))


def laid(block: Static, texts: Sequence[str]) -> csr_array:
    """Texts as counts of the block's rows, shape (n, rows), float32."""
    rows, counts = block.rows(texts)
    starts = np.concatenate([[0], np.cumsum(counts)])
    table = csr_array((np.ones(len(rows), np.float32), rows, starts), shape=(len(texts), len(block.values)))
    table.sum_duplicates()
    return table


def _pairs(block: Static, texts: Sequence[str], most: int) -> NDArray[np.uint64]:
    keys, times = np.unique(block.keys(texts), return_counts=True)
    keys, times = keys[times >= OFTEN], times[times >= OFTEN]
    return np.sort(keys[np.argsort(-times, kind="stable")[:most]])


def _with(block: Static, pairs: NDArray[np.uint64]) -> Static:
    rows = len(block.known) + len(pairs)
    kind = np.uint32 if (len(block.known) + 2) ** 2 < 1 << 32 else np.uint64
    return Static(block.known, pairs.astype(kind), np.zeros((rows, 1), np.int8), np.ones(rows, np.float16))
