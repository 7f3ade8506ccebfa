"""The level that is called proven is, whatever the truth, however often it is looked at."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adequate.testing.envelope import ALPHA, LEVELS, Envelope, at_level, search
from adequate.types import Mask, Rows


def of(breaks: np.ndarray, target: float, reach: float, counts: Mask | None = None) -> Envelope:
    """A model whose answer to example i holds up to the level breaks[i]."""
    count = np.ones(len(breaks), bool) if counts is None else counts

    def attempt(level: float, at: Rows) -> tuple[Mask, Mask]:
        return count[at], breaks[at] >= level

    return search(attempt, len(breaks), target=target, reach=reach)


def test_a_model_that_bears_everything_is_proven_to_the_end() -> None:
    assert of(np.ones(2000), 0.95, 0.2).level == 1.0


def test_a_model_that_bears_nothing_is_refuted_at_once() -> None:
    found = of(np.zeros(2000), 0.95, 0.2)
    assert found.level == 0
    assert found.tried[0].refuted
    assert found.tried[0].n == 64


def test_the_wanted_level_is_always_tried() -> None:
    for reach in (0.01, 0.137, 1.0):
        assert of(np.full(500, 0.5), 0.9, reach).tried[0].level == reach


def test_too_few_examples_prove_nothing_and_refute_nothing() -> None:
    one = of(np.ones(20), 0.95, 0.2).tried[0]
    assert not one.proven
    assert not one.refuted
    assert one.n == 20


def test_examples_that_did_not_change_do_not_count() -> None:
    counts = np.zeros(1000, bool)
    counts[::10] = True
    one = of(np.ones(1000), 0.9, 0.2, counts).tried[0]
    assert one.n <= 100
    assert one.proven


def test_everything_must_hold_where_the_target_is_one() -> None:
    breaks = np.ones(500)
    breaks[3] = 0
    assert at_level(lambda level, at: (at >= 0, breaks[at] >= level), 500, 0.5, target=1.0).refuted


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.6, 0.98), st.floats(0.05, 1.0), st.sampled_from([0.8, 0.9, 0.95]))
def test_a_proven_level_seldom_lies_beyond_the_true_one_however_it_was_looked_for(
    seed: int, start: float, slope: float, target: float
) -> None:
    """Shares that fall with the level; 40 models, bisected, with their lower bounds: at 5 % at most 7 err."""
    rng = np.random.default_rng(seed)
    wrong = 0
    for _ in range(40):
        breaks = (start - rng.random(2000)) / slope  # the share that holds at a level is start - slope * level
        found = of(breaks, target, 0.2, rng.random(2000) < 0.5)
        too_far = found.level > 0 and start - slope * found.level < target
        wrong += too_far or any(max(0.0, start - slope * one.level) < one.low for one in found.tried)
    assert wrong <= 7


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.02, 0.9), st.floats(0.8, 0.97))
def test_what_is_tried_is_little_and_orderly(seed: int, edge: float, target: float) -> None:
    rng = np.random.default_rng(seed)
    found = of(rng.random(1500) * edge * 5, target, 0.2)
    assert 1 <= len(found.tried) <= LEVELS
    assert found.level in {0.0, *(one.level for one in found.tried if one.proven)}
    assert len({one.level for one in found.tried}) == len(found.tried)
    assert all(not (one.proven and one.refuted) and one.low <= one.high for one in found.tried)


@pytest.mark.parametrize("target", [0.9, 0.95])
def test_a_level_just_below_its_target_is_rarely_called_proven(target: float) -> None:
    """150 models whose share that holds is everywhere a little below target: at most alpha of them slip through."""
    rng = np.random.default_rng(1)
    slipped = 0
    for _ in range(150):
        right = rng.random(3000) < target - 0.002
        slipped += search(lambda _, at: (at >= 0, right[at]), 3000, target=target, reach=0.25).level > 0  # noqa: B023
    assert slipped <= 150 * ALPHA
