"""Forecasts: a range where the curve tells one, otherwise none."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adequate.testing.forecast import forecast

SPENT = np.array([100, 150, 225, 340, 500])


@given(st.floats(0.3, 0.9), st.floats(0, 150), st.floats(0.5, 0.9))
def test_a_curve_of_the_assumed_kind_is_continued_within_the_range(slope: float, start: float, first: float) -> None:
    error = first * ((SPENT + start) / (100 + start)) ** -slope
    target = 1 - 0.7 * error[-1]
    truth = (100 + start) * ((1 - target) / first) ** (-1 / slope) - start - 500
    found = forecast(SPENT, 1 - error, target, each=0)
    assert found is not None
    assert found.low * 0.8 <= truth <= found.high * 1.2


def test_proving_counts_and_is_cheapest_from_well_above_the_target() -> None:
    values = 1 - 0.5 * (SPENT / 100) ** -0.8
    bare = forecast(SPENT, values, 0.85, each=0)
    proven = forecast(SPENT, values, 0.85, each=5)
    assert bare is not None
    assert proven is not None
    assert bare.measure == 0 < proven.measure
    assert proven.value > 0.88
    assert proven.labels > bare.labels


@pytest.mark.parametrize(
    ("spent", "values", "target"),
    [
        ([100, 200, 300], [0.5, 0.6, 0.7], 0.9),  # too few points
        ([100, 150, 225, 340], [0.6, 0.6, 0.6, 0.6], 0.9),  # flat
        ([100, 150, 225, 340], [0.7, 0.68, 0.66, 0.64], 0.9),  # falling
        ([100, 150, 225, 340], [0.50, 0.51, 0.52, 0.53], 0.99),  # out of reach
        ([100, 150, 225, 340], [np.nan] * 4, 0.9),  # never measured
    ],
)
def test_there_is_no_forecast_where_the_curve_tells_none(spent: list[int], values: list[float], target: float) -> None:
    assert forecast(spent, values, target) is None


def test_a_target_that_is_reached_only_has_to_be_proven() -> None:
    found = forecast(SPENT, [0.8, 0.86, 0.91, 0.95, 0.97], 0.85)
    assert found is not None
    assert found.teach <= 0.2 * found.labels + 50
    assert found.measure > 0


def test_a_full_score_of_few_labels_is_not_taken_for_perfect() -> None:
    values = [0.4, 0.6, 0.8, 0.8, 1.0]
    sure = forecast(SPENT, values, 0.95, each=0)
    careful = forecast(SPENT, values, 0.95, each=0, sizes=np.full(5, 5))
    assert careful is None or sure is None or careful.labels >= sure.labels
