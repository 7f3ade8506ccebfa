"""What do examples that lie together in the space of vectors have in common, in words?

Vectors get the model's doubt as one more coordinate, so that a cluster holds what reads alike and is alike in danger.
Doubt needs no label: a cluster that knows no error can be tested on the very labels of its examples, which one that was
fitted to the errors, as Domino's are, can't. Each cluster is described by up to four words of which most of its
examples have one, and few others.

Source: Eyuboglu et al., "Domino", ICLR 2022; its mixture here is k-means, which is what it comes to on unit vectors.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from adequate.types import Doubles, Floats, Mask

FITTED = 8_000  # examples that centres are fitted to, and that descriptions are chosen by
ROUNDS = 12
WEIGHT = 0.7  # of the doubt, next to vectors of length one
SIZES = (30, 90)  # examples a cluster, about: small ones, and large ones
CENTRES = 40  # at most
WORDS = 4
BETTER = 0.02  # what another word must add to the description
FITS = 0.2  # a description worse than this (F1) says nothing


def described(
    members: sparse.csr_array, vectors: Floats, doubts: Doubles, rng: np.random.Generator
) -> Iterator[tuple[int, ...]]:
    """The words, by number, that describe each cluster.

    Args:
        members: (words, m), 1 where an example has a word.
        vectors: (m, d), of unit length.
        doubts: (m,), the chance in [0, 1] that an example is answered wrongly, as the model sees it.
    """
    rows = np.sort(rng.choice(len(vectors), min(FITTED, len(vectors)), replace=False))
    if len(rows) < 2 * min(SIZES) or members.shape[0] == 0:
        return
    near = np.concatenate([vectors[rows], WEIGHT * doubts[rows, None]], axis=1).astype(np.float32)
    among = members[:, rows]
    for size in SIZES:
        codes = clustered(near, max(2, min(CENTRES, len(rows) // size)), rng)
        for code in np.unique(codes).tolist():
            words = _said(among, codes == code)
            if words:
                yield words


def clustered(x: Floats, k: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """The cluster of each of n vectors, shape (n,), by k-means."""
    n = len(x)
    centres = x[rng.choice(n, k, replace=False)]
    for _ in range(ROUNDS):
        codes = _nearest(x, centres)
        sums = sparse.csr_array((np.ones(n, np.float32), (codes, np.arange(n))), shape=(k, n))
        sizes = np.bincount(codes, minlength=k)
        fresh = np.where(sizes[:, None] > 0, (sums @ x) / np.maximum(sizes, 1)[:, None], centres)
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
        right, all_ = np.asarray(members @ np.stack([left * inside, left], axis=1), np.float64).T
        right, all_ = right + float((covered & inside).sum()), all_ + float(covered.sum())
        fit = 2 * right / np.maximum(all_ + inside.sum(), 1)
        at = int(fit.argmax())
        if fit[at] < best + BETTER:
            break
        best = float(fit[at])
        words.append(at)
        covered[members.indices[members.indptr[at] : members.indptr[at + 1]]] = True
    return tuple(words) if best >= FITS else ()
