"""Rules of changing a task's labels."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adequate.errors import LabelError, UnknownNameError
from adequate.labelling import schema
from adequate.spec import Project, Target
from adequate.spec.overlay import Change as Over
from adequate.spec.overlay import laid_over
from adequate.spec.tasks import Task

LABELS = ("a", "b", "c")


def topic(labels: tuple[str, ...] = LABELS, on: str | None = None) -> Task:
    target = Target(recall=0.9, on=on) if on else Target(accuracy=0.9)
    return Project("mail", text="body").classify("topic", labels=labels, target=target)


def test_a_label_is_renamed_in_its_place() -> None:
    made = schema.rename(topic(), LABELS, "b", "B2")
    assert (made.labels, made.renamed, made.maps) == (("a", "B2", "c"), {"b": "B2"}, {"b": "B2"})


def test_labels_merge_where_the_first_of_them_stood() -> None:
    assert schema.merge(topic(), LABELS, ["b", "c"], "d").labels == ("a", "d")
    assert schema.merge(topic(), LABELS, ["c"], "a").labels == ("a", "b")
    assert schema.merge(topic(), LABELS, ["c", "a"], "a").maps == {"c": "a"}


def test_a_label_may_stay_as_a_part_of_itself() -> None:
    made = schema.split(topic(), LABELS, "b", ["b", "b2"], withdraw=False)
    assert (made.labels, made.renamed, made.maps) == (("a", "b", "b2", "c"), {}, {})
    made = schema.split(topic(), LABELS, "b", ["b1", "b2"], withdraw=True)
    assert (made.labels, made.renamed, made.maps) == (("a", "b1", "b2", "c"), {"b": None}, {"b": None})


def test_a_set_of_labels_is_taken_back_whole_where_one_of_them_is_split() -> None:
    assert schema.rewritten(["a", "b"], {"b": None}) == ["a"]
    assert schema.rewritten(["b"], {"b": None}) == []
    assert schema.rewritten(["a", "b"], {"b": None}, whole=True) is None
    assert schema.rewritten(["a"], {"b": None}, whole=True) == ["a"]


def test_a_retired_label_means_nothing_until_it_is_offered_again() -> None:
    made = schema.retire(topic(), LABELS, "b", withdraw=False)
    assert (made.labels, made.renamed, made.maps) == (("a", "c"), {"b": None}, {})
    task = laid_over_by(topic(), made)
    assert schema.add(task, made.labels, "b").renamed == {}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda: schema.rename(topic(), LABELS, "b", "c"), "merge 'b' into 'c'"),
        (lambda: schema.rename(topic(), LABELS, "b", "b"), "called that already"),
        (lambda: schema.rename(topic(), LABELS, "b", "C"), "differ only in case"),
        (lambda: schema.rename(topic(), LABELS, "b", " x"), "can't be a label"),
        (lambda: schema.rename(topic(), LABELS, "b", "x\x00"), "can't be a label"),
        (lambda: schema.rename(topic(), LABELS, "b", "x" * 1_000_000), "at most 200 characters, this one 1,000,000"),
        (lambda: schema.merge(topic(), LABELS, ["b"], "b"), "two labels or more"),
        (lambda: schema.merge(topic(), LABELS, [], "b"), "two labels or more"),
        (lambda: schema.split(topic(), LABELS, "b", ["x"], withdraw=True), "two labels or more"),
        (lambda: schema.split(topic(), LABELS, "b", ["x", "a"], withdraw=True), "there is a label 'a' already"),
        (lambda: schema.retire(topic(("a", "b")), ("a", "b"), "b", withdraw=True), "1 label"),
        (lambda: schema.merge(topic(("a", "b")), ("a", "b"), ["a", "b"], "c"), "1 label"),
        (lambda: schema.retire(topic(on="b"), LABELS, "b", withdraw=True), "target of 'topic' is on 'b'"),
    ],
)
def test_what_makes_no_sense_is_refused(change: object, said: str) -> None:
    with pytest.raises(LabelError, match=said):
        change()  # type: ignore[operator]


def test_a_label_that_is_not_there_is_refused_with_a_near_one() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'refund'"):
        schema.rename(topic(("refund", "card")), ("refund", "card"), "refnd", "x")


def laid_over_by(task: Task, made: schema.Change) -> Task:
    project = Project("mail", text="body")
    project.tasks["topic"] = task
    over = [Over("renamed:topic", made.renamed), Over("labels:topic", list(made.labels))]
    return laid_over(project, over).tasks["topic"]


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["rename", "merge", "retire", "split", "add"]), st.integers(0, 9), st.sampled_from("abcdefgh")
    ),
    max_size=8,
)


@given(STEPS)
def test_whatever_was_changed_every_old_name_leads_to_a_name_that_is_offered_or_to_none(
    steps: list[tuple[str, int, str]],
) -> None:
    task, labels, values = topic(), list(LABELS), {"a": "a", "b": "b", "c": "c"}
    for kind, at, name in steps:
        label = labels[at % len(labels)]
        try:
            if kind == "rename":
                made = schema.rename(task, labels, label, name)
            elif kind == "merge":
                made = schema.merge(task, labels, [label, labels[0]], name)
            elif kind == "retire":
                made = schema.retire(task, labels, label, withdraw=True)
            elif kind == "split":
                made = schema.split(task, labels, label, [name, name + "2"], withdraw=True)
            else:
                made = schema.add(task, labels, name)
        except LabelError:
            continue
        values = {old: schema.rewritten(now, made.maps) if now else now for old, now in values.items()}
        task, labels = laid_over_by(topic(), made), list(made.labels)
        assert task.labels == made.labels
        assert not set(made.renamed) & set(labels)
        assert {new for new in made.renamed.values() if new is not None} <= set(labels)
    assert {value for value in values.values() if value is not None} <= set(labels)
