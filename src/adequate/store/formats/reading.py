"""What is in a file, and its examples as batches of one schema.

Every file is gone through twice. The first pass finds what is wrong before anything is handed out, settles the type of
each column on all of its values, and counts; the second yields. Memory is a batch or two, whatever the file's size.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from adequate.errors import DataError, FormatError
from adequate.spec.profile import missing
from adequate.spec.readings import READINGS, narrowest, readings
from adequate.spec.values import as_text
from adequate.store.formats.delimited import Delimited
from adequate.store.formats.exchange import told
from adequate.store.formats.exchange.table import Answers
from adequate.store.formats.files import LONGEST, checked, found, known, unpacked
from adequate.store.formats.pieces import SUFFIX, Pieces
from adequate.store.formats.records import Records
from adequate.store.formats.tables import Table

JSON = (".json", ".jsonl", ".ndjson")
ANNOTATED = (".conll", ".bio", ".iob", ".iob2", ".spacy")
COLUMNS = (".csv", ".tsv", ".tab", ".txt", ".psv")


class Readable(Protocol):
    """A file of some format: batches as they come, with the types each happens to have."""

    path: Path
    written: bool  # all values are text, of which some may be numbers and times
    roles: dict[str, str]  # what the file itself says of columns: "label", "text" or "meta"
    notices: list[str]

    def batches(self) -> Iterator[pa.RecordBatch]:
        """All examples."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Data:
    """A file that was found whole; iterating yields its examples, as often as you like.

    Args:
        rows: examples that will come.
        skipped: rows left out because their text is null or blank.
        notices: what a person should know, one sentence each.
    """

    path: Path
    schema: pa.Schema
    rows: int
    skipped: int
    notices: tuple[str, ...]
    source: Readable = field(repr=False)
    text: str | None = None

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        return (batch for _, batch in self.numbered())

    def numbered(self) -> Iterator[tuple[NDArray[np.int64], pa.RecordBatch]]:
        """The same batches, and for each row its number in the file, from 1 on, counting those that are left out."""
        first = 1
        for batch in self.source.batches():
            converted = conform(batch, self.schema)
            keep = np.ones(len(batch), bool)
            if self.text is not None:
                keep = filled(converted[self.text]).to_numpy(zero_copy_only=False)
            kept = converted if keep.all() else converted.filter(pa.array(keep))
            if len(kept):
                yield first + np.flatnonzero(keep), kept
            first += len(batch)


def read(
    path: Path | str,
    *,
    encoding: str | None = None,
    types: Mapping[str, pa.DataType] | None = None,
    raw: bool = False,
    text: str | None = None,
    lenient: bool = False,
) -> Iterator[pa.RecordBatch]:
    """The examples of a file, as `inspect` finds them; nothing comes from a file that has something wrong."""
    return iter(inspect(path, encoding=encoding, types=types, raw=raw, text=text, lenient=lenient))


def inspect(
    path: Path | str,
    *,
    encoding: str | None = None,
    types: Mapping[str, pa.DataType] | None = None,
    raw: bool = False,
    text: str | None = None,
    lenient: bool = False,
) -> Data:
    """Go through a whole CSV, TSV, JSON lines, JSON, Parquet, Orange .tab or text file, gzip or not.

    Args:
        encoding: of the text; UTF-8 unless said.
        types: of some columns, whatever their values look like; string keeps what stands in the file.
        raw: leave the values of CSV and its like as text; otherwise numbers and times are recognised where that
            loses nothing (`007` stays text).
        text: the column that must be there; rows where it is null or blank are skipped and counted.
        lenient: leave out rows of CSV with too few or too many cells, with a notice; otherwise they are an error.

    Raises:
        FormatError: what is wrong with the file, and where.
        ColumnError: there is no column `text`.
        DataError: a value can't be read as the type that was asked for.
    """
    source = opened(found(path), known(encoding), lenient)
    survey = Survey(asked=dict(types or {}), guess=source.written and not raw, times=not raw)
    rows = skipped = 0
    for batch in source.batches():
        survey.add(batch, rows)
        rows += len(batch)
        if text is not None:
            skipped += len(batch) - pc.sum(filled(column(batch, text, path))).as_py()
    if rows == 0:
        raise FormatError(f"{path} holds no rows, only a header", remedy="check how it was made")
    notices = list(source.notices)
    notices += [f"no column {name!r} in {path}: null there" for name in survey.asked if name not in survey.order]
    if skipped:
        notices.append(f"{skipped:,} of {rows:,} rows have no text in {text!r}: skipped")
    return Data(
        path=Path(path),
        schema=survey.schema(source.roles),
        rows=rows - skipped,
        skipped=skipped,
        notices=tuple(notices),
        source=source,
        text=text,
    )


