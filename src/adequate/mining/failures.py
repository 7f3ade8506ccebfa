"""What in the pool resembles examples that a cell gets wrong?

For cells that the guide can't serve: slices, every cell of `multilabel` tasks, and tests that need no labels, whose
failing cases may be no examples. At most two neighbours a failure and a share of the batch: retrieval alone finds
copies of what is known already, and is worse than random (measured). Near the cases of a test, which resemble each
other, the neighbourhood is wider and doubt decides in it: else the test is mended later than if nobody looked
(`benchmarks/failing.py`). What violates an assertion is asked itself, and
more of assertions that still teach (`assertions`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from adequate.mining.assertions import chosen
from adequate.mining.knowledge import Knowledge, Shortfall
from adequate.mining.neighbours import QUERIES, nearest
from adequate.spec.cells import label_in
from adequate.types import Floats, Kind, Mask, Rows

A_FAILURE = 2  # picks at most for each
NEIGHBOURS = 8  # looked at for each
AROUND = 32  # looked at for each failing case of a test
SURE = 0.2  # what a neighbour of such a case counts that the model has no doubt of, against 1.2 for one in full doubt
DOUBT = 10  # labelled examples that the belief is worth that a slice fails no more than everything does
SLICES, LABELS = 0.25, 0.5  # of a batch at most: for slices; for all cells of a `multilabel` task, which has no guide
TESTS = 0.25  # of a batch at most, for tests that need no labels
LOOKED_NEAR = 64  # failing cases of a test whose neighbours are looked for: the worst
WORDS = 60  # characters of a failing case that a reason says


@dataclass(frozen=True, slots=True, kw_only=True)
class Near:
    """What was found for one cell.

    Args:
        positions: in the pool.
        reason: one for each.
    """

    cell: Shortfall
    positions: Rows
    reason: list[str]


def resembling(knowledge: Knowledge, batch: int, taken: Mask, rng: np.random.Generator) -> list[Near]:
    """Pool positions for each cell that lags behind, the furthest behind first.

    A cell's share of the batch is the fraction by which it is further from its target than the task as a whole: what
    fails everywhere is not the slice's to mend, and what passes asks for nothing. A test has a target that has nothing
    to do with the task's, and counts by itself.

    Args:
        batch: labels asked for altogether.
        taken: shape (pool,), positions not to pick; not changed.
    """
    several = knowledge.kind is Kind.MULTILABEL
    failing = [cell for cell in knowledge.cells if len(cell.failures) or cell.queries is not None]
    cells = [cell for cell in failing if not cell.is_test and (several or cell.mask is not None)]
    free = ~taken
    return [
        *_for_cells(knowledge, cells, batch * (LABELS if several else SLICES), batch, free, rng),
        *_for_cells(knowledge, [cell for cell in failing if cell.is_test], batch * TESTS, batch, free, rng),
    ]


def _for_cells(
    knowledge: Knowledge, cells: Sequence[Shortfall], most: float, batch: int, free: Mask, rng: np.random.Generator
) -> Iterator[Near]:
    """`most` positions at most for these cells; what is found is no longer free."""
    general = _general(knowledge)
    behind = np.array([(1 + cell.critical) * _behind(cell, 0.0 if cell.is_test else general, batch) for cell in cells])
    budget = int(min(most, batch * behind.sum()))
    if budget == 0:
        return
    size = [len(cell.failures) if cell.queries is None else len(cell.queries) for cell in cells]
    quota = np.minimum(np.ceil(budget * behind / behind.sum()), [A_FAILURE * many for many in size])
    asserted = np.array([cell.rates is not None for cell in cells])
    count = min(int(quota[asserted].sum()), budget)
    for near in _violating(knowledge, [cell for cell in cells if cell.rates is not None], count, free):
        free[near.positions] = False
        budget -= len(near.positions)
        yield near
    for i in np.argsort(-behind, kind="stable").tolist():
        count = min(int(quota[i]), budget)
        if count > 0 and not asserted[i]:
            near = _near(knowledge, cells[i], count, free, rng)
            free[near.positions] = False
            budget -= len(near.positions)
            yield near


def _general(knowledge: Knowledge) -> float:
    """How far the task as a whole is from its target; 0 where it is there, and where every label is looked at alone."""
    if knowledge.kind is Kind.MULTILABEL:
        return 0.0
    cells = [cell for cell in knowledge.cells if not cell.is_test]
    everywhere = [cell for cell in cells if cell.mask is None and np.isfinite(cell.value)]
    overall = [cell for cell in everywhere if cell.label is None]
    short = [cell.target - cell.value for cell in overall or everywhere]
    return float(np.mean(short)) if short else 0.0


def _behind(cell: Shortfall, general: float, batch: int) -> float:
    """How much further from its target a cell is than the task, shrunk by how few examples say so.

    Of an assertion, how many predictions violate it too often, in batches, and which share of all that do: what must
    hardly ever happen is far off where it happens to one in a hundred.
    """
    if cell.examples == 0:
        return 0.0
    if cell.rates is not None:
        gap = max(0.0, cell.target - cell.value)
        return min(gap / max(1 - cell.value, gap, 1e-9), gap * cell.examples / batch)
    return max(0.0, cell.target - cell.value - general) * cell.examples / (cell.examples + DOUBT)


def _violating(knowledge: Knowledge, cells: Sequence[Shortfall], count: int, free: Mask) -> Iterator[Near]:
    """At most `count` of the pool's own violations of assertions, the worst of each first."""
    found = []
    for cell in cells:
        here = cell.failures[np.isin(cell.failures, knowledge.pool)]
        at = np.searchsorted(knowledge.pool, here)
        found.append(at[free[at]])
    picked = chosen([cell.rates or () for cell in cells], found, count)
    for cell, at in zip(cells, picked, strict=True):
        if len(at):
            yield Near(cell=cell, positions=at, reason=[f"violates {named(cell)}"] * len(at))


