"""Fit a head's weights to labels: multinomial logistic regression, or one logistic regression a label.

Convex with a penalty, so there is one optimum: the same rows and labels give the same head wherever the solver starts.
The bias is not penalised. Labels that no row has are left out of the problem and score `NEVER`; in a multilabel task a
label that every row has is no problem to solve either and gets its log odds as a constant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from adequate.errors import NotEnoughDataError
from adequate.training.design import Cut, Design, design
from adequate.training.heads import NEVER, Head
from adequate.training.minimise import minimise, sigmoid_loss, softmax_loss
from adequate.types import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adequate.training.heads import Gold
    from adequate.types import Doubles, Floats, Mask, Matrix

TOLERANCE = 1e-4  # loss an example still to gain when the solver stops: below what moves accuracy


def fit(
    xs: Mapping[str, Matrix],
    gold: Gold,
    *,
    kind: Kind,
    k: int,
    l2: float,
    warm: Head | None = None,
    weights: Doubles | None = None,
    labels: tuple[str, ...] | None = None,
    task: str = "",
    tolerance: float = TOLERANCE,
) -> Head:
    """Fit a head to n labelled rows; temperature 1, no offsets. O(n * features * k) an iteration, 15 to 50 of them.

    Args:
        xs: features by block: dense (n, d) float32 or csr_array (n, d) float32, n rows each, at least one block.
        gold: (n,) int32 codes in [0, k) for classify, (n, k) bool for multilabel.
        k: labels of the task.
        l2: > 0, precision of the prior on weights of features of length 1 (1 / C); 0.03 suits unit embeddings.
        warm: a head to start from; used where its blocks and k are the same. It saves time, never changes the optimum.
        weights: (n,) >= 0, how much each row counts; None: 1 each.
        labels, task: names that the head carries; default: the codes as text.

    Raises:
        NotEnoughDataError: no row at all.

    >>> x = np.array([[1, 0], [0, 1], [1, 0.1], [0.1, 1]], np.float32)
    >>> head = fit({"dense": x}, np.array([0, 1, 0, 1], np.int32), kind=Kind.CLASSIFY, k=3, l2=0.1)
    >>> head.decide(head.logits({"dense": x})).tolist()
    [0, 1, 0, 1]
    """
    if len(gold) == 0:
        raise NotEnoughDataError(f"task {task!r} has no label to train on", remedy="adequate label")
    made = design(xs)
    start = begin(made, warm, k) if warm is not None else None
    w = solve(made.whole(), gold, kind=kind, k=k, l2=l2, start=start, weights=weights, tolerance=tolerance)
    names = labels or tuple(str(code) for code in range(k))
    return assemble(made, w, task=task, kind=kind, labels=names, l2=l2)


def solve(
    x: Cut,
    gold: Gold,
    *,
    kind: Kind,
    k: int,
    l2: float,
    start: Floats | None = None,
    weights: Doubles | None = None,
    tolerance: float = TOLERANCE,
) -> Floats:
    """The solver's weights (width + 1, k) on a cut of a design, in its centred coordinates; last row: the bias."""
    if weights is None:
        weights = np.ones(len(gold))
    seen, free = _seen(gold, weights, kind, k)
    w = np.zeros((x.width + 1, k), np.float32)
    w[-1] = NEVER
    columns = np.flatnonzero(free)
    if len(columns):
        begun = np.zeros((x.width + 1, len(columns)), np.float32)
        if start is not None:
            begun[:] = np.where(start[-1, columns] > NEVER / 2, start[:, columns], 0)
        loss = (
            sigmoid_loss(np.asarray(gold[:, columns], bool), weights)
            if kind is Kind.MULTILABEL
            else softmax_loss((np.cumsum(free) - 1)[gold], weights)
        )
        size = tolerance * float(weights.sum())
        w[:, columns] = minimise(x, loss, begun, l2=l2, tolerance=size)
    for code in np.flatnonzero(seen & ~free):  # multilabel, every row has it
        w[-1, code] = np.log(2 * weights.sum() + 1)
    return w


def begin(made: Design, head: Head, k: int) -> Floats | None:
    """A head's weights in a design's coordinates, or None where it read other blocks or labels."""
    if head.blocks != tuple(made.parts) or len(head.labels) != k:
        return None
    parts = [part.start(head.weights[name]) for name, part in made.parts.items()]
    bias = head.bias + sum(part.mean @ w for part, w in zip(made.parts.values(), parts, strict=True))
    return np.concatenate([*parts, np.asarray(bias, np.float32)[None]])


def assemble(
    made: Design, w: Floats, *, task: str, kind: Kind, labels: tuple[str, ...], l2: float, mix: float = 1.0
) -> Head:
    """A head from the solver's weights: features back in their own coordinates, the mean into the bias."""
    weights = made.weights(w)
    bias = w[-1].copy()
    first = 0
    for part in made.parts.values():
        last = first + int(part.x.shape[1])
        bias -= part.mean @ w[first:last]
        first = last
    return Head(
        task=task,
        kind=kind,
        labels=labels,
        weights=weights,
        bias=np.where(w[-1] > NEVER / 2, bias, NEVER),
        l2=l2,
        temperature=1.0,
        offsets=np.zeros(len(labels), np.float32),
        mix=mix,
    )


def _seen(gold: Gold, weights: Doubles, kind: Kind, k: int) -> tuple[Mask, Mask]:
    """Which labels have a positive row, and which of them there is something to fit for."""
    if kind is Kind.CLASSIFY:
        seen = np.bincount(gold, weights=weights, minlength=k) > 0
        return seen, seen
    positive = weights @ gold
    return positive > 0, (positive > 0) & (positive < weights.sum())
