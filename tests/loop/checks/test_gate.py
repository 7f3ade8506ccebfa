"""Tests of two models, side by side: what shrinks is seen, equals pass, and what must hold leaves no chance."""

from __future__ import annotations

import numpy as np
import pytest

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


def test_a_case_that_never_held_blocks_nobody() -> None:
    new = np.arange(50) != 7
    assert decide([comparison([held(new, new, Metric.MUST_PASS)])]).outcome == "passed"


def template(was: int, now: int, n: int = 24, *, target: float = 0.95, critical: bool = False) -> Held:
    """A behaviour's n cases, which are all that is meant; some held for the baseline, some hold for the candidate."""
    cell = Cell(task="intent", label="negation", metric=Metric.BEHAVIOUR, target=target, critical=critical)
    old, new = np.arange(n) < was, np.arange(n) < now
    return Held(cell=cell, old=old, new=new, words=[f"case {i}" for i in range(n)], whole=True)


@pytest.mark.parametrize(
    ("one", "outcome"),
    [
        (template(24, 23), "passed"),  # still at its target
        (template(100, 90, 100, target=0.9), "passed"),  # ten lost, and the target lets ten fail
        (template(23, 22), "passed"),  # below it by a case: that may be the way to better answers
        (template(23, 21), "blocked"),
        (template(100, 94, 100), "blocked"),
        (template(90, 86, 100), "passed"),  # it wasn't at its target before: that may be chance
        (template(90, 60, 100), "blocked"),  # and that is none
        (template(23, 22, critical=True), "blocked"),
        (template(20, 19, critical=True), "passed"),  # it wasn't at its target before
    ],
)
def test_cases_that_are_all_that_is_meant_are_counted_and_no_chance_allowed_for(one: Held, outcome: str) -> None:
    assert decide([comparison([one])]).outcome == outcome


def test_a_template_that_is_lost_is_said_in_cases() -> None:
    verdict = decide([comparison([template(24, 18)])])
    assert verdict.changes == ((Change.REGRESSED,),)
    assert verdict.reasons == (
        "intent/all/negation/behaviour fell below 0.95: 18 of 24 hold, 24 did: 'case 18' and 5 more",
    )


def test_templates_that_fall_whole_make_nothing_else_a_regression() -> None:
    fallen = [template(24, 12, target=0.5)] * 20  # lost, and still at their target
    drawn = held(np.ones(400, bool), np.arange(400) >= 6)  # p = .008: less would be asked of it among twenty losses
    rng = np.random.default_rng(2)
    alone, beside = (decide([comparison([drawn, *equal_models(rng, 19), *more])]) for more in ([], fallen))
    assert alone.outcome == beside.outcome == "passed"
    assert set(beside.changes[0][20:]) == {Change.NOT_REGRESSED}
