"""The loop on real stores: from raw text to an adequate model, and the same model again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import adequate as aq
from adequate.encoders import onnx
from adequate.errors import BusyError, LabelError
from adequate.loop import steps
from adequate.loop.engine import Engine
from tests.loop.projects import EASY, HARD, SEVERAL, SLICED
from tests.made import begun, csv, mail

DATA = mail(300)
TRIAL = DATA.select(["body", "intent", "channel"])


def trial(root: Path, source: str = EASY, data: pa.Table = TRIAL, **options: Any) -> tuple[Engine, Path]:
    """A project whose labels only an oracle knows, and the oracle's file."""
    begun(root, data, source, with_labels=False, **options)
    return Engine.open(root), root.with_name(f"{root.name}.csv")


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_raw_text_becomes_an_adequate_model(tmp_path: Path, database: str, request: pytest.FixtureRequest) -> None:
    db = None if database == "sqlite" else request.getfixturevalue("postgres_url")
    engine, oracle = trial(tmp_path / "mail", db=db)
    notices: list[str] = []
    outcome = engine.run(oracle=oracle, batch=60, notice=notices.append)
    assert outcome.ending == "adequate"
    assert outcome.labels < len(DATA)
    board = engine.board()
    assert board.adequate
    assert board.next["action"] == "done"
    (cell,) = board.cells
    assert cell.low is not None
    assert cell.low >= 0.6
    assert cell.value is not None
    assert cell.value > 0.7
    assert sum(board.labels.values()) == outcome.labels
    assert ["no language model" in notice for notice in notices] == [True]


def test_a_second_run_with_nothing_new_says_so_and_makes_no_model(tmp_path: Path) -> None:
    engine, oracle = trial(tmp_path / "mail")
    first = engine.run(oracle=oracle, batch=60)
    for again in (engine.run(), engine.run(oracle=oracle)):
        assert again.cycles == again.labels == 0
        assert again.ending == "adequate"
        assert again.model == first.model
        assert again.say == "nothing is new since the last run: every cell is adequate"


def test_without_an_oracle_a_run_waits_for_people_and_says_how_many_questions_there_are(tmp_path: Path) -> None:
    engine, _ = trial(tmp_path / "mail")
    outcome = engine.run(batch=25)
    assert (outcome.ending, outcome.cycles, outcome.model) == ("waiting", 1, None)
    assert outcome.waiting == 25
    assert "25 questions" in outcome.say
    assert engine.board().next["command"] == "adequate label"
    assert engine.run().say.startswith("nothing is new")


def test_a_budget_is_kept_and_the_next_run_goes_on_with_what_waits(tmp_path: Path) -> None:
    engine, oracle = trial(tmp_path / "mail", HARD)
    first = engine.run(oracle=oracle, labels=30, batch=50)
    assert (first.ending, first.labels, first.waiting) == ("out of budget", 30, first.waiting)
    second = engine.run(oracle=oracle, labels=20, batch=50)
    assert second.labels == 20
    assert sum(engine.board().labels.values()) == 50


def test_an_oracle_that_knows_little_leaves_the_rest_to_people(tmp_path: Path) -> None:
    engine, _ = trial(tmp_path / "mail", HARD)
    some = csv(tmp_path / "some.csv", TRIAL.slice(0, 100))
    outcome = engine.run(oracle=some, batch=60)
    assert outcome.ending == "waiting"
    assert 0 < outcome.labels <= 100
    assert outcome.waiting


def test_an_oracle_with_labels_that_project_py_lacks_is_refused_before_anything_happens(tmp_path: Path) -> None:
    engine, _ = trial(tmp_path / "mail")
    wrong = csv(tmp_path / "wrong.csv", pa.table({"body": TRIAL["body"], "intent": ["refnud"] * len(TRIAL)}))
    with pytest.raises(LabelError, match="did you mean 'refund'"):
        engine.run(oracle=wrong)
    with engine.store() as store:
        assert store.journal.last() is None


