"""What in the pool resembles examples that a cell gets wrong?

For cells that the guide can't serve: slices, and every cell of `multilabel` tasks. At most two neighbours a failure and
a share of the batch: retrieval alone finds copies of what is known already, and is worse than random (measured).
"""

from __future__ import annotations

import numpy as np

from adequate.mining.knowledge import Knowledge, Shortfall
from adequate.mining.neighbours import QUERIES, nearest
from adequate.types import Floats, Kind, Mask, Rows

A_FAILURE = 2  # picks at most for each
NEIGHBOURS = 8  # looked at for each
DOUBT = 10  # labelled examples that the belief is worth that a slice fails no more than everything does
SLICES, LABELS = 0.25, 0.5  # of a batch at most: for slices; for all cells of a `multilabel` task, which has no guide


def resembling(knowledge: Knowledge, batch: int, taken: Mask, rng: np.random.Generator) -> list[tuple[Rows, Shortfall]]:
    """Pool positions for each cell that lags behind, the furthest behind first.

    A cell's share of the batch is the fraction by which it is further from its target than the task as a whole: what
    fails everywhere is not the slice's to mend, and what passes asks for nothing.

    Args:
        batch: labels asked for altogether.
        taken: shape (pool,), positions not to pick; not changed.
    """
    several = knowledge.kind is Kind.MULTILABEL
    cells = [cell for cell in knowledge.cells if len(cell.failures) and (several or cell.mask is not None)]
    behind = np.array([(1 + cell.critical) * _behind(cell, _general(knowledge)) for cell in cells])
    budget = int(batch * min(LABELS if several else SLICES, behind.sum()))
    if budget == 0:
        return []
    quota = np.minimum(np.ceil(budget * behind / behind.sum()), [A_FAILURE * len(cell.failures) for cell in cells])
    free = ~taken
    found: list[tuple[Rows, Shortfall]] = []
    for i in np.argsort(-behind, kind="stable"):
        count = min(int(quota[i]), budget - sum(len(rows) for rows, _ in found))
        if count > 0:
            rows = _near(knowledge, cells[i], count, free, rng)
            free[rows] = False
            found.append((rows, cells[i]))
    return found


def _general(knowledge: Knowledge) -> float:
    """How far the task as a whole is from its target; 0 where it is there, and where every label is looked at alone."""
    if knowledge.kind is Kind.MULTILABEL:
        return 0.0
    everywhere = [cell for cell in knowledge.cells if cell.mask is None and np.isfinite(cell.value)]
    overall = [cell for cell in everywhere if cell.label is None]
    short = [cell.target - cell.value for cell in overall or everywhere]
    return float(np.mean(short)) if short else 0.0


def _behind(cell: Shortfall, general: float) -> float:
    """How much further from its target a cell is than the task, shrunk by how few examples say so."""
    if cell.examples == 0:
        return 0.0
    return max(0.0, cell.target - cell.value - general) * cell.examples / (cell.examples + DOUBT)


def _near(knowledge: Knowledge, cell: Shortfall, count: int, free: Mask, rng: np.random.Generator) -> Rows:
    """The `count` free positions of the slice that are nearest to its failures, those in doubt first."""
    most = min(QUERIES, max(count, 8))
    failures = cell.failures if len(cell.failures) <= most else rng.choice(cell.failures, most, replace=False)
    queries: Floats = np.asarray(knowledge.vectors.take(np.sort(failures)), np.float32)
    where, similar = nearest(
        knowledge.vectors,
        knowledge.pool,
        queries,
        NEIGHBOURS,
        mask=free if cell.mask is None else free & cell.mask,
    )
    doubt = 0.0 if knowledge.outlook is None else 1 - knowledge.outlook.margin[where]
    score = np.where(where >= 0, similar * (1 + 0.5 * doubt), -np.inf)
    # Two a failure: each query's best two first, over all queries by score; then the others.
    place = np.argsort(np.argsort(-score, axis=1, kind="stable"), axis=1, kind="stable") >= A_FAILURE
    order = np.lexsort((-score.ravel(), place.ravel()))
    candidates = where.ravel()[order]
    candidates = candidates[candidates >= 0]
    _, first = np.unique(candidates, return_index=True)
    return np.asarray(candidates[np.sort(first)][:count], np.int64)
