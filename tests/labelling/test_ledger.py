"""The ledger of answers says the same however the answers came in."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adequate.labelling.agreement import agreement
from adequate.labelling.ledger import Ledger
from adequate.types import Kind

words = st.tuples(st.integers(0, 6), st.sampled_from(["ann", "bo", "cy"]), st.sampled_from(["x", "y", "z", None]))


@given(st.lists(words, max_size=60))
def test_agreement_is_that_of_the_answers_that_stand(said: list[tuple[int, str, str | None]]) -> None:
    ledger = Ledger(Kind.CLASSIFY, ["x"])
    for row, actor, value in said:
        ledger.said(row, actor, value)
    items, _, codes, _, _, names = ledger.arrays()
    again = agreement(items, codes, len(names)).alpha
    assert ledger.alpha == (None if again is None else pytest.approx(again))
    assert ledger.shared == int((np.bincount(items) > 1).sum() if len(items) else 0)


def test_of_several_labels_each_is_a_question_of_its_own() -> None:
    ledger = Ledger(Kind.MULTILABEL, ["fee", "card"])
    for row in range(6):
        ledger.said(row, "ann", ["fee"] if row % 2 else [])
        ledger.said(row, "bo", ["fee", "card"] if row % 2 else [])
    by = ledger.by_label()
    assert by["fee"] == pytest.approx(1.0)
    assert by["card"] < 0.1
    assert 0.1 < (ledger.alpha or 0) < 1


def test_spans_agree_where_place_and_label_are_the_same() -> None:
    ledger = Ledger(Kind.SPAN, ["ORG", "PER"])
    ledger.said(
        1, "ann", [{"start": 0, "end": 3, "label": "ORG", "id": "1"}, {"start": 5, "end": 8, "label": "PER", "id": "2"}]
    )
    ledger.said(1, "bo", [{"start": 0, "end": 3, "label": "ORG", "id": "9"}])
    assert ledger.alpha == pytest.approx(2 / 3)


def test_two_people_are_compared_by_name() -> None:
    ledger = Ledger(Kind.CLASSIFY, [])
    for row, (one, other) in enumerate([("x", "x"), ("x", "y"), ("y", "y")]):
        ledger.said(row, "ann", one)
        ledger.said(row, "bo", other)
    (one, other, pair) = ledger.pairs()[0]
    assert {one, other} == {"ann", "bo"}
    assert (pair.examples, pair.same) == (3, pytest.approx(2 / 3))
