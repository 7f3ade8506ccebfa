"""The examples: what there is to label, learn from and measure on, in the order in which they were added.

An example's row number is its place in this table and never changes; it is what joins everything else to it. Adding
is idempotent: an example whose id is there is passed over, so an interrupted `add` is finished by running it again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import sqlalchemy as sa
from numpy.typing import NDArray

from adequate.errors import ColumnError, UnknownNameError, unknown
from adequate.store.columns import convert, fit, plain, shown_name, stored_name, together, widen
from adequate.store.schema import part_codes
from adequate.store.search import index, search
from adequate.store.sql import upsert
from adequate.store.tables import Tables
from adequate.types import PARTS, Floats, Rows

if TYPE_CHECKING:
    from lance import LanceDataset

TABLE = "examples"
CHUNK_ROWS, CHUNK_BYTES = 1 << 17, 64 << 20  # one commit each: what an interrupted `add` can lose

_OURS = {
    "aq_row": pa.field("aq_row", pa.int64(), nullable=False),
    # Without this key two writers' upserts would double rows, silently.
    "aq_id": pa.field("aq_id", pa.string(), nullable=False, metadata={"lance-schema:unenforced-primary-key": "true"}),
    "aq_group": pa.field("aq_group", pa.string(), nullable=False),
    "aq_part": pa.field("aq_part", pa.uint8(), nullable=False),
}
NO_PART = 255  # of an example that was erased: nothing teaches, steers or measures with it
_GIVEN = ("aq_id", "aq_group", "aq_part")


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """What came of adding: examples that are new, that were there already or twice in the input; the first new row."""

    new: int
    known: int
    first_row: int


@dataclass(frozen=True, slots=True)
class Examples:
    """The examples of a project.

    Args:
        tables: where they are kept.
        text: the column that holds the text, for search and for slices that say `text`.
    """

    tables: Tables
    text: str = "text"
    _held: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def count(self) -> int:
        """How many there are."""
        return self.tables.rows(TABLE)

    @property
    def schema(self) -> pa.Schema:
        """The user's columns under their own names, then ours (`aq_row`, `aq_id`, `aq_group`, `aq_part`)."""
        table = self.tables.open(TABLE)
        fields = list(table.schema) if table is not None else list(_OURS.values())
        ordered = [f for f in fields if f.name not in _OURS] + [f for f in fields if f.name in _OURS]
        return pa.schema([f.with_name(shown_name(f.name)) for f in ordered])

    def append(self, batches: Iterable[pa.RecordBatch]) -> Added:
        """Add examples; each chunk of at most 131,072 is safe on the disk before the next is looked at.

        Args:
            batches: the user's columns with `aq_id` (hash of the content), `aq_group` (both strings) and `aq_part`
                (codes into `types.PARTS`, or the parts' names). Columns may be new, missing, or of another type than
                before.

        Raises:
            ColumnError: one of our columns is missing, or two types of a column can't be reconciled.
        """
        first, new, seen = self.count, 0, 0
        for chunk in _chunks(batches):
            table = _with_codes(plain(chunk))
            seen += len(table)
            fresh = table.filter(pa.array(self._is_new(table["aq_id"])))
            if len(fresh):
                self._commit(fresh)
                new += len(fresh)
        return Added(new=new, known=seen - new, first_row=first)

    def parts(self) -> NDArray[np.uint8]:
        """The part of every example, shape (n,), codes into `types.PARTS`; `NO_PART` where it was erased.

        SQL knows them, so that counting labels needs no table of examples.
        """
        version, count = self.tables.state(TABLE) or (0, 0)
        if self._held.get("parts_of") != version:
            rows = self.tables.sql.rows(sa.select(part_codes.c.codes).order_by(part_codes.c.first_row))
            codes = np.frombuffer(b"".join(bytes(row.codes) for row in rows), np.uint8)[:count]
            self._held.update(parts=codes, parts_of=version)
        found: NDArray[np.uint8] = self._held["parts"]
        return found

    def remember_parts(self, connection: sa.Connection) -> None:
        """Write down in SQL the parts of a store that was made before SQL knew them."""
        table = self.tables.open(TABLE)
        if table is not None:
            codes = table.to_table(columns=["aq_part"])["aq_part"].to_numpy().tobytes()
            connection.execute(sa.insert(part_codes).values(first_row=0, codes=codes))

    def take(self, rows: Rows | Sequence[int], columns: Sequence[str] | None = None) -> pa.Table:
        """These rows in this order, once for each time a row is named.

        Raises:
            ColumnError: no such column.
            UnknownNameError: no such row.
        """
        wanted = np.asarray(rows, np.int64)
        names = self._stored(columns)
        table = self.tables.open(TABLE)
        if len(wanted) == 0 or table is None:
            return _shown(self._empty(names))
        count = table.count_rows()
        if wanted.min() < 0 or wanted.max() >= count:  # Lance may return fewer rows instead of refusing
            raise UnknownNameError(f"no row {wanted.max()} among {count:,} examples")
        return _shown(table.take(pa.array(wanted), columns=names))

    def scan(self, columns: Sequence[str] | None = None, size: int = 8192, first: int = 0) -> Iterator[pa.RecordBatch]:
        """All rows from `first` on, in order, in batches of at most `size`; memory doesn't grow with the data."""
        names = self._stored(columns)
        table = self.tables.open(TABLE)
        if table is None or first >= table.count_rows():
            return
        for batch in table.to_batches(columns=names, batch_size=size, offset=first or None, scan_in_order=True):
            yield batch.rename_columns([shown_name(name) for name in batch.schema.names])

    def rows_of(self, ids: Sequence[str] | pa.Array | pa.ChunkedArray) -> Rows:
        """The row of each id, -1 where there is no such example. One pass over the ids, however many are asked."""
        asked = ids if isinstance(ids, pa.Array | pa.ChunkedArray) else pa.array(ids, pa.string())
        asked = asked.combine_chunks() if isinstance(asked, pa.ChunkedArray) else asked
        encoded = asked.dictionary_encode()
        found = np.full(len(encoded.dictionary) + 1, -1, np.int64)
        row = 0
        import pyarrow.compute as pc  # here and below: whoever only serves needs none of it

        for batch in self.scan(["aq_id"], size=1 << 16):
            place = pc.index_in(batch.column(0), value_set=encoded.dictionary)
            hits = place.is_valid().to_numpy(zero_copy_only=False)
            found[place.drop_null().to_numpy()] = row + np.flatnonzero(hits)
            row += len(batch)
        rows: Rows = found[encoded.indices.fill_null(len(found) - 1).to_numpy(zero_copy_only=False)]
        return rows

    def row_of(self, example: str) -> int:
        """The row of one id, or of the only id that begins so.

        Raises:
            UnknownNameError: no id begins so, or several do.
        """
        table = self.tables.open(TABLE)
        near: list[str] = []
        if table is not None and example:
            quoted = example.replace("'", "''")
            hits = table.to_table(columns=["aq_row", "aq_id"], filter=f"starts_with(aq_id, '{quoted}')", limit=20)
            near = hits["aq_id"].to_pylist()
            if len(near) == 1 or example in near:
                row = int(hits["aq_row"][near.index(example) if example in near else 0].as_py())
                if self.parts()[row] == NO_PART:
                    raise UnknownNameError(f"the example {example!r} was erased")
                return row
        raise unknown("example", example, near)

    def ids(self, rows: Rows | Sequence[int]) -> list[str]:
        """The ids of these rows."""
        found: list[str] = self.take(rows, ["aq_id"])["aq_id"].to_pylist()
        return found

    def search(self, words: str, limit: int = 50) -> tuple[Rows, Floats]:
        """The rows whose text best matches any of the words, best first, and their BM25 scores.

        Raises:
            ColumnError: there is no column of the name that the store was opened with as `text`.
        """
        table = self.tables.open(TABLE)
        if table is None or not words.split():
            return np.zeros(0, np.int64), np.zeros(0, np.float32)
        return search(table, self._stored([self.text])[0], words, limit)

    def index(self) -> None:
        """Make `search` fast: build its index, or take into it what was added since. 7 CPU seconds a million texts."""
        if self.count:
            index(self.tables, TABLE, self._stored([self.text])[0])

    def digest(self) -> str:
        """Names the data: the same examples in the same order and parts have the same digest on any machine.

        It reads ids and parts once for each version: a tenth of a second a million.
        """
        table = self.tables.open(TABLE)
        version = table.version if table is not None else 0
        if self._held.get("digest_of") != version:
            streams = [blake2b(digest_size=16) for _ in range(5)]  # a column is one stream: batches leave no trace
            for batch in self.scan(["aq_id", "aq_group", "aq_part"], size=1 << 16):
                pieces = (*_pieces(batch["aq_id"]), *_pieces(batch["aq_group"]), batch["aq_part"].to_numpy())
                for stream, piece in zip(streams, pieces, strict=True):
                    stream.update(piece)
            content = blake2b(b"".join(stream.digest() for stream in streams), digest_size=16)
            self._held.update(digest=content.hexdigest(), digest_of=version)
        found: str = self._held["digest"]
        return found

    def _stored(self, columns: Sequence[str] | None) -> list[str]:
        known = self.schema.names
        for name in columns or ():
            if name not in known:
                missing = unknown("column", name, known)
                raise ColumnError(missing.message, remedy=missing.remedy)
        return [stored_name(name) for name in (known if columns is None else columns)]

    def _empty(self, names: list[str]) -> pa.Table:
        table = self.tables.open(TABLE)
        schema = table.schema if table is not None else pa.schema(list(_OURS.values()))
        return pa.schema([schema.field(name) for name in names]).empty_table()

    def _is_new(self, ids: pa.ChunkedArray) -> NDArray[np.bool_]:
        """Which of these are neither in the store nor earlier in the chunk."""
        codes = ids.combine_chunks().dictionary_encode().indices.to_numpy()
        first = np.zeros(len(codes), np.bool_)
        first[np.unique(codes, return_index=True)[1]] = True
        return first & (self.rows_of(ids) < 0)

    def _commit(self, fresh: pa.Table) -> None:
        start = self.count
        rows = pa.array(np.arange(start, start + len(fresh)))
        coming = fresh.append_column("aq_row", rows)

        def change(table: LanceDataset | None, path: str) -> LanceDataset:
            import lance

            if table is None:
                schema = pa.schema([_OURS.get(f.name, f) for f in coming.schema])
                return lance.write_dataset(coming.cast(schema), path, enable_stable_row_ids=True)
            widen(table, coming.schema, keep=_OURS)
            return lance.write_dataset(fit(coming, table.schema), table, mode="append")

        def also(connection: sa.Connection) -> None:
            codes = fresh["aq_part"].to_numpy().tobytes()
            upsert(connection, part_codes, [{"first_row": start, "codes": codes}])

        self.tables.change(TABLE, change, doing=f"adding {len(fresh):,} examples", also=also, rows=start)


