"""A table as a CSV, JSON lines or Parquet file: whole, or not at all."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
from pyarrow import csv, parquet

from adequate.errors import FormatError, StorageFullError

ROWS = 8192


def write(path: Path | str, table: pa.Table) -> None:
    """Write a table in the format that the name of the file says; lists go into CSV as JSON lists.

    Raises:
        FormatError: the name ends in none of .csv, .tsv, .jsonl, .parquet (or .gz after one of the text formats).
        StorageFullError: no space, or no permission; what stood there before still does.
    """
    path = Path(path)
    packed = path.suffix == ".gz"
    suffix = Path(path.stem).suffix if packed else path.suffix
    writers: dict[str, Callable[[Any, pa.Table], None]] = {
        ".csv": lambda file, table: csv.write_csv(flat(table), file),
        ".tsv": lambda file, table: csv.write_csv(flat(table), file, csv.WriteOptions(delimiter="\t")),
        ".jsonl": lines,
        ".parquet": lambda file, table: parquet.write_table(table, file),
    }
    if suffix not in writers or (packed and suffix == ".parquet"):
        raise FormatError(f"can't write {path.name!r}", remedy="end its name in .csv, .tsv, .jsonl or .parquet")
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with gzip.open(part, "wb") if packed else part.open("wb") as file:
            writers[suffix](file, table)
        part.replace(path)
    except OSError as error:
        raise StorageFullError(
            f"can't write {path}: {error.strerror or error}", remedy="check the folder and its space"
        ) from None
    finally:
        part.unlink(missing_ok=True)


def flat(table: pa.Table) -> pa.Table:
    """The same with lists as JSON text: CSV has no lists."""
    for i, field in enumerate(table.schema):
        if pa.types.is_list(field.type):
            texts = [None if row is None else json.dumps(row, ensure_ascii=False) for row in table[i].to_pylist()]
            table = table.set_column(i, field.name, pa.array(texts, pa.string()))
    return table


def lines(file: IO[bytes], table: pa.Table) -> None:
    """One JSON object a row; times as ISO 8601."""
    for batch in table.to_batches(max_chunksize=ROWS):
        rows = (json.dumps(row, ensure_ascii=False, default=lambda time: time.isoformat()) for row in batch.to_pylist())
        file.write("".join(row + "\n" for row in rows).encode())
