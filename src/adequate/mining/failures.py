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


def resembling(
    knowledge: Knowledge, budget: int, taken: Mask, rng: np.random.Generator
) -> list[tuple[Rows, Shortfall]]:
    """Pool positions for each short cell, most similar first, `budget` in all, split by how short the cells are.

    Args:
        taken: shape (pool,), positions not to pick; not changed.
    """
    cells = [cell for cell in knowledge.cells if _served(cell, knowledge.kind)]
    if not cells or budget == 0:
        return []
    short = np.array([(1 + cell.critical) * _short(cell) for cell in cells])
    quota = np.minimum(np.ceil(budget * short / short.sum()), [A_FAILURE * len(cell.failures) for cell in cells])
    free = ~taken
    found: list[tuple[Rows, Shortfall]] = []
    for i in np.argsort(-short, kind="stable"):
        count = min(int(quota[i]), budget - sum(len(rows) for rows, _ in found))
        if count > 0:
            rows = _near(knowledge, cells[i], count, free, rng)
            free[rows] = False
            found.append((rows, cells[i]))
    return found


def _served(cell: Shortfall, kind: Kind) -> bool:
    return len(cell.failures) > 0 and (cell.mask is not None or kind is Kind.MULTILABEL)


def _short(cell: Shortfall) -> float:
    return max(cell.target - cell.value, 0.01) if np.isfinite(cell.value) else cell.target / 2


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
