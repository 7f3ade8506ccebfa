"""CSV, TSV, Orange's .tab and plain lines: batches of text columns, as written.

Arrow reads; Python's slower reader is called only to say on which line something is wrong, and to make sure of quotes
where values span lines: Arrow takes a quote that never closes for a value as long as the rest of the file.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow

from adequate.errors import FormatError
from adequate.store.formats.dialect import SAMPLE, Dialect, sniff
from adequate.store.formats.files import LONGEST, head, stream


class Delimited:
    """A file of rows and columns, all text until somebody knows better.

    Args:
        lenient: leave out rows with too few or too many cells, and say so; otherwise they are an error.
    """

    written = True

    def __init__(self, path: Path, suffix: str, encoding: str | None, *, lenient: bool = False) -> None:
        self.path = path
        self.encoding = encoding
        self.lenient = lenient
        self.dialect: Dialect = sniff(head(path, SAMPLE, encoding).decode("utf-8", errors="ignore"), suffix)
        self.roles = self.dialect.roles
        self.notices = list(self.dialect.renamed)
        self.sure = False  # all was looked at: a second pass needn't do it again

    def batches(self) -> Iterator[pa.RecordBatch]:
        """All rows.

        Raises:
            FormatError: a row has too few or too many cells, or a quote never closes.
        """
        ragged, spans = False, False

        def skip(_: arrow.InvalidRow) -> str:
            nonlocal ragged
            ragged = True
            return "skip"

        reader = self.opened(skip)
        try:
            for batch in reader:
                spans = spans or any(holds_line_ends(column) for column in batch.columns)
                yield batch
                if ragged and not self.lenient:
                    break
        except pa.ArrowInvalid as error:
            self.diagnose(FormatError(f"{self.path}: {error}", remedy="check its quotes; nothing was read"))
        finally:
            # Arrow reads a block ahead, in a thread that lets go of `skip` when it is done. Where Python ends before
            # that the process is aborted: so what was begun is waited for.
            with suppress(Exception):
                reader.read_next_batch()
        if (ragged or spans) and not self.sure:
            self.diagnose()
        self.sure = True

    def opened(self, skip: Callable[[arrow.InvalidRow], str]) -> arrow.CSVStreamingReader:
        """Arrow's reader with this file's layout; `skip` is told of rows with another number of cells."""
        layout = self.dialect
        return arrow.open_csv(
            stream(self.path, self.encoding),
            read_options=arrow.ReadOptions(
                column_names=layout.names, skip_rows_after_names=layout.header, block_size=LONGEST, use_threads=False
            ),
            parse_options=arrow.ParseOptions(
                delimiter=layout.separator,
                quote_char='"' if layout.quoted else False,
                escape_char=layout.escape or False,
                double_quote=layout.escape is None,
                newlines_in_values=layout.quoted,
                invalid_row_handler=skip,
            ),
            convert_options=arrow.ConvertOptions(
                column_types=dict.fromkeys(layout.names, pa.string()),
                null_values=[""],
                strings_can_be_null=True,
                check_utf8=False,
            ),
        )

    def diagnose(self, otherwise: FormatError | None = None) -> None:
        """Say what is wrong, by a reader that counts lines: slow, and called where something may be.

        Raises:
            FormatError: a quote that doesn't close, or rows of another width; `otherwise` if none is found.
        """
        width, first, count, found = len(self.dialect.names), 0, 0, 0
        line = 1  # on which the row begins
        try:
            with io.TextIOWrapper(stream(self.path, self.encoding), encoding="utf-8", newline="") as lines:
                reader = self.dialect.reader(lines, strict=True)
                for row in reader:
                    if row and len(row) != width and line > self.dialect.header:
                        first, count, found = first or line, count + 1, found or len(row)
                    if sum(map(len, row)) > LONGEST:
                        raise self.endless(line)
                    line = reader.line_num + 1
        except csv.Error as error:
            raise FormatError(
                f"{self.path}: the row that begins on line {line} has a quote that doesn't close well ({error})",
                remedy='write a quote inside a quoted value twice (""), and close each value; nothing was read',
            ) from None
        if not count and otherwise:
            raise otherwise
        if count:
            self.uneven(f"line {first} has {found} cells where the first row has {width}", count)

    def uneven(self, what: str, count: int) -> None:
        """Rows of another width: a notice or an error, as was asked for."""
        if self.lenient:
            self.notices.append(f"rows left out: {count:,} ({what})")
            return
        more = f", and {count - 1:,} more rows are wrong like it" if count > 1 else ""
        raise FormatError(
            f"{self.path}: {what}{more}",
            remedy="quote values that hold a separator or a line end, or leave such rows out: --skip-bad-rows",
        )

    def endless(self, line: int) -> FormatError:
        """The error for a row that must be many."""
        return FormatError(
            f"{self.path}: the row that begins on line {line} is longer than {LONGEST >> 20} MB",
            remedy="look for a quote on that line that never closes",
        )


def holds_line_ends(column: pa.Array) -> bool:
    """Whether a value spans lines."""
    return bool(pc.any(pc.match_substring(column, "\n"), min_count=0).as_py())
