"""Inputs of another kind are told, also where they came late; those of one kind hardly ever, at any look."""

from __future__ import annotations

import numpy as np

from adequate.monitoring.drift import drifted

D = 16


def test_inputs_that_came_from_one_place_are_never_told_while_they_come(rng: np.random.Generator) -> None:
    alarms = 0
    for seed in range(24):
        reference, live = rng.standard_normal((2, 600, D), np.float32)
        # As weak as bounds can be made: a year's error on each of its days.
        looks = [
            drifted(reference, live[:n], np.random.default_rng(seed), alpha=0.1 * 365).low for n in range(150, 601, 150)
        ]
        alarms += max(looks) > 0.5
    assert alarms <= 6  # 2.4 in the mean, at most


def test_a_shift_is_told_with_how_well_it_can_be_told(rng: np.random.Generator) -> None:
    reference, live = rng.standard_normal((2, 800, D), np.float32)
    found = drifted(reference, live + 0.5, np.random.default_rng(0))
    assert 0.6 < found.low < found.value


def test_a_shift_that_began_late_is_told_and_from_when(rng: np.random.Generator) -> None:
    reference, live = rng.standard_normal((2, 1600, D), np.float32)
    live[1000:] += 1
    found = drifted(reference, live, np.random.default_rng(0))
    assert found.low > 0.6
    assert found.first >= 750


def test_a_look_sees_what_the_look_before_saw(rng: np.random.Generator) -> None:
    reference, live = rng.standard_normal((2, 500, D), np.float32)
    few = drifted(reference, live[:300], np.random.default_rng(7))
    again = drifted(reference, np.concatenate([live[:300], live[:0]]), np.random.default_rng(7))
    assert few == again


def test_texts_that_are_all_the_same_say_nothing() -> None:
    same = np.ones((100, 4), np.float32)
    assert drifted(same, same, np.random.default_rng(0)).value == 0.5


def test_too_few_to_learn_from_say_nothing() -> None:
    few = np.ones((5, 4), np.float32)
    assert drifted(few, few, np.random.default_rng(0)).n == 0
