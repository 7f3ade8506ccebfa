"""A perturbation that may change the meaning proposes what to label; it is no test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import adequate as aq
from adequate.errors import SpecError
from adequate.spec.load import load
from tests.spec.test_tested import mail

FILE = """
import adequate as aq

project = aq.Project("mail", text="body")
intent = project.classify("intent", labels=["refund", "other"], target=aq.Target(accuracy=0.9))
project.candidates(intent, aq.perturb.negate)
project.candidates(intent, aq.perturb.synonyms, level=0.25, most=20)
"""


@pytest.mark.parametrize("expect", ["same", None])
def test_a_change_of_meaning_is_no_behaviour_that_expects_the_same(tmp_path: Path, expect: str | None) -> None:
    said = f"project.behaviour(intent, expect={expect!r})(aq.perturb.negate)\n"
    (tmp_path / "project.py").write_text(FILE + said)
    with pytest.raises(SpecError, match="negate may change the meaning") as refused:
        load(tmp_path)
    assert refused.value.line == len(FILE.splitlines()) + 1
    assert "project.candidates('intent', aq.perturb.negate)" in str(refused.value)
    mail().behaviour("intent", expect=aq.falls("a"))(aq.perturb.negate)  # a direction is somebody's own judgement


def test_candidates_are_written_down_again_and_belong_to_the_digest(tmp_path: Path) -> None:
    (tmp_path / "project.py").write_text(FILE)
    project = load(tmp_path)
    assert [(one.level, one.most) for one in project.asked.values()] == [(0.5, 50), (0.25, 20)]
    assert 'project.candidates("intent", aq.perturb.negate)\n' in project.as_python()
    (tmp_path / "project.py").write_text(project.as_python())
    assert load(tmp_path).digest() == project.digest()
    (tmp_path / "project.py").write_text(FILE.replace("most=20", "most=21"))
    assert load(tmp_path).digest() != project.digest()
    assert "candidates" not in mail().declared()


@pytest.mark.parametrize(
    ("change", "given", "said"),
    [
        (aq.perturb.swap_letters, {}, "leaves the right answer as it is"),
        (len, {}, "is no perturbation"),
        (aq.perturb.negate, {"level": 0}, "isn't a fraction"),
        (aq.perturb.negate, {"most": 0}, "isn't a number of examples"),
    ],
)
def test_candidates_that_make_no_sense_are_refused(change: Any, given: dict[str, Any], said: str) -> None:
    with pytest.raises(SpecError, match=said):
        mail().candidates("intent", change, **given)


def test_candidates_are_declared_once() -> None:
    project = mail()
    project.candidates("intent", aq.perturb.negate)
    with pytest.raises(SpecError, match="declared twice"):
        project.candidates("intent", aq.perturb.negate, level=1.0)


def test_what_may_change_the_answer_is_no_invariance_either() -> None:
    project = aq.Project("mail", text="body")
    project.classify("intent", labels=["a", "b"], target=aq.Target(accuracy=0.9))
    with pytest.raises(SpecError, match="may change what is right"):
        project.invariant("intent", aq.perturb.negate)
