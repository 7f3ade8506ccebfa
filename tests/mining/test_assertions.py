"""Which violations are asked: of assertions that still teach, each example once, never more than there are."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from adequate.mining.assertions import Firing, chosen, share


def firing(name: str, rows: list[int], *rates: float) -> Firing:
    return Firing(name=name, cell=f"t/all/{name}/assertion", rates=rates, rows=np.array(rows, np.int64))


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
    firings = [firing(str(i), list(range(many)), *rates) for i, (many, rates) in enumerate(made)]
    got = share(firings, budget)
    assert all(0 <= one <= many for one, (many, _) in zip(got, made, strict=True))
    assert sum(got) == min(budget, sum(many for many, _ in made))


def test_what_one_cannot_use_the_others_get() -> None:
    assert share([firing("falls", [1, 2], 0.5, 0.1), firing("stays", list(range(50)), 0.2, 0.2)], 20) == [2, 18]


def test_an_example_that_violates_several_is_asked_once_and_the_worst_first() -> None:
    picks = chosen([firing("a", [5, 3, 1]), firing("b", [5, 3, 9])], 4)
    assert sorted(picks.rows.tolist()) == [1, 3, 5, 9]
    assert picks.rows[0] == 5
    assert dict(zip(picks.rows.tolist(), picks.reason, strict=True))[9] == "violates b"
    assert set(picks.cell) == {"t/all/a/assertion", "t/all/b/assertion"}


def test_without_violations_nothing_is_asked() -> None:
    assert len(chosen([], 5).rows) == 0
    assert len(chosen([firing("a", [])], 5).rows) == 0
