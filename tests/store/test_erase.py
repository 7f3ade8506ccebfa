"""Erasing an example: nothing of it is left in any file, and nothing else has changed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import orjson
import pyarrow as pa
import pytest
import sqlalchemy as sa

from adequate import store
from adequate.errors import UnknownNameError
from adequate.labelling import answered
from adequate.store import Event, Store, recordings, schema
from adequate.store.events import record
from adequate.store.examples import NO_PART
from adequate.types import Source
from tests.store.made import batch, event, identifier, item

SECRET = "Wolpertinger7741"
ROW = 4


def files_with(root: Path, words: str) -> list[str]:
    """Every file of the store that holds these words, however written."""
    kinds = [words.encode(), words.lower().encode(), words.encode("utf-16-le")]
    return [
        str(path)
        for path in sorted((root / ".adequate").rglob("*"))
        if path.is_file() and any(kind in path.read_bytes() for kind in kinds)
    ]


def full(one: Store) -> None:
    """A store that says the secret wherever it can."""
    texts = [f"{SECRET} is my name" if n == ROW else f"fee number {n}" for n in range(6)]
    one.examples.append([batch(0, 6, text=texts, sender=[f"{SECRET}{n}" if n == ROW else "x" for n in range(6)])])
    one.examples.append([batch(6, 9)])
    one.examples.index()
    one.tables.tag("examples", "model-aa1")
    one.blocks.append("e", 0, np.ones((9, 4), np.float32))
    one.predictions.append("t", "m1", 0, pa.table({"label": ["a"] * 9, "labels": [["a"]] * 9}))
    one.predictions.append("t", "m2", 0, pa.table({"label": ["b"] * 9, "labels": [["b"]] * 9}))
    one.labels.record([event(n, SECRET if n == ROW else "a", why=SECRET if n == ROW else "") for n in range(6)])
    one.queue.put([item(ROW, task="u", text=texts[ROW], overlap=2), item(5, task="u", text="fee")])
    (asked,) = one.queue.next("u", "ann")

    def job(connection: sa.Connection) -> None:
        record(connection, answered(connection, asked.id, event(ROW, SECRET, task="u", saw={"label": SECRET})))
        comment = {"task": "", "value": None, "actor": "ben", "source": Source.HUMAN, "body": {"text": SECRET}}
        record(connection, [Event(example=identifier(ROW), row=ROW, kind="comment", **comment)])

    one.sql.write(job)
    segment = recordings.folder_of(one.root) / "host-1-ab" / "000001.jsonl"
    segment.parent.mkdir(parents=True)
    rows = [{"kind": "row", "id": f"host-1-ab-{n}", "inputs": {"body": text}} for n, text in enumerate(texts)]
    segment.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))


def test_nothing_of_an_erased_example_is_left_in_any_file(one: Store) -> None:
    full(one)
    assert files_with(one.root, SECRET)
    one.erase(identifier(ROW), "owner", why="asked by mail")
    assert files_with(one.root, SECRET) == []
    one.close()
    assert files_with(one.root, SECRET) == []


def test_the_row_stays_and_is_of_no_part_and_all_else_is_as_it_was(both: Store) -> None:
    full(both)
    both.erase(identifier(ROW), "owner")
    assert both.examples.count == 9
    assert both.examples.ids(range(9)) == [identifier(n) for n in range(9)]
    assert both.examples.take([3, ROW, 5])["text"].to_pylist() == ["fee number 3", "", "fee number 5"]
    assert both.examples.parts().tolist() == [0, 1, 2, 0, NO_PART, 2, 0, 1, 2]
    assert both.examples.take([ROW])["aq_part"].to_pylist() == [NO_PART]
    np.testing.assert_array_equal(both.blocks.block("e").take(np.arange(9)).sum(axis=1), [4, 4, 4, 4, 0, 4, 4, 4, 4])
    for model, label in (("m1", "a"), ("m2", "b")):
        said = both.predictions.read("t", model)
        assert said["label"].to_pylist() == [label] * 4 + [None] + [label] * 4
        assert said["labels"].to_pylist()[3:6] == [[label], None, [label]]
    assert both.labels.current("t")["row"].to_pylist() == [0, 1, 2, 3, 5]
    assert both.labels.counts()["t"] == {"teach": 2, "steer": 1, "gate": 2}
    assert [one.row for one in both.queue.waiting()] == [5]
    assert both.sql.rows(sa.select(schema.answer).where(schema.answer.c.row == ROW)) == []
    assert both.examples.search(SECRET)[0].tolist() == []
    assert both.examples.search("8")[0].tolist() == [8]


def test_what_stays_is_who_erased_it_and_when(one: Store) -> None:
    full(one)
    one.erase(identifier(ROW), "owner", why="asked by mail")
    events = one.labels.history(identifier(ROW))
    assert [(e.kind, e.value, e.body, e.saw) for _, e in events][:-1] == [
        ("label", None, None, None),
        ("answer", None, None, None),
        ("comment", None, None, None),
    ]
    assert (events[-1][1].kind, events[-1][1].actor, events[-1][1].why) == ("erase", "owner", "asked by mail")
    with pytest.raises(UnknownNameError, match="was erased"):
        one.examples.row_of(identifier(ROW))
    with pytest.raises(UnknownNameError):
        one.erase("f" * 32, "owner")


def test_erasing_again_finishes_what_was_interrupted(one: Store) -> None:
    full(one)
    said = one.erase(identifier(ROW), "owner")
    before = one.labels.history(identifier(ROW))
    assert one.erase(identifier(ROW), "somebody else").op == said.op
    assert one.labels.history(identifier(ROW)) == before
    assert one.examples.append([batch(3, 12)]).new == 3  # adding goes on, and doesn't bring it back
    one.close()
    with store.open(one.root, write=False) as again:
        assert again.examples.take([ROW, 11])["text"].to_pylist() == ["", "fee number 11"]
