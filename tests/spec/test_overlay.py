"""What was changed in the studio, laid over the file."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

import adequate as aq
from adequate.errors import SpecError, TestError
from adequate.spec.load import load
from adequate.spec.overlay import Change, fresh, laid_over

LABELS = ["a", "b", "c"]


def short(batch: pa.RecordBatch) -> pa.Array:
    return pc.less(pc.utf8_length(batch["body"]), 20)


def mail() -> aq.Project:
    project = aq.Project("mail", text="body")
    project.classify("topic", labels=LABELS, target=aq.Target(accuracy=0.9, recall=0.8))
    project.classify("urgent", labels=["no", "yes"], target=aq.Target(recall=0.9, on="yes"))
    project.multilabel("tags", target=aq.Target(recall=0.5))
    project.slice("fees", sql="body LIKE '%fee%'", target=0.8, critical=True)
    project.slice("short", short, target=0.7)
    return project


def written_back(project: aq.Project, folder: Path) -> aq.Project:
    (folder / "project.py").write_text(project.as_python())
    return load(folder)


def test_without_changes_a_project_is_what_it_was() -> None:
    project = mail()
    over = laid_over(project, [])
    assert (over.declared(), over.digest(), over.changes) == (project.declared(), project.digest(), ())


def test_what_is_laid_over_leaves_the_file_as_it_was() -> None:
    project = mail()
    before = project.digest()
    over = laid_over(project, [Change("labels:topic", ["x", "y"]), Change("slice:fees", None)])
    assert project.digest() == before != over.digest()
    assert over.tasks["topic"].labels == ("x", "y")
    assert ("fees" in over.slices, "fees" in project.slices) == (False, True)


def test_of_several_changes_the_last_holds_and_null_is_the_file_again() -> None:
    over = laid_over(mail(), [Change("labels:topic", ["x", "y"]), Change("labels:topic", None)])
    assert over.digest() == mail().digest()
    assert over.changes == ()


def test_a_change_to_what_the_file_no_longer_has_waits_without_effect() -> None:
    stale = [
        Change("labels:gone", ["x", "y"]),
        Change("target:gone/all/accuracy", 0.5),
        Change("target:topic/gone/accuracy", 0.5),
        Change("target:topic/all/gone/recall", 0.5),
        Change("target:topic/all/a/accuracy", 0.5),
        Change("slice:gone", None),
        Change("slice:function gone", {"sql": None, "target": 0.5}),
        Change("gate:model", "accepted"),
    ]
    assert laid_over(mail(), stale).changes == ()


@pytest.mark.parametrize("key", ["topic/all/accuracy", "topic/all//accuracy"])
def test_a_target_is_of_the_cell_as_the_board_names_it(key: str) -> None:
    over = laid_over(mail(), [Change(f"target:{key}", 0.85), Change("target:topic/fees/b/recall", 0.6)])
    assert over.targets == {"topic/all/accuracy": 0.85, "topic/fees/b/recall": 0.6}


def test_a_label_may_hold_a_slash() -> None:
    project = aq.Project("mail", text="body")
    project.classify("topic", labels=["a/b", "c"], target=aq.Target(recall=0.8))
    assert laid_over(project, [Change("target:topic/all/a/b/recall", 0.5)]).targets == {"topic/all/a/b/recall": 0.5}


def test_a_slice_given_by_a_function_keeps_it_under_a_new_target() -> None:
    over = laid_over(mail(), [Change("slice:short", {"sql": None, "target": 0.5, "critical": True})])
    made = over.slices["short"]
    assert (made.function, made.target, made.critical) == (short, 0.5, True)


def test_a_renamed_label_takes_targets_and_the_label_that_the_target_is_on_along() -> None:
    changes = [
        Change("target:topic/all/a/recall", 0.6),
        Change("target:topic/all/b/recall", 0.6),
        Change("labels:topic", ["A", "c"]),
        Change("renamed:topic", {"a": "A", "b": None}),
        Change("labels:urgent", ["no", "now"]),
        Change("renamed:urgent", {"yes": "now"}),
    ]
    over = laid_over(mail(), changes)
    assert over.targets == {"topic/all/A/recall": 0.6}
    assert over.tasks["urgent"].target.on == "now"
    assert [over.tasks["topic"].now(label) for label in ("a", "b", "c", "A")] == ["A", None, "c", "A"]


def test_a_name_in_use_means_itself_whatever_it_was_before() -> None:
    over = laid_over(mail(), [Change("renamed:topic", {"a": "b"})])  # a is still offered
    assert over.tasks["topic"].now("a") == "a"


def test_the_project_written_back_declares_the_same_and_says_what_the_studio_changed(tmp_path: Path) -> None:
    why = "half of them\n\x1b[31mare 'fees' \u202e"
    changes = [
        Change("slice:fees", None, "ann", "never used", 1.7e9),
        Change("slice:angry", {"sql": "body LIKE '%!!!%'", "target": 0.7, "critical": False}, "bo", why, 1.7e9),
        Change("labels:topic", ["A", "c"], "ann", why, 1.7e9),
        Change("renamed:topic", {"a": "A", "b": None}, "ann", why, 1.7e9),
        Change("target:topic/angry/accuracy", 0.65, "cy", "few of them", 1.7e9),
    ]
    over = laid_over(mail(), changes)
    text = over.as_python()
    assert written_back(over, tmp_path).digest() == over.digest()
    assert "# from the studio: ann, 2023-11-14: half of them [31mare 'fees'\nproject.classify(" in text
    assert "# from the studio: cy, 2023-11-14: few of them\nproject.target(" in text
    assert "# from the studio: ann, 2023-11-14: never used\n# slice:fees is gone" in text
    assert text.replace("\n", "").isprintable()


def test_tests_that_the_studio_brought_are_written_back_with_who_when_and_why(tmp_path: Path) -> None:
    suite = {"path": "tests/golden.csv", "task": "topic", "target": 1.0, "exact": True, "critical": True}
    same = {"task": "topic", "perturbation": "swap_letters", "slices": ["fees"], "target": 0.9, "reach": 0.2}
    changes = [
        Change("suite:golden", suite, "ann", "what failed", 1.7e9),
        Change("behaviour:typos", same | {"critical": False}, "bo", "people hurry", 1.7e9),
        Change("suite:old", suite, "cy", "first try", 1.7e9),
    ]
    project = laid_over(mail(), changes[2:])
    over = laid_over(project, [*changes[:2], Change("suite:old", None, "cy", "too few", 1.7e9)])
    text = over.as_python()
    assert "# from the studio: ann, 2023-11-14: what failed\nproject.must_pass(" in text
    assert "# from the studio: bo, 2023-11-14: people hurry\nproject.behaviour(" in text
    assert "# from the studio: cy, 2023-11-14: too few\n# suite:old is gone" in text
    assert list(written_back(over, tmp_path).behaviours) == ["typos"]


def test_pasted_back_the_changes_change_nothing_more(tmp_path: Path) -> None:
    changes = [
        Change("labels:topic", ["A", "c"]),
        Change("renamed:topic", {"a": "A", "b": None}),
        Change("target:topic/all/A/recall", 0.65),
    ]
    pasted = written_back(laid_over(mail(), changes), tmp_path)
    again = laid_over(pasted, changes)
    assert (again.digest(), again.changes) == (pasted.digest(), ())


@pytest.mark.parametrize("cell", ["topic/all/a/accuracy", "topic/all/recall", "topic/all/z/recall", "no/all/accuracy"])
def test_a_target_of_a_cell_that_is_not_there_is_refused(cell: str) -> None:
    with pytest.raises(SpecError, match="there is no cell"):
        mail().target(cell, 0.5)


def test_names_that_became_what_is_no_label_are_refused() -> None:
    with pytest.raises(SpecError, match="'x' became no label 'z'"):
        mail().classify("more", labels=LABELS, target=aq.Target(accuracy=0.9), renamed={"x": "z"})


@given(st.lists(st.tuples(st.sampled_from(LABELS), st.sampled_from([*LABELS, "d", None])), max_size=6))
def test_laying_over_in_two_parts_is_laying_over_at_once(pairs: list[tuple[str, str | None]]) -> None:
    changes = [Change("renamed:topic", {old: new}) for old, new in pairs if old != new]
    over = laid_over(mail(), changes)
    assert over.digest() == laid_over(mail(), changes[-1:]).digest()


SUITE = {"path": "tests/fees.csv", "task": "topic"}
BEHAVIOUR = {"task": "topic", "perturbation": "swap_letters"}


@pytest.mark.parametrize(("what", "value"), [("suite:fees", SUITE), ("behaviour:fees", BEHAVIOUR)])
@pytest.mark.parametrize("kind", ["behaviour", "suite", "assertion"])
def test_a_name_is_one_test_of_any_kind(kind: str, what: str, value: dict[str, str]) -> None:
    project = mail()
    fresh(project, {what: value})
    if kind == "behaviour":
        project.behaviour("topic", name="fees")(aq.perturb.swap_letters)
    elif kind == "suite":
        project.suite("other/fees.csv", "topic")
    else:
        project.contradiction("topic", name="fees")
    with pytest.raises(TestError, match=f"there is an? {kind} 'fees' already"):
        fresh(project, {what: value})
    if kind != what.partition(":")[0]:  # and one that was laid before the file had it waits
        assert not laid_over(project, [Change(what, value)]).changes


def test_a_suite_whose_file_has_grown_is_the_same() -> None:
    fresh(laid_over(mail(), [Change("suite:fees", SUITE)]), {"suite:fees": SUITE})
