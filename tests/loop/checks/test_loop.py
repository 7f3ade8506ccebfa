"""The failing test feeds the loop: a cycle tests, keeps, shows, compares, mines near what fails, and teaches it."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

import adequate as aq
from adequate.loop.checks import gate, step
from adequate.loop.checks.changes import cell_of
from adequate.loop.checks.run import examples
from adequate.loop.engine import Engine
from adequate.loop.page import render
from adequate.loop.run import _adequate
from adequate.loop.subjects import Trained
from adequate.perturb.operator import as_input
from adequate.types import PARTS, Part
from tests.loop.projects import EASY, SEVERAL
from tests.made import begun, csv, mail

DATA = mail(600, hard=0.02).select(["body", "intent"])

TESTED = (
    EASY
    + """

import pyarrow as pa
import pyarrow.compute as pc

intent = project.tasks["intent"]


@project.behaviour(intent, expect="same", target=0.95, reach=0.5)
def survives_shouting(batch, level, rng):
    loud = rng.random(len(batch)) < 2 * level
    said = [text.replace("e", "3") if one else text for text, one in zip(batch["body"].to_pylist(), loud)]
    return batch.set_column(batch.schema.get_field_index("body"), "body", pa.array(said))


@project.behaviour(intent)
def asks_of_fees():
    yield from aq.cases("why the {fee|charge|overdraft} on my bill", expect="fee")
    yield from aq.cases("zzz {fee|charge}", expect="card")


project.must_pass("golden.csv")


@project.assertion(severity="block", most=0.5)
def never_loans(inputs, outputs):
    return pc.equal(outputs["intent"], "loan")
