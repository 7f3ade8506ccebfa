"""Behaviours, suites, assertions, rules for columns: what makes sense is kept, what doesn't is refused at its line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import adequate as aq
from adequate.errors import SpecError
from adequate.spec.load import load

FILE = """
import pyarrow.compute as pc

import adequate as aq

project = aq.Project("mail", text="body", time="at")
intent = project.classify("intent", labels=["refund", "other"], target=aq.Target(accuracy=0.9))
urgent = project.classify("urgent", labels=["no", "yes"], target=aq.Target(accuracy=0.9))
fees = project.slice("fees", sql="body ILIKE '%fee%'")


@project.behaviour(intent, expect="same", reach=0.5, on=[fees, "all"])
def survives_typos(batch, level, rng):
    return aq.perturb.swap_letters(batch, level, rng)


@project.behaviour(intent)
def negation():
    yield from aq.cases("I was {not|never} charged for {a card|a transfer}", expect="other")


@project.behaviour(urgent, expect=aq.rises("yes"), by=0.1, name="help makes it urgent")
def adding_help(batch, level, rng):
    return batch


@project.assertion(severity="block", most=0.01)
def refund_needs_amount(inputs, outputs):
    return pc.and_(pc.equal(outputs["intent"], "refund"), pc.is_null(inputs["amount"]))


