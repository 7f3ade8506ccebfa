"""Parquet: batches of columns, with the many types of Arrow brought down to the few that a project keeps."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

from adequate.errors import FormatError

ROWS = 8192  # a batch


class Table:
    """A Parquet file."""

    written = False

    def __init__(self, path: Path) -> None:
        self.path = path
        self.roles: dict[str, str] = {}
        self.notices: list[str] = []

    def batches(self) -> Iterator[pa.RecordBatch]:
        """All examples.

        Raises:
            FormatError: it is truncated, damaged, or not Parquet.
        """
        try:
            with parquet.ParquetFile(self.path) as file:
                names = [name for name in file.schema_arrow.names if not name.startswith("__index_level_")]
                for batch in file.iter_batches(batch_size=ROWS, columns=names):
                    yield pa.RecordBatch.from_arrays([simple(column) for column in batch.columns], names=names)
        except (pa.ArrowException, OSError) as error:
            why = str(error).splitlines()[0]
            raise FormatError(
                f"{self.path} isn't a whole Parquet file: {why}", remedy="copy or write it again; nothing was read"
            ) from None


def simple(column: pa.Array) -> pa.Array:
    """A column as text, whole number, number, truth, time or list of text; anything else as JSON text."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        return simple(column.dictionary_decode())
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return pc.cast(column, pa.string())
    if pa.types.is_string(kind) or pa.types.is_boolean(kind):
        return column
    if pa.types.is_integer(kind):
        return pc.cast(column, pa.string() if kind == pa.uint64() else pa.int64())
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return pc.cast(column, pa.float64())
    if pa.types.is_timestamp(kind):
        return pc.cast(column, pa.timestamp("us", kind.tz and "UTC"), safe=False)
    if pa.types.is_date(kind):
        return pc.cast(column, pa.timestamp("us"))
    if pa.types.is_null(kind):
        return pa.nulls(len(column), pa.string())
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        inner = kind.value_type
        if pa.types.is_string(inner) or pa.types.is_large_string(inner) or pa.types.is_dictionary(inner):
            return pc.cast(column, pa.list_(pa.string()))
    texts = [
        None if value is None else json.dumps(value, ensure_ascii=False, default=str) for value in column.to_pylist()
    ]
    return pa.array(texts, pa.string())
