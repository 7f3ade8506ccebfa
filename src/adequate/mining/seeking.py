"""A direction in feature space that finds more of what is wanted: one dot product a text, cheap enough for production.

Linear discriminant: the difference between the mean of what is wanted and of all else, in the metric of all else. Few
examples are wanted, so the covariance is shrunk towards a multiple of one (Friedman, "Regularized discriminant
analysis", 1989). Everything said of it is out of fold, groups kept together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from adequate.errors import NotEnoughDataError
from adequate.types import Codes, Doubles, Floats

FOLDS = 5
SHRINK = (0.1, 0.5, 0.9)
FEWEST = 5  # wanted examples: below, the direction is mostly noise
FOUND = 3  # of them a threshold has to find again, out of fold
WANTED, OTHER, POOL = 1, 0, -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Seeker:
    """It fires where features @ weights >= threshold.

    Args:
        weights: shape (width,), float32; scores of the pool have mean 0 and deviation 1, about.
        expected: share of what fires in the pool that is wanted, in [0, 1], as far as labels tell.
        recall: share of what is wanted that fires, out of fold.
        rate: share of the pool that fires, out of fold.
        right, fired: labelled examples that fire out of fold, and those of them that are wanted.
    """

    weights: Floats
    threshold: float
    expected: float
    recall: float
    rate: float
    right: int
    fired: int


def seeker(features: Floats, known: Codes, groups: Codes, *, precision: float, share: float | None = None) -> Seeker:
    """The direction and its threshold: the lowest that is expected to be right so often.

    What is expected is the smaller of two guesses: the share of labelled examples that fire and are wanted, and what
    `share`, the recall and the rate at which it fires in the pool make of it. Where no threshold reaches the
    precision, it is the one that comes nearest. O(n width²).

    Args:
        features: shape (n, width).
        known: shape (n,): `WANTED`, `OTHER` (labelled, and not wanted) or `POOL` (no label).
        groups: shape (n,); what is of one group is never on both sides.
        precision: in (0, 1].
        share: of the pool that is likely wanted; None: as of the labelled, which flatters where those were picked.

    Raises:
        NotEnoughDataError: fewer than `FEWEST` are wanted, all are of one group, or nothing else is there.
    """
    wanted = known == WANTED
    if wanted.sum() < FEWEST or wanted.all():
        raise NotEnoughDataError(
            f"{int(wanted.sum())} labelled examples are of the kind that is sought; it takes {FEWEST}, and some others",
            remedy="adequate label, or `adequate find` to see whether the pool has them",
        )
    folds = groups % FOLDS
    tried = [_out_of_fold(features, wanted, folds, shrink) for shrink in SHRINK]
    if np.isfinite(tried[0][wanted]).sum() < FOUND:
        raise NotEnoughDataError(
            "what is sought is known from copies of one text, or one thread: nothing tells how well others are found",
            remedy="adequate label, or `adequate find` to see whether the pool has more",
        )
    best = int(np.argmax([_average_precision(scores, wanted) for scores in tried]))
    threshold, expected = _threshold(tried[best], known, precision, share)
    fires = tried[best] >= threshold
    weights, middle = _direction(features, wanted, SHRINK[best])
    return Seeker(
        weights=weights,
        threshold=threshold + middle,
        expected=expected,
        recall=float(fires[wanted].mean()),
        rate=float(fires[known == POOL].mean()) if (known == POOL).any() else float("nan"),
        right=int(np.sum(fires & wanted)),
        fired=int(np.sum(fires & (known != POOL))),
    )


def _out_of_fold(features: Floats, wanted: np.ndarray, folds: Codes, shrink: float) -> Doubles:
    scores = np.full(len(features), -np.inf)
    for fold in np.unique(folds).tolist():
        here = folds == fold
        if not (wanted & ~here).any() or not (~wanted & ~here).any():
            continue
        weights, middle = _direction(features[~here], wanted[~here], shrink)
        scores[here] = features[here] @ weights - middle
    return scores


def _direction(features: Floats, wanted: np.ndarray, shrink: float) -> tuple[Floats, float]:
    """Weights by which all that isn't wanted has deviation 1, and the mean of its scores."""
    others = features[~wanted].astype(np.float64)
    centre = others.mean(axis=0)
    spread = others - centre
    covariance = spread.T @ spread / len(others)
    width = len(centre)
    round_ = max(float(np.trace(covariance)) / width, 1e-12)
    metric = (1 - shrink) * covariance + shrink * round_ * np.eye(width)
    weights = np.linalg.solve(metric, features[wanted].astype(np.float64).mean(axis=0) - centre)
    weights /= max(float((spread @ weights).std()), 1e-12)
    return weights.astype(np.float32), float(centre @ weights)


def _average_precision(scores: Doubles, wanted: np.ndarray) -> float:
    order = np.argsort(-scores, kind="stable")
    hits = wanted[order]
    return float((np.cumsum(hits) / np.arange(1, len(hits) + 1))[hits].mean())


def _threshold(scores: Doubles, known: Codes, precision: float, share: float | None) -> tuple[float, float]:
    """The threshold, and what is expected of it."""
    ascending = [np.sort(scores[known == kind]) for kind in (WANTED, OTHER, POOL)]
    wanted, others, pool = ascending
    at = wanted[np.isfinite(wanted)][::-1][FOUND - 1 :]  # from the third best down: each finds one more
    found, wrong, fires = (len(one) - np.searchsorted(one, at, side="left") for one in ascending)
    labelled = found / np.maximum(found + wrong, 1)
    share = len(wanted) / max(len(wanted) + len(others), 1) if share is None else share
    in_pool = share * (found / len(wanted)) / np.maximum(fires, 1) * max(len(pool), 1)
    expected = np.minimum(labelled, np.minimum(in_pool, 1.0) if len(pool) else 1.0)
    enough = np.flatnonzero(expected >= precision)
    best = int(enough[-1]) if len(enough) else int(np.argmax(expected))
    return float(at[best]), float(expected[best])
