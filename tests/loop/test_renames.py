"""After labels were renamed, merged or retired: older models, files and answers are understood, and nothing fails."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from adequate.errors import LabelError
from adequate.labelling import schema
from adequate.loop.answers import answered, labels_of, names_of
from adequate.loop.engine import Engine
from adequate.loop.renames import carried
from adequate.store import Event, Override
from adequate.types import Source
from tests.loop.projects import HARD, SEVERAL
from tests.made import begun, csv, mail


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("renames") / "mail"
    begun(root, mail(400), HARD)
    Engine.open(root).run(cycles=1)
    return root


@pytest.fixture
def root(trained: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(trained, tmp_path / "mail"))


def changed(root: Path, made: schema.Change, task: str = "intent") -> Engine:
    """Apply a change as the studio does: the names, and an event for each label that reads otherwise."""
    with Engine.open(root).store(write=True) as store:
        now = store.labels.current(task)
        columns = (now["row"].to_pylist(), now["example"].to_pylist(), now["value"].to_pylist())
        said = [(row, example, json.loads(value)) for row, example, value in zip(*columns, strict=True)]
        events = [
            Event(example=example, row=row, task=task, value=new, actor="ann", source=Source.IMPORT)
            for row, example, value in said
            if (new := schema.rewritten(value, made.maps)) != value
        ]
        store.labels.record(events)
        for what, value in ((f"labels:{task}", list(made.labels)), (f"renamed:{task}", made.renamed)):
            store.overrides.put(Override(what=what, value=value, who="ann", why="clearer"))
    return Engine.open(root)


def labels(root: Path, task: str = "intent") -> tuple[str, ...]:
    found = Engine.open(root).project.tasks[task].labels
    assert found is not None
    return found


def test_a_model_of_before_is_understood_by_the_new_name(root: Path) -> None:
    engine = Engine.open(root)
    rows = np.arange(50)
    with engine.store() as store:
        task, model = engine.project.tasks["intent"], store.models.list()[-1].id
        before = answered(store, task, model, rows, names_of(store, task))
    engine = changed(root, schema.rename(task, labels(root), "card", "payment card"))
    with engine.store() as store:
        task = engine.project.tasks["intent"]
        assert (answered(store, task, model, rows, names_of(store, task)) == before).all()


def test_the_board_keeps_what_was_measured_of_a_renamed_label(root: Path) -> None:
    task = Engine.open(root).project.tasks["intent"]
    before = {cell.label: cell.value for cell in Engine.open(root).board().cells if cell.metric == "recall"}
    board = changed(root, schema.rename(task, labels(root), "fee", "charge")).board()
    after = {cell.label: cell.value for cell in board.cells if cell.metric == "recall"}
    assert after == {("charge" if label == "fee" else label): value for label, value in before.items()}


@pytest.mark.parametrize(
    "change",
    [
        lambda task, names: schema.rename(task, names, "card", "payment card"),
        lambda task, names: schema.merge(task, names, ["card", "fee"], "money"),
        lambda task, names: schema.merge(task, names, ["card"], "fee"),
        lambda task, names: schema.split(task, names, "card", ["lost card", "new card"], withdraw=False),
        lambda task, names: schema.split(task, names, "card", ["card", "new card"], withdraw=True),
        lambda task, names: schema.retire(task, names, "card", withdraw=True),
        lambda task, names: schema.retire(task, names, "card", withdraw=False),
    ],
    ids=["rename", "merge", "into", "split", "part", "withdrawn", "kept"],
)
def test_board_gate_search_and_the_next_cycle_go_on(root: Path, change: object) -> None:
    task = Engine.open(root).project.tasks["intent"]
    engine = changed(root, change(task, labels(root)))  # type: ignore[operator]
    assert engine.board().cells
    assert engine.find(predicted="loan").hits
    before = engine.project.digest()
    engine.run(cycles=1)
    engine.gate("baseline", "last")
    with engine.store() as store:
        assert store.models.list()[-1].project == before
        assert set(store.models.list()[-1].card["intent"]["labels"]) == set(labels(root))
    assert {cell.label for cell in engine.board().cells} <= {None, *labels(root)}


def test_a_file_with_old_names_is_read_by_the_new_ones(root: Path, tmp_path: Path) -> None:
    task = Engine.open(root).project.tasks["intent"]
    changed(root, schema.rename(task, labels(root), "card", "payment card"))
    task = Engine.open(root).project.tasks["intent"]
    engine = changed(root, schema.retire(task, labels(root), "fee", withdraw=True))
    added = engine.add(csv(tmp_path / "more.csv", mail(60, seed=9)))
    assert added.new
    with engine.store() as store:
        said = {json.loads(value) for value in store.labels.current("intent")["value"].to_pylist()}
    assert said == {"payment card", "loan", "login", "refund", "transfer"}
    odd = mail(5, seed=11)
    odd = odd.set_column(1, "intent", [["odd"] * 5])
    with pytest.raises(LabelError, match="declare: 'odd' in rows 1, 2, 3 and 2 more"):
        engine.add(csv(tmp_path / "odd.csv", odd))


def test_labels_left_to_the_data_change_too(tmp_path: Path) -> None:
    root = tmp_path / "mail"
    begun(root, mail(200), SEVERAL)
    engine = Engine.open(root)
    with engine.store() as store:
        names = names_of(store, engine.project.tasks["intent"])
    made = schema.merge(engine.project.tasks["intent"], names, ["card", "fee"], "money")
    with engine.store(write=True) as store:  # without rewriting a single label: the map alone must do
        store.overrides.put(Override(what="renamed:intent", value=made.renamed, who="ann", why="one desk"))
    engine = Engine.open(root)
    with engine.store() as store:
        task = engine.project.tasks["intent"]
        assert names_of(store, task) == tuple(sorted(made.labels))
        assert len(labels_of(store, task, made.labels)) == len(store.labels.current("intent"))
    engine.run(cycles=1)
    assert "money" in {json.loads(json.dumps(label)) for label in names_of_last(engine)}


def names_of_last(engine: Engine) -> list[str]:
    with engine.store() as store:
        found: list[str] = store.models.list()[-1].card["intent"]["labels"]
        return found


def test_merged_labels_have_no_past_of_their_own() -> None:
    from adequate.spec import Project, Target
    from adequate.spec.overlay import Change, laid_over

    mailbox = Project("mail", text="body")
    mailbox.classify("topic", labels=["a", "b", "c"], target=Target(recall=0.9))
    over = laid_over(
        mailbox, [Change("labels:topic", ["d", "C"]), Change("renamed:topic", {"a": "d", "b": "d", "c": "C"})]
    )
    rows = [{"model": "m", "task": "topic", "slice": "all", "metric": "recall", "label": label} for label in "abc"]
    assert [row["label"] for row in carried([*rows, rows[0] | {"label": "", "metric": "accuracy"}], over)] == ["C", ""]
