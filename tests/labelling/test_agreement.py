"""Agreement beyond chance, against the published method's other implementation."""

from __future__ import annotations

from itertools import combinations

import krippendorff
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adequate.labelling.agreement import Agreement, agreement, pairs

answers = st.lists(  # of each example, what each of four people said; -1: nothing
    st.lists(st.integers(-1, 3), min_size=4, max_size=4), min_size=2, max_size=30
).map(np.array)


def _long(table: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    items, people = np.nonzero(table >= 0)
    return items, people, table[items, people]


@given(answers)
def test_alpha_is_that_of_the_reference_implementation(table: np.ndarray) -> None:
    items, _, codes = _long(table)
    ours = agreement(items, codes, 4).alpha
    compared = [row[row >= 0] for row in table if (row >= 0).sum() > 1]
    if len(compared) == 0 or len(np.unique(np.concatenate(compared))) < 2:
        assert ours is None
        return
    values = np.where(table >= 0, table, np.nan).T
    theirs = krippendorff.alpha(reliability_data=values, level_of_measurement="nominal")
    assert ours == pytest.approx(theirs, abs=1e-9)


@given(answers, st.integers(0, 10**6))
def test_one_changed_answer_leads_where_counting_all_again_leads(table: np.ndarray, seed: int) -> None:
    rng = np.random.default_rng(seed)
    items, _, codes = _long(table)
    kept = agreement(items, codes, 4)
    for _ in range(5):
        row, person = rng.integers(0, table.shape[0]), rng.integers(0, 4)
        before = table[row][table[row] >= 0]
        table[row, person] = rng.integers(-1, 4)
        kept.change(before.tolist(), table[row][table[row] >= 0].tolist())
    items, _, codes = _long(table)
    assert np.allclose(kept.coincidences, agreement(items, codes, 4).coincidences)


def test_one_label_can_be_seen_differently_while_the_others_are_not() -> None:
    said = Agreement(3)
    for _ in range(10):
        said.add([0, 0])
        said.add([1, 2])
        said.add([2, 1])
    assert said.of(0) == pytest.approx(1.0)
    assert (said.of(1) or 0) < 0.5


@given(answers)
def test_two_people_meet_on_the_examples_that_both_answered(table: np.ndarray) -> None:
    items, people, codes = _long(table)
    met = pairs(items, people, codes)
    said = table >= 0
    every = [{a, b} for a, b in combinations(range(table.shape[1]), 2) if (said[:, a] & said[:, b]).any()]
    assert sorted(map(sorted, every)) == sorted(sorted((pair.one, pair.other)) for pair in met)
    for pair in met:
        both = (table[:, pair.one] >= 0) & (table[:, pair.other] >= 0)
        assert pair.examples == both.sum()
        assert pair.same == pytest.approx((table[both, pair.one] == table[both, pair.other]).mean())