project.assertion(sql="intent = 'refund' AND urgent = 'no'", name="refunds are urgent", task=urgent, most=0.2)
project.must_pass("golden/fees.csv")
project.suite("hate.csv", intent, text="test_case", expect="gold", per="functionality", labels={"h": "refund"})
project.consistent(intent, within="thread")
project.steady(intent, within="thread", gap=2)
project.agreement(intent)
project.contradiction(intent)
project.rate(urgent, "yes", most=20)
project.implication("a refund is urgent", when={"intent": "refund"}, then={"urgent": "yes"})
project.within("intent_confidence", between=(0.2, None), task=intent)
project.invariant(intent, aq.perturb.swap_letters, share=0.1)
project.column("amount", of="number", nulls=0.5, between=(0, None), severity="block")
"""


def test_what_is_declared_is_written_down_again_and_means_the_same(tmp_path: Path) -> None:
    (tmp_path / "project.py").write_text(FILE)
    project = load(tmp_path)
    assert list(project.behaviours) == ["survives_typos", "negation", "help makes it urgent"]
    assert project.behaviours["survives_typos"].slices == ("fees", "all")
    assert [project.behaviours[name].widens for name in project.behaviours] == [True, False, False]
    assert len(project.assertions) == 10
    assert list(project.suites) == ["fees", "hate"]
    (tmp_path / "again.py").write_text(project.as_python())
    again = load(tmp_path / "again.py")
    assert again.digest() == project.digest()
    assert again.as_python() == project.as_python()


@pytest.mark.parametrize("given", [{"sql": ""}, {"sql": 3, "name": "a"}, {"sql": "true"}, {"sql": " ", "name": "a"}])
def test_an_assertion_in_sql_has_sql_and_a_name(given: dict[str, Any]) -> None:
    with pytest.raises(SpecError, match=r"sql=|can't name"):
        mail().assertion(**given)


def test_a_project_without_tests_keeps_its_digest(tmp_path: Path) -> None:
    assert not {"behaviours", "suites", "assertions", "rules"} & mail().declared().keys()


def test_a_behaviour_that_says_something_else_is_another_project(tmp_path: Path) -> None:
    (tmp_path / "project.py").write_text(FILE)
    before = load(tmp_path).digest()
    (tmp_path / "project.py").write_text(FILE.replace("{not|never}", "{not}"))
    assert load(tmp_path).digest() != before


def unchanged(batch: Any, _level: float, _rng: Any) -> Any:
    return batch


def mail() -> aq.Project:
    project = aq.Project("mail", text="body")
    project.classify("intent", labels=["a", "b"], target=aq.Target(accuracy=0.9))
    return project


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"expect": "b"}, "says nothing of a change"),
        ({"expect": aq.rises("c")}, "no label 'c'"),
        ({"target": 95}, "perhaps target=0.95"),
        ({"by": 1}, "isn't a fraction"),
        ({"reach": 0}, "isn't a fraction"),
        ({"critical": 1}, "isn't True or False"),
        ({"name": "a/b"}, "can't name a behaviour"),
        ({"on": 3}, "isn't a slice"),
    ],
)
def test_a_change_that_makes_no_sense_is_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(SpecError, match=said):
        mail().behaviour("intent", **given)(unchanged)


@pytest.mark.parametrize(
    ("expect", "said"), [("same", "is no label"), ("c", "no label 'c'"), (aq.falls("a"), "no label")]
)
def test_cases_expect_a_label(expect: Any, said: str) -> None:
    with pytest.raises(SpecError, match=said):
        mail().behaviour("intent", expect=expect, name="x")(list)


def test_a_behaviour_takes_three_arguments_or_none() -> None:
    with pytest.raises(SpecError, match=r"takes \(batch\)"):
        mail().behaviour("intent", name="x")(lambda batch: batch)


def test_a_task_or_a_slice_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="no task 'intnt'"):
        mail().behaviour("intnt")
    project = mail()
    project.behaviour("intent", name="x", on="fees")(unchanged)
    with pytest.raises(SpecError, match="no slice 'fees'"):
        project.finish()


def test_a_name_is_given_once() -> None:
    project = mail()
    project.must_pass("golden/fees.csv")
    with pytest.raises(SpecError, match="suite 'fees' has the name of another suite"):
        project.must_pass("other/fees.csv")
    with pytest.raises(SpecError, match="behaviour 'fees' has the name of another suite"):
        project.behaviour("intent", name="fees")(unchanged)
    with pytest.raises(SpecError, match="assertion 'fees' has the name of another suite"):
        project.consistent("intent", within="thread", name="fees")
    project.column("fees", of="number")  # names no cell


def test_a_name_given_to_two_kinds_of_test_is_refused_at_its_line(tmp_path: Path) -> None:
    head, _, _ = FILE.partition("@project")
    twice = '@project.behaviour(intent)\ndef hate():\n    yield "x", "other"\n\n\nproject.suite("hate.csv", intent)\n'
    (tmp_path / "project.py").write_text(head + twice)
    with pytest.raises(SpecError, match="suite 'hate' has the name of another behaviour") as caught:
        load(tmp_path)
    assert caught.value.line == (head + twice).count("\n")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"of": "float"}, "of='float'"),
        ({"nulls": 2}, "isn't a fraction"),
        ({"between": 3}, "isn't a pair"),
        ({"between": (3, 1)}, "nothing lies between"),
        ({"one_of": "web"}, "isn't a list"),
        ({"severity": "stop"}, "severity='stop'"),
    ],
)
def test_a_rule_for_a_column_that_makes_no_sense_is_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(SpecError, match=said):
        mail().column("amount", **given)


def test_cases_fill_every_slot_and_draw_where_there_are_too_many() -> None:
    all_ = list(aq.cases("{who} saw {who} {|twice}", expect="a", who=["Ann", "Ben"]))
    assert [case.text for case in all_] == ["Ann saw Ann", "Ann saw Ann twice", "Ben saw Ben", "Ben saw Ben twice"]
    some = aq.cases("{x} {y} {z}", n=50, seed=3, x=list("abcdefgh"), y=list("abcdefgh"), z=list("abcdefgh"))
    texts = [case.text for case in some]
    assert len(texts) == len(set(texts)) == len(some) == 50
    assert texts == [case.text for case in some]
    assert texts != [case.text for case in aq.cases(some.template, n=50, seed=4, **some.slots)]


def test_a_filler_may_change_what_is_right() -> None:
    made = aq.cases("I was {not |}charged", expect="refund", when={"not ": "other"})
    assert [(case.text, case.expect) for case in made] == [("I was not charged", "other"), ("I was charged", "refund")]


@pytest.mark.parametrize(
    ("template", "slots", "said"),
    [
        ("I like {}", {}, "is empty"),
        ("I like {x}", {"x": []}, "is empty"),
        ("I like it", {"x": ["a"]}, "has no slot {x}"),
    ],
)
def test_a_template_with_an_empty_slot_is_refused(template: str, slots: dict[str, Any], said: str) -> None:
    with pytest.raises(SpecError, match=said):
        aq.cases(template, expect="a", **slots)
