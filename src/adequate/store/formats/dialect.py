"""How is a text file of columns laid out: what separates, what quotes, and is the first row a header?

Read from the first rows, as a person would: the separator is the one that gives every row the same number of cells;
a header is a row of short, different names that aren't values. Columns without a name are called column_1, column_2,
... by their place, so that the next file of the same kind gets the same names.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from typing import Any

csv.field_size_limit(1 << 30)  # Python's reader stops at 128 kB otherwise; `files.LONGEST` is our limit

SAMPLE = 1 << 20  # bytes looked at
TRIED = 1 << 18  # characters of them that are read in eight ways, to tell the separator
SEPARATORS = {",": "a comma", "\t": "a tab", ";": "a semicolon", "|": "a bar"}
NO_SEPARATOR = "\x1f"  # one column: a character that text doesn't hold
NUMBER = re.compile(r"[-+]?[0-9]*[.,]?[0-9]+([eE][-+]?[0-9]+)?$")
# fmt: off
NAMES = frozenset({
    "id", "text", "label", "labels", "body", "content", "message", "sentence", "utterance", "question", "query", "user",
    "title", "subject", "comment", "review", "tweet", "intent", "category", "class", "topic", "topics", "tags", "url",
    "target", "sentiment", "date", "time", "timestamp", "source", "language", "author",
})
ORANGE_TYPES = frozenset({
    "", "d", "discrete", "categorical", "c", "continuous", "numeric", "s", "string", "text", "t", "time", "basket",
})
# fmt: on


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """Args:
    names: of the columns, in order, all different.
    header: rows before the first example.
    roles: of columns that the file itself says: name to "label", "text" or "meta" (Orange's third header row).
    renamed: what was said about names that were missing or came twice.
    """

    separator: str
    quoted: bool
    escape: str | None
    names: tuple[str, ...]
    header: int
    roles: dict[str, str]
    renamed: tuple[str, ...] = ()

    def reader(self, lines: io.TextIOBase, *, strict: bool) -> Any:
        """The same layout for Python's reader: slow, but it knows its line."""
        return rows_of(lines, self.separator, self.quoted, self.escape, strict=strict)


def sniff(text: str, suffix: str) -> Dialect:
    """The layout of a file from its beginning.

    Args:
        text: up to `SAMPLE` characters; the last line may be cut.
        suffix: of the file's name, such as ".tsv": it breaks ties only.
    """
    separator = "\t" if suffix == ".tab" else separator_of(text[:TRIED], suffix)
    quoted = separator != NO_SEPARATOR and quotes_close(text, separator)
    escape = "\\" if quoted and '\\"' in text and '""' not in text else None
    rows = parsed(text, separator, quoted, escape)
    orange = len(rows) > 2 and all(cell.strip() in ORANGE_TYPES for cell in rows[1]) and any(rows[1])
    header = 3 if orange else int(is_header(rows, suffix))
    names, renamed = distinct([cell.strip() for cell in rows[0]] if header else [""] * len(rows[0]), bool(header))
    return Dialect(
        separator=separator,
        quoted=quoted,
        escape=escape,
        names=names,
        header=header,
        roles=orange_roles(names, rows[2]) if orange else {},
        renamed=renamed,
    )


def rows_of(lines: io.TextIOBase, separator: str, quoted: bool, escape: str | None, *, strict: bool = False) -> Any:
    """Python's own reader with this layout."""
    if not quoted:
        return csv.reader(lines, delimiter=separator, quoting=csv.QUOTE_NONE)
    return csv.reader(lines, delimiter=separator, escapechar=escape, doublequote=escape is None, strict=strict)


def parsed(text: str, separator: str, quoted: bool, escape: str | None = None) -> list[list[str]]:
    """The rows of a sample that aren't empty."""
    rows = list(rows_of(io.StringIO(text, newline=""), separator, quoted, escape))
    return [row for row in rows if row] or [[""]]


def separator_of(text: str, suffix: str) -> str:
    """The separator for which most rows have as many cells as the first."""
    preferred = sorted(SEPARATORS, key=lambda one: (one != "\t") if suffix in (".tsv", ".tab") else False)
    best, score = NO_SEPARATOR, 0.4  # below that it is punctuation
    for separator in preferred:
        if suffix == ".txt" and separator != "\t":
            continue  # plain text, one example a line, is full of commas
        for quoted in (True, False):
            rows = parsed(text, separator, quoted)
            share = sum(len(row) == len(rows[0]) for row in rows) / len(rows)
            if len(rows[0]) > 1 and share > score:
                best, score = separator, share
    if best == NO_SEPARATOR and suffix not in (".txt", ""):
        rows = parsed(text, ",", True)
        if all(len(row) == 1 for row in rows):
            return ","  # one column, quoted where it must be
    return best


def quotes_close(text: str, separator: str) -> bool:
    """Whether quotes at the start of a cell are layout, not text: then each closes at the end of a cell.

    Tab-separated text is often written without quoting, and a lone quote would swallow the rows up to the next.
    """
    if separator == ",":
        return True
    bare = parsed(text, separator, quoted=False)
    if bare and all(len(cell) > 1 and cell[0] == cell[-1] == '"' for cell in bare[0]):
        return True  # whoever quotes every name quotes what needs it
    cells = [cell for row in bare for cell in row if cell.startswith('"')]
    lone = sum(len(cell) < 2 or not cell.endswith('"') for cell in cells)
    # A cell that goes on behind a line end or a separator leaves rows of another width, at least one each.
    return lone <= sum(len(row) != len(bare[0]) for row in bare)


def is_header(rows: list[list[str]], suffix: str) -> bool:
    """Whether the first row names the columns."""
    first, rest = [cell.strip() for cell in rows[0]], rows[1:1001]
    if not rest and len(first) == 1 and suffix in (".txt", ""):
        return False
    named = [cell for cell in first if cell]
    if not named or (len({*map(str.lower, named)}) < len(named) and not NAMES & {*map(str.lower, named)}):
        return False
    if any(NUMBER.match(cell) or len(cell) > 60 or cell.count(" ") > 4 or cell[-1] in ".!" for cell in named):
        return False
    if any(cell[-1] == "?" and (len(named) == 1 or " " in cell) for cell in named):  # `urgent?` is a name
        return False
    if NAMES & {cell.lower() for cell in named}:
        return True
    if suffix == ".txt" and len(first) == 1:
        return False
    # A value comes again further down; a name doesn't.
    return not any(
        cell and any(len(row) > i and row[i].strip() == cell for row in rest) for i, cell in enumerate(first)
    )


def distinct(names: list[str], header: bool) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names that are all there and all different, and what had to be said about them."""
    given: list[str] = []
    renamed: list[str] = []
    for i, name in enumerate(names, start=1):
        new = name or f"column_{i}"
        while new in given:
            new = f"{new}_{i}"
        if header and new != name:
            renamed.append(
                f"column {i} has {'no name' if not name else f'the name {name!r} of another'}: called {new!r}"
            )
        given.append(new)
    if not header:
        renamed.append(f"no header row: columns are called {', '.join(given[:3])}{', ...' if len(given) > 3 else ''}")
    return tuple(given), tuple(renamed)


def orange_roles(names: tuple[str, ...], flags: list[str]) -> dict[str, str]:
    """What Orange's third header row says of columns."""
    roles: dict[str, str] = {}
    for name, flag in zip(names, flags, strict=False):
        words = flag.split()
        if "class" in words:
            roles[name] = "label"
        elif "include=True" in words:
            roles[name] = "text"
        elif "meta" in words or "m" in words:
            roles[name] = "meta"
    return roles
