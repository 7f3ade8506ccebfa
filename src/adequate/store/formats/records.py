"""JSON lines and JSON documents: batches of columns, each with the type that its values have in that batch.

A line is an object. A document holds its objects in one list, or in several that then become the column `split`
(`{"train": [...], "test": [...]}`), however deep they lie; rows may also be lists of values. Lists of strings stay
lists; objects inside an example are kept as JSON text, because their shape differs from row to row.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa

from adequate.errors import FormatError
from adequate.store.formats.files import CHUNK, LONGEST, head, stream

ROWS = 8192  # a batch
SHAPES = 'JSON lines ({"text": ..., "label": ...} on each), a list of such objects, or {"train": [...], "test": [...]}'


class Records:
    """A file of JSON."""

    written = False

    def __init__(self, path: Path, encoding: str | None) -> None:
        self.path = path
        self.encoding = encoding
        self.roles: dict[str, str] = {}
        self.notices: list[str] = []

    def batches(self) -> Iterator[pa.RecordBatch]:
        """All examples.

        Raises:
            FormatError: broken JSON (with its line), or a shape that isn't rows.
        """
        waiting: list[dict[str, Any]] = []
        for row in self.rows():
            waiting.append(row)
            if len(waiting) == ROWS:
                yield columns(waiting)
                waiting = []
        if waiting:
            yield columns(waiting)

    def rows(self) -> Iterator[dict[str, Any]]:
        """One dict an example, from whichever of the shapes the file has."""
        start = head(self.path, CHUNK, self.encoding).lstrip()
        if start[:1] == b"[":
            return map(self.named, self.elements())
        if start[:1] != b"{":
            raise self.broken(1, f"{start[:60].decode(errors='replace')!r} isn't JSON")
        first, _, rest = start.partition(b"\n")
        if not first.rstrip().endswith(b"}"):
            return self.document()  # it breaks off after its first line
        alone = not rest.strip() and not {".jsonl", ".ndjson"} & {each.lower() for each in self.path.suffixes}
        return self.document() if alone and any(lists(loaded(first), ())) else self.lines()

    def text(self) -> io.TextIOWrapper:
        """The file from its beginning."""
        return io.TextIOWrapper(stream(self.path, self.encoding), encoding="utf-8", newline="\n")

    def lines(self) -> Iterator[dict[str, Any]]:
        """Of a file with one object a line."""
        with self.text() as text:
            for number, line in enumerate(text, start=1):
                if line.isspace():
                    continue
                if len(line) > LONGEST:
                    raise self.broken(number, f"it is longer than {LONGEST >> 20} MB")
                try:
                    row = parsed(line)
                except ValueError as error:
                    why = error.args[0].split(": line")[0]
                    raise self.broken(number, f"{why}\n    {line.strip()[:60]}") from None
                if not isinstance(row, dict):
                    raise self.broken(number, f"{line.strip()[:60]} isn't an object")
                yield row

    def elements(self) -> Iterator[Any]:
        """Of a document that is one list; memory is one chunk, not the document."""
        decoder = json.JSONDecoder()
        with self.text() as text:
            buffer, line = text.read(CHUNK), 1  # the line on which the buffer begins
            at = buffer.index("[") + 1
            while (at := skip(buffer, at)) >= len(buffer) or buffer[at] != "]":
                try:
                    element, end = decoder.raw_decode(buffer, at)
                    following = skip(buffer, end)
                    if following >= len(buffer):  # a number may go on in what isn't read yet
                        raise json.JSONDecodeError("The list doesn't end", buffer, end)
                    if buffer[following] not in ",]":
                        raise self.broken(line + buffer.count("\n", 0, following), "a comma is missing")
                except json.JSONDecodeError as error:
                    # Not broken, perhaps, only cut. Reading as much again each time keeps a long element linear.
                    more = text.read(max(CHUNK, len(buffer) - at))
                    if not more:
                        raise self.broken(line + buffer.count("\n", 0, error.pos), error.msg) from None
                    line += buffer.count("\n", 0, at)
                    buffer, at = buffer[at:] + more, 0
                    continue
                yield element
                at = following + (buffer[following] == ",")

    def document(self) -> Iterator[dict[str, Any]]:
        """Of a document that is an object with lists in it; read whole, as it has to be."""
        with self.text() as text:
            try:
                whole = json.load(text)
            except json.JSONDecodeError as error:
                raise self.broken(error.lineno, error.msg) from None
        found = list(lists(whole, ()))
        if not found:
            raise FormatError(f"{self.path} has no list of examples in it", remedy=f"write {SHAPES}")
        # Beside its examples a document may hold lists of other things (synonyms, versions): those share no key.
        shape = keys(max(found, key=lambda each: len(each[1])))
        found = [each for each in found if keys(each) & shape]
        for names, rows in found:
            split = {"split": ".".join(names)} if len(found) > 1 else {}
            for row in rows:
                yield self.named(row) | split

    def named(self, row: Any) -> dict[str, Any]:
        """A row as a dict: values in a list are columns by their place."""
        if isinstance(row, dict):
            return row
        if isinstance(row, list):
            return {f"column_{i}": value for i, value in enumerate(row, start=1)}
        return {"text": row}

    def broken(self, line: int, why: str) -> FormatError:
        """Where, and why, it isn't JSON."""
        return FormatError(
            f"{self.path}: line {line}: {why}", remedy=f"correct it; nothing was read. Good are {SHAPES}"
        )


