"""The nearest of a block of unit vectors, exactly, in one pass over it.

Up to about a million rows this beats building an index: a hundred queries over a million take some seconds.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from adequate.types import Block, Floats, Matrix, Rows

_BATCH = 4096


def nearest(block: Block, queries: Floats, k: int, rows: Rows | None = None) -> tuple[Rows, Floats]:
    """The k rows most similar to each query, by inner product. O(rows x queries x width) time, O(queries x k) memory.

    Args:
        block: dense vectors, unit rows.
        queries: shape (q, width).
        k: how many of each, fewer where there are fewer rows.
        rows: look among these only; None: all.

    Returns:
        Row numbers and similarities, shape (q, min(k, rows)), best first; of equal ones the lower row first.
    """
    best = np.zeros((len(queries), 0), np.float32)
    found = np.zeros((len(queries), 0), np.int64)
    for numbers, vectors in _batches(block, rows):
        best = np.concatenate([best, np.asarray((vectors @ queries.T).T, np.float32)], axis=1)
        found = np.concatenate([found, np.broadcast_to(numbers, (len(queries), len(numbers)))], axis=1)
        order = _first(best, found, k)
        best, found = np.take_along_axis(best, order, 1), np.take_along_axis(found, order, 1)
    return found, best


def _first(scores: Floats, numbers: Rows, k: int) -> Rows:
    """The places of the k best of each row, best first."""
    if scores.shape[1] > 4 * k:  # sorting all of a batch would cost more than the product
        few = np.argpartition(-scores, k - 1, axis=1)[:, :k]
    else:
        few = np.broadcast_to(np.arange(scores.shape[1]), scores.shape)
    order = np.lexsort((np.take_along_axis(numbers, few, 1), -np.take_along_axis(scores, few, 1)), axis=1)
    places: Rows = np.take_along_axis(few, order[:, :k], 1)
    return places


def _batches(block: Block, rows: Rows | None) -> Iterator[tuple[Rows, Matrix]]:
    if rows is None:
        for first, vectors in block.batches(_BATCH):
            yield np.arange(first, first + vectors.shape[0]), vectors
        return
    for start in range(0, len(rows), _BATCH):
        chosen = rows[start : start + _BATCH]
        yield chosen, block.take(chosen)
