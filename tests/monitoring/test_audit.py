"""Labels of a uniform sample: bounds hold at every look, also where failures were asked first."""

from __future__ import annotations

import numpy as np

from adequate.monitoring.audit import audited, even


def test_bounds_hold_while_labels_come_in(rng: np.random.Generator) -> None:
    truth, n, wrongly = 0.9, 300, 0
    for _ in range(40):
        right = rng.random(n) < truth
        uniform, order = rng.random(n), np.arange(n)
        looks = [
            audited(right, order < k, np.zeros(n, bool), np.full(n, 0.1), uniform, alpha=0.1) for k in range(20, n, 40)
        ]
        wrongly += any(one.low > truth or one.high < truth for one in looks)
    assert wrongly / 40 <= 0.2


def test_failures_that_were_asked_first_do_not_count_twice(rng: np.random.Generator) -> None:
    n = 40_000
    flagged = rng.random(n) < 0.1
    right = rng.random(n) < np.where(flagged, 0.3, 0.95)
    known = rng.random(n) < np.where(flagged, 0.9, 0.1)  # violations are labelled at once
    found = audited(right, known, flagged, np.full(n, 0.05), rng.random(n))
    truth = 0.1 * 0.3 + 0.9 * 0.95
    assert found.low < truth < found.high
    assert abs(found.value - truth) < 0.05
    assert right[known].mean() < truth - 0.2  # that's why


def test_texts_whose_label_was_there_before_do_not_speak_for_new_ones(rng: np.random.Generator) -> None:
    n = 20_000
    new = rng.random(n) < 0.5
    right = rng.random(n) < np.where(new, 0.1, 0.95)
    known = ~new | (rng.random(n) < 0.2)
    found = audited(right, known, new, np.full(n, 0.05), rng.random(n))
    assert found.low < 0.525 < found.high
    assert right[known].mean() > 0.75  # that's why


def test_rows_of_a_time_in_which_more_was_recorded_do_not_count_more(rng: np.random.Generator) -> None:
    n = 20_000
    chance = np.where(np.arange(n) < n // 2, 0.01, 0.1)
    counted = even(np.ones(n, bool), np.zeros(n, bool), chance, rng.random(n))
    assert counted[: n // 2].all()
    assert abs(counted[n // 2 :].mean() - 0.1) < 0.02


def test_labels_of_one_kind_only_speak_for_nothing() -> None:
    flagged = np.array([True, True, False])
    found = audited(flagged, flagged, flagged, np.ones(3), np.full(3, 0.5))
    assert (found.n, found.waiting) == (0, 1)
    assert np.isnan(found.value)


def test_it_says_how_many_labels_more_would_decide() -> None:
    some = np.arange(50)
    none, chance, uniform = some < 0, np.full(50, 0.1), np.full(50, 0.5)
    need = audited(some >= 1, some >= 0, none, chance, uniform, target=0.9).need
    assert need is not None
    assert 0 < need < 100
    assert audited(some >= 40, some >= 0, none, chance, uniform, target=0.9).need is None  # it's decided