def opened(path: Path, encoding: str | None, lenient: bool) -> Readable:
    """The reader for a file: by its first bytes where they say it, by its name otherwise."""
    suffixes = [suffix.lower() for suffix in path.suffixes if suffix.lower() not in (".gz", ".gzip")]
    suffix = suffixes[-1] if suffixes else ""
    if suffix in (".parquet", ".pq"):
        return Table(path)
    if suffix in ANNOTATED and (form := told(path)) is not None:
        return Answers(path, form)
    if suffix == SUFFIX:
        return Pieces(path)
    start = b""
    if suffix not in (*JSON, *COLUMNS):
        with unpacked(path) as file:
            start = file.read(4)
    if start == b"PAR1":
        return Table(path)
    checked(path, encoding, longest=sys.maxsize if suffix == ".json" else LONGEST)  # a document may be one line
    if suffix in JSON or (suffix not in COLUMNS and start.lstrip()[:1] in (b"{", b"[")):
        form = told(path)
        return Records(path, encoding) if form is None else Answers(path, form)
    return Delimited(path, suffix if suffix in COLUMNS else "", encoding, lenient=lenient)


@dataclass(slots=True, kw_only=True)
class Survey:
    """The type of each column, settled on every batch.

    Args:
        asked: types that are settled already.
        guess: whether text may turn out to be numbers, and `times` whether it may be times.
    """

    asked: dict[str, pa.DataType]
    guess: bool
    times: bool
    kinds: dict[str, pa.DataType] = field(default_factory=dict)
    left: dict[str, frozenset[pa.DataType]] = field(default_factory=dict)
    order: dict[str, None] = field(default_factory=dict)

    def add(self, batch: pa.RecordBatch, before: int) -> None:
        """Take one more batch into account; `before` rows came earlier."""
        self.order |= dict.fromkeys(batch.schema.names)
        for name, values in zip(batch.schema.names, batch.columns, strict=True):
            if name in self.asked:
                convert(values, self.asked[name], name, before)
            elif values.null_count < len(values):
                self.kinds[name] = joined(self.kinds.get(name, values.type), values.type)
                self.left[name] = self.narrowed(name, values)
            else:
                self.kinds.setdefault(name, pa.null())

    def narrowed(self, name: str, values: pa.Array) -> frozenset[pa.DataType]:
        """What the text of a column can still be read as."""
        if not pa.types.is_string(values.type):
            return frozenset()
        possible = frozenset(kind for kind in READINGS if (self.guess or pa.types.is_timestamp(kind)) and self.times)
        left = self.left.get(name, possible)
        return readings(values, left) if left else left

    def schema(self, roles: Mapping[str, str]) -> pa.Schema:
        """All columns; a column that only held nulls is text."""
        types = dict.fromkeys(self.order, pa.string()) | self.asked
        for name, kind in self.kinds.items():
            types[name] = narrowest(self.left.get(name, frozenset())) if kind in (pa.string(), pa.null()) else kind
        marks = {name: {"role": role} for name, role in roles.items()}
        return pa.schema([pa.field(name, kind, metadata=marks.get(name)) for name, kind in types.items()])


def joined(one: pa.DataType, other: pa.DataType) -> pa.DataType:
    """The type that holds both; text where nothing narrower does."""
    if one == other or pa.types.is_null(other):
        return one
    if pa.types.is_null(one):
        return other
    return pa.float64() if {one, other} == {pa.int64(), pa.float64()} else pa.string()


def conform(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """A batch with exactly these columns; those that it lacks are null."""
    have = dict(zip(batch.schema.names, batch.columns, strict=True))
    arrays = [
        convert(have[field.name], field.type, field.name, 0) if field.name in have else pa.nulls(len(batch), field.type)
        for field in schema
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def convert(values: pa.Array, kind: pa.DataType, name: str, before: int) -> pa.Array:
    """Values as another type.

    Raises:
        DataError: one of them can't be; says which, and in which row.
    """
    if values.type == kind:
        return values
    if pa.types.is_string(kind):
        return as_text(values)
    try:
        return pc.cast(values, kind)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        bad = next(i for i in range(len(values)) if not castable(values[i], kind))
        raise DataError(
            f"column {name!r} is to hold {kind}, but row {before + bad + 1} has {values[bad].as_py()!r}",
            remedy="correct the value, or give the column another name",
        ) from None


def castable(value: pa.Scalar, kind: pa.DataType) -> bool:
    """Whether one value can be read as `kind`."""
    try:
        value.cast(kind)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return False
    return True


def filled(values: pa.Array) -> pa.Array:
    """Where a text isn't null and has more than white space."""
    return pc.fill_null(pc.greater(pc.utf8_length(pc.utf8_trim_whitespace(as_text(values))), 0), False)


def column(batch: pa.RecordBatch, name: str, path: Path | str) -> pa.Array:
    """A column that must be there."""
    if name not in batch.schema.names:
        raise missing(name, batch.schema.names, f"in {path}")
    return batch[name]
