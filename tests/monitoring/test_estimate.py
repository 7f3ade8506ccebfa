"""Accuracy without labels: right where confidence means what it did, and weighted by how rows were drawn."""

from __future__ import annotations

import numpy as np
import pytest

from adequate.monitoring.estimate import Answers, estimates, new, recalibration
from adequate.types import Doubles, Mask


def calibrated(n: int, sure: float, rng: np.random.Generator) -> tuple[Answers, Mask]:
    """Answers that are right as often as they say."""
    confidence: Doubles = rng.beta(sure, 1, n)
    return Answers(confidence=confidence, weight=np.ones(n)), rng.random(n) < confidence


@pytest.mark.parametrize("sure", [2.0, 4.0, 8.0])
def test_where_confidence_means_what_it_did_the_range_holds_the_truth(sure: float) -> None:
    missed = 0
    for seed in range(15):
        rng = np.random.default_rng(seed)
        validation, right = calibrated(600, 5.0, rng)
        live, _ = calibrated(600, sure, rng)
        found = estimates(validation, right, live, rng, repeats=60)
        missed += not found["together"].low <= sure / (sure + 1) <= found["together"].high
    assert missed <= 1


def test_of_inputs_like_those_of_validation_all_ways_say_its_accuracy(rng: np.random.Generator) -> None:
    validation, right = calibrated(3000, 5.0, rng)
    live, _ = calibrated(3000, 5.0, rng)
    for one in estimates(validation, right, live, rng, repeats=40).values():
        assert one.value == pytest.approx(right.mean(), abs=0.02)
        assert one.low <= one.value <= one.high


def test_an_overconfident_model_is_recalibrated(rng: np.random.Generator) -> None:
    confidence = rng.beta(5, 1, 4000)
    right = rng.random(4000) < confidence**3
    answers = Answers(confidence=confidence, weight=np.ones(4000))
    found = estimates(answers, right, answers, rng, repeats=20)
    assert found["calibrated"].value == pytest.approx(right.mean(), abs=0.01)
    slope, shift = recalibration(answers, right)
    assert shift < 0 < slope


def test_rows_count_by_one_over_their_chance(rng: np.random.Generator) -> None:
    validation, right = calibrated(2000, 5.0, rng)
    live, truth = calibrated(8000, 3.0, rng)
    chance = np.where(live.confidence < 0.5, 1.0, 0.2)  # doubtful ones were recorded more often
    drawn = rng.random(8000) < chance
    sample = Answers(confidence=live.confidence[drawn], weight=1 / chance[drawn])
    found = estimates(validation, right, sample, rng, repeats=20)
    assert found["calibrated"].value == pytest.approx(truth.mean(), abs=0.03)
    plain = estimates(validation, right, Answers(confidence=sample.confidence, weight=np.ones(len(sample))), rng)
    assert plain["calibrated"].value < truth.mean() - 0.03  # that's why


@pytest.mark.parametrize("share", [0.05, 0.1, 0.3, 0.6])
def test_where_some_texts_fit_no_label_the_range_holds_the_truth(share: float) -> None:
    held = 0
    for seed in range(10):
        rng = np.random.default_rng(seed)
        validation, right = calibrated(1000, 12.0, rng)
        known, truth = calibrated(int(1000 * (1 - share)), 12.0, rng)
        sure = np.concatenate([known.confidence, rng.beta(2, 2, int(1000 * share))])  # doubted, and all wrong
        found = estimates(validation, right, Answers(confidence=sure, weight=np.ones(len(sure))), rng, repeats=20)
        together, accuracy = found["together"], truth.sum() / len(sure)
        held += together.low <= accuracy <= together.high
    assert held >= 9


def test_of_inputs_that_it_is_surer_of_nothing_is_new(rng: np.random.Generator) -> None:
    validation, _ = calibrated(2000, 5.0, rng)
    surer, _ = calibrated(2000, 8.0, rng)
    assert new(validation, surer) < 0.02


def test_concept_drift_is_not_seen(rng: np.random.Generator) -> None:
    validation, right = calibrated(2000, 5.0, rng)
    live, _ = calibrated(2000, 5.0, rng)  # whatever is right now
    assert estimates(validation, right, live, rng, repeats=20)["together"].value > 0.75


@pytest.mark.parametrize("right", [True, False])
def test_a_validation_that_is_all_right_or_all_wrong_still_says_something(
    right: bool, rng: np.random.Generator
) -> None:
    answers, _ = calibrated(200, 5.0, rng)
    found = estimates(answers, np.full(200, right), answers, rng, repeats=20)
    assert all(0 <= one.low <= one.value <= one.high <= 1 for one in found.values())


def test_no_sample_no_estimate(rng: np.random.Generator) -> None:
    none = Answers(confidence=np.zeros(0), weight=np.zeros(0))
    assert estimates(none, np.zeros(0, bool), none, rng) == {}
