"""Projects written by earlier versions open, say what they said, and can be written to."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa

from adequate import store
from adequate.store import Serving, Store, schema
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
        last = one.sql.value(sa.select(sa.func.max(schema.event.c.seq)))
        assert one.labels.record([event(3, "b", op="op3"), event(7)]) == [4, last + 1]
        assert one.queue.next("t", "ann")[0].row == 5


def test_what_was_kept_of_several_people_is_there(tmp_path: Path) -> None:
    shutil.unpack_archive(golden.FOLDER / "2.zip", tmp_path)
    with store.open(tmp_path, write=False) as one:
        (item,) = one.queue.waiting("u")
        assert (item.overlap, item.answers, item.blind, item.text) == (2, 1, True, "x")
        said = one.sql.rows(sa.select(schema.answer).where(schema.answer.c.item == item.id))
        assert [(row.actor, row.value) for row in said] == [("ben", '["x"]')]
        assert [e.kind for _, e in one.labels.history(identifier(4))] == ["answer"]
        assert one.sql.value(sa.select(schema.person.c.name)) == "Ben"


def test_what_people_had_said_by_then_are_their_answers(tmp_path: Path) -> None:
    shutil.unpack_archive(golden.FOLDER / "1.zip", tmp_path)
    with store.open(tmp_path, write=False) as one:
        found = one.sql.rows(sa.select(schema.answer.c.task, schema.answer.c.row, schema.answer.c.value))
        assert sorted(map(tuple, found)) == [("t", 0, '"a"'), ("t", 2, '"a"'), ("t", 3, '"b"'), ("u", 0, '["x", "y"]')]


def test_what_production_recorded_by_then_is_there(tmp_path: Path) -> None:
    shutil.unpack_archive(golden.FOLDER / "4.zip", tmp_path)
    with store.open(tmp_path, write=False) as one:
        assert one.releases.serving() == Serving(all="b1", seq=2)
        (trigger,) = one.triggers.list(active=True)
        assert trigger.weights.tolist() == [0, 1, 2, 3]
        assert [(m.start, m.seconds, m.body) for m in one.traffic.minutes()] == [(1020.0, 10.0, {"requests": 3})]
        assert [(row.id, row.reason) for row in one.traffic.recorded()] == [("s-1", "audit")]
        assert one.traffic.read("s") == {"000000": 99}


def test_a_store_brought_up_to_date_is_as_a_new_one(tmp_path: Path, db: str | None, make: Callable[..., Store]) -> None:
    fresh = make(db=db)
    moved = make("moved", db=db)
    _version_1(moved)
    moved.close()
    with store.open(moved.root) as again:
        assert shape(again) == shape(fresh)
        assert again.sql.value(sa.select(schema.meta.c.value)) == str(schema.VERSION)
        assert [e.value for _, e in again.labels.history(identifier(1))] == ["a"]
        assert again.labels.record([event(2, "b")]) == [2]


def _version_1(one: Store) -> None:
    """Take a new store back to the tables of version 1, with one label in it."""

    def job(connection: sa.Connection) -> None:
        for table in reversed(schema.metadata.sorted_tables):
            table.drop(connection)
        for statement in (golden.FOLDER / "1.sql").read_text().split(";"):
            if connection.dialect.name == "postgresql":
                statement = statement.replace("DOUBLE", "DOUBLE PRECISION")
                statement = statement.replace("id INTEGER", "id BIGSERIAL").replace("INTEGER", "BIGINT")
            if statement.strip():
                connection.exec_driver_sql(statement)

    one.sql.write(job)


def shape(one: Store) -> dict[str, object]:
    """All that a database says of its tables, whatever the order in which it came to be."""
    with one.sql.reading() as connection:
        found = sa.inspect(connection)
        return {
            table: (
                {c["name"]: (str(c["type"]), c["nullable"]) for c in found.get_columns(table)},
                found.get_pk_constraint(table)["constrained_columns"],
                sorted((i["name"], i["column_names"], bool(i["unique"])) for i in found.get_indexes(table)),
                sorted(c["column_names"] for c in found.get_unique_constraints(table)),
            )
            for table in found.get_table_names()
        }


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
    assert [item.why for item in one.queue.waiting("t")] == ["gate: uniform"]
    assert one.labels.counts() == {"t": {"teach": 2, "steer": 0, "gate": 1}, "u": {"teach": 1, "steer": 0, "gate": 0}}
    assert (one.models.accepted(), one.models.get("last").card) == ("aa1", {"l2": 1.0})
    assert (one.models.folder("aa1") / "head.json").read_text() == "{}"
    assert one.cells.read("aa1")["need"].to_pylist() == [200]
    assert one.looks.spent() == 0.05
    assert [entry.value for entry in one.overrides.list()] == [0.8]
    assert one.journal.last().state == {"model": "aa1"}  # type: ignore[union-attr]
