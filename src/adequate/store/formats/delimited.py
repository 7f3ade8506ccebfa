"""CSV, TSV, Orange's .tab and plain lines: batches of text columns, as written.

Arrow reads; Python's slower reader is called only to say on which line something is wrong, and to make sure of quotes
where values span lines: Arrow takes a quote that never closes for a value as long as the rest of the file.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow

from adequate.errors import FormatError
from adequate.store.formats.dialect import SAMPLE, Dialect, sniff
from adequate.store.formats.files import LONGEST, stream


class Delimited:
    """A file of rows and columns, all text until somebody knows better."""

    written = True

    def __init__(self, path: Path, suffix: str, encoding: str | None) -> None:
        self.path = path
        self.encoding = encoding
        head = stream(path, encoding).read(SAMPLE).decode("utf-8", errors="ignore")
        self.dialect: Dialect = sniff(head, suffix)
        self.roles = self.dialect.roles
        self.notices = list(self.dialect.renamed)
        self.sure = False  # of the quotes: a second pass needn't look again

    def batches(self) -> Iterator[pa.RecordBatch]:
        """All rows.

        Raises:
            FormatError: a row has too few or too many cells, or a quote never closes.
        """
        layout, ragged, spans = self.dialect, [], False
        strings = {name: pa.string() for name in layout.names}

        def keep(row: arrow.InvalidRow) -> str:
            ragged.append(row.actual_columns)
            return "skip" if len(ragged) < 1000 else "error"

        try:
            reader = arrow.open_csv(
                stream(self.path, self.encoding),
                read_options=arrow.ReadOptions(
                    column_names=layout.names,
                    skip_rows_after_names=layout.header,
                    block_size=LONGEST,
                    use_threads=False,
                ),
                parse_options=arrow.ParseOptions(
                    delimiter=layout.separator,
                    quote_char='"' if layout.quoted else False,
                    escape_char=layout.escape or False,
                    double_quote=layout.escape is None,
                    newlines_in_values=layout.quoted,
                    invalid_row_handler=keep,
                ),
                convert_options=arrow.ConvertOptions(
                    column_types=strings, null_values=[""], strings_can_be_null=True, check_utf8=False
                ),
            )
            for batch in reader:
                if ragged:
                    break
                spans = spans or any(holds_line_ends(column) for column in batch.columns)
                yield batch
        except pa.ArrowInvalid as error:
            if not ragged:
                raise self.diagnosis() or FormatError(f"{self.path}: {error}", remedy="check its quotes") from None
        wrong = self.diagnosis() if ragged or (spans and not self.sure) else None
        if wrong:
            raise wrong
        self.sure = True

    def diagnosis(self) -> FormatError | None:
        """What is wrong, by a reader that counts lines; None if nothing is."""
        width, first, count, example = len(self.dialect.names), 0, 0, 0
        limit = csv.field_size_limit(1 << 30)
        lines = io.TextIOWrapper(stream(self.path, self.encoding), encoding="utf-8", newline="")
        reader: Any = self.dialect.reader(lines, strict=True)
        line = 1
        try:
            for row in reader:
                if row and len(row) != width and line > self.dialect.header:
                    first, count, example = first or line, count + 1, example or len(row)
                if sum(map(len, row)) > LONGEST:
                    return FormatError(
                        f"{self.path}: the row that begins on line {line} is longer than {LONGEST >> 20} MB",
                        remedy="look for a quote on that line that never closes",
                    )
                line = reader.line_num + 1
        except csv.Error as error:
            return FormatError(
                f"{self.path}: the row that begins on line {line} has a quote that doesn't close well ({error})",
                remedy='write a quote inside a quoted value twice (""), and close each value',
            )
        finally:
            csv.field_size_limit(limit)
        if not count:
            return None
        more = f", and {count - 1} more rows are like it" if count > 1 else ""
        return FormatError(
            f"{self.path}: line {first} has {example} cells where the header has {width}{more}",
            remedy="quote values that hold a separator or a line end; nothing was read",
        )


def holds_line_ends(column: pa.Array) -> bool:
    """Whether a value spans lines."""
    return bool(pc.any(pc.match_substring(column, "\n"), min_count=0).as_py())
