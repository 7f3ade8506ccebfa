"""A matrix as the product of two thin ones, the best for the activations that it meets.

The one idea: the error that counts is not that of the matrix but that of what it puts out. With the activations'
covariance C, the outputs W x vary as W C W', and projecting W onto the r leading directions of that is the best that
rank r can do. The mean goes into the bias.

It pays only where r is small: it adds a product and saves bytes below r = out * in / (out + in), which is 307 for a
feed-forward matrix of MiniLM. At equal speed, fewer neurons (`prune`) lose less.

Source: M. Chen et al., "DRONE: Data-aware Low-rank Compression", NeurIPS (2021).
"""

from __future__ import annotations

import numpy as np

from adequate.types import Floats


def factorised(x: Floats, weight: Floats, bias: Floats, rank: int) -> tuple[Floats, Floats, Floats]:
    """Narrow (rank, in), wide (out, rank) and the bias (out,) that make up for the rest's mean.

    Args:
        x: shape (t, in), activations.
        rank: in [1, min(in, out)].

    >>> rng = np.random.default_rng(0)
    >>> x = (rng.normal(size=(50, 1)) @ rng.normal(size=(1, 4)) + 1).astype(np.float32)
    >>> weight, bias = rng.normal(size=(3, 4)).astype(np.float32), np.zeros(3, np.float32)
    >>> narrow, wide, bias = factorised(x, weight, bias, 1)
    >>> bool(np.abs(x @ narrow.T @ wide.T + bias - x @ weight.T).max() < 1e-5)
    True
    """
    mean = x.mean(axis=0)
    _, values, directions = np.linalg.svd(x - mean, full_matrices=False) if len(x) < x.shape[1] else _spread(x - mean)
    outputs = weight @ (directions.T * values)
    leading = np.linalg.svd(outputs, full_matrices=False)[0][:, :rank]
    narrow = np.asarray(leading.T @ weight, np.float32)
    wide = np.ascontiguousarray(leading, np.float32)
    return narrow, wide, np.asarray(bias + weight @ mean - wide @ (narrow @ mean), np.float32)


def _spread(centred: Floats) -> tuple[None, Floats, Floats]:
    """Singular values and right directions, from the covariance: cheap where there are many rows."""
    values, vectors = np.linalg.eigh(centred.T @ centred)
    return None, np.sqrt(np.maximum(values, 0)), vectors.T