def _near(knowledge: Knowledge, cell: Shortfall, count: int, free: Mask, rng: np.random.Generator) -> Near:
    """The `count` free positions of the slice that are nearest to its failures, those in doubt first."""
    queries, words = _queries(knowledge, cell, min(QUERIES, max(count, 8)), rng)
    where, similar = nearest(
        knowledge.vectors,
        knowledge.pool,
        queries,
        AROUND if cell.is_test else NEIGHBOURS,
        mask=free if cell.mask is None else free & cell.mask,
    )
    doubt = np.zeros_like(similar) if knowledge.outlook is None else 1 - knowledge.outlook.margin[where]
    weight = SURE + doubt if cell.is_test else 1 + 0.5 * doubt
    score = np.where(where >= 0, np.maximum(similar, 0) * weight, -np.inf)
    # Two a failure: each query's best two first, over all queries by score; then the others. The cases of a test say
    # one thing over and over: there the best of all come first.
    most = AROUND if cell.is_test else A_FAILURE
    place = np.argsort(np.argsort(-score, axis=1, kind="stable"), axis=1, kind="stable") >= most
    order = np.lexsort((-score.ravel(), place.ravel()))
    order = order[where.ravel()[order] >= 0]
    candidates = where.ravel()[order]
    _, first = np.unique(candidates, return_index=True)
    first = np.sort(first)[:count]
    of = order[first] // where.shape[1]
    why = [f"near what fails in {cell.cell}"] * len(first)
    if words:
        why = [f'near a failing case of {named(cell)}: "{_short(words[i])}"' for i in of.tolist()]
    return Near(cell=cell, positions=np.asarray(candidates[first], np.int64), reason=why)


def _queries(
    knowledge: Knowledge, cell: Shortfall, most: int, rng: np.random.Generator
) -> tuple[Floats, tuple[str, ...]]:
    """At most so many vectors to look near, and, of a test, what to call each."""
    if cell.queries is None:
        failures = cell.failures if len(cell.failures) <= most else rng.choice(cell.failures, most, replace=False)
        return np.asarray(knowledge.vectors.take(np.sort(failures)), np.float32), ()
    at = np.arange(len(cell.queries))
    at = at if len(at) <= most else np.sort(rng.choice(at, most, replace=False))
    return cell.queries[at], tuple(cell.cases[i] for i in at.tolist())


def named(cell: Shortfall) -> str:
    """What a test's cell is called: TASK/SLICE/NAME/METRIC -> NAME."""
    return label_in(cell.cell)


def _short(text: str) -> str:
    return text if len(text) <= WORDS else text[: WORDS - 1].rstrip() + "…"
