"""Assertions over batches: what each kind finds, one batch or many, and what is said of functions that are wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adequate.errors import TestError
from adequate.spec.assertions import Assertion, Kind
from adequate.testing.assertions import facts, settled, upside_down, violations
from adequate.testing.streams import Facts, State, disagreeing, flickering, hashed, too_often

DAY = 86_400_000_000  # microseconds


def made(kind: Kind, function: Callable[..., Any] | None = None, *, suggest: Any = None, **options: Any) -> Assertion:
    return Assertion(name="it", kind=kind, task="intent", function=function, suggest=suggest, options=options)


def said(*labels: str | None, **inputs: list[Any]) -> tuple[pa.RecordBatch, pa.RecordBatch]:
    outputs = {
        "intent": pa.array(labels, pa.string()),
        "intent_confidence": pa.array([0.9] * len(labels), pa.float32()),
    }
    return pa.record_batch({"n": list(range(len(labels))), **inputs}), pa.record_batch(outputs)


def test_a_function_says_one_boolean_or_one_severity_a_row() -> None:
    batch = said("a", "b", "a")
    is_b = made(Kind.PREDICATE, lambda _, outputs: pc.equal(outputs["intent"], "b"))
    assert violations(is_b, *batch).severity.tolist() == [0, 1, 0]
    badly = made(Kind.PREDICATE, lambda *_: np.array([0.0, 2.5, 1.0]))
    assert violations(badly, *batch).severity.tolist() == [0, 2.5, 1]
    plainly = made(Kind.PREDICATE, lambda *_: [False, True, False])
    assert violations(plainly, *batch).severity.tolist() == [0, 1, 0]


def breaks_at_two(inputs: pa.RecordBatch, outputs: pa.RecordBatch) -> Any:
    return [1 / (n - 2) > 5 for n in inputs["n"].to_pylist()]


@pytest.mark.parametrize(
    ("function", "what"),
    [
        (breaks_at_two, r"test_assertions\.py:\d+, row 102\) raised ZeroDivisionError"),
        (lambda _, outputs: outputs["amount"], "raised KeyError: .*amount.*; inputs: n; outputs: intent"),
        (lambda *_: [True], "returned 1 values for 4 rows"),
        (lambda _, outputs: outputs["intent"], "returned string"),
        (lambda *_: True, "returned bool"),
        (lambda *_: None, "returned NoneType"),
        (lambda *_: [True, None, False, None], "null for 2 of 4 rows, first for row 101"),
        (lambda *_: pa.nulls(4), "null for 4 of 4 rows"),
        (lambda *_: np.array([0, 0, 0, np.nan]), "returned nan for row 103"),
        (lambda *_: [0, -1, 0, 0], "returned -1 for row 101"),
        (lambda *_: ["x", 1, None, 0.5], "aren't one type"),
    ],
)
def test_a_function_that_is_wrong_is_named_with_its_line_and_row(function: Any, what: str) -> None:
    with pytest.raises(TestError, match=what) as caught:
        violations(made(Kind.PREDICATE, function), *said("a", "b", "a", "b"), State(seen=100))
    assert "'it'" in caught.value.message
    assert caught.value.remedy


def test_suggestions_are_kept_where_it_is_violated() -> None:
    suggest = lambda *_: ["x", "y", None]  # noqa: E731
    b_or_c = made(Kind.PREDICATE, lambda _, outputs: pc.not_equal(outputs["intent"], "a"), suggest=suggest)
    found = violations(b_or_c, *said("a", "b", "c"))
    assert found.suggested is not None
    assert found.suggested.to_pylist() == [None, "y", None]


def test_an_implication_holds_across_heads_of_one_label_or_several() -> None:
    inputs, outputs = said("theft", "theft", "fee", None)
    outputs = outputs.append_column("topics", pa.array([["now", "card"], ["card"], [], ["now"]]))
    claim = Assertion(
        name="it", kind=Kind.IMPLICATION, options={"when": {"intent": "theft"}, "then": {"topics": "now"}}
    )
    assert violations(claim, inputs, outputs).severity.tolist() == [0, 1, 0, 0]
    back = Assertion(name="it", kind=Kind.IMPLICATION, options={"when": {"topics": "now"}, "then": {"intent": "theft"}})
    assert violations(back, inputs, outputs).severity.tolist() == [0, 0, 0, 1]


def test_a_range_is_of_the_outputs_or_else_of_the_inputs() -> None:
    inputs, outputs = said("a", "b", "a")
    assert violations(made(Kind.RANGE, column="n", between=(1, None)), inputs, outputs).severity.tolist() == [1, 0, 0]
    claim = made(Kind.RANGE, column="intent_confidence", between=(None, 0.5))
    assert violations(claim, inputs, outputs).severity.tolist() == [1, 1, 1]
    assert violations(made(Kind.RANGE, column="intent", one_of=("a",)), inputs, outputs).severity.tolist() == [0, 1, 0]
    with pytest.raises(TestError, match="needs a column 'amount'; there are: n"):
        violations(made(Kind.RANGE, column="amount", between=(0, 1)), inputs, outputs)


def test_answers_are_held_against_those_of_a_model_or_a_person() -> None:
    batch, other = said("a", "b", "c"), pa.array(["a", "c", None])
    agree = violations(made(Kind.AGREEMENT), *batch, other=other)
    assert agree.severity.tolist() == [0, 1, 0]
    assert agree.looked is not None
    assert agree.looked.tolist() == [True, True, False]
    people = violations(made(Kind.CONTRADICTION), *batch, other=other)
    assert people.suggested is not None
    assert people.suggested.to_pylist() == [None, "c", None]


def test_the_minority_of_a_group_is_wrong_and_the_majority_is_suggested() -> None:
    batch = said("a", "a", "b", "b", "c", "a", thread=["x", "x", "x", "y", None, "z"])
    claim, state = made(Kind.CONSISTENCY, within="thread"), State()
    found = settled(claim, facts(claim, *batch, state), state)
    assert found.severity.round(2).tolist() == [0, 0, 0.67, 0, 0, 0]
    assert found.suggested is not None
    assert found.suggested.to_pylist() == [None, None, "a", None, None, None]
    assert found.looked is not None
    assert found.looked.tolist() == [True, True, True, True, False, True]


def test_a_tie_is_a_violation_without_a_suggestion() -> None:
    severity, suggested = disagreeing(Facts(keys=np.zeros(2, np.uint64), order=np.arange(2.0), codes=np.array([1, 0])))
    assert (severity.tolist(), suggested.tolist()) == ([0.0, 0.5], [-1, -1])


@pytest.mark.parametrize(
    ("stream", "gap", "wrong"),
    [
        ("ABA", 1, [1]),
        ("ABBA", 1, []),
        ("ABBA", 2, [1, 2]),
        ("ABABA", 1, [1, 3]),
        ("ABC", 1, []),
        ("AAABBB", 1, []),
        ("ABCA", 2, []),
        ("BABAA", 1, [1]),
    ],
)
def test_a_flicker_is_what_lies_between_two_runs_of_one_answer(stream: str, gap: int, wrong: list[int]) -> None:
    codes = np.array([ord(letter) for letter in stream], np.int32)
    n = len(codes)
    severity, suggested, _ = flickering(Facts(keys=np.zeros(n, np.uint64), order=np.arange(n) * 1.0, codes=codes), gap)
    assert np.flatnonzero(severity).tolist() == wrong
    assert all(suggested[i] == codes[wrong[0] - 1] for i in wrong)


def test_streams_are_ordered_by_their_column_not_by_the_data() -> None:
    at = pa.array([3, 1, 2], pa.int64()).cast(pa.timestamp("us"))
    inputs, outputs = said("a", "a", "b", thread=["x"] * 3)
    claim, state = made(Kind.STEADINESS, within="thread", by="at", gap=1), State()
    found = settled(claim, facts(claim, inputs.append_column("at", at), outputs, state), state)
    assert found.severity.tolist() == [0, 0, 1]
    other = made(Kind.STEADINESS, within="thread", by="thread", gap=1)
    with pytest.raises(TestError, match="column 'thread' holds string"):
        facts(other, inputs, outputs, State())


def test_a_label_that_comes_too_often_violates_in_its_stretch_of_time_only() -> None:
    at = pa.array([0, 1, 2, DAY, DAY + 1]).cast(pa.timestamp("us"))
    inputs, outputs = said("a", "a", "b", "a", "b")
    claim, state = made(Kind.RATE, label="a", most=1, per="day", by="at"), State()
    found = settled(claim, facts(claim, inputs.append_column("at", at), outputs, state), state)
    assert found.severity.tolist() == [1, 1, 0, 0, 0]
    with pytest.raises(TestError, match="needs a column of times"):
        facts(made(Kind.RATE, label="a", most=1, per="day", by=None), inputs, outputs, State())


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), max_size=40),
    st.integers(1, 7),
    st.sampled_from([Kind.CONSISTENCY, Kind.STEADINESS, Kind.RATE]),
)
def test_batches_find_what_one_batch_of_all_before_them_finds(
    rows: list[tuple[int, int]], size: int, kind: Kind
) -> None:
    claim = made(kind, within="thread", gap=2, label="B", most=2, per="day", by="at" if kind is Kind.RATE else None)
    labels = ["ABC"[answer] for _, answer in rows]
    threads = pa.array([group for group, _ in rows], pa.int64())
    at = pa.array([group * DAY for group, _ in rows], pa.int64()).cast(pa.timestamp("us"))
    inputs, outputs = said(*labels, thread=threads)
    inputs = inputs.append_column("at", at)
    state, got = State(), []
    for first in range(0, len(rows), size):
        got.append(violations(claim, inputs.slice(first, size), outputs.slice(first, size), state).severity > 0)
        whole = State()
        upto = first + size
        seen = settled(claim, facts(claim, inputs.slice(0, upto), outputs.slice(0, upto), whole), whole).severity > 0
        if kind is not Kind.STEADINESS:
            assert got[-1].tolist() == seen[first:].tolist()
        else:  # a flicker that lies in earlier batches is told where it shows
            assert not (seen[first:] & ~got[-1]).any()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3)), min_size=1, max_size=60))
def test_as_many_answers_are_wrong_as_must_change_for_groups_to_agree(rows: list[tuple[int, int]]) -> None:
    keys, codes = (np.array(column) for column in zip(*rows, strict=True))
    found = disagreeing(
        Facts(keys=keys.astype(np.uint64), order=np.arange(len(rows)) * 1.0, codes=codes.astype(np.int32))
    )
    least = sum(int((keys == key).sum() - np.bincount(codes[keys == key]).max()) for key in set(keys.tolist()))
    assert int((found[0] > 0).sum()) == least


@settings(max_examples=100, deadline=None)
@given(st.lists(st.one_of(st.none(), st.text(max_size=12)), max_size=30), st.integers(0, 5))
def test_equal_values_have_equal_keys_and_others_have_others(values: list[str | None], offset: int) -> None:
    array = pa.array([*(["pad"] * offset), *values], pa.string()).slice(offset)
    keys = hashed(array)
    by_value: dict[str, int] = {}
    for value, key in zip(values, keys.tolist(), strict=True):
        assert by_value.setdefault(value or "", key) == key
    assert len(set(by_value.values())) == len(by_value)


def test_only_what_counts_is_too_often() -> None:
    one = Facts(keys=np.zeros(4, np.uint64), order=np.zeros(4), codes=np.array([1, 0, -1, 1], np.int32))
    assert too_often(one, 1).tolist() == [1, 0, 0, 1]


def test_only_a_function_can_be_upside_down() -> None:
    function = made(Kind.PREDICATE, lambda *_: None)
    assert upside_down(function, 50, 26)
    assert not upside_down(function, 50, 25)
    assert not upside_down(function, 49, 49)
    assert not upside_down(made(Kind.CONTRADICTION), 50, 50)