"""
)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """A project with tests after three cycles with an oracle."""
    root = tmp_path_factory.mktemp("tested") / "mail"
    begun(root, DATA, EASY, with_labels=False)
    (root / "golden.csv").write_text("body,intent\npassword reset login,login\nmortgage interest loan,loan\n")
    (root / "project.py").write_text(TESTED)
    made = Engine.open(root)
    made.run(oracle=csv(root / "answers.csv", DATA), cycles=3, batch=60)
    return made


def rows(engine: Engine) -> dict[str, dict[str, object]]:
    with engine.store() as store:
        newest = store.models.list()[-1].id
        found = store.cells.read(newest).to_pylist()
    return {str(row["label"]): row for row in found if row["label"]}


def test_what_is_declared_is_tested_in_each_cycle_and_kept_beside_what_labels_measured(engine: Engine) -> None:
    found = rows(engine)
    metrics = {name: row["metric"] for name, row in found.items()}
    assert metrics == {
        "survives_shouting": "envelope",
        "asks_of_fees": "behaviour",
        "golden": "must_pass",
        "never_loans": "assertion",
    }
    assert {row["labels"] for row in found.values()} == {found["golden"]["labels"]}
    assert found["asks_of_fees"]["state"] == "inadequate"
    with engine.store() as store:
        model = store.models.list()[-1].id
        kept = [one for _, one in store.failures.read(model, "intent/all/asks_of_fees/behaviour")]
        assert {"zzz fee", "zzz charge"} <= {one.text for one in kept}
        assert not _adequate(store, engine.project, model)


def test_tests_stand_on_the_board_by_names_that_people_can_read(engine: Engine) -> None:
    board = engine.board()
    names = {cell.label: cell.name for cell in board.cells if cell.is_test}
    assert names["survives_shouting"].startswith("intent: survives_shouting bears level 0.")
    assert names["survives_shouting"].endswith(" of 0.50")
    assert names["golden"] == "intent: golden must pass"
    assert "tests don't pass" in board.sentences["intent"]
    assert "<h2>Behaviours</h2>" in render(board)
    assert "zzz fee" in render(board)
    assert board.slices() == ["all"]


def test_the_miner_looks_near_cases_that_fail_and_says_which(engine: Engine) -> None:
    with engine.store() as store:
        near = [item for item in store.queue.waiting() if item.cell == "intent/all/asks_of_fees/behaviour"]
        assert near
        assert all('near a failing case of asks_of_fees: "' in item.why for item in near)
        assert {item.part for item in near} == {"teach"}


def test_a_project_whose_tests_are_taken_away_has_the_cells_that_labels_measure(engine: Engine) -> None:
    text = (engine.root / "project.py").read_text()
    try:
        (engine.root / "project.py").write_text(EASY)
        assert [cell for cell in Engine.open(engine.root).board().cells if cell.is_test] == []
    finally:
        (engine.root / "project.py").write_text(text)


def test_nothing_new_turns_no_cycle_though_tests_were_recorded(engine: Engine) -> None:
    assert engine.run().cycles == 0


def test_two_models_are_compared_on_the_tests_too(engine: Engine) -> None:
    with engine.store() as store:
        first, last = store.models.list()[0].id, store.models.list()[-1].id
    report = engine.gate(first, last, release=True)
    assert {"intent/all/survives_shouting/envelope", "intent/all/golden/must_pass"} <= {
        one.cell for one in report.lines
    }
    assert any("asks_of_fees/behaviour is inadequate" in one for one in report.reasons)


def test_a_model_that_says_one_thing_of_everything_is_no_measure_of_what_bears_a_change(engine: Engine) -> None:
    with engine.store() as store:
        trained = Trained.of(store, engine.project, "last")
        labels = trained.answer(as_input(pa.record_batch({"body": ["x"]}), "body"))["intent"].labels
        dumb = aq.wrap(lambda texts: ["fee"] * len(texts), task="intent", labels=labels)
        behaviour = engine.project.behaviours["survives_shouting"]
        gated = partial(examples, store, engine.project, Part.GATE, "all")
        [pair] = gate._changed(gated, behaviour, cell_of(behaviour), 0.5, dumb, trained, gate.PAIRED)
        rows = np.flatnonzero(store.examples.parts() == PARTS.index(Part.GATE))
        texts = store.examples.take(rows, ["body"]).column(0).combine_chunks()
    said = trained.answer(as_input(pa.record_batch({"body": texts}), "body"))["intent"]
    fees = [labels[code] == "fee" and "e" in text for code, text in zip(said.answers, texts.to_pylist(), strict=True)]
    assert pair.old.all(), "it bears anything"
    assert len(pair.old) == sum(fees) < len(fees), "and counts only where the other calls it a fee, too"


def test_a_cycle_killed_in_the_middle_of_its_tests_goes_on_to_the_same_cells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "mail"
    begun(root, DATA, EASY, with_labels=True)
    (root / "golden.csv").write_text("body,intent\npassword reset login,login\n")
    (root / "project.py").write_text(TESTED)
    engine = Engine.open(root)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(step, "keep", killed)
        with pytest.raises(KeyboardInterrupt):
            engine.run()
    with engine.store() as store:
        assert store.failures.read(store.models.list()[-1].id) == []
    engine.run()
    found = rows(engine)
    assert set(found) == {"survives_shouting", "asks_of_fees", "golden", "never_loans"}
    with engine.store() as store:
        assert len(store.models.list()) == 1


def test_a_test_that_cannot_be_run_is_told_and_unknown_and_the_rest_goes_on(tmp_path: Path) -> None:
    root = tmp_path / "mail"
    begun(root, DATA, EASY, with_labels=True)
    broken = TESTED.replace("loud = rng.random(len(batch)) < 2 * level", "raise ValueError('no')")
    (root / "project.py").write_text(broken)  # and golden.csv isn't there
    engine = Engine.open(root)
    told: list[str] = []
    engine.run(notice=told.append)
    found = rows(engine)
    assert found["survives_shouting"]["state"] == "unknown"
    assert found["golden"]["state"] == "unknown"
    assert found["asks_of_fees"]["state"] == "inadequate"
    assert any("survives_shouting" in one and "ValueError" in one for one in told)
    assert any("golden" in one for one in told)


def test_tests_of_several_tasks_and_of_none_in_particular_go_through_a_cycle_and_the_gate(tmp_path: Path) -> None:
    root = tmp_path / "mail"
    several = (
        SEVERAL
        + """

@project.behaviour("urgent", expect=aq.rises("yes"))
def asking_for_help(batch, level, rng):
    return aq.perturb.append(batch, " please help now")


@project.behaviour("topics")
def has_a_topic():
    yield from aq.cases("{fee|charge} overdraft", expect="fee")


@project.assertion(severity="block")
def never_both(inputs, outputs):
    import pyarrow.compute as pc
    return pc.and_(pc.equal(outputs["intent"], "loan"), pc.equal(outputs["urgent"], "yes"))
"""
    )
    data = mail(400, hard=0.02)
    begun(root, data, several, with_labels=True)
    engine = Engine.open(root)
    engine.run()
    found = rows(engine)
    assert {name for name in ("asking_for_help", "has_a_topic", "never_both") if found[name]["value"] is None} == set()
    assert found["never_both"]["task"] == ""
    assert found["never_both"]["critical"]
    board = engine.board()
    assert board.tasks() == ["intent", "urgent", "topics"]
    assert "all tasks: never_both must hold" in {cell.name for cell in board.cells}
    assert render(board)
    with engine.store() as store:
        model = store.models.list()[-1].id
    report = engine.gate(model, model)
    assert report.outcome == "passed"
    assert "/all/never_both/assertion" in {one.cell for one in report.lines}
