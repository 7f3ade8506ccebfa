"""What data suggests of the data that will come: rules that hold with a margin, and none by luck."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adequate.spec.columns import declare
from adequate.spec.expected import MOST, STRAY
from adequate.spec.infer import infer
from adequate.testing.columns import broken

N = 400


def suggested(n: int = N, **columns: Any) -> dict[str, dict[str, Any]]:
    """The rules for some columns beside a text and its label."""
    rng = np.random.default_rng(0)
    table = {
        "text": [f"{rng.integers(1_000_000_000)} is the number of my card" for _ in range(n)],
        "label": ["yes", "no"] * (n // 2),
    }
    found = infer(pa.table(table | columns).to_batches(), name="mail", tasks=["label"])
    return {rule.column: dict(rule.given) for rule in found.rules}


def test_each_role_has_the_rule_whose_breach_matters() -> None:
    rules = suggested(
        uid=[f"m{i:05x}" for i in range(N)],
        thread=[f"t{i // 3}" for i in range(N)],
        created=[f"2024-{1 + i // 40:02d}-11T10:00:00" for i in range(N)],
        channel=["app", "mail", "phone", "mail"] * (N // 4),
        price=[f"{i * 1.5:.2f}" for i in range(N)],
    )
    assert rules == {
        "uid": {"nulls": 0, "unique": True},
        "thread": {"nulls": 0},
        "channel": {"one_of": ["app", "mail", "phone"], "nulls": STRAY},
        "price": {"of": "number", "between": (0, None)},
        "created": {"of": "time"},
    }


@pytest.mark.parametrize(
    ("values", "rule"),
    [
        (["a", "b"] * (N // 2 - 1) + ["a", "c"], None),  # a value that came once: others will
        (["a", "b", "a", ""] * (N // 4), None),
        ([f"{i % 5 + 1}" for i in range(N)], {"of": "whole", "between": (1, 5)}),
        ([f"{(i & -i & 63).bit_length()}" for i in range(N)], None),  # counts, of which a greater one will come
        ([f"{i % 5 * 2}" for i in range(N)], None),  # codes, or a scale of which not all is known
        ([f"{i * 7 % 1000 - 20}" for i in range(N)], None),
        ([f"{i}" for i in range(N)], None),  # counts the rows
        ([f"{i / N:.4f}" for i in range(N)], {"of": "number", "between": (0, 1)}),
        ([f"https://example.org/{i}" for i in range(N)], None),
    ],
    ids=["once", "blank", "scale", "counts", "codes", "negative", "rows", "share", "addresses"],
)
def test_a_column_without_a_role_has_a_rule_only_where_its_values_are_sure(values: list[str], rule: object) -> None:
    assert suggested(extra=values).get("extra") == rule


def test_a_length_is_bound_far_above_the_longest_and_not_where_texts_are_longer_than_is_counted() -> None:
    assert suggested()["text"] == {"between": (1, 200)}
    assert suggested(text=["word " * 900] * 100 + [f"{i} and more" for i in range(N - 100)]) == {}


def test_a_handful_of_rows_promises_nothing_and_many_columns_have_a_handful_of_rules() -> None:
    assert suggested(n=100) == {}
    many: dict[str, Any] = {f"channel {i}": ["a", "b"] * (N // 2) for i in range(20)}
    assert len(suggested(**many)) == MOST


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 1 << 30), low=st.integers(-3, 3), many=st.integers(2, 30), blank=st.sampled_from([0.0, 0.01])
)
def test_whatever_is_suggested_holds_of_the_data_it_comes_from(seed: int, low: int, many: int, blank: float) -> None:
    rng = np.random.default_rng(seed)
    numbers = rng.integers(low, low + many, N)
    for drawn in (numbers, numbers / 8, np.array([*"abc", "it's", "é\n", "D "], object)[numbers % 6]):
        values = [None if rng.random() < blank else one for one in drawn.tolist()]
        given = suggested(extra=values).get("extra", {})
        of, nulls, between, one_of = map(given.get, ("of", "nulls", "between", "one_of"))
        rule = declare("extra", of, nulls, between, one_of, unique=False, severity="warn")
        assert not any(mask.any() for mask in broken(rule, pa.array(values)).values())
