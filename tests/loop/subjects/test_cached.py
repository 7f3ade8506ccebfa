"""A model is asked about each input once, in batches, and the answers come back in the order of the question."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import adequate as aq
from adequate.errors import SubjectError
from adequate.loop.subjects.cached import Cached
from adequate.testing.behaviours import said
from tests.loop.subjects.models import Estimator


def batch(texts: list[str], **columns: Any) -> pa.RecordBatch:
    return pa.record_batch({"text": pa.array(texts, pa.string()), **columns})


class Counting:
    """Says the first letter, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    def __call__(self, texts: list[str]) -> list[str]:
        self.asked.append(texts)
        return [text[:1] or "none" for text in texts]


@given(st.lists(st.lists(st.text("abc", max_size=2), max_size=12), max_size=5), st.integers(1, 5))
def test_answers_are_those_of_the_model_and_no_text_is_asked_twice(questions: list[list[str]], together: int) -> None:
    model = Counting()
    cached = Cached(subject=aq.wrap(model, task="t", takes="texts"), together=together)
    for texts in questions:
        if texts:
            assert said(cached.answer(batch(texts))["t"]) == [text[:1] or "none" for text in texts]
    asked = [text for one in model.asked for text in one]
    assert len(asked) == len(set(asked))
    assert set(asked) == {text for texts in questions for text in texts}
    assert all(len(one) <= together for one in model.asked)


def test_a_model_that_sees_the_batch_is_asked_again_where_any_column_differs() -> None:
    seen: list[int] = []

    def model(batch: pa.RecordBatch) -> list[str]:
        seen.append(len(batch))
        return [str(one) for one in batch["n"].to_pylist()]

    cached = Cached(subject=aq.wrap(model, task="t"), text_only=False)
    assert said(cached.answer(batch(["a", "a", "a"], n=[1, 2, 1]))["t"]) == ["1", "2", "1"]
    assert seen == [2]


def test_no_input_is_no_question() -> None:
    model = Counting()
    assert len(Cached(subject=aq.wrap(model, task="t")).answer(batch([]))["t"]) == 0
    assert model.asked == []


def test_probabilities_are_remembered_too() -> None:
    cached = Cached(subject=aq.wrap(Estimator(), task="t"), together=1)
    first = cached.answer(batch(["fee", "x", "fee"]))["t"].probs
    again = cached.answer(batch(["x", "fee"]))["t"].probs
    assert first is not None
    assert again is not None
    assert first.tolist() == [again[1].tolist(), again[0].tolist(), again[1].tolist()]


def test_an_error_names_the_row_of_the_question_not_of_the_batch_that_was_sent() -> None:
    def model(texts: list[str]) -> list[Any]:
        return [float("nan") if text == "bad" else text for text in texts]

    cached = Cached(subject=aq.wrap(model, task="t", name="mine"), together=2)
    cached.answer(batch(["a"]))
    with pytest.raises(SubjectError, match=r"^model mine, row 5: it answered NaN"):
        cached.answer(batch(["a", "b", "a", "c", "d", "bad", "bad"]))


def test_what_was_answered_before_an_error_is_not_asked_again() -> None:
    model = Counting()
    cached = Cached(subject=aq.wrap(lambda texts: model(texts) if "bad" not in texts else None, task="t"), together=2)
    with pytest.raises(SubjectError, match="it returned NoneType"):
        cached.answer(batch(["a", "b", "c", "bad"]))
    assert said(cached.answer(batch(["b", "c", "a"]))["t"]) == ["b", "c", "a"]
    assert model.asked == [["a", "b"], ["c"]]


def test_probabilities_of_labels_that_came_later_are_nothing_before() -> None:
    cached = Cached(subject=aq.wrap(lambda texts: [{text: 1.0} for text in texts], task="t"), together=1)
    probs = cached.answer(batch(["a", "b"]))["t"].probs
    assert probs is not None
    assert probs.tolist() == [[1.0, 0.0], [0.0, 1.0]]
