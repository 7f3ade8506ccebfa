"""Probabilities mean what they say, and making them so changes no answer."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from adequate.training import NEVER, calibration_error, learn, log_loss, probabilities, suspicion, temperature
from adequate.training.fit import fit
from adequate.types import Kind
from tests.training.problems import clusters, tags


def drawn(heat: float, kind: Kind, n: int = 4000, k: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """Logits, and labels drawn with exactly the probabilities that they give at this temperature."""
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(n, k)).astype(np.float32) * 4
    p = probabilities(logits, kind, heat)
    if kind is Kind.MULTILABEL:
        return logits, rng.random((n, k)) < p
    return logits, (p.cumsum(axis=1) < rng.random((n, 1))).sum(axis=1).clip(0, k - 1).astype(np.int32)


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("heat", [0.5, 1.0, 3.0])
def test_the_temperature_that_drew_the_labels_is_found_again(kind: Kind, heat: float) -> None:
    logits, gold = drawn(heat, kind)
    assert temperature(logits, gold, kind) == pytest.approx(heat, rel=0.06)


def test_newton_ends_where_a_search_by_intervals_does() -> None:
    logits, gold = drawn(2.0, Kind.CLASSIFY)
    other = minimize_scalar(
        lambda heat: log_loss(logits, gold, Kind.CLASSIFY, heat), bounds=(0.1, 20), method="bounded"
    )
    assert temperature(logits, gold, Kind.CLASSIFY) == pytest.approx(other.x, rel=2e-3)


@settings(max_examples=30, deadline=None)
@given(heat=st.floats(0.05, 20))
def test_no_temperature_changes_an_answer(heat: float) -> None:
    x, gold = clusters([20, 10, 5], spread=2)
    head = fit({"x": x}, gold, kind=Kind.CLASSIFY, k=3, l2=0.1)
    logits = head.logits({"x": x})
    warmer = head.with_rule(temperature=heat, offsets=head.offsets)
    np.testing.assert_array_equal(warmer.decide(logits), head.decide(logits))


def test_probabilities_of_new_rows_are_honest_within_a_few_points() -> None:
    x, gold = clusters([150] * 4, spread=3)
    new, truth = clusters([500] * 4, seed=1, spread=3)
    head = learn({"x": x}, gold, kind=Kind.CLASSIFY, labels="abcd", task="t").head
    assert calibration_error(head.probs(head.logits({"x": new})), truth, Kind.CLASSIFY) < 0.05


@pytest.mark.parametrize("right", [True, False])
def test_rows_all_right_or_all_wrong_leave_it_finite(right: bool) -> None:
    logits = np.tile(np.array([[5, 0]], np.float32), (50, 1))
    gold = np.full(50, 0 if right else 1, np.int32)
    assert 0.02 <= temperature(logits, gold, Kind.CLASSIFY) <= 50


def test_rows_of_labels_never_seen_make_the_model_less_sure() -> None:
    logits, gold = drawn(1.0, Kind.CLASSIFY, n=200)
    before = temperature(logits, gold, Kind.CLASSIFY)
    logits[:40][np.arange(40), gold[:40]] = NEVER
    assert temperature(logits, gold, Kind.CLASSIFY) > before


def test_planted_wrong_labels_are_ranked_first() -> None:
    x, gold = clusters([80, 80, 80], spread=1)
    rng = np.random.default_rng(0)
    planted = rng.permutation(len(gold))[:24]
    given_labels = gold.copy()
    given_labels[planted] = (gold[planted] + 1) % 3
    learned = learn({"x": x}, given_labels, kind=Kind.CLASSIFY, labels="abc", task="t")
    found = suspicion(learned.head.probs(learned.out_of_fold), given_labels, Kind.CLASSIFY)
    assert np.isin(found.order[:24], planted).mean() > 0.85
    assert np.isin(planted, np.flatnonzero(found.flagged)).mean() > 0.8
    assert (found.likelier[planted] == gold[planted]).mean() > 0.85


def test_planted_wrong_tags_are_ranked_first() -> None:
    x, gold = tags(400, 4, spread=0.5)
    planted = np.random.default_rng(0).permutation(gold.size)[:20]
    given_tags = gold.copy()
    given_tags.ravel()[planted] ^= True
    learned = learn({"x": x}, given_tags, kind=Kind.MULTILABEL, labels="abcd", task="t")
    found = suspicion(learned.head.probs(learned.out_of_fold), given_tags, Kind.MULTILABEL)
    assert np.isin(planted, found.order[:40]).mean() > 0.7
    np.testing.assert_array_equal(found.likelier, np.tile(np.arange(4), 400))


def test_a_label_seen_once_is_not_accused() -> None:
    x, gold = clusters([30, 30, 1])
    learned = learn({"x": x}, gold, kind=Kind.CLASSIFY, labels="abc", task="t")
    found = suspicion(learned.head.probs(learned.out_of_fold), gold, Kind.CLASSIFY)
    assert not found.flagged[gold == 2].any()
