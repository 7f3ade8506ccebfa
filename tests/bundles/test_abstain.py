"""A bundle says which of its answers a person should give, by thresholds that it carries."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from adequate.bundles import Bundle, write
from adequate.bundles.abstain import Abstention
from adequate.bundles.manifest import SIGNATURE
from adequate.bundles.written import amend
from adequate.errors import FormatError
from adequate.testing.outputs import Output, confidence
from tests.bundles import made

OWN = {"slice": "app", "sqlite": "channel = 'app'", "columns": ["channel"], "threshold": 0.9}
LONG = {"slice": "long", "sqlite": "length(body) > 20", "columns": ["body"], "threshold": 0.2}


def output(*sure: float) -> Output:
    """Answers of one label, as sure as that."""
    return Output(labels=("a",), answers=np.zeros(len(sure), np.int32), sure=np.array(sure, np.float32))


def bundle(folder: Path, abstain: dict[str, Any] | None) -> Path:
    """A small one of words alone."""
    block = made.words()
    heads = {task: head for task, head in made.heads([block]).items() if task == "intent"}
    return write(folder, project="mail", text="body", blocks=[block], heads=heads, abstain=abstain)


@pytest.fixture(scope="module")
def opened_with(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """With a threshold, and two slices that have their own."""
    rule = {"intent": {"threshold": 0.6, "slices": [OWN, LONG]}}
    return Bundle.open(bundle(tmp_path_factory.mktemp("rule"), rule))


def test_an_answer_below_the_threshold_is_marked(opened_with: Bundle) -> None:
    found = opened_with.abstained({"body": ["a"] * 3}, {"intent": output(0.59, 0.6, 0.7)})
    assert found["intent"].tolist() == [True, False, False]


def test_what_is_as_sure_as_the_threshold_is_answered_and_a_slice_may_answer_everything() -> None:
    rule = Abstention.of({"intent": {"threshold": 0.75, "slices": [OWN | {"threshold": 0.0}]}})
    below = rule.below({"channel": ["web", "web", "app"]}, {"intent": output(0.75, 0.74, 0.1)})
    assert below["intent"].tolist() == [False, True, False]


def test_a_slice_goes_over_the_task_and_the_highest_of_several_holds(opened_with: Bundle) -> None:
    columns = {"body": ["short", "longer than twenty characters"] * 2, "channel": ["app", "app", None, "web"]}
    sure = {"intent": output(0.8, 0.8, 0.5, 0.5)}
    assert opened_with.abstained(columns, sure)["intent"].tolist() == [True, True, True, False]


def test_a_slice_whose_column_is_not_given_holds_for_nobody(opened_with: Bundle) -> None:
    found = opened_with.abstained({"body": ["short"]}, {"intent": output(0.8)})
    assert found["intent"].tolist() == [False]


def test_no_rule_marks_nothing(tmp_path: Path) -> None:
    plain = Bundle.open(bundle(tmp_path, None))
    assert plain.abstained({}, plain.answer(["where is my card"]).outputs) == {}


def test_another_rule_changes_neither_name_nor_answers_but_ends_the_signature(tmp_path: Path) -> None:
    folder = bundle(tmp_path, None)
    before = Bundle.open(folder)
    (folder / SIGNATURE).write_bytes(b"of what it said before")
    amend(folder, abstain={})
    assert (folder / SIGNATURE).exists()
    amend(folder, abstain={"intent": {"threshold": 1.0}})
    after = Bundle.open(folder)
    assert (after.id, (folder / SIGNATURE).exists()) == (before.id, False)
    said = after.answer(made.texts(20)).outputs
    sure = confidence(said["intent"])
    assert sure is not None
    assert after.abstained({}, said)["intent"].tolist() == (sure < 1).tolist()
    assert np.array_equal(said["intent"].answers, before.answer(made.texts(20)).outputs["intent"].answers)


def test_what_is_declared_later_is_carried_too_and_the_rest_stays(tmp_path: Path) -> None:
    folder = bundle(tmp_path, {"intent": {"threshold": 0.5}})
    amend(folder, recording={"redact": ["email"]}, assertions=({"name": "sure"},))
    (folder / SIGNATURE).write_bytes(b"of what it says now")
    amend(folder, recording={"redact": ("email",)})  # the same, as JSON has it
    said = Bundle.open(folder).manifest
    assert (said.recording, said.assertions) == ({"redact": ["email"]}, ({"name": "sure"},))
    assert (said.abstain, (folder / SIGNATURE).exists()) == ({"intent": {"threshold": 0.5}}, True)


@pytest.mark.parametrize("rule", [{"intent": {}}, {"intent": {"threshold": 2}}, {"intent": {"threshold": "high"}}])
def test_a_rule_that_is_none_is_refused_when_the_bundle_is_opened(tmp_path: Path, rule: dict[str, Any]) -> None:
    with pytest.raises(FormatError, match="rule of abstention"):
        Bundle.open(bundle(tmp_path, rule))
