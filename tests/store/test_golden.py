"""Projects written by earlier versions open, say what they said, and can be written to."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from adequate import store
from adequate.store import Store, schema
from tests.store import golden
from tests.store.made import batch, event, identifier

KEPT = sorted(archive.stem for archive in golden.FOLDER.glob("*.zip"))


@pytest.fixture(params=[*KEPT, "now"])
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A project of each version kept, and of the version at hand."""
    root = tmp_path / "mail"
    if request.param == "now":
        golden.write(root)
    else:
        shutil.unpack_archive(golden.FOLDER / f"{request.param}.zip", root)
    return root


def test_the_version_at_hand_is_kept() -> None:
    assert str(schema.VERSION) in KEPT


@pytest.mark.parametrize("write", [False, True])
def test_a_kept_project_says_what_it_said(old: Path, write: bool) -> None:
    with store.open(old, write=write) as one:
        says(one)


def test_a_kept_project_goes_on(old: Path) -> None:
    with store.open(old) as one:
        assert one.examples.append([batch(3, 9)]).new == 3
        assert one.examples.ids(range(9)) == [identifier(n) for n in range(9)]
        assert one.examples.search("8")[0].tolist() == [8]
        one.blocks.append("encoder", 6, np.zeros((3, 4), np.float32))
        assert len(one.blocks.block("encoder")) == 9
        assert one.labels.record([event(3, "b", op="op3"), event(7)]) == [4, 7]
        assert one.queue.next("t", "ann")[0].row == 5


def says(one: Store) -> None:
    table = one.examples.take(range(6))
    assert table["n"].to_pylist() == ["1", "2", "3", "4", "five", None]
    assert table["topics"].to_pylist() == [None, None, None, None, ["a"], []]
    assert one.examples.parts().tolist() == [0, 1, 2, 0, 1, 2]
    assert one.examples.digest() == "7edf5b6508879dbf732a9c6687d932f4"
    assert one.examples.search("4")[0].tolist() == [4]
    assert one.slices.where("s", "n = 'five' OR text LIKE '%0'").tolist() == [0, 4]
    np.testing.assert_array_equal(one.blocks.block("encoder").take(np.arange(6)), np.eye(6, 4))
    assert one.predictions.read("t", "aa1")["label"].to_pylist() == list("ababab")
    assert one.predictions.read("u", "aa1")["labels"].to_pylist()[2] == ["x", "y"]
    assert one.labels.current("t")["value"].to_pylist() == ['"a"', '"a"', '"b"']
    assert one.labels.current("u").select(["value", "probability"]).to_pylist() == [
        {"value": '["x", "y"]', "probability": 0.5}
    ]
    assert [item.why for item in one.queue.waiting()] == ["gate: uniform"]
    assert (one.models.accepted(), one.models.get("last").card) == ("aa1", {"l2": 1.0})
    assert (one.models.folder("aa1") / "head.json").read_text() == "{}"
    assert one.cells.read("aa1")["need"].to_pylist() == [200]
    assert one.looks.spent() == 0.05
    assert [entry.value for entry in one.overrides.list()] == [0.8]
    assert one.journal.last().state == {"model": "aa1"}  # type: ignore[union-attr]
