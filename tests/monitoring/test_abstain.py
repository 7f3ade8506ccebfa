"""The threshold is where people become cheaper, and what it costs is within its bounds on new answers."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from adequate.monitoring.abstain import chosen, chow, pays


def test_of_a_calibrated_model_it_is_near_the_rule_without_labels(rng: np.random.Generator) -> None:
    confidence = rng.beta(3, 1, 20_000)
    rule = chosen(confidence, rng.random(20_000) < confidence, human=1, error=5)
    assert rule is not None
    assert abs(rule.threshold - chow(1, 5)) < 0.06
    assert rule.cost < rule.never
    assert 0.8 * rule.cost < rule.cost_low < rule.cost_high < 1.2 * rule.cost  # of so many labels


def test_its_cost_on_new_answers_lies_within_the_bounds(rng: np.random.Generator) -> None:
    missed = 0
    for _ in range(60):
        confidence = rng.beta(3, 1, 400)
        rule = chosen(confidence, rng.random(400) < confidence, human=1, error=6, alpha=0.1)
        assert rule is not None
        later = rng.beta(3, 1, 100_000)
        ask, wrong = later < rule.threshold, rng.random(100_000) >= later
        truth = 1000 * (ask.mean() * 1 + (wrong & ~ask).mean() * 6)
        missed += not rule.cost_low <= truth <= rule.cost_high
        missed += rule.accuracy_low > 1 - (wrong & ~ask).sum() / max((~ask).sum(), 1)
    assert missed <= 6


def test_where_people_cost_more_than_errors_nobody_is_asked(rng: np.random.Generator) -> None:
    rule = chosen(rng.random(500), rng.random(500) < 0.5, human=10, error=1)
    assert rule is not None
    assert (rule.threshold, rule.answered) == (0.0, 1.0)


def test_too_few_labels_choose_nothing() -> None:
    assert chosen(np.ones(10), np.ones(10, bool), human=1, error=5) is None


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 99), st.floats(0.01, 10), st.floats(0.01, 100))
def test_it_never_costs_more_than_to_ask_nobody(seed: int, human: float, error: float) -> None:
    rng = np.random.default_rng(seed)
    rule = chosen(rng.random(80).round(1), rng.random(80) < 0.7, human=human, error=error)
    assert rule is not None
    assert rule.cost <= rule.never + 1e-9
    assert rule.cost_low <= rule.cost + 1e-9 <= rule.cost_high + 2e-9


def test_a_part_that_is_harder_gets_a_threshold_of_its_own(rng: np.random.Generator) -> None:
    confidence = rng.beta(8, 1, 2000)
    right = rng.random(2000) < confidence - 0.25  # it is surer than it should be
    rule = pays(confidence, right, whole=0.7, human=1, error=5)
    assert rule is not None
    assert rule.threshold > 0.9


def test_a_part_like_all_the_others_seldom_does(rng: np.random.Generator) -> None:
    found = 0
    for _ in range(200):
        confidence = rng.beta(3, 1, 300)
        found += pays(confidence, rng.random(300) < confidence, whole=chow(1, 5), human=1, error=5) is not None
    assert found <= 20  # 5 % of 200, and what chance adds
