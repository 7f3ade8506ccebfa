"""Honest probabilities: one temperature, learned from predictions on rows that the model had not seen.

The one idea: dividing all logits by one number cannot change an answer, has one parameter (so a hundred labels are
enough) and its loss is convex in 1 / temperature: Newton finds it in a few steps.

Rows whose label the model had never seen count too, as if that label had scored the mean of the others: leaving them
out makes a model of few labels far too sure (error .23 -> .05 with 100 labels of 150, where a third are unseen).

Sources: C. Guo et al., "On Calibration of Modern Neural Networks", ICML (2017); M. P. Naeini et al., "Obtaining Well
Calibrated Probabilities Using Bayesian Binning", AAAI (2015), for the error by bins.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit, softmax

from adequate.training.heads import NEVER
from adequate.types import Kind

if TYPE_CHECKING:
    from adequate.training.heads import Gold
    from adequate.types import Doubles, Floats

PRIOR = 1.0  # weight, in rows, of the belief that the temperature is 1: keeps it finite where every row is right


def temperature(logits: Floats, gold: Gold, kind: Kind) -> float:
    """The temperature in [0.02, 50] with the least log loss; 1 where there is nothing to learn it from. O(n * k).

    Args:
        logits: (n, k), of rows not used to fit them.
        gold: (n,) codes or (n, k) bool.
    """
    steps = _multilabel if kind is Kind.MULTILABEL else _classify
    z, truth = _scored(logits, gold, kind)
    inverse = 1.0
    for _ in range(50):
        slope, bend = steps(z * inverse, z, truth)
        move = (slope + PRIOR * (inverse - 1)) / (bend + PRIOR)
        inverse = float(np.clip(inverse - np.clip(move, -inverse / 2, inverse), 0.02, 50))
        if abs(move) < 1e-6 * inverse:
            break
    return 1 / inverse


def log_loss(logits: Floats, gold: Gold, kind: Kind, temperature: float = 1.0) -> float:
    """Mean over rows of -log of the probability given to the truth (multilabel: summed over labels)."""
    z, truth = _scored(logits, gold, kind)
    z = z / temperature
    if kind is Kind.MULTILABEL:
        return float(np.logaddexp(0, np.where(truth, -z, z)).sum() / len(logits))
    z -= z.max(axis=1, keepdims=True)
    return float((np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(z)), truth]).mean())


def calibration_error(probs: Floats, gold: Gold, kind: Kind, bins: int = 15) -> float:
    """Expected calibration error, a fraction in [0, 1]: mean gap between confidence and share right, by bins.

    >>> calibration_error(np.array([[0.8, 0.2]] * 10), np.array([0] * 8 + [1] * 2), Kind.CLASSIFY) < 1e-9
    True
    """
    if kind is Kind.MULTILABEL:
        confidence, right = probs.ravel(), np.asarray(gold).ravel()
    else:
        confidence, right = probs.max(axis=1), probs.argmax(axis=1) == gold
    if len(confidence) == 0:
        return float("nan")
    which = np.minimum((confidence * bins).astype(np.int64), bins - 1)
    gap = np.bincount(which, weights=right, minlength=bins) - np.bincount(which, weights=confidence, minlength=bins)
    return float(np.abs(gap).sum() / len(confidence))


def _scored(logits: Floats, gold: Gold, kind: Kind) -> tuple[Doubles, Gold]:
    """Float64 logits that are all finite where they count. Multilabel: the entries of labels seen, in one row."""
    z = logits.astype(np.float64)
    seen = logits > NEVER / 2
    if kind is Kind.MULTILABEL:
        return z[seen], gold[seen]
    own = np.arange(len(gold)), gold
    missing = np.flatnonzero(~seen[own])
    mean = np.where(seen[missing], z[missing], 0).sum(axis=1) / np.maximum(seen[missing].sum(axis=1), 1)
    z[missing, gold[missing]] = mean
    return z, gold


def _classify(scaled: Doubles, z: Doubles, truth: Gold) -> tuple[float, float]:
    """First and second derivative of the log loss in 1 / temperature."""
    p = softmax(scaled, axis=1)
    mean = (p * z).sum(axis=1)
    return float((mean - z[np.arange(len(z)), truth]).sum()), float(((p * z * z).sum(axis=1) - mean**2).sum())


def _multilabel(scaled: Doubles, z: Doubles, truth: Gold) -> tuple[float, float]:
    p = expit(scaled)
    return float(((p - truth) * z).sum()), float((p * (1 - p) * z * z).sum())
