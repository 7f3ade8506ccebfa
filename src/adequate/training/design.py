"""The labelled rows' features in the form that makes fitting fast.

The one idea: an L2-penalised linear model on n rows lives in the span of those rows. A sparse block of 2**18 columns is
therefore swapped for the Cholesky factor of the rows' table of inner products: a dense (n, n) block with the same
geometry, hence the same optimum, at the speed of dense products (10 to 20 times that of the sparse ones on text of 50
to 500 features a row). Weights on the real columns come back by one triangular solve. Beyond `LANDMARKS` rows the model
lives in the span of that many of them, evenly spaced. Cross-validation cuts its rows out of one such table, for every
fold and every penalty.

Source: C. Williams, M. Seeger, "Using the Nystroem Method to Speed Up Kernel Machines", NIPS (2000), for landmarks.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import cholesky, solve_triangular
from scipy.sparse import csr_array

from adequate.training.heads import Weights

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from adequate.types import Floats, Mask, Matrix

LANDMARKS = 3000  # rows at most whose span a sparse block's weights live in
ENTRIES = 60_000_000  # of the dense table at most (240 MB): with more than 20,000 rows there are fewer landmarks
STRIP = 1000  # rows of the table made at a time: a sparse product that is dense takes three times its room


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One block of some rows, as the solver sees it and as the head will store it.

    Args:
        x: (n, r) float32: what the solver multiplies; the block itself, or what stands for a sparse one.
        mean: (r,) of x.
        scale: features were divided by it, so that one penalty fits blocks of any length.
        columns: of the block's `width` features those that rows have; None: all.
        landmarks: (r, len(columns)), the sparse rows whose span the weights live in; None where x is the block itself.
        factor: (r, r) lower Cholesky factor of their inner products.
    """

    x: Floats
    mean: Floats
    scale: np.float32
    width: int
    columns: NDArray[np.int64] | None = None
    landmarks: csr_array | None = None
    factor: Floats | None = None

    def louder(self, times: float) -> Part:
        """The same block, its features multiplied: the penalty then weighs that much less on it."""
        by = np.float32(times)
        return replace(self, x=self.x * by, mean=self.mean * by, scale=np.float32(self.scale / by))

    def weights(self, w: Floats) -> Weights:
        """Weights of the block's own features from the solver's, (r, k)."""
        if self.landmarks is not None:
            w = self.landmarks.T @ solve_triangular(self.factor, w, lower=True, trans="T", check_finite=False)
        return Weights(width=self.width, columns=self.columns, values=np.ascontiguousarray(w / self.scale, np.float32))

    def start(self, weights: Weights) -> Floats:
        """The inverse: the solver's weights nearest to a head's."""
        own = weights.values * self.scale
        if self.landmarks is None or weights.columns is None or self.columns is None:
            return own
        full = np.zeros((self.width, own.shape[1]), np.float32)
        full[weights.columns] = own
        return np.asarray(
            solve_triangular(self.factor, self.landmarks @ full[self.columns], lower=True, check_finite=False)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """Blocks side by side, n rows; the solver's weights stack their features, and the bias last."""

    parts: Mapping[str, Part]

    def __len__(self) -> int:
        return int(next(iter(self.parts.values())).x.shape[0])

    def only(self, names: tuple[str, ...], mix: float = 1.0) -> Design:
        """Some of the blocks, the dense ones `mix` times as loud as the sparse ones."""
        parts = {name: self.parts[name] for name in names}
        if mix != 1:
            parts = {name: part if part.landmarks is not None else part.louder(mix) for name, part in parts.items()}
        return Design(parts=parts)

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

    def __init__(self, blocks: list[tuple[Floats, Floats]]) -> None:
        self._blocks = blocks
        self.width = sum(int(x.shape[1]) for x, _ in blocks)

    def forward(self, w: Floats) -> Floats:
        """Logits (n, k)."""
        bias, first, products = w[-1], 0, []
        for x, mean in self._blocks:
            part = w[first : first + x.shape[1]]
            first += x.shape[1]
            bias = bias - mean @ part
            products.append(x @ part)
        out = products[0]
        for product in products[1:]:
            out += product
        out += bias
        return out

    def adjoint(self, residual: Floats) -> Floats:
        """Gradient (width + 1, k)."""
        total = residual.sum(axis=0)
        return np.concatenate([x.T @ residual - np.outer(mean, total) for x, mean in self._blocks] + [total[None]])


def design(xs: Mapping[str, Matrix]) -> Design:
    """What the solver needs of each block; a sparse one costs O(n r^2), r landmarks.

    Args:
        xs: features by block, n rows each: dense (n, d) float32 or csr_array float32.
    """
    return Design(parts={name: _sparse(x) if isinstance(x, csr_array) else _dense(x) for name, x in sorted(xs.items())})


def _dense(x: Floats) -> Part:
    scale = _length(float(np.einsum("ij,ij->", x, x, dtype=np.float64)), len(x))
    x = np.ascontiguousarray(x if scale == 1 else x / scale, np.float32)
    return Part(x=x, mean=x.mean(axis=0), scale=scale, width=x.shape[1])


def _sparse(x: csr_array) -> Part:
    n, width = x.shape
    columns = np.unique(x.indices).astype(np.int64)
    scale = _length(float(np.dot(x.data, x.data)), n)
    own = csr_array(x[:, columns] / scale)
    r = min(n, LANDMARKS, max(ENTRIES // n, 1))
    at = np.arange(n) * r // n  # the landmark that each row falls to; the first of each is one
    chosen = np.flatnonzero(np.diff(at, prepend=-1))
    landmarks = own[chosen]
    across = landmarks.T.tocsc()
    table = np.concatenate([(own[i : i + STRIP] @ across).toarray() for i in range(0, n, STRIP)])
    inner = table[chosen].astype(np.float64)
    inner[np.diag_indices(r)] += 1e-5  # equal rows make it singular; a whisker apart they don't
    factor = cholesky(inner, lower=True, overwrite_a=True, check_finite=False).astype(np.float32)
    z = factor
    if r < n:
        z = np.ascontiguousarray(solve_triangular(factor, table.T, lower=True, check_finite=False).T)
    return Part(x=z, mean=z.mean(axis=0), scale=scale, width=width, columns=columns, landmarks=landmarks, factor=factor)


def _length(squares: float, n: int) -> np.float32:
    """Root mean square length of the rows; exactly 1 for unit rows, so that they are not copied."""
    length = (squares / max(n, 1)) ** 0.5
    return np.float32(1 if abs(length - 1) < 1e-3 or length == 0 else length)
