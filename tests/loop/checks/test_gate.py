"""Tests of two models, side by side: what shrinks is seen, equals pass, and what must hold leaves no chance."""

from __future__ import annotations

import numpy as np

from adequate.loop.checks.gate import Held, comparison
from adequate.testing.cells import Cell
from adequate.testing.gate import decide
from adequate.types import Change, Metric


def held(old: np.ndarray, new: np.ndarray, metric: Metric = Metric.ENVELOPE, **more: object) -> Held:
    target = 1.0 if metric is Metric.MUST_PASS else 0.2
    return Held(cell=Cell(task="intent", label="typos", metric=metric, target=target), old=old, new=new, **more)  # type: ignore[arg-type]


def equal_models(rng: np.random.Generator, cells: int, n: int = 400, churn: float = 0.06) -> list[Held]:
    """Both hold in 95 % of the cases, and differ in some by chance."""
    old = rng.random((cells, n)) < 0.95
    new = np.where(rng.random((cells, n)) < churn, rng.random((cells, n)) < 0.95, old)
    return [held(*pair) for pair in zip(old, new, strict=True)]


def test_two_equal_models_are_hardly_ever_blocked_by_forty_tests() -> None:
    rng = np.random.default_rng(0)
    said = [decide([comparison(equal_models(rng, 40))]).outcome for _ in range(200)]
    assert set(said) <= {"passed", "blocked"}  # tests ask nobody for labels
    assert said.count("blocked") <= 12  # 5 % are 10; the chance of more than 12 is one in six even at 5 %


def test_an_envelope_that_shrinks_by_ten_points_is_a_regression_among_forty_tests() -> None:
    rng = np.random.default_rng(1)
    caught = 0
    for _ in range(50):
        found = equal_models(rng, 40)
        worse = found[0].new & (rng.random(len(found[0].new)) > 0.1)
        verdict = decide([comparison([held(found[0].old, worse), *found[1:]])])
        caught += verdict.outcome == "blocked" and verdict.changes[0][0] is Change.REGRESSED
    assert caught >= 48


def test_one_lost_case_of_those_that_must_pass_blocks_and_is_named() -> None:
    old, new = np.ones(50, bool), np.arange(50) != 7
    words = [f"case {i}" for i in range(50)]
    verdict = decide([comparison([held(old, new, Metric.MUST_PASS, words=words)])])
    assert verdict.outcome == "blocked"
    assert verdict.reasons == ("intent/all/typos/must_pass must always hold, and no longer does: 'case 7'",)


def test_one_lost_case_of_a_behaviour_is_chance_and_a_case_that_never_held_blocks_nobody() -> None:
    old, new = np.ones(50, bool), np.arange(50) != 7
    assert decide([comparison([held(old, new, Metric.BEHAVIOUR)])]).outcome == "passed"
    assert decide([comparison([held(new, new, Metric.MUST_PASS)])]).outcome == "passed"
