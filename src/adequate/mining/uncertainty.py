"""Where does the model not know? What it thinks of each example, reduced to a few numbers.

Margin (best less second best, after the decision rule) is the one that pays: it asks where an answer would move a
boundary. Entropy asks for examples that resemble nothing, and loses to random with many labels (measured); it is here
so that the comparison can be run.

Source: C. Schröder, A. Niekler, M. Potthast, "Revisiting Uncertainty-based Query Strategies for Active Learning with
Transformers" (2022).
"""

from __future__ import annotations

import numpy as np

from adequate.mining.knowledge import Outlook
from adequate.types import Doubles, Floats, Kind, Rows


def outlook(
    probs: Floats, *, kind: Kind = Kind.CLASSIFY, threshold: float | Doubles = 0.5, entropy: bool = True
) -> Outlook:
    """Reduce probabilities (n, k) to what the miner keeps; call it a batch at a time. O(n k).

    Args:
        probs: after the decision rule, so that the answer is the largest; multilabel: one probability a label.
        threshold: multilabel only, where each label's answer turns to yes.
        entropy: whether it is wanted; its logarithms take longer than all the rest.

    >>> outlook(np.array([[0.7, 0.2, 0.1]], np.float32)).margin.round(2).tolist()
    [0.5]
    """
    if kind is Kind.MULTILABEL:
        return _doubts(probs, threshold, entropy=entropy)
    if probs.shape[1] == 1:  # one label only: nothing to doubt
        n = len(probs)
        zero, one = np.zeros(n, np.int32), np.ones(n, np.float32)
        nothing = np.zeros(n, np.float32) if entropy else None
        return Outlook(top=zero, second=zero, confidence=one, margin=one, entropy=nothing)
    row = np.arange(len(probs))
    top = np.argmax(probs, axis=1)
    best = probs[row, top]
    rest = probs.copy()
    rest[row, top] = -1
    second = np.argmax(rest, axis=1)
    return Outlook(
        top=top.astype(np.int32),
        second=second.astype(np.int32),
        confidence=best,
        margin=best - rest[row, second],
        entropy=-(probs * np.log(np.maximum(probs, 1e-12))).sum(axis=1) if entropy else None,
    )


def _doubts(probs: Floats, threshold: float | Doubles, *, entropy: bool) -> Outlook:
    """Of each example the label nearest to its threshold: that one is both `top` and `second`."""
    gap = np.abs(probs - threshold).astype(np.float32)
    label = np.argmin(gap, axis=1)
    row = np.arange(len(probs))
    p = np.clip(probs, 1e-12, 1 - 1e-7)
    return Outlook(
        top=label.astype(np.int32),
        second=label.astype(np.int32),
        confidence=np.maximum(p, 1 - p)[row, label].astype(np.float32),
        margin=2 * gap[row, label],
        entropy=-(p * np.log(p) + (1 - p) * np.log1p(-p)).sum(axis=1).astype(np.float32) if entropy else None,
    )


def lowest(score: Floats | Doubles, count: int) -> Rows:
    """Positions of the `count` smallest, smallest first, ties by position. O(n + count log count)."""
    count = min(count, len(score))
    if count == 0:
        return np.empty(0, np.int64)
    edge = np.partition(score, count - 1)[count - 1]
    below = np.flatnonzero(score < edge)
    level = np.flatnonzero(score == edge)[: count - len(below)]
    chosen = np.concatenate([below, level])
    return np.asarray(chosen[np.argsort(score[chosen], kind="stable")], np.int64)


def shortlist_size(count: int, pool: int) -> int:
    """How many to spread a batch over: 8 times the batch, but never more than a tenth of a small pool.

    About a tenth is in doubt at all; beyond, k-means picks what is far from everything (a quarter of the pool instead
    of a tenth costs a long tail a fifth more labels late in its curve, and saves nobody any: measured).
    """
    return max(count, min(8 * count, pool // 10))
