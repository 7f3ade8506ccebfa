"""Fifty more for this one cell, because somebody asked: what resembles its failures, and what is in doubt near it.

The miner's own batches are shared out over all cells (`select`); this one is not, so it may be wasteful, and the person
who asks knows that. Half of it at most resembles failures, the two nearest of each first: more would be copies of
what is known.
"""

from __future__ import annotations

import numpy as np

from adequate.mining.failures import A_FAILURE, NEIGHBOURS
from adequate.mining.neighbours import QUERIES, nearest
from adequate.mining.uncertainty import lowest
from adequate.types import Block, Floats, Mask, Rows


def single(
    vectors: Block | None,
    pool: Rows,
    count: int,
    *,
    failures: Rows,
    known: Rows,
    near: Mask,
    margin: Floats,
    rng: np.random.Generator,
    queries: Floats | None = None,
) -> tuple[Rows, Rows]:
    """Positions in the pool: those that resemble failures, and those in doubt. No position is in both. O(n q d).

    Args:
        vectors: dense unit rows of all examples; None: nothing can be resembled.
        pool: ascending rows that have no label and aren't asked already.
        count: how many are wanted altogether.
        failures: rows that the cell gets wrong.
        known: labelled rows of the cell, to go by where there is no failure.
        near: shape (pool,), which of the pool the cell is likely about.
        margin: shape (pool,), how sure the model is.
        rng: the only source of chance.
        queries: shape (q, d), unit vectors of failures that are no examples, such as changed copies of some.
    """
    about = failures if len(failures) or queries is not None else known
    alike = _alike(vectors, pool, about, queries, count // 2, rng)
    free = np.ones(len(pool), bool)
    free[alike] = False
    here = np.flatnonzero(free & near)
    doubt = here[lowest(margin[here], count - len(alike))]
    free[doubt] = False
    if (rest := count - len(alike) - len(doubt)) > 0:  # the cell holds too few: what is in doubt at all
        others = np.flatnonzero(free)
        doubt = np.concatenate([doubt, others[lowest(margin[others], rest)]])
    return alike, doubt


def _alike(
    vectors: Block | None, pool: Rows, rows: Rows, others: Floats | None, count: int, rng: np.random.Generator
) -> Rows:
    if vectors is None or (len(rows) == 0 and others is None) or len(pool) == 0 or count == 0:
        return np.zeros(0, np.int64)
    asked = rows if len(rows) <= QUERIES // 4 else rng.choice(rows, QUERIES // 4, replace=False)
    queries: Floats = np.asarray(vectors.take(np.sort(asked)), np.float32)
    if others is not None:
        queries = np.concatenate([queries, others])[: QUERIES // 2]
    where, similar = nearest(vectors, pool[pool < len(vectors)], queries, NEIGHBOURS)
    place = np.argsort(np.argsort(-similar, axis=1, kind="stable"), axis=1, kind="stable") >= A_FAILURE
    candidates = where.ravel()[np.lexsort((-similar.ravel(), place.ravel()))]
    candidates = candidates[candidates >= 0]
    _, first = np.unique(candidates, return_index=True)
    return np.asarray(candidates[np.sort(first)][:count], np.int64)
