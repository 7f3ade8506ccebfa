"""What 1,000 predictions cost, by what is declared and counted."""

from __future__ import annotations

import pytest

from adequate.monitoring.costs import cost
from adequate.spec.costs import Costs


def test_people_cost_for_what_was_left_to_them_and_errors_for_what_was_answered() -> None:
    prices = Costs(cost_per_1000=2.0, human=0.5, error=10.0)
    found = cost(prices, texts=1_000, seconds=1.0, looks=10, accuracy=0.9, abstained=0.2)
    assert found is not None
    assert found.parts == pytest.approx({"machine": 2.0, "people": 105.0, "errors": 800.0})
    assert (found.total, found.unknown) == (pytest.approx(907.0), ())


def test_what_is_not_declared_or_not_known_is_left_out() -> None:
    found = cost(Costs(error=10.0), texts=1_000, seconds=1.0, looks=10, accuracy=None)
    assert found is not None
    assert (found.parts, found.unknown) == ({}, ("machine", "people", "errors"))
    assert cost(Costs(human=1.0), texts=0, seconds=0.0, looks=0, accuracy=None) is None
