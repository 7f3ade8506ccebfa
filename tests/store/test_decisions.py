"""Models, cells, looks, overrides and the journal."""

from __future__ import annotations

import pyarrow.compute as pc
import pytest

from adequate.errors import StoreError, UnknownNameError
from adequate.store import Cell, Entry, Look, Model, Override, Store
from tests.store.made import batch


def model(name: str, **options: object) -> Model:
    made_from = {"data": "d", "label_seq": 3, "project": "p", "seed": 0, "code": "1", **options}
    return Model(id=name, **made_from)  # type: ignore[arg-type]


def cell(**options: object) -> Cell:
    measured = {"target": 0.9, "n": 10, "n_eff": 8.5, "value": 0.8, "low": 0.5, "high": 0.95, "state": "unknown"}
    return Cell(**{"task": "t", "slice": "all", "metric": "accuracy", **measured, **options})  # type: ignore[arg-type]


def test_the_baseline_is_the_model_accepted_last(both: Store) -> None:
    assert both.models.accepted() is None
    for name in ("aa1", "bb2", "bb3"):
        both.models.put(model(name))
    assert [m.state for m in both.models.list()] == ["candidate"] * 3
    both.models.accept("bb2")
    both.models.accept("aa1")
    both.models.reject("bb3")
    assert both.models.accepted() == "aa1"
    assert [(m.id, m.number, m.state) for m in both.models.list()][2] == ("bb3", 3, "rejected")
    assert both.models.get("baseline").id == "aa1"
    assert both.models.get("last").id == both.models.get("bb3").id == "bb3"


def test_a_model_is_found_by_the_beginning_of_its_name(both: Store) -> None:
    for name in ("aa1", "bb2", "bb3"):
        both.models.put(model(name))
    assert both.models.get("a").id == "aa1"
    with pytest.raises(UnknownNameError, match="2 models begin with 'bb'"):
        both.models.get("bb")
    with pytest.raises(UnknownNameError, match="no model 'aa2'; did you mean 'aa1'"):
        both.models.get("aa2")
    with pytest.raises(UnknownNameError, match="no model 'baseline'"):
        both.models.get("baseline")


def test_recording_a_model_again_renews_its_card_and_nothing_else(both: Store) -> None:
    both.models.put(model("aa1", card={"l2": 1}))
    both.models.accept("aa1")
    again = both.models.put(model("aa1", card={"l2": 1, "heads": ["intent"]}))
    assert (again.state, again.number, again.card) == ("accepted", 1, {"l2": 1, "heads": ["intent"]})


def test_a_models_files_appear_all_at_once_or_not_at_all(one: Store) -> None:
    def half() -> None:
        with one.models.writing("aa1") as folder:
            (folder / "head.safetensors").write_bytes(b"half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        half()
    assert not one.models.folder("aa1").exists()
    for content in (b"whole", b"made again"):
        with one.models.writing("aa1") as folder:
            (folder / "head.safetensors").write_bytes(content)
        assert (one.models.folder("aa1") / "head.safetensors").read_bytes() == content


def test_the_data_of_a_model_outlive_cleaning_up(one: Store) -> None:
    one.examples.append([batch(0, 5)])
    one.models.put(model("aa1"))
    tagged = one.tables.get("examples").version
    for start in range(5, 25, 5):
        one.examples.append([batch(start, start + 5)])
    assert one.gc() > 0
    versions = {entry["version"] for entry in one.tables.get("examples").versions()}
    assert versions == {tagged, one.tables.get("examples").version}
    assert one.examples.count == 25


def test_cells_of_one_model_are_the_board_and_of_all_the_curves(both: Store) -> None:
    for number, name in enumerate(("mz", "ma")):
        both.models.put(model(name))
        both.cells.put(name, [cell(value=0.75 + number / 8, labels=number * 50), cell(slice="fees", value=None)])
    assert both.cells.read("ma").num_rows == 2
    curve = both.cells.read().filter(pc.field("slice") == "all")
    assert curve.select(["model", "labels", "value"]).to_pylist() == [
        {"model": "mz", "labels": 0, "value": 0.75},
        {"model": "ma", "labels": 50, "value": 0.875},
    ]
    assert both.cells.read("nobody").num_rows == 0


def test_measuring_again_replaces(both: Store) -> None:
    both.cells.put("m1", [cell(value=0.1)])
    both.cells.put("m1", [cell(value=0.2, change="improved", need=7, forecast=3.5, critical=True)])
    (row,) = both.cells.read("m1").to_pylist()
    assert (row["value"], row["change"], row["need"], row["forecast"], row["critical"]) == (
        0.2,
        "improved",
        7,
        3.5,
        True,
    )


def test_every_look_is_counted(both: Store) -> None:
    both.looks.spend(Look(candidate="b", baseline=None, alpha=0.05, verdict="passed", detail={"cells": ["t/all"]}))
    both.looks.spend(Look(candidate="c", baseline="b", alpha=0.025, verdict="blocked"))
    assert both.looks.spent() == pytest.approx(0.075)
    assert [(one.id, one.detail) for one in both.looks.list("b")] == [(1, {"cells": ["t/all"]})]
    assert len(both.looks.list()) == 2


def test_overrides_end_when_they_said(both: Store) -> None:
    both.overrides.put(Override(what="target:t/all", value=0.8, who="ann", why="launch", until=1000.0))
    both.overrides.put(Override(what="gate:b", value="pass", who="ben", why="hotfix"))
    assert [one.who for one in both.overrides.list(now=999.0)] == ["ann", "ben"]
    assert [one.who for one in both.overrides.list(now=1000.0)] == ["ben"]
    assert len(both.overrides.list()) == 2


def test_a_cycle_goes_on_from_its_last_step(both: Store) -> None:
    assert both.journal.last() is None
    first = both.journal.begin({"seed": 1})
    assert both.journal.last() == Entry(cycle=first, step=None, state={"seed": 1}, ended=False)
    both.journal.done(first, "embed", {"rows": 10})
    both.journal.done(first, "train", {"model": "m1"})
    assert both.journal.last() == Entry(cycle=first, step="train", state={"model": "m1"}, ended=False)
    both.journal.end(first)
    assert both.journal.last().ended  # type: ignore[union-attr]
    with pytest.raises(StoreError, match="is over"):
        both.journal.done(first, "gate", {})
    assert both.journal.begin() == first + 1
