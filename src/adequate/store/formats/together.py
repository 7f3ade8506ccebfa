"""Several files looked at as one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa

from adequate.store.formats.reading import Data


def together(files: Sequence[Data]) -> Iterator[pa.RecordBatch]:
    """Rows of all files. A column that has another type in a later file is left out there."""
    kinds: dict[str, pa.DataType] = {}
    for file in files:
        for column in file.schema:
            kinds.setdefault(column.name, column.type)
        same = [column.name for column in file.schema if column.type == kinds[column.name]]
        for batch in file:
            yield batch.select(same)
