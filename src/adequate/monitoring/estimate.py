"""How accurate is the model now, judged without labels?

From what its confidence was worth where labels were known, and what its confidence is now. Three ways, because none is
always best: the mean of the recalibrated confidence; the share of answers above the threshold that, on validation, as
many were above as were right (ATC); and by how much the mean confidence fell. The answer is their range: where they
disagree, that is what is known.

What confidence is worth was learned on inputs of the validation's kind. Texts that no label fits are answered with low
confidence too, but of those nearly all are wrong. Which they are can't be told; how many they are at least can: the
share of answers in doubt that no share of the validation's explains. All of those may be wrong, so the range reaches
down by as much.

None can see that the right answer to the same input has changed, nor that the model is sure of what it never learned.
Only labels can (`audit`). The intervals tell of the samples' size, not of that.

Sources: Garg et al., "Leveraging Unlabeled Data to Predict Out-of-Distribution Performance", ICLR 2022 (threshold);
Guillory et al., "Predicting with Confidence on Unseen Distributions", ICCV 2021 (difference); Platt, "Probabilistic
outputs for support vector machines" (1999), for the recalibration; Blanchard, Lee & Scott, "Semi-Supervised Novelty
Detection", JMLR 11 (2010), for the share of what is new.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from adequate.types import Doubles, Mask

REPEATS = 200  # of the bootstrap
ROUNDS = 8  # of Newton; it has two unknowns
EDGE = 1e-4  # confidence beyond which nobody can be calibrated
DOUBTFUL = np.array([0.5, 0.6, 0.7, 0.8, 0.9, 0.95])  # chances of being right below which an answer is in doubt
PULL = 0.01  # examples' worth of belief that the confidence is right as it is


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """Answers as a sample shows them.

    Args:
        confidence: shape (n,), in [0, 1].
        weight: shape (n,), above 0: one over the chance with which each came into the sample.
    """

    confidence: Doubles
    weight: Doubles

    def __len__(self) -> int:
        return len(self.confidence)


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """An accuracy, fractions in [0, 1]."""

    value: float
    low: float
    high: float


def estimates(
    validation: Answers,
    right: Mask,
    live: Answers,
    rng: np.random.Generator,
    *,
    coverage: float = 0.95,
    repeats: int = REPEATS,
) -> dict[str, Estimate]:
    """The accuracy on `live`, three ways (`calibrated`, `threshold`, `difference`) and `together`: from the lowest,
    were all that is `new` wrong, to the highest.

    Args:
        validation: answers to examples that the model didn't learn from.
        right: shape (m,), which of those are right.
        live: answers of production.
        coverage: of the intervals, as far as the size of the samples goes.

    Returns:
        Nothing where either sample is empty. O(repeats (m + n) log).
    """
    if not len(validation) or not len(live):
        return {}
    drawn = [_ways(validation, right, live)]
    for _ in range(repeats):
        again, anew = (_resampled(one, rng) for one in (validation, live))
        if again.weight.any() and anew.weight.any():
            drawn.append(_ways(again, right, anew))
    table = np.array(drawn)
    table = np.column_stack([table[:, :3], table[:, :3].min(axis=1) - table[:, 3]])
    low, high = np.quantile(table[1:] if len(table) > 1 else table, [(1 - coverage) / 2, (1 + coverage) / 2], axis=0)
    names = ("calibrated", "threshold", "difference")
    found = {
        name: Estimate(value=float(v), low=float(min(a, v)), high=float(max(b, v)))
        for name, v, a, b in zip(names, table[0, :3], low, high, strict=False)
    }
    found["together"] = Estimate(
        value=float(np.median(table[0, :3])),
        low=max(0.0, min(float(low[3]), *(one.low for one in found.values()))),
        high=max(one.high for one in found.values()),
    )
    return found


def _ways(validation: Answers, right: Mask, live: Answers) -> tuple[float, float, float, float]:
    """The three point estimates, and the share of `live` that is new."""
    accuracy = float(np.average(right, weights=validation.weight))
    slope, shift = recalibration(validation, right)
    was, now = (
        Answers(confidence=special.expit(slope * _logit(one.confidence) + shift), weight=one.weight)
        for one in (validation, live)
    )
    fell = np.average(live.confidence, weights=live.weight) - np.average(
        validation.confidence, weights=validation.weight
    )
    return (
        float(np.average(now.confidence, weights=now.weight)),
        _above(live, _threshold(validation, accuracy)),
        float(np.clip(accuracy + fell, 0, 1)),
        new(was, now),
    )


def recalibration(answers: Answers, right: Mask) -> tuple[float, float]:
    """Slope and shift of the log odds that make confidences the chance of being right; weakly held to (1, 0)."""
    x = np.column_stack([_logit(answers.confidence), np.ones(len(answers))])
    weight = answers.weight / answers.weight.mean()
    start = theta = np.array([1.0, 0.0])
    for _ in range(ROUNDS):
        p = special.expit(x @ theta)
        slope = x.T @ (weight * (right - p)) - PULL * (theta - start)
        curve = (x * (weight * p * (1 - p))[:, None]).T @ x + PULL * np.eye(2)
        step = np.linalg.solve(curve, slope)
        theta = theta + step * min(1.0, 2.0 / max(float(np.abs(step).max()), 1e-9))  # far off, Newton overshoots
    return float(theta[0]), float(theta[1])


def new(validation: Answers, live: Answers) -> float:
    """Of `live` at least this share is of another kind: more of it is in doubt than of validation, however it is mixed.

    Args:
        validation, live: with confidence as the chance of being right (`recalibration`).

    >>> some = Answers(confidence=np.linspace(0.7, 1, 100), weight=np.ones(100))
    >>> more = Answers(confidence=np.append(some.confidence, np.full(100, 0.4)), weight=np.ones(200))
    >>> new(some, some), round(new(some, more), 2)
    (0.0, 0.5)
    """
    was, now = (
        np.array([np.average(one.confidence < edge, weights=one.weight) for edge in DOUBTFUL])
        for one in (validation, live)
    )
    return float(np.max((now - was) / np.maximum(1 - was, EDGE), initial=0.0))


def _threshold(answers: Answers, accuracy: float) -> float:
    """The confidence that a share `accuracy` of the answers reaches."""
    order = np.argsort(-answers.confidence, kind="stable")
    reached = np.cumsum(answers.weight[order]) / answers.weight.sum()
    at = min(int(np.searchsorted(reached, accuracy - 1e-9)), len(order) - 1)
    return float(answers.confidence[order[at]]) if accuracy > 0 else np.inf


def _above(answers: Answers, threshold: float) -> float:
    return float(np.average(answers.confidence >= threshold, weights=answers.weight))


def _resampled(answers: Answers, rng: np.random.Generator) -> Answers:
    """Each as often as a sample drawn anew may have it."""
    return Answers(confidence=answers.confidence, weight=answers.weight * rng.poisson(1.0, len(answers)))


def _logit(confidence: Doubles) -> Doubles:
    found: Doubles = special.logit(np.clip(confidence, EDGE, 1 - EDGE))
    return found
