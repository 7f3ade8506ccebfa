"""`adequate predict` as its user runs it: in a process of its own, which may be killed."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from tests.bundles.made import bundle, texts

ADEQUATE = [sys.executable, "-m", "adequate.cli.main"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bundle(tmp_path_factory.mktemp("shipped"))[0]


def test_a_run_that_was_killed_goes_on_and_every_row_is_answered_once(folder: Path, tmp_path: Path) -> None:
    n = 30_000
    some = texts(300)
    parquet.write_table(pa.table({"body": some * (n // 300), "number": range(n)}), tmp_path / "in.parquet")
    command = [*ADEQUATE, "predict", "in.parquet", "--bundle", str(folder), "-o", "out.parquet", "--threads", "1"]
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.DEVNULL)
    while process.poll() is None and len(list(tmp_path.glob(".out.parquet.parts/*.parquet"))) < 2:
        time.sleep(0.02)
    process.kill()
    assert process.wait() == -9
    assert not (tmp_path / "out.parquet").exists()
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "of them before" in done.stdout
    assert parquet.read_table(tmp_path / "out.parquet")["number"].to_pylist() == list(range(n))


def test_lines_on_standard_input_are_answered_on_standard_output(folder: Path, tmp_path: Path) -> None:
    command = [*ADEQUATE, "predict", "-", "--bundle", str(folder), "-o", "-", "--task", "intent"]
    lines = "".join(json.dumps({"id": i, "body": text}) + "\n" for i, text in enumerate(texts(5)))
    done = subprocess.run(command, cwd=tmp_path, input=lines, capture_output=True, text=True, check=True)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [one["id"] for one in answers] == ["0", "1", "2", "3", "4"]
    assert all(one["intent"] and "urgent" not in one for one in answers)


def test_a_stream_ends_at_a_signal_after_the_batch_in_hand(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text('{"body": "hello"}\n')
    command = [*ADEQUATE, "predict", "in.jsonl", "--follow", "--bundle", str(folder), "-o", "out.jsonl"]
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    for _ in range(200):
        if (tmp_path / "out.jsonl").exists() and (tmp_path / "out.jsonl").read_text().endswith("\n"):
            break
        time.sleep(0.05)
    process.terminate()
    _, said = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "1 input answered" in said


def test_a_bundle_that_is_not_there_is_named(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text('{"body": "hello"}\n')
    command = [*ADEQUATE, "predict", "in.jsonl", "--bundle", "gone/away", "-o", "out.parquet"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert "there is no bundle gone/away" in done.stderr
    done = subprocess.run(
        [*command[:5], "-o", "out.parquet"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 3
    assert "no bundle is named" in done.stderr
