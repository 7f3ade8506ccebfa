"""Rules for columns over any type that a file may bring."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from adequate.errors import TestError
from adequate.spec.columns import Column
from adequate.testing.columns import broken

YEAR = ("2020-01-01", "2026-12-31")
ZONED = pa.array([datetime(2019, 1, 1, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC), None])


@pytest.mark.parametrize(
    ("rule", "values", "test", "found"),
    [
        ({"nulls": 0.0}, pa.array([1.0, float("nan"), None]), "null", [0, 1, 1]),
        ({"between": (0, 100)}, pa.array([-1.0, float("inf"), float("nan"), 5.0]), "range", [1, 1, 0, 0]),
        ({"between": (0, 10)}, pa.array([Decimal("10.5"), Decimal("1.5")]), "range", [1, 0]),
        ({"between": (0, 3)}, pa.array(["häh", "four", None]), "range", [0, 1, 0]),
        ({"between": YEAR}, ZONED, "range", [1, 0, 0]),
        ({"of": "time", "between": YEAR}, pa.array(["2019-12-31", "2020-01-01T00:00:00+02:00"]), "range", [1, 1]),
        ({"of": "time"}, pa.array(["2024-05-01", "2024-13-45", "soon", None]), "type", [0, 1, 1, 0]),
        ({"of": "number"}, pa.array(["1", "1,200", "n/a", "-2.5"]), "type", [0, 1, 1, 0]),
        ({"of": "whole"}, pa.array([1.0, 1.5]), "type", [0, 1]),
        ({"of": "boolean"}, pa.array([1, 2, None]), "type", [0, 1, 0]),
        ({"one_of": (1, 2)}, pa.array(["1", "3"]).dictionary_encode(), "one_of", [0, 1]),
        ({"one_of": ("a", "b")}, pa.array([["a", "b"], ["c", "a"], [], None]), "one_of", [0, 1, 0, 0]),
    ],
)
def test_what_breaks_a_rule_is_found_whatever_the_type(
    rule: dict[str, Any], values: pa.Array, test: str, found: list[int]
) -> None:
    assert broken(Column(name="it", **rule), values)[test].tolist() == [bool(one) for one in found]


def test_bounds_of_another_type_are_a_mistake_of_the_rule() -> None:
    with pytest.raises(TestError, match="0 can't be compared with timestamp"):
        broken(Column(name="it", between=(0, None)), ZONED)
