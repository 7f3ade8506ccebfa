"""Slices that were found, from the store: with examples, never of the gate; accepted, they are cells."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from adequate.errors import NotEnoughDataError, SliceError, TestError, UnknownNameError
from adequate.loop.discover import accept, found, numbered
from adequate.loop.engine import Engine
from adequate.loop.place import effective
from adequate.store import create
from adequate.types import PARTS, Part
from tests.loop.projects import EASY
from tests.made import INTENTS, begun, mail


def planted(n: int = 2400) -> pa.Table:
    """Mail in which whoever writes from the branch is labelled as chance has it."""
    table = mail(n, seed=4, hard=0.02).select(["body", "intent", "channel"])
    rng = np.random.default_rng(0)
    branch = rng.random(n) < 0.12
    channel = np.where(branch, "branch", np.array(table["channel"].to_pylist()))
    intent = np.where(branch, rng.choice(INTENTS, n), np.array(table["intent"].to_pylist()))
    return pa.table({"body": table["body"], "intent": intent.tolist(), "channel": channel.tolist()})


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    root = tmp_path_factory.mktemp("discover") / "mail"
    begun(root, planted(), EASY)
    made = Engine.open(root)
    made.run(cycles=1)
    return made


def test_the_planted_slice_is_found_with_its_numbers_and_failures_outside_the_gate(engine: Engine) -> None:
    with engine.store() as store:
        offered = found(store, engine.project)
        best = offered[0]
        members = store.slices.mask("found", best["sql"])
        gate = store.examples.parts() == PARTS.index(Part.GATE)
        assert best["sql"] == "channel = 'branch'"
        assert best["proven"]
        assert best["luck"] <= 0.05
        assert best["support"] == members.sum()
        assert best["accuracy"] < best["outside"]
        assert 0 < best["low"] <= best["gap"] == pytest.approx(best["outside"] - best["accuracy"])
        assert best["failures"]
        for bad in best["failures"]:
            assert members[bad["row"]]
            assert not gate[bad["row"]]
            assert bad["label"] != bad["answered"]
        assert best["line"].startswith('project.slice("channel branch", sql="channel = \'branch\'"')


def test_what_is_found_doesnt_change_until_the_project_does(engine: Engine) -> None:
    with engine.store() as store:
        assert found(store, engine.project) is found(store, engine.project, "intent")


def test_an_accepted_slice_is_a_cell_and_is_not_found_again(tmp_path: Path, engine: Engine) -> None:
    root = Path(shutil.copytree(engine.root, tmp_path / "mail"))
    engine = Engine.open(root)
    with engine.store(write=True) as store:
        one = numbered(found(store, engine.project), 1)
        assert accept(store, engine.project, one, who="ann", name="branch", target=0.7) == "branch"
        project = effective(root, store)
        assert project.slices["branch"].sql == one["sql"]
        assert project.cell("intent/branch/accuracy") == "intent/branch/accuracy"
        assert 'project.slice("branch"' in project.as_python()
        assert "ann" in project.as_python()
        assert all(other["sql"] != one["sql"] for other in found(store, project))
        with pytest.raises(TestError, match="already"):
            accept(store, project, one, who="ann", name="branch")
        with pytest.raises(SliceError):
            accept(store, project, {"name": "other", "sql": "no_such_column = 1"}, who="ann")
    assert any(cell.slice == "branch" for cell in Engine.open(root).board().cells)


def test_without_a_model_or_labels_or_a_number_it_is_said_what_to_do(tmp_path: Path, engine: Engine) -> None:
    root = tmp_path / "mail"
    begun(root, mail(40).select(["body", "intent"]), EASY)
    new = Engine.open(root)
    with create(root, text="body") as store, pytest.raises(NotEnoughDataError, match="no model"):
        found(store, new.project)
    new.run(cycles=1)
    with new.store() as store, pytest.raises(NotEnoughDataError, match="too few"):
        found(store, new.project)
    with pytest.raises(UnknownNameError, match="none is number 3"):
        numbered([], 3)
    with engine.store() as store, pytest.raises(UnknownNameError):
        found(store, engine.project, "intents")
