"""Which violations are asked: of assertions that still teach, each example once, never more than there are."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from adequate.mining.assertions import chosen, share
from adequate.types import Rows


def rows(*some: int) -> Rows:
    return np.array(some, np.int64)


@given(
    st.lists(
        st.tuples(st.integers(0, 30), st.lists(st.floats(0, 1), max_size=3)),
        max_size=5,
    ),
    st.integers(0, 60),
)
def test_all_of_the_budget_is_shared_where_there_are_so_many_violations(
    made: list[tuple[int, list[float]]], budget: int
) -> None:
    able = [many for many, _ in made]
    got = share([rates for _, rates in made], able, budget)
    assert all(0 <= one <= many for one, many in zip(got, able, strict=True))
    assert sum(got) == min(budget, sum(able))


@given(
    st.lists(st.tuples(st.lists(st.integers(0, 20), unique=True), st.lists(st.floats(0, 1), max_size=3)), max_size=4),
    st.integers(0, 30),
)
def test_each_example_is_asked_once_and_as_many_as_are_wanted(
    made: list[tuple[list[int], list[float]]], budget: int
) -> None:
    found = [rows(*some) for some, _ in made]
    got = [one.tolist() for one in chosen([rates for _, rates in made], found, budget)]
    asked = [one for some in got for one in some]
    assert len(asked) == len(set(asked)) == min(budget, len({one for some, _ in made for one in some}))
    assert all(set(some) <= set(whole) for some, (whole, _) in zip(got, made, strict=True))


def test_what_one_cannot_use_the_others_get() -> None:
    assert share([(0.5, 0.1), (0.2, 0.2)], [2, 50], 20) == [2, 18]


def test_an_example_that_violates_several_is_asked_once_and_the_worst_first() -> None:
    first, second = chosen([(), ()], [rows(5, 3, 1), rows(5, 3, 9)], 4)
    assert sorted([*first.tolist(), *second.tolist()]) == [1, 3, 5, 9]
    assert first[0] == 5
    assert second.tolist() == [9]


def test_without_violations_nothing_is_asked() -> None:
    assert chosen([], [], 5) == []
    assert len(chosen([()], [rows()], 5)[0]) == 0
