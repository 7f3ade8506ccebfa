"""Rank correlation: as published and as scipy has it, and honest about few releases."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from adequate.monitoring.product import correlated


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=4, max_size=7))
def test_the_value_is_that_of_a_second_method(pairs: list[tuple[int, int]]) -> None:
    x, y = np.array(pairs, float).T
    found = correlated(x, y)
    if found is None:
        assert len(set(x)) == 1 or len(set(y)) == 1
    else:
        assert found.value == pytest.approx(stats.spearmanr(x, y).statistic, abs=1e-9)
        assert -1 <= found.low <= found.value <= 1
        assert 0 < found.p <= 1


def test_five_releases_in_perfect_order_have_the_published_chance() -> None:
    found = correlated(np.arange(5.0), np.arange(5.0))
    assert found is not None
    assert found.p == pytest.approx(2 / 120)  # two of the 120 orders
    assert found.low < 0.5  # five show little


def test_the_interval_holds_the_truth(rng: np.random.Generator) -> None:
    rho, held = 0.6, 0
    truth = 6 / np.pi * np.arcsin(rho / 2)  # Spearman of a bivariate normal
    for _ in range(100):
        x = rng.standard_normal(12)
        found = correlated(x, rho * x + np.sqrt(1 - rho**2) * rng.standard_normal(12))
        assert found is not None
        held += found.low <= truth <= found.high
    assert held >= 88


def test_of_many_releases_the_chance_is_that_of_a_second_method(rng: np.random.Generator) -> None:
    x = rng.standard_normal(12)
    y = x + 1.5 * rng.standard_normal(12)
    found = correlated(x, y)
    assert found is not None
    assert found.p == pytest.approx(stats.spearmanr(x, y).pvalue, rel=0.25)


def test_three_releases_say_nothing() -> None:
    assert correlated(np.arange(3.0), np.arange(3.0)) is None