@pytest.mark.parametrize("step", [step.__name__ for step in steps.STEPS])
def test_an_error_in_any_step_is_forgotten_by_the_run_that_follows(
    step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, _ = trial(tmp_path / "mail")
    engine.run(batch=40)
    engine.store(write=False).close()
    with engine.store(write=True) as store:
        from adequate.loop.answers import import_labels

        import_labels(store, engine.project, csv(tmp_path / "some.csv", TRIAL.slice(0, 120)))

    def failing(cycle: Any, state: Any) -> Any:
        raise RuntimeError("the roof fell in")

    failing.__name__ = step
    broken = tuple(failing if real.__name__ == step else real for real in steps.STEPS)
    with monkeypatch.context() as patch:
        patch.setattr("adequate.loop.run.STEPS", broken)
        with pytest.raises(RuntimeError, match="roof"):
            engine.run()
    assert "was interrupted" in engine.board().next["say"]
    outcome = engine.run()
    assert outcome.model is not None
    with engine.store() as store:
        assert [made.id for made in store.models.list()] == [outcome.model]
        last = store.journal.last()
    assert last is not None
    assert (last.cycle, last.ended) == (2, True)


def test_a_cycle_that_was_interrupted_before_data_came_is_left_for_a_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, _ = trial(tmp_path / "mail", data=TRIAL.slice(0, 200))
    labels = csv(tmp_path / "labels.csv", TRIAL)
    engine.add(labels)
    with monkeypatch.context() as patch:
        patch.setattr("adequate.loop.run.STEPS", (*steps.STEPS[:2], _fails))
        with pytest.raises(RuntimeError):
            engine.run()
    engine.add(csv(tmp_path / "more.csv", mail(40, seed=9).select(["body", "intent", "channel"])))
    outcome = engine.run()
    assert outcome.model is not None
    with engine.store() as store:
        assert store.predictions.count("intent", outcome.model) == store.examples.count == 340
        last = store.journal.last()
    assert last is not None
    assert last.cycle == 2


def _fails(cycle: Any, state: Any) -> Any:
    raise RuntimeError


def test_same_data_labels_and_seed_make_the_same_model_wherever_and_another_seed_another(tmp_path: Path) -> None:
    begun(tmp_path / "a", TRIAL, EASY)
    begun(tmp_path / "b", TRIAL, EASY)
    one, two = Engine.open(tmp_path / "a"), Engine.open(tmp_path / "b")
    first = one.run().model
    assert first == two.run().model
    assert first is not None
    files = [sorted((e.root / ".adequate/models" / first).rglob("*.*")) for e in (one, two)]
    assert [path.read_bytes() for path in files[0]] == [path.read_bytes() for path in files[1]]
    assert len(files[0]) >= 2
    assert two.run(seed=1).model != first


def test_labels_that_are_taken_back_bring_the_old_model_back_as_the_newest(tmp_path: Path) -> None:
    begun(tmp_path / "mail", TRIAL, EASY)
    engine = Engine.open(tmp_path / "mail")
    first = engine.run().model
    with engine.store(write=True) as store:
        seq = store.labels.last_seq()
        (row,) = store.labels.current("intent").filter(pa.compute.field("seq") == seq)["row"].to_pylist()
        while store.examples.parts()[row] != 0:  # a label that teaches
            seq -= 1
            (row,) = store.labels.current("intent").filter(pa.compute.field("seq") == seq)["row"].to_pylist()
        undone = store.labels.undo(seq, "ann")
    second = engine.run().model
    assert second != first
    assert engine.board().model == second
    with engine.store(write=True) as store:
        store.labels.undo(undone, "ann")
    assert engine.run().model == first
    assert engine.board().model == first


def test_several_tasks_are_taught_together_each_example_labelled_for_only_some(tmp_path: Path) -> None:
    data = DATA.drop_columns(["channel", "number"])
    for i, name in enumerate(("intent", "urgent", "topics")):
        at = data.schema.get_field_index(name)
        kept = [value if n % 3 != i else None for n, value in enumerate(data[name].to_pylist())]
        data = data.set_column(at, name, pa.array(kept))
    begun(tmp_path / "mail", data, SEVERAL)
    engine = Engine.open(tmp_path / "mail")
    outcome = engine.run()
    board = engine.board()
    assert set(board.tasks()) == {"intent", "urgent", "topics"}
    value = {cell.name: cell.value for cell in board.cells}
    assert value["intent accuracy"] > 0.6
    assert value["urgent · yes recall"] > 0.8
    assert value["topics · card recall"] > 0.5
    assert outcome.model is not None
    with engine.store() as store:
        said = store.predictions.read("topics", outcome.model, columns=["label"])["label"].to_pylist()
        assert {len(labels) for labels in said} > {1}
        assert {len(store.labels.current(task)) for task in engine.project.tasks} == {200}


def test_a_slice_is_the_same_in_sql_and_as_a_function_and_a_critical_one_is_marked(tmp_path: Path) -> None:
    begun(tmp_path / "mail", TRIAL, SLICED)
    engine = Engine.open(tmp_path / "mail")
    engine.run()
    cells = {cell.slice: cell for cell in engine.board().cells}
    sql, function = cells["app"], cells["app by function"]
    assert (sql.n, sql.value, sql.low) == (function.n, function.value, function.low)
    assert 0 < sql.n < cells["all"].n
    assert (sql.critical, function.critical) == (True, False)


def test_only_one_label_is_nothing_to_learn_from_yet(tmp_path: Path) -> None:
    engine, _ = trial(tmp_path / "mail")
    one = TRIAL.filter(pa.compute.field("intent") == "fee")
    engine.run(batch=20)
    with engine.store(write=True) as store:
        from adequate.loop.answers import import_labels

        import_labels(store, engine.project, csv(tmp_path / "one.csv", one))
    outcome = engine.run(batch=20)
    assert (outcome.ending, outcome.model) == ("waiting", None)
    assert outcome.waiting == 20


def test_a_project_that_somebody_writes_to_is_busy_and_says_who(tmp_path: Path) -> None:
    engine, _ = trial(tmp_path / "mail")
    with engine.store(write=True, verb="label"), pytest.raises(BusyError, match="adequate label"):
        engine.run()
    assert engine.board().cells


def test_the_public_way_in_is_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trial(tmp_path / "mail")
    (tmp_path / "mail" / "deeper").mkdir()
    monkeypatch.chdir(tmp_path / "mail" / "deeper")
    assert aq.open().project.name == "mail"
    assert "intent" in aq.open(tmp_path / "mail").board()._repr_html_()


def test_with_weights_meaning_helps_where_words_differ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ADEQUATE_RESOURCES")
    monkeypatch.delenv("ADEQUATE_CACHE")
    if not onnx.available("int8"):
        pytest.skip("the weights of MiniLM are not in the cache: any run with a network puts them there")
    begun(tmp_path / "mail", TRIAL.slice(0, 120), EASY)
    engine = Engine.open(tmp_path / "mail")
    notices: list[str] = []
    outcome = engine.run(notice=notices.append)
    assert outcome.model is not None
    assert notices == []
    assert len(engine.find("my bank card is gone").hits) > 0
    with engine.store() as store:
        assert np.isfinite(store.blocks.block(onnx.digest("int8")).take(np.arange(5))).all()
