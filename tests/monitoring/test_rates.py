"""Bounds hold however often they are looked at, and what didn't move is hardly ever said to."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from adequate.monitoring.rates import below, daily, moved, shares


@given(st.lists(st.integers(0, 300), min_size=1, max_size=6))
def test_bounds_lie_around_the_share(counts: list[int]) -> None:
    n = max(1, sum(counts))
    found = shares(counts, n)
    assert (found.low <= found.value + 1e-9).all()
    assert (found.value <= found.high + 1e-9).all()


def test_bounds_hold_at_all_looks_of_a_day_together(rng: np.random.Generator) -> None:
    truth, ever = 0.2, 0
    for _ in range(60):
        seen = (rng.random(800) < truth).cumsum()
        # At a level at which something is seen to go wrong: a year's error, spent on one day.
        lows = [shares([seen[n - 1]], n, alpha=0.2 * 365).low[0] for n in (20, 40, 80, 160, 300, 500, 800)]
        ever += max(lows) > truth
    assert ever <= 10  # each side has half of 0.2: 6 in the mean, at most


def test_half_a_year_of_daily_looks_at_what_did_not_move_says_nothing(rng: np.random.Generator) -> None:
    chance = rng.dirichlet(np.ones(20))
    before = rng.multinomial(2000, chance)
    assert not any(moved(before, 2000, rng.multinomial(5000, chance), 5000).least.any() for _ in range(180))


def test_a_label_that_comes_twice_as_often_is_told_with_its_size(rng: np.random.Generator) -> None:
    chance = np.full(10, 0.1)
    before = rng.multinomial(2000, chance)
    now = rng.multinomial(3000, np.array([0.2, *np.full(9, 0.8 / 9)]))
    found = moved(before, 2000, now, 3000)
    assert 0.01 < found.least[0] <= found.now[0] - found.before[0]
    assert found.total == found.least[0]


@given(st.lists(st.integers(0, 500), min_size=2, max_size=6), st.randoms(use_true_random=False))
def test_at_least_is_never_more_than_it_seems(before: list[int], random: object) -> None:
    now = list(before)
    random.shuffle(now)  # type: ignore[attr-defined]
    n = max(1, sum(before))
    found = moved(before, n, now, n)
    seems = found.now - found.before
    assert (np.abs(found.least) <= np.abs(seems) + 1e-9).all()
    assert 0 <= found.total <= 1


def test_nothing_counted_is_nothing_known() -> None:
    found = moved([5, 5], 10, [0, 0], 0)
    assert not found.least.any()
    assert np.isnan(found.now).all()


def test_below_counts_up_to_each_edge() -> None:
    assert below(np.array([1, 2, 3])).tolist() == [1, 3]


def test_a_year_of_days_spends_what_a_year_may() -> None:
    assert abs(365 * daily(0.05) - 0.05) < 1e-12
