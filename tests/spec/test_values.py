"""What a column of the data says as labels."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given as data
from hypothesis import strategies as st

from adequate.spec import Project, Target, Task
from adequate.spec.readings import READINGS, readings
from adequate.spec.values import given, types

GOOD = Target(accuracy=0.9)


def task(**options: Any) -> Task:
    project = Project("mail", text="body", group="thread")
    several = options.pop("several", False)
    return (project.multilabel if several else project.classify)("t", target=GOOD, **options)


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        (pa.array(["a", " b", "", "  ", None]), ["a", " b", None, None, None]),
        (pa.array([1, 0, None]), ["1", "0", None]),
        (pa.array([4.0, 2.5, None]), ["4", "2.5", None]),
        (pa.array([True, None]), ["true", None]),
    ],
)
def test_one_label_is_text(values: pa.Array, labels: list[str | None]) -> None:
    assert given(values, task()).to_pylist() == labels


def test_labels_are_normalised_where_the_task_says_so() -> None:
    labels = given(pa.array(["Spam", " spam ", "Card  Lost"]), task(normalise=True))
    assert labels.to_pylist() == ["spam", "spam", "card lost"]


@pytest.mark.parametrize(
    ("values", "separator", "labels"),
    [
        (pa.array([["a", "b"], [], None]), None, [["a", "b"], [], None]),
        (pa.array([[1, 2], None]), None, [["1", "2"], None]),
        (pa.array(["a; b", "a", "", None]), ";", [["a", "b"], ["a"], None, None]),
        (pa.array(['["a", "b"]', "[]", None]), None, [["a", "b"], [], None]),
        (pa.array(["['a', 'b']", "c"]), None, [["a", "b"], ["c"]]),
        (pa.array(["a", None, "b"]), None, [["a"], None, ["b"]]),
    ],
)
def test_several_labels_are_lists(values: pa.Array, separator: str | None, labels: list[Any]) -> None:
    assert given(values, task(several=True, separator=separator)).to_pylist() == labels


def test_a_part_of_an_array_keeps_its_own_labels() -> None:
    values = pa.array([["a"], ["b", "c"], None, ["d"]])
    assert given(values.slice(1), task(several=True)).to_pylist() == [["b", "c"], None, ["d"]]
    assert given(pa.array(["a;b", "c;d"]).slice(1), task(several=True, separator=";")).to_pylist() == [["c", "d"]]


def test_columns_that_must_stay_as_written_are_named() -> None:
    project = Project("mail", text="body", group="thread", time="at")
    project.classify("intent", column="label", target=GOOD)
    project.multilabel("tags", target=GOOD)
    assert types(project) == dict.fromkeys(["body", "thread", "label"], pa.string())


@data(st.lists(st.one_of(st.integers(), st.floats(allow_nan=False, allow_infinity=False)), min_size=1))
def test_what_is_read_as_a_number_is_the_number(numbers: list[float]) -> None:
    texts = pa.array([repr(number) for number in numbers])
    for kind in readings(texts):
        assert [float(value) for value in texts.cast(kind).to_pylist()] == [float(number) for number in numbers]


@data(st.lists(st.text(alphabet="0123456789-+.eE: TZ", min_size=1), min_size=1))
def test_a_reading_never_fails_later(texts: list[str]) -> None:
    for kind in readings(pa.array(texts)):
        pa.array(texts).cast(kind)
    assert readings(pa.array(["0" + text for text in texts if text[0].isdigit()] or ["00"])).isdisjoint({pa.int64()})
    assert set(readings(pa.array([None, None], pa.string()))) == set(READINGS)
