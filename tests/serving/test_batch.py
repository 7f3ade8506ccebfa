"""A file answered batch by batch, and gone on with after an interruption."""

from __future__ import annotations

import resource
import shutil
from itertools import count, islice
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import csv, parquet

from adequate.bundles import Bundle
from adequate.errors import ColumnError, FormatError, UnknownNameError
from adequate.serving import batch
from adequate.serving.batch import predict
from tests.bundles.made import texts


@pytest.fixture
def mail(tmp_path: Path) -> Path:
    table = pa.table({"body": [*texts(99), None], "number": list(range(100))})
    parquet.write_table(table, tmp_path / "mail.parquet")
    return tmp_path / "mail.parquet"


def test_every_row_is_answered_as_the_bundle_answers_it(opened: Bundle, mail: Path, tmp_path: Path) -> None:
    done = predict(opened, mail, tmp_path / "out.parquet", probabilities=True)
    assert done.rows == 100
    found = parquet.read_table(tmp_path / "out.parquet")
    assert found["number"].to_pylist() == list(range(100))
    for task, output in opened.answer([*texts(99), ""]).outputs.items():
        if output.answers.ndim == 1:
            assert found[task].to_pylist() == [output.labels[code] for code in output.answers]
        assert output.probs is not None
        assert found[f"{task}_probabilities"].to_pylist()[0] == pytest.approx(output.probs[0].tolist(), abs=1e-6)
    assert not list(tmp_path.glob(".out*"))


def test_an_interrupted_run_goes_on_where_it_stopped(
    opened: Bundle,
    mail: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(batch, "SIZE", 10)
    out = tmp_path / "out.parquet"

    def stop(done: int, _total: int) -> None:
        if done == 40:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        predict(opened, mail, out, told=stop)
    assert not out.exists()
    (tmp_path / ".out.parquet.parts" / "00000004.new").write_bytes(b"half a part")
    assert predict(opened, mail, out).before == 40
    assert parquet.read_table(out)["number"].to_pylist() == list(range(100))


def test_more_parts_than_a_process_may_open_become_one_file(
    opened: Bundle,
    mail: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(batch, "SIZE", 2)
    usual, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    taken = {int(path.name) for path in Path("/proc/self/fd").iterdir()}
    few = next(islice((n for n in count() if n not in taken), 20, None))  # so many more may be open, of 50 parts
    resource.setrlimit(resource.RLIMIT_NOFILE, (few, most))
    try:
        predict(opened, mail, tmp_path / "out.parquet")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (usual, most))
    assert parquet.read_table(tmp_path / "out.parquet")["number"].to_pylist() == list(range(100))


def test_parts_of_another_input_are_not_gone_on_with(
    opened: Bundle,
    mail: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(batch, "SIZE", 10)

    def stop(done: int, _total: int) -> None:
        if done == 40:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        predict(opened, mail, tmp_path / "out.csv", told=stop)
    parquet.write_table(pa.table({"body": ["another"], "number": [7]}), mail)
    assert predict(opened, mail, tmp_path / "out.csv").before == 0
    assert csv.read_csv(tmp_path / "out.csv")["number"].to_pylist() == [7]


def test_a_label_that_the_file_has_is_kept_beside_the_answer(opened: Bundle, tmp_path: Path) -> None:
    task = opened.tasks[0]
    (tmp_path / "in.jsonl").write_text(f'{{"body": "hello", "{task}": "given"}}\n')
    predict(opened, tmp_path / "in.jsonl", tmp_path / "out.parquet", tasks=[task])
    found = parquet.read_table(tmp_path / "out.parquet")
    assert found[f"{task}_given"].to_pylist() == ["given"]


def test_a_file_without_the_column_is_refused_before_anything_is_done(
    opened: Bundle,
    tmp_path: Path,
) -> None:
    (tmp_path / "in.csv").write_text("text\nhello\n")
    with pytest.raises(ColumnError):
        predict(opened, tmp_path / "in.csv", tmp_path / "out.parquet")
    with pytest.raises(FormatError):
        predict(opened, tmp_path / "in.csv", tmp_path / "out.xlsx")
    with pytest.raises(UnknownNameError):
        predict(opened, tmp_path / "in.csv", tmp_path / "out.csv", column="text", tasks=["nope"])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv"]
    shutil.rmtree(tmp_path)
