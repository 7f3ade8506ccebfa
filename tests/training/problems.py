"""Small made problems for the tests of training: unit-length clusters with long tails, dense or sparse."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

if TYPE_CHECKING:
    from adequate.types import Codes, Floats, Mask

WIDTH = 24


def clusters(sizes: list[int], *, seed: int = 0, spread: float = 1.0) -> tuple[Floats, Codes]:
    """Rows of length 1 around a centre a label, sizes[c] of label c, shuffled."""
    rng = np.random.default_rng(seed)
    centres = np.random.default_rng(99).normal(size=(len(sizes), WIDTH))
    gold = rng.permutation(np.repeat(np.arange(len(sizes), dtype=np.int32), sizes))
    x = centres[gold] + spread * rng.normal(size=(len(gold), WIDTH)) + 1
    return (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float32), gold


def tags(n: int, k: int, *, seed: int = 0, spread: float = 1.0) -> tuple[Floats, Mask]:
    """Rows with any number of k labels, each of which adds its own direction."""
    rng = np.random.default_rng(seed)
    gold = rng.random((n, k)) < np.geomspace(0.4, 0.05, k)
    x = gold @ np.random.default_rng(98).normal(size=(k, WIDTH)) * 1.5 + spread * rng.normal(size=(n, WIDTH))
    return (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float32), gold


def words(gold: Codes, *, width: int = 4096, seed: int = 0) -> csr_array:
    """Sparse rows of length 1 with 12 features each: a third of them from the label's own 20."""
    rng = np.random.default_rng(seed)
    own = gold[:, None] * 20 + rng.integers(20, size=(len(gold), 4))
    other = rng.integers(1000, width, size=(len(gold), 8))
    at = np.concatenate([own, other], axis=1)
    rows = np.repeat(np.arange(len(gold)), at.shape[1])
    x = csr_array((np.ones(at.size, np.float32), (rows, at.ravel())), shape=(len(gold), width))
    x.sum_duplicates()
    x.data /= np.repeat(np.sqrt(np.add.reduceat(x.data**2, x.indptr[:-1])), np.diff(x.indptr))
    return x
