"""The weights with the least loss: L-BFGS for models that are linear in their features.

The one idea: logits are linear in the weights, so the logits of a whole search direction are one matrix product. Every
trial step along it is then elementwise, and an iteration costs two products however often the line search looks.

Everything is float32, sums that decide are float64. Centring the features (the bias absorbs it: the optimum is the
same) takes the one bad direction out of unit-length embeddings. Preconditioning by the features' covariance was tried
on top (from the start, from iteration 8, from 14): better early, no better at the end, and not worth its code.

Source: J. Nocedal, S. Wright, "Numerical Optimization", 2nd ed. (2006), algorithms 7.4 and 7.5.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from adequate.types import Doubles, Floats, Mask

MEMORY = 10  # pairs kept


class Linear(Protocol):
    """Features of n rows, as far as the solver needs them."""

    def forward(self, w: Floats) -> Floats:
        """Logits (n, k) of weights (r + 1, k), whose last row is the bias."""

    def adjoint(self, residual: Floats) -> Floats:
        """Its transpose: (r + 1, k) of (n, k)."""


def minimise(
    x: Linear, loss: Callable[[Floats, Floats], float], start: Floats, *, l2: float, tolerance: float, most: int = 300
) -> Floats:
    """Weights (r + 1, k) that minimise loss(logits) + l2 / 2 * |weights without bias|^2.

    Args:
        loss: of logits (n, k); it writes its derivative, (n, k), into the second argument.
        start: shape (r + 1, k) float32; not changed.
        l2: > 0, which makes the minimum unique.
        tolerance: stop when the loss still to gain is about this (in units of the loss).
        most: iterations.
    """
    w = start.copy()
    logits = x.forward(w)
    residual = np.empty_like(logits)
    trial = np.empty_like(logits)
    value = loss(logits, residual) + l2 / 2 * _dot(w[:-1], w[:-1])
    slope = _gradient(x, residual, w, l2)
    pairs: deque[tuple[Floats, Floats, float]] = deque(maxlen=MEMORY)
    for _ in range(most):
        step = _direction(slope, pairs)
        descent = _dot(slope, step)
        if -descent / 2 < tolerance:
            break
        moved = x.forward(step)
        ww, ws, ss = _dot(w[:-1], w[:-1]), _dot(w[:-1], step[:-1]), _dot(step[:-1], step[:-1])
        size = 1.0
        while True:
            np.multiply(moved, np.float32(size), out=trial)
            trial += logits
            reached = loss(trial, residual) + l2 / 2 * (ww + 2 * size * ws + size * size * ss)
            if reached <= value + 1e-4 * size * descent:
                break
            # The least of the parabola through what is known, kept off both ends.
            size *= float(np.clip(-size * descent / (2 * (reached - value - size * descent)), 0.1, 0.5))
            if size < 1e-4:  # float32 can't tell a better point from this one
                return w
        logits, trial = trial, logits
        step *= np.float32(size)
        w += step
        value = reached
        before, slope = slope, _gradient(x, residual, w, l2)
        change = slope - before
        if (bend := _dot(step, change)) > 0:
            pairs.append((step, change, bend))
    return w


def softmax_loss(gold: np.ndarray, weights: Doubles) -> Callable[[Floats, Floats], float]:
    """Sum over rows of weight * cross-entropy, for codes (n,)."""
    rows = np.arange(len(gold))
    light = weights.astype(np.float32)
    one = None

    def loss(logits: Floats, out: Floats) -> float:
        nonlocal one
        np.subtract(logits, logits.max(axis=1, keepdims=True), out=out)
        own = out[rows, gold]
        np.exp(out, out=out)
        one = np.ones(out.shape[1], np.float32) if one is None else one
        total = out @ one  # as a matrix product: several times faster than summing short rows
        out *= (light / total)[:, None]
        out[rows, gold] -= light
        return float(weights @ (np.log(total, dtype=np.float64) - own))

    return loss


def sigmoid_loss(gold: Mask, weights: Doubles) -> Callable[[Floats, Floats], float]:
    """Sum over rows and labels of weight * binary cross-entropy, for gold (n, k)."""
    truth = gold.astype(np.float32)
    light = weights.astype(np.float32)[:, None]

    def loss(logits: Floats, out: Floats) -> float:
        np.abs(logits, out=out)
        np.negative(out, out=out)
        np.exp(out, out=out)
        each = np.log1p(out) + np.maximum(logits, 0) - logits * truth
        # exp(-|z|) / (1 + exp(-|z|)) is the sigmoid of -|z|; mirror it where z is positive.
        out /= 1 + out
        np.subtract(1, out, out=out, where=logits > 0)
        out -= truth
        out *= light
        return float(weights @ each.sum(axis=1, dtype=np.float64))

    return loss


def _gradient(x: Linear, residual: Floats, w: Floats, l2: float) -> Floats:
    slope = x.adjoint(residual)
    slope[:-1] += np.float32(l2) * w[:-1]  # the bias is not penalised
    return slope


def _direction(slope: Floats, pairs: deque[tuple[Floats, Floats, float]]) -> Floats:
    """Two-loop recursion: minus the inverse Hessian, as far as the pairs know it, times the gradient."""
    if not pairs:
        return slope * np.float32(-1 / max(np.sqrt(_dot(slope, slope)), 1e-20))
    out = -slope
    steps: list[float] = []
    for step, change, bend in reversed(pairs):
        steps.append(_dot(step, out) / bend)
        out -= np.float32(steps[-1]) * change
    _, change, bend = pairs[-1]
    out *= np.float32(bend / _dot(change, change))
    for (step, change, bend), had in zip(pairs, reversed(steps), strict=True):
        out += np.float32(had - _dot(change, out) / bend) * step
    return out


def _dot(a: Floats, b: Floats) -> float:
    return float(np.dot(a.ravel(), b.ravel()))
