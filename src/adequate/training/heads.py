"""A head: what turns an example's features into scores, probabilities and an answer for one task.

The one idea: three steps that never mix. `logits` is linear in the features and is all that training fits;
`temperature` makes probabilities honest and cannot change an answer; `offsets` change answers and nothing else, so a
rare label is lifted, or a costly error avoided, without a new label and without touching the probabilities.

A label that training never saw scores `NEVER`: finite, so that differences and files stay free of nan, and so low that
its probability is exactly 0 and no offset can make it an answer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from adequate.types import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from adequate.types import Codes, Floats, Mask, Matrix

NEVER = np.float32(-1e9)  # the logit of a label without a single positive example in training
Gold: TypeAlias = "NDArray[np.int32] | Mask"  # (n,) codes for classify, (n, k) bool for multilabel


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """Weights of one block: `values[i]` belongs to feature `columns[i]`, or to feature i where columns is None.

    Args:
        width: features of the block.
        columns: shape (a,) int64 ascending, the features that training rows have; None: all of them.
        values: shape (a, k) float32.
    """

    width: int
    columns: NDArray[np.int64] | None
    values: Floats

    def scores(self, x: Matrix) -> Floats:
        """Shape (n, k): what this block adds to the logits. Features not seen in training add nothing."""
        if self.columns is not None:
            x = x[:, self.columns]
        return np.asarray(x @ self.values, dtype=np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A linear model of one task on frozen features, with its calibration and its decision rule.

    Args:
        labels: k names; codes are positions in it.
        weights: by block name; only these blocks are read.
        bias: shape (k,) float32; `NEVER` for labels not seen in training.
        temperature: > 0; probabilities are softmax (or sigmoid) of logits / temperature.
        offsets: shape (k,) float32, added to logits / temperature when deciding.
        l2: precision of the Gaussian prior on the weights: 1 / C of the field's libraries.
        mix: > 0, how loud its dense blocks were beside its sparse ones when it was fitted.
    """

    task: str
    kind: Kind
    labels: tuple[str, ...]
    weights: Mapping[str, Weights]
    bias: Floats
    l2: float
    temperature: float
    offsets: Floats
    mix: float = 1.0

    @property
    def blocks(self) -> tuple[str, ...]:
        """Names of the blocks it reads, sorted."""
        return tuple(sorted(self.weights))

    def logits(self, xs: Mapping[str, Matrix]) -> Floats:
        """Raw scores, shape (n, k) float32. O(n * features * k).

        Args:
            xs: features by block, n rows each: dense (n, d) float32 or csr_array; blocks not used may be absent.
        """
        first, *rest = self.blocks
        out = self.weights[first].scores(xs[first])
        for name in rest:
            out += self.weights[name].scores(xs[name])
        out += self.bias
        return np.maximum(out, NEVER, out=out)

    def probs(self, logits: Floats) -> Floats:
        """Calibrated probabilities, shape (n, k) float32: rows sum to 1 for classify, each in [0, 1] for multilabel."""
        return probabilities(logits, self.kind, self.temperature)

    def decide(self, logits: Floats) -> Codes | Mask:
        """The answer: (n,) int32 codes for classify (ties: the first label), (n, k) bool for multilabel."""
        return decisions(logits / np.float32(self.temperature) + self.offsets, self.kind)

    def with_rule(self, *, temperature: float, offsets: Floats) -> Head:
        """The same weights under another calibration and decision rule."""
        return replace(self, temperature=temperature, offsets=offsets)

    def relabelled(self, labels: Sequence[str]) -> Head:
        """The same head with its columns in the order of `labels`; labels it doesn't know come out as never seen."""
        if tuple(labels) == self.labels:
            return self
        known = {name: i for i, name in enumerate(self.labels)}
        at = np.array([known.get(name, -1) for name in labels])
        new = at < 0
        weights = {
            name: replace(w, values=np.where(new, np.float32(0), w.values[:, at])) for name, w in self.weights.items()
        }
        bias = np.where(new, NEVER, self.bias[at])
        offsets = np.where(new, np.float32(0), self.offsets[at])
        return replace(self, labels=tuple(labels), weights=weights, bias=bias, offsets=offsets)


def decisions(scores: Floats, kind: Kind) -> Codes | Mask:
    """Answers from scores that already carry the offsets: the largest, or all above 0."""
    if kind is Kind.MULTILABEL:
        return np.asarray(scores > 0)
    return np.asarray(scores.argmax(axis=1), np.int32)


def probabilities(logits: Floats, kind: Kind, temperature: float = 1.0) -> Floats:
    """Softmax over labels for classify, a sigmoid each for multilabel; shape (n, k) float32.

    >>> probabilities(np.array([[0.0, 0.0, NEVER]], np.float32), Kind.CLASSIFY).tolist()
    [[0.5, 0.5, 0.0]]
    """
    z = logits / np.float32(temperature)
    if kind is Kind.MULTILABEL:
        return sigmoid(z)
    z -= z.max(axis=1, keepdims=True)
    np.exp(z, out=z)
    z /= z.sum(axis=1, keepdims=True)
    return z


def sigmoid(z: Floats) -> Floats:
    """1 / (1 + exp(-z)), element by element; no overflow, and no scipy, which a server would carry for this alone.

    >>> sigmoid(np.array([-1000.0, 0.0, 1000.0], np.float32)).tolist()
    [0.0, 0.5, 1.0]
    """
    e = np.exp(-np.abs(z))
    return np.asarray(np.where(z >= 0, 1, e) / (1 + e), np.float32)
