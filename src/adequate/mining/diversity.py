"""Which few of many cover the rest? k-means on a shortlist or a sample, never on a whole pool.

All vectors are unit rows, so the nearest centre is the one with the largest dot product. NumPy only: scikit-learn's
k-means sums in thread order and isn't reproducible to the bit.

Source: D. Arthur and S. Vassilvitskii, "k-means++: The Advantages of Careful Seeding" (2007).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from adequate.types import Doubles, Floats, Rows


def unit(x: Floats) -> Floats:
    """Rows scaled to length one; a zero row stays zero."""
    length = np.sqrt(np.einsum("ij,ij->i", x, x))[:, None]
    return np.asarray(x / np.maximum(length, 1e-12), np.float32)


def kmeans(
    x: Floats, k: int, rng: np.random.Generator, *, weight: Floats | None = None, rounds: int = 8
) -> tuple[Floats, NDArray[np.int64]]:
    """Centres (k, d) and each row's cluster (n,). O(n k d) a round.

    Args:
        x: shape (n, d), unit rows.
        weight: shape (n,) > 0, what each row counts; None: all alike.

    >>> x = unit(np.array([[1, 0], [1, 0.1], [0, 1], [0.1, 1]], np.float32))
    >>> kmeans(x, 2, np.random.default_rng(0))[1].reshape(2, 2).tolist() in ([[0, 0], [1, 1]], [[1, 1], [0, 0]])
    True
    """
    weight = np.ones(len(x), np.float32) if weight is None else weight
    heavy = x * weight[:, None]
    centres = x[seeds(x, k, rng, weight)]
    member = np.argmax(x @ centres.T, axis=1)
    for _ in range(rounds):
        centres = means(heavy, member, centres)
        moved = np.argmax(x @ centres.T, axis=1)
        if np.array_equal(moved, member):
            break
        member = moved
    return centres, member


def means(x: Floats, member: NDArray[np.int64], centres: Floats) -> Floats:
    """The mean direction of each cluster; an empty one keeps its centre."""
    order = np.argsort(member, kind="stable")
    used, first = np.unique(member[order], return_index=True)
    moved = centres.copy()
    moved[used] = unit(np.add.reduceat(x[order], first, axis=0))
    return moved


def seeds(x: Floats, k: int, rng: np.random.Generator, weight: Floats) -> Rows:
    """k-means++: each next seed is drawn with a chance proportional to weight x squared distance from those before."""
    chosen = np.empty(min(k, len(x)), np.int64)
    chosen[0] = _draw(weight.astype(np.float64), rng)
    distance = np.maximum(1 - x @ x[chosen[0]], 0)
    for i in range(1, len(chosen)):
        chosen[i] = _draw((weight * distance).astype(np.float64), rng)
        distance = np.minimum(distance, np.maximum(1 - x @ x[chosen[i]], 0))
    return chosen


def _draw(chance: Doubles, rng: np.random.Generator) -> int:
    heap = np.cumsum(chance)
    # Where all that is left are copies of the seeds, any of them will do.
    return int(np.searchsorted(heap, rng.random() * heap[-1])) if heap[-1] > 1e-9 else int(rng.integers(len(chance)))


def spread(x: Floats, k: int, rng: np.random.Generator, *, weight: Floats | None = None) -> Rows:
    """Positions of k rows that cover x: of each cluster the row nearest to its centre; biggest cluster first."""
    if k >= len(x):
        return np.arange(len(x))
    centres, member = kmeans(x, k, rng, weight=weight)
    near = np.einsum("ij,ij->i", x, centres[member])
    order = np.lexsort((-near, member))
    _, first, size = np.unique(member[order], return_index=True, return_counts=True)
    medoids = order[first][np.argsort(-size, kind="stable")]
    if len(medoids) < k:  # copies in x make clusters empty: fill with the rows left, any will do
        left = np.setdiff1d(np.arange(len(x)), medoids)
        medoids = np.concatenate([medoids, rng.choice(left, k - len(medoids), replace=False)])
    return np.asarray(medoids, np.int64)
