"""What stands in each column of some data: how many values, how long, how often, readable as what?

Gathered batch by batch in Arrow; memory doesn't grow with the data, because the values of a column are only counted
while there are few different ones.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from adequate.errors import ColumnError
from adequate.spec.readings import READINGS, readings
from adequate.spec.values import as_text, blank_is_null
from adequate.types import RESERVED

MANY = 20_000  # different values that are counted
LONGEST = 4096  # characters; longer texts count as this long
SAMPLE = 8 << 20  # bytes of each column kept as a sample


@dataclass(slots=True, kw_only=True)
class Column:
    """One column.

    Args:
        role: what the file itself says it is: "label", "text", "meta" or "".
        counts: how often each value came, blank ones left out; of a list, each of its items.
        counted: rows that `counts` is about: all of them unless there are too many different values.
        lengths: how many values have 0, 1, 2, ... characters.
        left: what the values can be read as, if text.
        months: how many values fall into each month, such as "2024-05", if they are times.
    """

    name: str
    kind: pa.DataType
    role: str = ""
    rows: int = 0
    nulls: int = 0
    words: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    counted: int = 0
    complete: bool = True
    lengths: np.ndarray[tuple[int], np.dtype[np.int64]] = field(default_factory=lambda: np.zeros(LONGEST + 1, np.int64))
    left: frozenset[pa.DataType] = frozenset(READINGS)
    low: int | None = None
    high: int | None = None
    months: Counter[str] = field(default_factory=Counter)
    sample: list[pa.Array] = field(default_factory=list)

    def add(self, values: pa.Array) -> None:
        """Take some more values into account."""
        self.rows += len(values)
        texts = blank_is_null(as_text(values))
        self.nulls += texts.null_count
        if texts.null_count == len(texts):
            return
        self.count(blank_is_null(as_text(values.flatten())) if self.is_list else texts, len(texts) - texts.null_count)
        lengths = np.minimum(pc.utf8_length(texts.drop_null()).to_numpy(zero_copy_only=False), LONGEST)
        self.lengths += np.bincount(lengths, minlength=LONGEST + 1)
        self.words += len(texts) - texts.null_count + pc.sum(pc.count_substring(texts, " ")).as_py()
        self.left = readings(texts, self.left) if pa.types.is_string(self.kind) else frozenset({self.kind})
        if self.is_whole:
            ends = pc.min_max(pc.cast(texts, pa.int64())).as_py()
            self.low = ends["min"] if self.low is None else min(self.low, ends["min"])
            self.high = ends["max"] if self.high is None else max(self.high, ends["max"])
        if self.is_time:
            self.months.update(tally(pc.utf8_slice_codeunits(texts, 0, 7)))
        if sum(part.nbytes for part in self.sample) < SAMPLE:
            self.sample.append(texts)

    def count(self, texts: pa.Array, rows: int) -> None:
        """Count values, until there are too many different ones."""
        if self.complete:
            self.counts.update(tally(texts))
            self.counted += rows
            self.complete = len(self.counts) <= MANY

    @property
    def is_list(self) -> bool:
        """Whether values are lists."""
        return bool(pa.types.is_list(self.kind))

    @property
    def is_whole(self) -> bool:
        """Whether all values are whole numbers."""
        return pa.int64() in self.left

    @property
    def is_number(self) -> bool:
        """Whether all values are numbers."""
        return bool({pa.int64(), pa.float64()} & self.left)

    @property
    def is_time(self) -> bool:
        """Whether all values are times."""
        return any(pa.types.is_timestamp(kind) for kind in self.left)

    @property
    def filled(self) -> int:
        """Rows with a value."""
        return self.rows - self.nulls

    @property
    def unique(self) -> float:
        """Different values a counted row, in [0, 1]."""
        return len(self.counts) / max(self.counted, 1)

    @property
    def mean_length(self) -> float:
        """Characters a value."""
        return float(self.lengths @ np.arange(LONGEST + 1)) / max(self.filled, 1)

    @property
    def mean_words(self) -> float:
        """Words a value."""
        return self.words / max(self.filled, 1)

    @property
    def tokens(self) -> frozenset[str]:
        """The words of its name: `threadId` and `thread_id` have two."""
        spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", self.name)
        return frozenset(word for word in re.split(r"[\W_]+", spaced.lower()) if word)

    def length_at(self, share: float) -> int:
        """The length that this share of the values is at most."""
        return int(np.searchsorted(self.lengths.cumsum(), share * self.filled))

    def texts(self) -> pa.Array:
        """Some of the values, from the beginning of the data."""
        return pa.concat_arrays(self.sample).drop_null() if self.sample else pa.array([], pa.string())


def profile(batches: Iterable[pa.RecordBatch]) -> dict[str, Column]:
    """Every column of the data that has a name, but for those of ours; reads all of it once."""
    columns: dict[str, Column] = {}
    for batch in batches:
        for described, values in zip(batch.schema, batch.columns, strict=True):
            if not described.name or described.name.startswith(RESERVED):
                continue
            if described.name not in columns:
                role = (described.metadata or {}).get(b"role", b"").decode()
                columns[described.name] = Column(name=described.name, kind=described.type, role=role)
            columns[described.name].add(values)
    return columns


def tally(texts: pa.Array) -> dict[str, int]:
    """How often each value comes, nulls left out."""
    counted = pc.value_counts(texts.drop_null())
    return dict(zip(counted.field("values").to_pylist(), counted.field("counts").to_pylist(), strict=True))


def missing(name: str, have: Iterable[str], where: str) -> ColumnError:
    """The error for a column that isn't there, with the nearest that is.

    >>> print(missing("body", ["Body", "label"], "in mail.csv"))
    no column 'body' in mail.csv; did you mean 'Body'?
      → there are: Body, label
    """
    names = list(have)
    near = get_close_matches(name.lower(), [one.lower() for one in names], n=1)
    hint = next((f"; did you mean {one!r}?" for one in names if near and one.lower() == near[0]), "")
    return ColumnError(f"no column {name!r} {where}{hint}", remedy=f"there are: {', '.join(names)}")
