"""The labelled rows' features in the form that makes fitting fast.

The one idea: an L2-penalised linear model on n rows lives in the span of those rows. A sparse block of 2**18 columns is
therefore swapped, as long as n is a few thousand, for the Cholesky factor of its n x n table of inner products: a dense
(n, n) block with the same geometry, hence the same optimum, at the speed of dense products (x20 on text of 100 to 300
features a row). Weights on the real columns come back by one triangular solve. Beyond that the sparse block is used as
it is. Cross-validation cuts rows out of one such table, for every fold and every penalty.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import cholesky, solve_triangular
from scipy.sparse import csr_array

from adequate.training.heads import Weights

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from adequate.types import Floats, Mask, Matrix

FACTORED = 4000  # rows up to which a sparse block is swapped for its factor: above, n^2 costs more than the sparse rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One block of some rows, as the solver sees it and as the head will store it.

    Args:
        x: (n, r), dense or sparse: what the solver multiplies.
        scale: features were divided by it, so that one penalty fits blocks of any length.
        original: the sparse rows behind a factor; None where x is the block itself.
        columns: which of the block's `width` features x (or original) has; None: all.
    """

    x: Matrix
    mean: Floats
    scale: np.float32
    original: csr_array | None
    columns: NDArray[np.int64] | None
    width: int

    def weights(self, w: Floats) -> Weights:
        """Weights of the block's own features from the solver's, (r, k)."""
        if self.original is not None:
            w = np.asarray(self.original.T @ solve_triangular(self.x, w, lower=True, trans="T", check_finite=False))
        return Weights(width=self.width, columns=self.columns, values=np.ascontiguousarray(w / self.scale, np.float32))

    def start(self, weights: Weights) -> Floats:
        """The inverse: the solver's weights nearest to a head's."""
        full = np.zeros((self.width, weights.values.shape[1]), np.float32)
        full[slice(None) if weights.columns is None else weights.columns] = weights.values * self.scale
        own = full if self.columns is None else full[self.columns]
        if self.original is None:
            return own
        return np.asarray(solve_triangular(self.x, self.original @ own, lower=True, check_finite=False))


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """Blocks side by side, n rows; the solver's weights stack their features, and the bias last."""

    parts: Mapping[str, Part]

    def __len__(self) -> int:
        return int(next(iter(self.parts.values())).x.shape[0])

    def only(self, names: tuple[str, ...]) -> Design:
        """Some of the blocks."""
        return Design(parts={name: self.parts[name] for name in names})

    def whole(self) -> Cut:
        """All rows, not copied."""
        return Cut([(part.x, part.mean) for part in self.parts.values()])

    def at(self, keep: Mask | NDArray[np.int64]) -> Cut:
        """Some of the rows."""
        return Cut([(part.x[keep], part.mean) for part in self.parts.values()])

    def weights(self, w: Floats) -> dict[str, Weights]:
        """By block, of the solver's (width + 1, k)."""
        out, first = {}, 0
        for name, part in self.parts.items():
            last = first + int(part.x.shape[1])
            out[name] = part.weights(w[first:last])
            first = last
        return out


class Cut:
    """Rows of a design, for the solver: `training.minimise.Linear` over centred features."""

    def __init__(self, blocks: list[tuple[Matrix, Floats]]) -> None:
        self._blocks = blocks
        self.width = sum(int(x.shape[1]) for x, _ in blocks)

    def forward(self, w: Floats) -> Floats:
        """Logits (n, k)."""
        bias = w[-1]
        out: Floats | None = None
        first = 0
        for x, mean in self._blocks:
            part = w[first : first + x.shape[1]]
            first += x.shape[1]
            bias = bias - mean @ part
            out = x @ part if out is None else out + x @ part
        assert out is not None
        out += bias
        return out

    def adjoint(self, residual: Floats) -> Floats:
        """Gradient (width + 1, k)."""
        total = residual.sum(axis=0)
        return np.concatenate(
            [np.asarray(x.T @ residual) - np.outer(mean, total) for x, mean in self._blocks] + [total[None]]
        )


def design(xs: Mapping[str, Matrix]) -> Design:
    """What the solver needs of each block; sparse ones of up to `FACTORED` rows cost O(n^3 / 3).

    Args:
        xs: features by block, n rows each: dense (n, d) float32 or csr_array float32.
    """
    return Design(parts={name: _sparse(x) if isinstance(x, csr_array) else _dense(x) for name, x in sorted(xs.items())})


def _dense(x: Floats) -> Part:
    scale = _length(float(np.einsum("ij,ij->", x, x, dtype=np.float64)), len(x))
    x = np.ascontiguousarray(x if scale == 1 else x / scale, np.float32)
    return Part(x=x, mean=x.mean(axis=0), scale=scale, original=None, columns=None, width=x.shape[1])


def _sparse(x: csr_array) -> Part:
    n, width = x.shape
    columns = np.unique(x.indices).astype(np.int64)
    scale = _length(float(np.dot(x.data, x.data)), n)
    own = x[:, columns] / scale
    if n > FACTORED:
        mean = np.asarray(own.mean(axis=0), np.float32)
        return Part(x=own, mean=mean, scale=scale, original=None, columns=columns, width=width)
    table = (own @ own.T).toarray().astype(np.float64)
    table[np.diag_indices(n)] += 1e-5  # equal rows make it singular; a whisker apart they don't
    factor = cholesky(table, lower=True, overwrite_a=True, check_finite=False).astype(np.float32)
    return Part(x=factor, mean=factor.mean(axis=0), scale=scale, original=own, columns=columns, width=width)


def _length(squares: float, n: int) -> np.float32:
    """Root mean square length of the rows; exactly 1 for unit rows, so that they are not copied."""
    length = (squares / max(n, 1)) ** 0.5
    return np.float32(1 if abs(length - 1) < 1e-3 or length == 0 else length)
