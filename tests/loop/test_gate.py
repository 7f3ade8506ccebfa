"""The gate on real models: one that stays as good passes, one that got worse is blocked, and doubt asks for labels."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pyarrow as pa
import pytest

from adequate.errors import UnknownNameError
from adequate.loop.answers import import_labels
from adequate.loop.compare import Report
from adequate.loop.engine import Engine
from adequate.store import Override
from tests.loop.projects import EASY
from tests.made import begun, csv, mail

DATA = mail(600).select(["body", "intent"])


def retrained(root: Path, *, corrupted: float, measured: float = 1.0) -> tuple[Engine, list[str]]:
    """A project with two models: of good labels, then with a share of the cards among `teach` called fees.

    Args:
        measured: share of the gate that is labelled.

    Returns:
        The project, and what the loop's own gate said of each.
    """
    begun(root, DATA, EASY, with_labels=False)
    engine, rng = Engine.open(root), np.random.default_rng(0)
    said: list[str] = []
    with engine.store() as store:
        part = store.examples.parts()
    keep = (part != 2) | (rng.random(len(part)) < measured)
    _label(engine, root / "good.csv", DATA.filter(pa.array(keep)))
    engine.run(turned=lambda state: said.append(state.outcome or ""))
    wrong = ["fee" if one == "card" and rng.random() < corrupted else one for one in DATA["intent"].to_pylist()]
    bad = pa.table({"body": DATA["body"], "intent": wrong})
    _label(engine, root / "bad.csv", bad.filter(pa.array((part == 0) & (np.arange(len(part)) > 0))))
    engine.run(turned=lambda state: said.append(state.outcome or ""))
    return engine, said


def _label(engine: Engine, path: Path, table: pa.Table) -> None:
    with engine.store(write=True) as store:
        import_labels(store, engine.project, csv(path, table))


def reported(engine: Engine) -> Report:
    """Baseline against the newest; both are kept whatever the loop decided."""
    with engine.store() as store:
        first, second = (made.id for made in store.models.list())
    return engine.gate(first, second)


def test_a_model_that_got_worse_is_blocked_and_the_one_before_stays(tmp_path: Path) -> None:
    engine, said = retrained(tmp_path / "mail", corrupted=1.0)
    assert said == ["passed", "blocked"]
    report = reported(engine)
    assert (report.outcome, report.exit_code) == ("blocked", 1)
    assert "got worse" in report.reasons[0]
    assert [line.change for line in report.lines] == ["regressed"]
    with engine.store() as store:
        states = [made.state for made in store.models.list()]
        assert states == ["accepted", "rejected"]
        assert store.models.accepted() == report.baseline
    suite = ElementTree.fromstring(report.to_junit()).find("testsuite")
    assert suite is not None
    assert (suite.get("tests"), suite.get("failures")) == ("2", "2")


def test_a_blocked_model_ends_the_run_as_blocked_though_each_cell_is_at_its_target(tmp_path: Path) -> None:
    engine, _ = retrained(tmp_path / "mail", corrupted=0.5)
    assert engine.board().adequate
    assert engine.board().next["command"] == "adequate gate baseline last"
    outcome = engine.run()
    assert outcome.ending == "blocked"
    assert "got worse" in outcome.say


def test_a_model_that_is_as_good_passes(tmp_path: Path) -> None:
    engine, said = retrained(tmp_path / "mail", corrupted=0.02)
    assert said == ["passed", "passed"]
    report = reported(engine)
    assert (report.outcome, report.exit_code, report.ask) == ("passed", 0, {})
    assert engine.gate("baseline", "last").outcome == "passed"


def test_a_doubt_asks_for_the_labels_that_decide_it_and_then_it_is_decided(tmp_path: Path) -> None:
    engine, said = retrained(tmp_path / "mail", corrupted=0.6, measured=0.06)
    assert said == ["passed", "needs_labels"]
    report = reported(engine)
    assert (report.outcome, report.exit_code) == ("needs_labels", 2)
    assert report.expected == len(report.ask["intent"]) > 0
    with engine.store() as store:
        waiting = store.queue.waiting()
        assert {item.example for item in waiting} == set(report.ask["intent"])
        assert {item.part for item in waiting} == {"gate"}
        assert {"disagree" in item.why for item in waiting} == {True}
    outcomes: list[str] = []
    engine.run(oracle=tmp_path / "mail.csv", turned=lambda state: outcomes.append(state.outcome or ""), cycles=3)
    assert "blocked" in outcomes
    with engine.store() as store:
        assert store.models.accepted() == report.baseline


def test_each_look_is_counted_and_asking_again_turns_nothing(tmp_path: Path) -> None:
    engine, _ = retrained(tmp_path / "mail", corrupted=1.0)
    first, second = reported(engine), reported(engine)
    assert second.looks == first.looks + 1
    assert (first.outcome, first.lines) == (second.outcome, second.lines)


def test_a_release_also_wants_what_was_declared(tmp_path: Path) -> None:
    engine, _ = retrained(tmp_path / "mail", corrupted=0.02, measured=0.1)
    strict = EASY + 'project.slice("short", sql="length(body) < 60", target=0.9, critical=True)\n'
    (engine.root / "project.py").write_text(strict)
    engine = Engine.open(engine.root)
    engine.run()
    report = engine.gate("baseline", "last", release=True)
    assert report.outcome == "needs_labels"
    assert "critical and unknown" in report.reasons[0]
    assert report.expected > 0


def test_a_release_is_judged_at_the_targets_of_today(tmp_path: Path) -> None:
    engine, _ = retrained(tmp_path / "mail", corrupted=0.0)
    before = engine.gate("baseline", "last", release=True)
    assert "inadequate" not in " ".join(before.reasons)
    cell = "intent/all/accuracy"
    with engine.store(write=True) as store:
        [measured] = [
            row
            for row in store.cells.read(before.candidate).to_pylist()
            if row["label"] == "" and row["slice"] == "all"
        ]
        above = (measured["high"] + 1) / 2
        store.overrides.put(Override(what=f"target:{cell}", value=above, who="ann", why="the product needs more"))
    after = Engine.open(engine.root).gate("baseline", "last", release=True)
    assert after.outcome == "blocked"
    assert any(reason.startswith(f"{cell} is inadequate") for reason in after.reasons)


def test_an_unknown_model_is_answered_with_those_there_are(tmp_path: Path) -> None:
    engine, _ = retrained(tmp_path / "mail", corrupted=0.02)
    with pytest.raises(UnknownNameError, match="no model 'zzz'"):
        engine.gate("zzz", "last")
