"""JSON lines as source and sink: what a process that is killed leaves is gone on with."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from adequate.bundles import Bundle
from adequate.errors import FormatError, StorageFullError
from adequate.serving.streams.addresses import sink
from adequate.serving.streams.lines import Lines, Written
from adequate.serving.streams.run import run


def _write(path: Path, texts: list[str], mode: str = "w") -> None:
    with path.open(mode) as file:
        file.writelines(json.dumps({"body": text}) + "\n" for text in texts)


def _run(bundle: Bundle, source: Path, out: Path) -> int:
    with closing(Written(out)) as sink:
        return run(bundle, Lines(source), sink)


def _read(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_every_line_gets_an_answer_in_its_order(opened: Bundle, tmp_path: Path) -> None:
    _write(tmp_path / "in.jsonl", ["refund my card", "where is my parcel"])
    assert _run(opened, tmp_path / "in.jsonl", tmp_path / "out.jsonl") == 2
    answers = _read(tmp_path / "out.jsonl")
    assert [one["body"] for one in answers] == ["refund my card", "where is my parcel"]
    said = opened.answer(["refund my card"]).outputs
    for task, output in said.items():
        if output.answers.ndim == 1:
            assert answers[0][task] == output.labels[output.answers[0]]
    assert answers[0]["release"] == opened.id
    assert answers[0]["id"] != answers[1]["id"]


def test_what_cannot_be_read_is_answered_so_and_stops_nothing(opened: Bundle, tmp_path: Path) -> None:
    lines = ["not json", "[1]", '{"subject": "no body"}', '{"body": 7}', "", '{"id": "m1", "body": "hello"}']
    (tmp_path / "in.jsonl").write_text("\n".join(lines))  # and the last line has no end
    _run(opened, tmp_path / "in.jsonl", tmp_path / "out.jsonl")
    answers = _read(tmp_path / "out.jsonl")
    assert ["error" in one for one in answers] == [True, True, True, True, False]
    assert answers[-1]["id"] == "m1"


def test_answers_go_on_after_those_that_are_there(opened: Bundle, tmp_path: Path) -> None:
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    _write(source, ["one", "two"])
    _run(opened, source, out)
    _write(source, ["three"], "a")
    assert _run(opened, source, out) == 1
    assert [one["body"] for one in _read(out)] == ["one", "two", "three"]


def test_an_answer_whose_place_was_not_kept_is_written_once(opened: Bundle, tmp_path: Path) -> None:
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    _write(source, ["one", "two"])
    _run(opened, source, out)
    with out.open("a") as file:
        file.write('{"body": "half')  # killed while it wrote
    _write(source, ["three"], "a")
    _run(opened, source, out)
    assert [one["body"] for one in _read(out)] == ["one", "two", "three"]


def test_a_file_that_was_replaced_is_read_from_its_beginning(opened: Bundle, tmp_path: Path) -> None:
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    _write(source, ["one", "two"])
    _run(opened, source, out)
    source.rename(tmp_path / "in.jsonl.1")
    _write(source, ["three"])
    _run(opened, source, out)
    assert [one["body"] for one in _read(out)] == ["one", "two", "three"]


def test_a_file_that_grows_and_is_rotated_is_followed(opened: Bundle, tmp_path: Path) -> None:
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    _write(source, ["one"])
    following = Lines(source, follow=True)
    sink = Written(out)
    at_work = threading.Thread(target=run, args=(opened, following, sink))
    at_work.start()
    _until(out, 1)
    _write(source, ["two", "three"], "a")
    _until(out, 3)
    source.rename(tmp_path / "in.jsonl.1")
    _write(source, ["four"])
    _until(out, 4)
    following.stop()
    at_work.join(60)
    assert not at_work.is_alive()
    sink.close()
    assert [one["body"] for one in _read(out)] == ["one", "two", "three", "four"]


def test_an_address_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="can't go to"):
        sink(str(tmp_path / "answers.parquet"), Lines(None))


def _until(path: Path, lines: int) -> None:
    for _ in range(1200):
        if path.exists() and len(path.read_bytes().splitlines()) >= lines:
            return
        time.sleep(0.05)
    raise AssertionError(f"{path.name} never had {lines} lines")


def test_a_full_disk_is_said_and_nothing_is_passed_over(opened: Bundle, tmp_path: Path) -> None:
    _write(tmp_path / "in.jsonl", ["one"])
    (tmp_path / "out.jsonl").symlink_to("/dev/full")
    with pytest.raises(StorageFullError, match="No space left"):
        _run(opened, tmp_path / "in.jsonl", tmp_path / "out.jsonl")
    assert not (tmp_path / ".out.jsonl.place").exists()


def test_standard_input_that_gives_nothing_is_left_when_asked_to(monkeypatch: pytest.MonkeyPatch) -> None:
    here, there = os.pipe()
    with os.fdopen(here) as given, os.fdopen(there, "wb"):
        monkeypatch.setattr(sys, "stdin", given)
        source = Lines(None)
        thread = threading.Thread(target=lambda: list(source.pieces(None)))
        thread.start()
        source.stop()
        thread.join(60)
        assert not thread.is_alive()
