"""Train vectors and heads together to say what a teacher says.

The one idea: a text's features are the unit sum of its rows of a table, its logits are linear in them, and both are
fitted to the teacher's probabilities, softened: at a temperature a few times the teacher's, what it finds similar shows
as well as what it answers, and a student of thousands of vectors overfits less. Rows are touched only by the texts that
have them, so Adam's moments are kept and moved for the rows of a batch alone. Rows of words have two parts: a vector of
their own, and what follows, by one matrix, from what the word is like.

Sources: G. Hinton, O. Vinyals, J. Dean, "Distilling the Knowledge in a Neural Network" (2015); D. Kingma, J. Ba, "Adam"
(2015).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csr_array

from adequate.training.heads import probabilities
from adequate.types import Floats, Kind

if TYPE_CHECKING:
    from numpy.typing import NDArray

BATCH = 256
RATE = 0.01  # the first step's; it falls to 0 along half a cosine
SCALE = 10.0  # logits a unit of similarity: lets weights and table move at one rate
TURN = 0.5  # times that, of the matrix
KEPT, SQUARED = 0.9, 0.99  # of Adam's moments, a step


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What one task's logits should come to.

    Args:
        probs: shape (n, k), the teacher's, softened.
    """

    kind: Kind
    probs: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Student:
    """What was trained.

    Args:
        table: shape (rows, width).
        weights: by task, shape (width, k).
        bias: by task, shape (k,).
    """

    table: Floats
    weights: Mapping[str, Floats]
    bias: Mapping[str, Floats]


def distil(
    x: csr_array,
    wanted: Mapping[str, Wanted],
    table: Floats,
    *,
    like: Floats,
    turned: Floats,
    epochs: int,
    rng: np.random.Generator,
) -> Student:
    """Train for some epochs. O(epochs * n * (rows a text * width + width * k)).

    Args:
        x: shape (n, rows), how often each text has each row.
        wanted: by task, of the same texts.
        table: shape (rows, width), where to begin; not changed.
        like: shape (v, m), what the first v rows are like: `like @ turned` is added to them.
        turned: shape (m, width), where to begin; not changed.
    """
    own, common = _Adam(table.copy()), _Adam(turned.copy())
    heads = {
        task: _Adam(np.zeros((table.shape[1] + 1, one.probs.shape[1]), np.float32)) for task, one in wanted.items()
    }
    steps = epochs * -(-x.shape[0] // BATCH)
    step = 0
    for _ in range(epochs):
        order = rng.permutation(x.shape[0])
        for first in range(0, len(order), BATCH):
            batch = order[first : first + BATCH]
            rate = RATE * 0.5 * (1 + np.cos(np.pi * step / steps))
            step += 1
            rows, small = _picked(x, batch)
            words = like[rows[: np.searchsorted(rows, len(like))]]
            vectors = own.values[rows]
            vectors[: len(words)] += words @ common.values
            sums = small @ vectors
            length = np.sqrt(np.einsum("nd,nd->n", sums, sums))[:, None] + np.float32(1e-6)
            unit = sums / length
            slope = np.zeros_like(unit)
            for task, one in wanted.items():
                w = heads[task].values
                error = probabilities(SCALE * (unit @ w[:-1]) + w[-1], one.kind) - one.probs[batch]
                error /= np.float32(len(batch))
                slope += SCALE * (error @ w[:-1].T)
                heads[task].move(slice(None), np.vstack([SCALE * (unit.T @ error), error.sum(axis=0)]), rate, step)
            slope -= unit * np.einsum("nd,nd->n", unit, slope)[:, None]
            change = small.T @ (slope / length)
            own.move(rows, change, rate, step)
            common.move(slice(None), words.T @ change[: len(words)], TURN * rate, step)
    own.values[: len(like)] += like @ common.values
    return Student(
        table=own.values,
        weights={task: np.float32(SCALE) * head.values[:-1] for task, head in heads.items()},
        bias={task: head.values[-1] for task, head in heads.items()},
    )


def _picked(x: csr_array, batch: NDArray[np.int64]) -> tuple[NDArray[Any], csr_array]:
    """The rows that some texts have, ascending, and the texts as counts of these."""
    some = x[batch]
    rows, at = np.unique(some.indices, return_inverse=True)
    return rows, csr_array((some.data, at.astype(np.int32), some.indptr), shape=(len(batch), len(rows)))


def nearest(x: csr_array, vectors: Floats, *, prior: float = 1.0, steps: int = 15) -> Floats:
    """The table whose sums come nearest to given vectors, by conjugate gradients: min |x t - v|^2 + prior |t|^2.

    Args:
        x: shape (n, rows).
        vectors: shape (n, width).
    """
    table = np.zeros((x.shape[1], vectors.shape[1]), np.float32)
    left = np.asarray(x.T @ vectors)
    way, size = left.copy(), np.einsum("rd,rd->d", left, left)
    for _ in range(steps):
        image = x.T @ (x @ way) + np.float32(prior) * way
        step = size / np.maximum(np.einsum("rd,rd->d", way, image), 1e-12)
        table += step * way
        left -= step * image
        size, before = np.einsum("rd,rd->d", left, left), size
        way = left + (size / np.maximum(before, 1e-12)) * way
    return table


class _Adam:
    """Values and their moments."""

    def __init__(self, values: Floats) -> None:
        self.values = values
        self._mean, self._square = np.zeros_like(values), np.zeros_like(values)

    def move(self, rows: slice | np.ndarray, slope: Floats, rate: float, step: int) -> None:
        mean = self._mean[rows] * np.float32(KEPT) + np.float32(1 - KEPT) * slope
        square = self._square[rows] * np.float32(SQUARED) + np.float32(1 - SQUARED) * slope * slope
        self._mean[rows], self._square[rows] = mean, square
        deep = np.sqrt(square)
        deep *= np.float32(1 / np.sqrt(1 - SQUARED**step))
        deep += np.float32(1e-8)
        np.divide(mean, deep, out=deep)
        deep *= np.float32(rate / (1 - KEPT**step))
        self.values[rows] -= deep
