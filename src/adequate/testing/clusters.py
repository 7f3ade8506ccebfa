"""Where in the space of vectors do errors lie together, and what words would a person say of such a place?

Vectors get the error as one more coordinate, so that a cluster holds what reads alike and fails alike; each cluster
with many errors is described by up to four words of which most of its examples have one, and few others.

Source: Eyuboglu et al., "Domino", ICLR 2022; its mixture here is k-means, which is what it comes to on unit vectors.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from adequate.types import Floats, Mask

FITTED = 8_000  # examples that centres are fitted to
ROUNDS = 12
WEIGHT = 0.7  # of the error, next to vectors of length one
SIZE = 30  # examples a cluster, about
CENTRES = 32  # at most
WORDS = 4
BETTER = 0.02  # what another word must add to the description
FITS = 0.2  # a description worse than this (F1) says nothing


def described(
    members: sparse.csr_array, vectors: Floats, wrong: Mask, searched: Mask, rng: np.random.Generator, *, least: int
) -> Iterator[tuple[int, ...]]:
    """The words, by number, of each cluster in which the model errs more often than elsewhere.

    Args:
        members: (words, m), 1 where an example has a word.
        vectors: (m, d), of unit length; the rest as in `discover`.
        least: examples of a cluster.
    """
    rows = np.flatnonzero(searched)
    if len(rows) < 2 * SIZE or members.shape[0] == 0:
        return
    codes = clustered(vectors[rows], wrong[rows], rng)
    usual = wrong[rows].mean()
    among = members[:, rows]
    for code in range(int(codes.max()) + 1):
        inside = codes == code
        if inside.sum() >= least and wrong[rows][inside].mean() > usual:
            words = _said(among, inside)
            if words:
                yield words


def clustered(vectors: Floats, wrong: Mask, rng: np.random.Generator) -> NDArray[np.int64]:
    """The cluster of each vector, shape (n,), by k-means with the error as a coordinate."""
    x = np.concatenate([np.asarray(vectors, np.float32), WEIGHT * wrong[:, None].astype(np.float32)], axis=1)
    n = len(x)
    k = max(2, min(CENTRES, n // SIZE))
    some = x if n <= FITTED else x[rng.choice(n, FITTED, replace=False)]
    centres = some[rng.choice(len(some), k, replace=False)]
    for _ in range(ROUNDS):
        codes = _nearest(some, centres)
        sums = sparse.csr_array((np.ones(len(some), np.float32), (codes, np.arange(len(some)))), shape=(k, len(some)))
        sizes = np.bincount(codes, minlength=k)
        fresh = np.where(sizes[:, None] > 0, (sums @ some) / np.maximum(sizes, 1)[:, None], centres)
        if np.allclose(fresh, centres, atol=1e-4):
            break
        centres = fresh.astype(np.float32)
    return _nearest(x, centres)


def _nearest(x: Floats, centres: Floats) -> NDArray[np.int64]:
    return np.asarray(np.argmax(x @ centres.T - 0.5 * (centres**2).sum(axis=1), axis=1), np.int64)


def _said(members: sparse.csr_array, inside: Mask) -> tuple[int, ...]:
    """Words of which the cluster's examples have one, added as long as that describes it better (F1)."""
    covered = np.zeros(len(inside), np.bool_)
    words: list[int] = []
    best = 0.0
    while len(words) < WORDS:
        left = (~covered).astype(np.float32)
        right, all_ = (np.asarray(members @ x, np.float64) for x in (left * inside, left))
        right, all_ = right + float((covered & inside).sum()), all_ + float(covered.sum())
        fit = 2 * right / np.maximum(all_ + inside.sum(), 1)
        at = int(fit.argmax())
        if fit[at] < best + BETTER:
            break
        best = float(fit[at])
        words.append(at)
        covered[members.indices[members.indptr[at] : members.indptr[at + 1]]] = True
    return tuple(words) if best >= FITS else ()
