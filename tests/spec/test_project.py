"""What may be declared, what may not, and which line is blamed."""

from __future__ import annotations

from pathlib import Path

import pytest

import adequate as aq
from adequate.errors import SpecError
from adequate.types import Kind

GOOD = aq.Target(accuracy=0.9)


def mail() -> aq.Project:
    return aq.Project("mail", text="body", group="thread")


def test_a_project_holds_what_is_declared_in_order() -> None:
    project = mail()
    urgent = project.classify(
        "urgent", labels=["no", "yes"], target=aq.Target(recall=0.95, on="yes"), cost={"miss": 20, "alarm": 1}
    )
    topics = project.multilabel("topics", column="tags", separator=";", target=aq.Target(recall=0.8))
    assert list(project.tasks.values()) == [urgent, topics]
    assert (urgent.kind, urgent.labels, urgent.column) == (Kind.CLASSIFY, ("no", "yes"), "urgent")
    assert (topics.kind, topics.labels, topics.column) == (Kind.MULTILABEL, None, "tags")
    assert urgent.cost == {"miss": 20.0, "alarm": 1.0}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "no measure"),
        ({"accuracy": 90}, "perhaps accuracy=0.9"),
        ({"recall": 0}, "above 0"),
        ({"recall": True}, "isn't a number"),
        ({"precision": float("nan")}, "isn't a fraction"),
        ({"accuracy": 0.9, "on": "yes"}, "not of a label"),
        ({"accuracy": 0.9, "per": "label"}, "not of a label"),
        ({"recall": 0.9, "on": "yes", "per": "label"}, "contradict"),
        ({"recall": 0.9, "per": "class"}, "isn't a way to measure"),
    ],
)
def test_a_target_without_a_meaning_is_refused(given: dict[str, object], said: str) -> None:
    with pytest.raises(SpecError, match=said):
        aq.Target(**given)  # type: ignore[arg-type]


def test_recall_is_per_label_unless_it_is_on_one() -> None:
    assert aq.Target(recall=0.9).per == "label"
    assert aq.Target(recall=0.9, on="yes").per == "overall"
    assert aq.Target(accuracy=0.9).per == "overall"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "no target"),
        ({"target": 0.9}, "isn't an aq.Target"),
        ({"target": GOOD, "labels": ["a", "b", "a"]}, "'a', 'a' twice"),
        ({"target": GOOD, "labels": ["Spam", "ham", "spam "]}, "'Spam', 'spam ' as names that differ in case"),
        ({"target": GOOD, "labels": ["a"]}, "at least 2"),
        ({"target": GOOD, "labels": "ab"}, "isn't a list of labels"),
        ({"target": GOOD, "labels": ["a", 1]}, "1 can't be a label"),
        ({"target": GOOD, "labels": ["a", " "]}, "' ' can't be a label"),
        ({"target": aq.Target(recall=0.9, on="yess"), "labels": ["no", "yes"]}, "did you mean 'yes'"),
        ({"target": GOOD, "cost": {"miss": 2}}, "which label"),
        ({"target": aq.Target(recall=0.9, on="b"), "cost": {"mis": 2}}, "isn't a cost"),
        ({"target": aq.Target(recall=0.9, on="b"), "cost": {"miss": -2}}, "isn't above 0"),
        ({"target": GOOD, "column": "body"}, "from the text"),
    ],
)
def test_a_task_that_makes_no_sense_is_refused(given: dict[str, object], said: str) -> None:
    with pytest.raises(SpecError, match=said):
        mail().classify("intent", **given)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["", "a b", "a/b", "aq_task", "../x", 3])
def test_a_task_is_named_so_that_it_can_name_a_table(name: str) -> None:
    with pytest.raises(SpecError, match="can't name a task"):
        mail().classify(name, target=GOOD)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"text": ""}, "isn't the name of a column"),
        ({"text": "aq_id"}, "isn't the name of a column"),
        ({"text": "body", "group": "body"}, "the text itself"),
        ({"text": "body", "time": 3}, "isn't the name of a column"),
    ],
)
def test_columns_are_names(given: dict[str, str], said: str) -> None:
    with pytest.raises(SpecError, match=said):
        aq.Project("mail", **given)


def test_the_same_name_twice_is_refused() -> None:
    project = mail()
    project.classify("intent", target=GOOD)
    project.slice("short", sql="length(text) < 20")
    with pytest.raises(SpecError, match="a task 'intent' already"):
        project.multilabel("intent", target=GOOD)
    with pytest.raises(SpecError, match="a slice 'short' already"):
        project.slice("short", sql="length(text) < 30")


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("fees", {"sql": "  "}, "SQL is empty"),
        ("fees", {"sql": "SELECT * FROM x"}, "begins a statement"),
        ("fees", {"sql": "true", "target": 95}, "perhaps target=0.95"),
        ("fees", {"sql": "true", "critical": "yes"}, "isn't True or False"),
        ("all", {"sql": "true"}, "every example"),
        ("a/b", {"sql": "true"}, "can't name a slice"),
        ("fees", {"sql": "true", "function": len}, "both"),
        ("fees", {"function": "length(text)"}, "isn't a function"),
    ],
)
def test_a_slice_that_makes_no_sense_is_refused(name: str, given: dict[str, object], said: str) -> None:
    with pytest.raises(SpecError, match=said):
        mail().slice(name, **given)  # type: ignore[call-overload]


def test_a_slice_is_declared_in_four_ways() -> None:
    project = mail()
    fees = project.slice("fees", sql="text ILIKE '%fee%'", target=0.95, critical=True)
    short = project.slice("short", lambda batch: batch["n"])

    @project.slice
    def long(batch):  # type: ignore[no-untyped-def]
        return batch["n"]

    @project.slice("very long", target=0.8)
    def longer(batch):  # type: ignore[no-untyped-def]
        return batch["n"]

    assert list(project.slices) == ["fees", "short", "long", "very long"]
    assert (fees.sql, fees.target, fees.critical) == ("text ILIKE '%fee%'", 0.95, True)
    assert short.function is not None
    assert project.slices["long"].function is long
    assert (project.slices["very long"].function, project.slices["very long"].target) == (longer, 0.8)


def test_the_line_that_declared_it_is_blamed() -> None:
    with pytest.raises(SpecError) as caught:
        mail().classify("intent", target=aq.Target(accuracy=90))
    assert caught.value.file.endswith(Path(__file__).name)
    assert "target=aq.Target(accuracy=90)" in caught.value.message
    assert caught.value.line is not None
    assert "accuracy=90" in Path(__file__).read_text().splitlines()[caught.value.line - 1]
