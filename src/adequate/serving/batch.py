"""Answer a whole file: batch by batch, on all cores, to go on where it was interrupted.

Memory is a batch or two whatever the file's size. Answers lie in parts beside the result (`.NAME.parts/`), each written
whole and synced; the same command goes on after the last of them, and the result appears at the end, whole. Parts of
another bundle, another input or other options are not gone on with.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv, parquet

from adequate.errors import ColumnError, FormatError, StorageFullError
from adequate.spec.profile import missing
from adequate.store.formats import inspect
from adequate.store.formats.writing import flat, lines
from adequate.testing.outputs import confidence, said

if TYPE_CHECKING:
    from adequate.bundles.bundle import Bundle

SIZE = 8192  # texts answered together, and written as one part
ENDINGS = (".parquet", ".csv", ".tsv", ".jsonl")


@dataclass(frozen=True, slots=True, kw_only=True)
class Predicted:
    """What was done: `rows` in the result, of which `before` were answered by an earlier, interrupted run."""

    rows: int
    before: int


def predict(
    bundle: Bundle,
    path: Path,
    out: Path,
    *,
    tasks: Sequence[str] | None = None,
    column: str | None = None,
    probabilities: bool = False,
    told: Callable[[int, int], None] = lambda _done, _total: None,
) -> Predicted:
    """Answer every row of a file; the result has its columns, and TASK and TASK_confidence for each task; of a task for
    which the bundle has a threshold also TASK_abstained.

    Args:
        path: CSV, TSV, JSON lines, Parquet and the like, gzip or not.
        out: `.parquet`, `.csv`, `.tsv` or `.jsonl`.
        tasks: to answer; None: all.
        column: that holds the text; None: the bundle's, or the only one of text.
        probabilities: add TASK_probabilities, a list in the order of the task's labels.
        told: called with (rows answered, rows in all).

    Raises:
        FormatError: the file can't be read, or `out` has another ending.
        ColumnError: it has no such column, or a column that an answer needs.
        StorageFullError: no space; what was answered is kept, and the same command goes on.
    """
    if out.suffix not in ENDINGS:
        raise FormatError(f"can't write {out.name!r}", remedy=f"end its name in {', '.join(ENDINGS)}")
    data = inspect(path)
    name = column or bundle.manifest.text
    if name not in data.schema.names:
        error = missing(name, data.schema.names, f"in {path}")
        raise ColumnError(error.message, remedy=f"--text says which holds the text; {error.remedy}")
    wanted = bundle.tasks if tasks is None else tuple(tasks)
    bundle.answer([], wanted)  # an unknown task is refused before anything is written
    taken = [
        one for task in wanted for one in (task, f"{task}_confidence", f"{task}_abstained") if one in data.schema.names
    ]
    renamed = {one: f"{one}_given" for one in taken}  # a file that has labels keeps them
    parts = _Parts(out, _about(bundle, path, wanted, name, probabilities))
    done = before = parts.rows
    told(done, data.rows)
    for batch in _from(iter(data), done):
        texts = [text or "" for text in pc.cast(batch.column(name), pa.string()).to_pylist()]
        answers = bundle.answer(texts, wanted)
        given = {one: batch.column(one).to_pylist() for one in batch.schema.names} if bundle.manifest.abstain else {}
        abstained = bundle.abstained(given | {bundle.manifest.text: texts}, answers.outputs)
        columns = {renamed.get(one, one): batch.column(one) for one in batch.schema.names}
        for task, output in answers.outputs.items():
            columns[task] = said(output)
            sure = confidence(output)
            assert sure is not None
            assert output.probs is not None
            columns[f"{task}_confidence"] = pa.array(sure, pa.float32())
            if task in abstained:
                columns[f"{task}_abstained"] = pa.array(abstained[task])
            if probabilities:
                columns[f"{task}_probabilities"] = pa.FixedSizeListArray.from_arrays(
                    pa.array(output.probs.ravel()), len(output.labels)
                )
        parts.add(pa.record_batch(columns))
        done += len(batch)
        told(done, data.rows)
    parts.finish()
    return Predicted(rows=done, before=before)


class _Parts:
    """The answers so far, in a folder beside the result."""

    def __init__(self, out: Path, about: str) -> None:
        self.out = out
        self.folder = out.with_name(f".{out.name}.parts")
        said = self.folder / "of.json"
        if not (said.is_file() and said.read_text("utf-8") == about):
            shutil.rmtree(self.folder, ignore_errors=True)
            try:
                self.folder.mkdir(parents=True)
                said.write_text(about, "utf-8")
            except OSError as error:
                raise _full(out, error) from None
        made = self._files()
        self.many = len(made)
        self.rows = sum(parquet.read_metadata(path).num_rows for path in made)

    def add(self, batch: pa.RecordBatch) -> None:
        """One more, whole and synced."""
        path = self.folder / f"{self.many:08d}.parquet"
        new = path.with_suffix(".new")
        try:
            parquet.write_table(pa.Table.from_batches([batch]), new)
            with new.open("rb") as file:
                os.fsync(file.fileno())
            new.replace(path)
        except OSError as error:
            raise _full(self.out, error) from None
        self.many += 1

    def finish(self) -> None:
        """The parts become the result."""
        new = self.out.with_name(f".{self.out.name}.new")
        try:
            _joined(self._files(), new, self.out.suffix)
            new.replace(self.out)
        except OSError as error:
            raise _full(self.out, error) from None
        finally:
            new.unlink(missing_ok=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _files(self) -> list[Path]:
        return sorted(self.folder.glob("*.parquet"))


def _tables(parts: Sequence[Path]) -> Iterator[pa.Table]:
    """What is in all of them, one file open at a time: there may be more than a process may have open."""
    for path in parts:
        with parquet.ParquetFile(path) as part:
            yield from (pa.Table.from_batches([batch]) for batch in part.iter_batches(SIZE))


def _joined(parts: Sequence[Path], path: Path, suffix: str) -> None:
    tables = _tables(parts)
    first = next(tables, None)
    if first is None:
        raise FormatError(f"nothing to write to {path.name}", remedy="the file has no rows")
    if suffix == ".parquet":
        with parquet.ParquetWriter(path, first.schema) as writer:
            writer.write_table(first)
            for table in tables:
                writer.write_table(table)
    elif suffix == ".jsonl":
        with path.open("wb") as file:
            lines(file, first)
            for table in tables:
                lines(file, table)
    else:
        options = csv.WriteOptions(delimiter="\t" if suffix == ".tsv" else ",")
        with csv.CSVWriter(path, flat(first).schema, write_options=options) as writer:
            writer.write_table(flat(first))
            for table in tables:
                writer.write_table(flat(table))


def _from(batches: Iterator[pa.RecordBatch], skip: int) -> Iterator[pa.RecordBatch]:
    """Rows after the first `skip`, in batches of at most `SIZE`."""
    for batch in batches:
        past = min(skip, len(batch))
        skip -= past
        for start in range(past, len(batch), SIZE):
            yield batch.slice(start, SIZE)


def _about(bundle: Bundle, path: Path, tasks: Sequence[str], column: str, probabilities: bool) -> str:
    """What parts depend on. The input is known by its size, its time and its first megabyte."""
    found = path.stat()
    with path.open("rb") as file:
        start = hashlib.sha256(file.read(1 << 20)).hexdigest()
    what = [bundle.id, str(path.resolve()), found.st_size, found.st_mtime_ns, start, list(tasks), column, probabilities]
    return orjson.dumps(what).decode()


def _full(out: Path, error: OSError) -> StorageFullError:
    return StorageFullError(
        f"can't write {out}: {error.strerror or error}",
        remedy="make room; the same command goes on where it stopped",
    )