def parsed(line: str) -> Any:
    """The value of a line; what the fast reader refuses (NaN, lone surrogates) the standard one may take."""
    try:
        return orjson.loads(line)
    except ValueError:
        return json.loads(line)


def encoded(row: Any) -> bytes:
    """A value as JSON in UTF-8, times as ISO 8601; what UTF-8 can't have becomes question marks."""
    try:
        return orjson.dumps(row)
    except TypeError:
        return json.dumps(row, ensure_ascii=False, default=datetime.isoformat).encode("utf-8", "replace")


def loaded(line: bytes) -> Any:
    """A line that may be broken: then None; whoever reads it next says where."""
    try:
        return json.loads(line)
    except ValueError:
        return None


def skip(buffer: str, at: int) -> int:
    """The place of the next character that isn't white space."""
    while at < len(buffer) and buffer[at] in " \t\r\n":
        at += 1
    return at


def lists(value: Any, names: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], list[Any]]]:
    """The lists of examples in an object, with the keys that lead to each."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from lists(inner, (*names, name))
    elif isinstance(value, list) and value and all(isinstance(row, dict | list) for row in value):
        yield names, value


def keys(found: tuple[tuple[str, ...], list[Any]]) -> set[str | int]:
    """The columns of a list of examples, told by its first."""
    first = found[1][0]
    return set(first) if isinstance(first, dict) else {len(first)}


def columns(rows: list[dict[str, Any]]) -> pa.RecordBatch:
    """Rows as columns; each has the type of its values here."""
    names = dict.fromkeys(name for row in rows for name in row)
    return pa.RecordBatch.from_pydict({name: column([row.get(name) for row in rows]) for name in names})


def column(values: list[Any]) -> pa.Array:
    """One column; values of several kinds, and objects, as JSON text.

    >>> column([1, None, "a"]).to_pylist()
    ['1', None, 'a']
    >>> column([["a"], []]).type
    ListType(list<item: string>)
    """
    kinds = set(map(type, values)) - {type(None)}
    if kinds <= {int, float} and kinds:
        try:
            return pa.array(values, pa.float64() if float in kinds else pa.int64())
        except OverflowError:
            return pa.array([None if value is None else str(value) for value in values], pa.string())
    if kinds == {bool}:
        return pa.array(values, pa.bool_())
    if kinds == {list} and all(isinstance(item, str) for value in values if value for item in value):
        return pa.array(values, pa.list_(pa.string()))
    if not kinds <= {str}:
        values = [
            value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            for value in values
        ]
    return pa.array(values, pa.string())
