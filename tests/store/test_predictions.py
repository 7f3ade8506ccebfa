"""Predictions: once per model and example, read by model, whatever else lies in the table."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pytest

from adequate.errors import StoreError, UnknownNameError
from adequate.store import Store


def answers(label: str, start: int, stop: int) -> pa.Table:
    return pa.table({"label": [f"{label}{n}" for n in range(start, stop)], "confidence": np.arange(start, stop) / 1e3})


def test_each_model_reads_its_own_answers(one: Store) -> None:
    one.predictions.append("t", "m1", 0, answers("a", 0, 100))
    one.predictions.append("t", "m2", 0, answers("b", 0, 60))
    one.predictions.append("t", "m1", 100, answers("a", 100, 130))
    one.predictions.append("t", "m2", 60, answers("b", 60, 130))
    for model, letter in (("m1", "a"), ("m2", "b")):
        assert one.predictions.read("t", model)["label"].to_pylist() == [f"{letter}{n}" for n in range(130)]
        some = one.predictions.read("t", model, rows=np.array([129, 5, 99, 5]), columns=["label"])
        assert some.to_pydict() == {"label": [f"{letter}{n}" for n in (129, 5, 99, 5)]}
    assert one.predictions.read("t", "m1", rows=np.array([], np.int64)).num_rows == 0


def test_answers_are_streamed_both_ways(one: Store) -> None:
    def stream() -> Iterator[pa.RecordBatch]:
        for start in range(0, 100, 10):
            yield from answers("a", start, start + 10).to_batches()

    one.predictions.append("t", "m1", 0, stream())
    batches = list(one.predictions.scan("t", "m1", ["label"], size=16))
    assert [label for batch in batches for label in batch["label"].to_pylist()] == [f"a{n}" for n in range(100)]


def test_a_stream_that_fails_says_so_itself_and_leaves_nothing(one: Store) -> None:
    def stream() -> Iterator[pa.RecordBatch]:
        yield from answers("a", 0, 10).to_batches()
        raise UnknownNameError("the head is gone")

    with pytest.raises(UnknownNameError, match="the head is gone"):
        one.predictions.append("t", "m1", 0, stream())
    assert not one.predictions.has("t", "m1")
    one.predictions.append("t", "m1", 0, answers("a", 0, 3))
    assert one.predictions.read("t", "m1")["label"].to_pylist() == ["a0", "a1", "a2"]


def test_a_task_that_changes_its_kind_starts_anew(one: Store) -> None:
    one.predictions.append("t", "m1", 0, answers("a", 0, 3))
    one.predictions.append("t", "m2", 0, pa.table({"labels": [["x"], [], ["x", "y"]]}))
    assert one.predictions.read("t", "m2")["labels"].to_pylist() == [["x"], [], ["x", "y"]]
    assert one.predictions.read("t", "m1")["label"].to_pylist() == ["a0", "a1", "a2"]


def test_gaps_and_repeats_are_refused(one: Store) -> None:
    one.predictions.append("t", "m1", 0, answers("a", 0, 3))
    for row in (0, 4):
        with pytest.raises(StoreError, match="the next row of m1 is 3"):
            one.predictions.append("t", "m1", row, answers("a", 0, 3))


def test_what_a_model_has_not_answered_is_an_error(one: Store) -> None:
    with pytest.raises(UnknownNameError, match="no predictions for 't'"):
        one.predictions.read("t", "m1")
    one.predictions.append("t", "m1", 0, answers("a", 0, 3))
    with pytest.raises(UnknownNameError, match="no answer for row 3"):
        one.predictions.read("t", "m1", rows=np.array([0, 3]))
