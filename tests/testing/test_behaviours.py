"""Which answers hold, and that chance alone seldom makes a model adequate."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adequate.errors import TestError
from adequate.spec.behaviours import SAME, falls, rises
from adequate.testing.behaviours import alike, held, right, said
from adequate.testing.bounds import clopper_pearson
from adequate.testing.envelope import ALPHA, at_level
from adequate.testing.outputs import Output

LABELS = ("a", "b", "c")


def one(*codes: int, probs: list[list[float]] | None = None) -> Output:
    """Answers with one label each."""
    given_ = None if probs is None else np.array(probs, np.float32)
    return Output(labels=LABELS, answers=np.array(codes, np.int32), probs=given_)


def several(*rows: str) -> Output:
    """Answers with several labels each."""
    return Output(labels=LABELS, answers=np.array([[name in row for name in LABELS] for row in rows], bool))


def test_the_same_answer_holds() -> None:
    assert held(one(0, 1, -1), one(0, 2, -1), SAME).tolist() == [True, False, True]
    assert held(several("ab", "c"), several("ab", "ac"), SAME).tolist() == [True, False]


def test_a_direction_goes_by_the_probability() -> None:
    before, after = one(0, 0, probs=[[0.5, 0.5, 0], [0.5, 0.5, 0]]), one(0, 0, probs=[[0.4, 0.6, 0], [0.5, 0.5, 0]])
    assert held(before, after, rises("b")).tolist() == [True, True]
    assert held(before, after, rises("b"), 0.05).tolist() == [True, False]
    assert held(before, after, falls("b")).tolist() == [False, True]
    hardly = one(0, 0, probs=[[0.5, 0.4995, 0.0005], [0.5, 0.498, 0.002]])
    assert held(before, hardly, rises("b")).tolist() == [True, False]  # nobody sees half a thousandth
    with pytest.raises(TestError, match="no probabilities"):
        held(one(0), one(0), rises("b"))
    with pytest.raises(TestError, match="no label 'd'"):
        held(before, after, rises("d"))


def test_what_is_right() -> None:
    assert right(one(0, 1, -1), ["a", "c", "d"]).tolist() == [True, False, False]
    assert right(several("ab", "ab", "", "a"), ["a", "c", "", "d"]).tolist() == [True, False, True, False]
    exactly = [("a", "b"), ("a",), (), ("a", "d")]
    assert right(several("ab", "ab", "", "a"), exactly).tolist() == [True, False, True, False]
    assert said(several("ab", "")) == ["a, b", ""]


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.8, 0.97), st.floats(0.2, 1.0))
def test_a_behaviour_below_its_target_is_seldom_called_adequate(seed: int, target: float, counting: float) -> None:
    """Of 60 models a little below target, whatever share of examples is changed; 60 at 5 % give at most 9."""
    rng = np.random.default_rng(seed)
    wrong = 0
    for _ in range(60):
        holds, counts = rng.random(1500) < target - 1e-3, rng.random(1500) < counting
        wrong += at_level(lambda _, at: (counts[at], holds[at]), 1500, 1.0, target=target).proven  # noqa: B023
    assert wrong <= 9


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(50, 2000), st.floats(0.7, 0.97), st.floats(0.1, 0.9))
def test_a_template_that_is_drawn_from_is_seldom_called_adequate_below_its_target(
    seed: int, size: int, target: float, share: float
) -> None:
    """Drawn without replacement from all its combinations, of which just too few hold."""
    rng = np.random.default_rng(seed)
    good = int(np.ceil(target * size)) - 1
    found = rng.hypergeometric(good, size - good, max(1, int(share * size)), size=2000)
    low, _ = clopper_pearson(found, max(1, int(share * size)), ALPHA)
    assert (low >= target).mean() <= ALPHA + 0.015


def test_two_models_answer_alike_whatever_the_order_of_their_labels() -> None:
    mine = one(0, 1, 2, -1, 0)
    theirs = Output(labels=("c", "a", "d"), answers=np.array([1, 1, 0, -1, 2], np.int32))
    assert alike(mine, theirs).tolist() == [True, False, True, False, False]
    sets = Output(labels=("c", "a", "d"), answers=np.array([[0, 1, 0], [1, 0, 0], [0, 1, 1]], bool))
    assert alike(several("a", "c", "a"), sets).tolist() == [True, True, False]
