"""Suspicion of labels, against cleanlab 2.9.0's ranks of the same probabilities (computed once, outside the project).

from cleanlab.rank import get_label_quality_scores
from cleanlab.filter import find_label_issues
get_label_quality_scores(given, probs, method="self_confidence")       average precision .7720
get_label_quality_scores(given, probs, method="normalized_margin")     average precision .7887
find_label_issues(given, probs, filter_by="confident_learning")        54 flagged, 28 of them planted
"""

from __future__ import annotations

import numpy as np
import pytest

from adequate.training.noise import suspicion
from adequate.types import Codes, Doubles, Floats, Kind, Mask


def _planted() -> tuple[Floats, Codes, Mask]:
    rng = np.random.default_rng(7)
    n, k = 400, 5
    truth = rng.integers(0, k, n)
    logits = rng.normal(0, 1.2, (n, k))
    logits[np.arange(n), truth] += rng.gamma(3, 1.0, n)
    logits[:, 0] += 0.7
    probs = np.exp(logits)
    probs /= probs.sum(axis=1, keepdims=True)
    planted = rng.random(n) < 0.1
    given = np.where(planted, (truth + rng.integers(1, k, n)) % k, truth)
    return probs.astype(np.float32), given.astype(np.int32), planted


def _average_precision(order: Codes | Doubles, planted: Mask) -> float:
    hit = planted[order]
    return float((np.cumsum(hit) / np.arange(1, len(hit) + 1))[hit].mean())


def test_the_order_the_score_and_the_flags_are_cleanlabs() -> None:
    probs, given, planted = _planted()
    found = suspicion(probs, given, Kind.CLASSIFY)
    assert _average_precision(found.order, planted) == pytest.approx(0.7720, abs=5e-4)
    assert _average_precision(np.argsort(found.score, kind="stable"), planted) == pytest.approx(0.7887, abs=5e-4)
    assert (found.flagged.sum(), (found.flagged & planted).sum()) == (54, 28)


def test_a_label_that_no_fold_had_met_comes_last() -> None:
    probs = np.array([[0.9, 0.1, 0.0], [0.6, 0.4, 0.0], [0.2, 0.8, 0.0]], np.float32)
    found = suspicion(probs, np.array([1, 2, 1], np.int32), Kind.CLASSIFY)
    assert found.order.tolist() == [0, 2, 1]
    assert not found.flagged[1]
