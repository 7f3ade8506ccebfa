"""What servers recorded goes when it is erased or too old, and nobody who reads it loses their place."""

from __future__ import annotations

import os
from pathlib import Path

import orjson

from adequate.serving.spool import pieces
from adequate.store.recordings import DAY, erase, expire


def recorded(root: Path, texts: list[str], server: str = "host-1-ab") -> Path:
    path = root / server / "000001.jsonl"
    path.parent.mkdir()
    rows = [{"kind": "row", "id": f"{server}-{i}", "inputs": {"body": text}} for i, text in enumerate(texts)]
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    return path


def bodies(root: Path) -> list[str]:
    return [row["inputs"]["body"] for piece in pieces(root) for row in piece.rows]


def test_an_erased_row_is_gone_and_every_other_stays_where_it_was(tmp_path: Path) -> None:
    path = recorded(tmp_path, ["one", 'it "says" two\n', "three", "one and more"])
    size = path.stat().st_size
    assert erase(tmp_path, ["one", 'it "says" two\n']) == 2
    assert bodies(tmp_path) == ["three", "one and more"]
    assert path.stat().st_size == size
    assert b"says" not in path.read_bytes()
    assert erase(tmp_path, ["one"]) == 0


def test_who_reads_on_after_an_erasure_reads_the_rest(tmp_path: Path) -> None:
    path = recorded(tmp_path, ["one", "two", "three", "four"])
    first = next(pieces(tmp_path, at_once=100))
    assert [row["inputs"]["body"] for row in first.rows] == ["one"]
    erase(tmp_path, ["one", "three"])
    rest = pieces(tmp_path, lambda _: {path.name: first.end})
    assert [row["inputs"]["body"] for piece in rest for row in piece.rows] == ["two", "four"]


def test_what_is_left_of_a_torn_line_goes_too(tmp_path: Path) -> None:
    path = recorded(tmp_path, ["one"])
    with path.open("ab") as file:
        file.write(b'{"kind":"row","inputs":{"body":"secret","other":')
    assert erase(tmp_path, ["secret"]) == 1
    assert b"secret" not in path.read_bytes()


def test_segments_end_when_nobody_has_written_to_them_for_so_long(tmp_path: Path) -> None:
    old, new = recorded(tmp_path, ["one"], "old"), recorded(tmp_path, ["two"], "new")
    now = new.stat().st_mtime
    os.utime(old, (now - 31 * DAY, now - 31 * DAY))
    assert expire(tmp_path, 30, now) == 1
    assert bodies(tmp_path) == ["two"]
    assert not old.exists()