def _chunks(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    held: list[pa.Table] = []
    rows = size = 0
    for batch in batches:
        for start in range(0, len(batch), CHUNK_ROWS):
            piece = batch.slice(start, CHUNK_ROWS)
            held.append(pa.Table.from_batches([piece]))
            rows, size = rows + len(piece), size + piece.get_total_buffer_size()
            if rows >= CHUNK_ROWS or size >= CHUNK_BYTES:
                yield together(held)
                held, rows, size = [], 0, 0
    if rows:
        yield together(held)


def _with_codes(table: pa.Table) -> pa.Table:
    """Check that our columns are there, and turn the parts' names into codes."""
    for name in _GIVEN:
        if name not in table.column_names:
            raise ColumnError(f"examples need a column {name!r}", remedy=f"there are: {', '.join(table.column_names)}")
    parts = table["aq_part"]
    if pa.types.is_string(parts.type):
        import pyarrow.compute as pc

        parts = pc.index_in(parts, value_set=pa.array([str(part) for part in PARTS]))
    given = {"aq_id": (table["aq_id"], pa.string()), "aq_group": (table["aq_group"], pa.string())}
    for name, (values, kind) in {**given, "aq_part": (parts, pa.uint8())}.items():
        column = convert(values, kind, name)
        if column.null_count:
            raise ColumnError(f"{column.null_count} examples have no {name!r}")
        table = table.set_column(table.schema.get_field_index(name), name, column)
    return table


def _shown(table: pa.Table) -> pa.Table:
    return table.rename_columns([shown_name(name) for name in table.column_names])


def _pieces(column: pa.Array) -> tuple[NDArray[np.int32], memoryview]:
    """The lengths of the strings, and their bytes end to end."""
    _, offsets, content = column.buffers()
    ends = np.frombuffer(offsets, np.int32)[column.offset : column.offset + len(column) + 1]
    return np.diff(ends), memoryview(content)[ends[0] : ends[-1]]
