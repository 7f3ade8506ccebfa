"""From what a model returned to answers, in every shape, and every way to go wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adequate.errors import SubjectError
from adequate.loop.subjects.answers import Vocabulary, read
from adequate.testing.behaviours import said
from adequate.testing.outputs import confidence

LABELS = ["card", "fee", "loan"]


def vocabulary(*columns: str, several: bool = False) -> dict[str, Vocabulary]:
    return {"intent": Vocabulary(task="intent", labels=list(LABELS), several=several, columns=columns)}


class Series:
    """What pandas gives: no list, but it can become an array."""

    def to_numpy(self) -> np.ndarray:
        return np.array(["fee", "card"], object)


PROBS = [[0.7, 0.1, 0.2], [0.1, 0.8, 0.1]]


@pytest.mark.parametrize(
    "returned",
    [
        ["fee", "card"],
        ("fee", "card"),
        np.array(["fee", "card"]),
        pa.array(["fee", "card"]),
        pa.chunked_array([["fee"], ["card"]]),
        pa.array(["fee", "card"]).dictionary_encode(),
        Series(),
        {"intent": ["fee", "card"]},
        pa.record_batch({"intent": ["fee", "card"], "other": [1, 2]}),
        pa.table({"intent": ["fee", "card"]}),
        [{"label": "fee"}, {"label": "card"}],
        [{"fee": 0.9, "card": 0.1}, {"card": 1.0}],
    ],
)
def test_labels_are_taken_however_they_come(returned: Any) -> None:
    output = read(returned, 2, vocabulary())["intent"]
    assert said(output) == ["fee", "card"]
    assert output.labels == tuple(LABELS)


@pytest.mark.parametrize("returned", [PROBS, np.array(PROBS), np.array(PROBS, np.float32), pa.array(PROBS)])
def test_a_matrix_is_read_by_the_names_of_its_columns_not_by_the_order_of_the_task(returned: Any) -> None:
    output = read(returned, 2, vocabulary("fee", "loan", "card"))["intent"]
    assert said(output) == ["fee", "loan"]
    assert output.probs is not None
    np.testing.assert_allclose(output.probs[0], [0.2, 0.7, 0.1], atol=1e-6)


def test_numbers_are_positions_among_the_columns() -> None:
    assert said(read(np.array([2, 0]), 2, vocabulary("fee", "loan", "card"))["intent"]) == ["card", "fee"]


def test_no_answer_is_an_answer_that_is_never_right() -> None:
    assert read(["fee", None], 2, vocabulary())["intent"].answers.tolist() == [1, -1]


def test_a_confidence_alone_is_kept() -> None:
    told = read([{"label": "fee", "confidence": 0.75}, {"label": "card", "confidence": 0.5}], 2, vocabulary())
    sure = confidence(told["intent"])
    assert sure is not None
    assert sure.tolist() == [0.75, 0.5]
    table = pa.table({"intent": ["fee", "card"], "intent_confidence": [0.25, 1.0]})
    sure = confidence(read(table, 2, vocabulary())["intent"])
    assert sure is not None
    assert sure.tolist() == [0.25, 1.0]


@pytest.mark.parametrize(
    "returned",
    [
        [["fee", "loan"], []],
        pa.array([["fee", "loan"], []]),
        np.array([[False, True, True], [False, False, False]]),
        np.array([[0.1, 0.9, 0.6], [0.2, 0.3, 0.1]]),
        [{"fee": 0.9, "loan": 0.6}, {"fee": 0.3}],
    ],
)
def test_several_labels_an_input(returned: Any) -> None:
    assert said(read(returned, 2, vocabulary(*LABELS, several=True))["intent"]) == ["fee, loan", ""]


@pytest.mark.parametrize(
    ("returned", "message", "row"),
    [
        (["fee"], "1 answers for 2 inputs", None),
        (np.array([[0.5, 0.5]]), "1 answers for 2 inputs", None),
        ([float("nan"), "fee"], "NaN", 0),
        (["fee", 0.5], "the number 0.5", 1),
        (np.array([[1, 0, 0], [np.nan, 0.5, 0.5]]), "NaN", 1),
        (np.array([[1, 0, 0], [np.inf, 0, 0]]), "inf", 1),
        (np.array([[1, 0, 0], [0.5, 0.3, 0.1]]), "sum to 0.9,", 1),
        (np.array([[1.5, -0.5, 0], [0.5, 0.5, 0]]), "isn't in [0, 1]", 0),
        (np.array([[1, 0], [0.5, 0.5]], float), "2 numbers for each input, and has 3 labels", None),
        (["fee", "fees"], "no label 'fees'; did you mean 'fee'", 1),
        ([{"fee": 0.5, "card": 0.5}, {"debt": 1.0}], "no label 'debt'", 1),
        (["fee", b"card"], "a bytes", 1),
        (["fee", {"label": "fee"}], "a dict", 1),
        ([{"label": "fee"}, "fee"], "a str", 1),
        ([{"label": "fee", "confidence": 1.5}] * 2, "a confidence of 1.5", 0),
        ([[1.0, 0, 0], [1.0, 0]], "[1.0, 0]", 1),
        ([[1.0, 0, 0], ["fee", 0, 0]], "aren't probabilities", 1),
        (np.array([[True, False, False]] * 2), "truth values", None),
        (np.zeros((2, 2, 2)), "shape (2, 2, 2)", None),
        ("fe", "it returned str", None),
        (None, "it returned NoneType", None),
        ({"intnt": ["fee", "card"]}, "'intnt'", None),
        ({}, "no task", None),
        (pa.table({"label": ["fee", "card"]}), "'label'", None),
    ],
)
def test_what_cannot_be_answers_is_said_with_its_row_and_what_to_do(
    returned: Any, message: str, row: int | None
) -> None:
    with pytest.raises(SubjectError) as found:
        read(returned, 2, vocabulary(*LABELS))
    assert message in str(found.value)
    assert found.value.row == row
    assert row is None or f"row {row}" in str(found.value)
    assert found.value.remedy


def test_columns_that_nobody_named_are_not_guessed() -> None:
    with pytest.raises(SubjectError, match=r"which label each is of isn't known\n.*labels="):
        read(np.array(PROBS), 2, vocabulary())


def test_one_answer_for_several_tasks_has_to_say_whose_it_is() -> None:
    both = vocabulary() | {"urgent": Vocabulary(task="urgent", labels=["no", "yes"])}
    with pytest.raises(SubjectError, match=r"which of 2 tasks \(intent, urgent\)"):
        read(["fee"], 1, both)
    assert set(read({"urgent": ["no"], "intent": ["fee"]}, 1, both)) == {"intent", "urgent"}


@given(st.lists(st.lists(st.floats(0.01, 1), min_size=3, max_size=3), min_size=1, max_size=20))
def test_probabilities_that_sum_to_one_are_all_taken_and_the_likeliest_is_the_answer(rows: list[list[float]]) -> None:
    matrix = np.array(rows)
    matrix /= matrix.sum(axis=1, keepdims=True)
    output = read(matrix, len(rows), vocabulary("loan", "card", "fee"))["intent"]
    assert [("loan", "card", "fee")[i] for i in matrix.argmax(axis=1)] == said(output)


@given(
    st.lists(st.sampled_from(LABELS), min_size=1, max_size=20),
    st.integers(0, 19),
    st.sampled_from([float("nan"), 3, "x", b"y", object()]),
)
def test_the_row_that_is_wrong_is_the_row_that_is_named(labels: list[Any], at: int, wrong: Any) -> None:
    at %= len(labels)
    with pytest.raises(SubjectError) as found:
        read([*labels[:at], wrong, *labels[at + 1 :]], len(labels), vocabulary())
    assert found.value.row == at
