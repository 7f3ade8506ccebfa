"""What a model is worth as a whole: the numbers that curves are drawn of. Verdicts come from cells, not from these."""

from __future__ import annotations

import numpy as np

from adequate.testing.cells import Answers
from adequate.types import Doubles


def accuracy(gold: Answers, predicted: Answers) -> float:
    """Share of the labelled examples that are answered right (multilabel: with the whole set of labels).

    >>> accuracy(np.array([0, 1, 1, -1]), np.array([0, 1, 0, 0])).__round__(3)
    0.667
    """
    if gold.ndim == 2:
        return float((gold == predicted).all(axis=1).mean()) if len(gold) else float("nan")
    known = gold >= 0
    return float((gold == predicted)[known].mean()) if known.any() else float("nan")


def recalls(gold: Answers, predicted: Answers, k: int) -> Doubles:
    """Of each of k labels the share of its examples that were given it, shape (k,); not a number where it has none.

    >>> recalls(np.array([0, 1, 1]), np.array([0, 1, 0]), 3)
    array([1. , 0.5, nan])
    """
    if gold.ndim == 2:
        members, right = np.count_nonzero(gold, axis=0), np.count_nonzero(gold & predicted, axis=0)
    else:
        members = np.bincount(gold[gold >= 0], minlength=k)
        right = np.bincount(gold[(gold >= 0) & (gold == predicted)], minlength=k)
    share: Doubles = np.divide(right, members, out=np.full(k, np.nan), where=members > 0)
    return share


def macro_recall(gold: Answers, predicted: Answers, k: int) -> float:
    """Mean recall of the labels that occur: every label weighs alike, however rare.

    >>> macro_recall(np.array([0, 1, 1]), np.array([0, 1, 0]), 3)
    0.75
    """
    each = recalls(gold, predicted, k)
    return float(np.nanmean(each)) if (~np.isnan(each)).any() else float("nan")
