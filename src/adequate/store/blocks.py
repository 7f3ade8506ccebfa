"""Vectors of all examples from one encoder, kept in row order so that a row number finds them.

They are a pure function of the examples and the encoder, so only their number has to be known to go on after an
interruption: the next row to encode is `count`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from adequate.errors import StoreError, UnknownNameError
from adequate.store.tables import Tables, table_name
from adequate.types import Block, Floats, Rows

if TYPE_CHECKING:
    from lance import LanceDataset

_COLUMN = "vector"
_READ = 4096  # rows Lance decodes at once; more only means more memory
_WINDOW = 2 * _READ  # rows a scan is for: one over all reads 200 MB ahead of whoever is slower, and is no faster


@dataclass(frozen=True, slots=True)
class Blocks:
    """The blocks of vectors of a project, by the digest of their encoder."""

    tables: Tables

    def count(self, encoder_digest: str) -> int:
        """How many examples, from row 0 on, have a vector."""
        return self.tables.rows(_name(encoder_digest))

    def append(self, encoder_digest: str, first_row: int, vectors: Floats) -> None:
        """Add the vectors of the next rows; safe on the disk when it returns. Some 10,000 at a time is a good size.

        Args:
            encoder_digest: names the encoder.
            first_row: the row of the first vector; must be `count(encoder_digest)`.
            vectors: shape (m, width).
        """
        have = self.count(encoder_digest)
        if first_row != have:
            raise StoreError(f"vectors of row {first_row:,} on were given; the next row is {have:,}")
        flat = pa.array(np.ascontiguousarray(vectors, np.float32).reshape(-1))
        data = pa.table({_COLUMN: pa.FixedSizeListArray.from_arrays(flat, vectors.shape[1])})

        def change(table: LanceDataset | None, path: str) -> LanceDataset:
            import lance

            if table is None:
                return lance.write_dataset(data, path, enable_stable_row_ids=True)
            return lance.write_dataset(data, table, mode="append")

        self.tables.change(_name(encoder_digest), change, doing=f"storing {len(vectors):,} vectors", rows=have)

    def block(self, encoder_digest: str) -> Block:
        """The vectors, read from the disk as they are asked for.

        Raises:
            UnknownNameError: nothing was encoded by this encoder yet.
        """
        table = self.tables.open(_name(encoder_digest))
        if table is None:
            raise UnknownNameError(f"no vectors of the encoder {encoder_digest!r} yet")
        width = table.schema.field(_COLUMN).type.list_size
        return Vectors(name=encoder_digest, width=width, rows=table.count_rows(), table=table)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vectors:
    """A `types.Block` over a Lance table at one version; what is added later isn't in it."""

    name: str
    width: int
    rows: int
    table: LanceDataset

    def __len__(self) -> int:
        return self.rows

    def take(self, rows: Rows) -> Floats:
        """Features of these rows, in this order, shape (len(rows), width)."""
        if len(rows) and (rows.min() < 0 or rows.max() >= self.rows):  # Lance may return fewer instead of refusing
            raise IndexError(f"row {rows.max()} of a block of {self.rows}")
        out = np.empty((len(rows), self.width), np.float32)
        for start in range(0, len(rows), _READ):
            chosen = pa.array(rows[start : start + _READ])
            out[start : start + len(chosen)] = _matrix(self.table.take(chosen, columns=[_COLUMN])[_COLUMN], self.width)
        return out

    def batches(self, size: int) -> Iterator[tuple[int, Floats]]:
        """All rows in order: (first row, features of up to `size` rows)."""
        first = 0
        for start in range(0, self.rows, _WINDOW):
            here = {"offset": start or None, "limit": min(_WINDOW, self.rows - start)}
            for batch in self.table.to_batches(
                columns=[_COLUMN], batch_size=min(size, _READ), scan_in_order=True, **here
            ):
                yield first, _matrix(batch[_COLUMN], self.width)
                first += len(batch)


def _name(encoder_digest: str) -> str:
    return table_name("embeddings", encoder_digest)


def _matrix(column: pa.Array | pa.ChunkedArray, width: int) -> Floats:
    flat = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    matrix: Floats = flat.flatten().to_numpy().reshape(-1, width)
    return matrix
