"""Which examples a slice holds: SQL predicates, answered by DuckDB over the examples, with no power to do more.

A predicate comes from a file that people edit, and later from a browser. So it is parsed on its own first and must be
one expression (it can't close our parenthesis and go on); the engine is in memory, may open no file and load no
extension, can't be reconfigured, has its memory and threads limited, and is interrupted when the time is over. Many
predicates are answered in one pass over the data.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from adequate.errors import SliceError
from adequate.store.columns import shown_name, stored_name
from adequate.store.examples import TABLE, Examples
from adequate.types import Mask, Rows

SECONDS = 30.0
_CONFIG = {
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "python_enable_replacements": "false",
    "temp_directory": "",
    "memory_limit": "512MB",
    "threads": "2",
}
_FEW = 20_000  # rows fetched by number rather than found by a scan


@dataclass(frozen=True, slots=True)
class Slices:
    """The slices of a project's examples."""

    examples: Examples

    def mask(self, name: str, sql: str, rows: Rows | None = None, *, seconds: float = SECONDS) -> Mask:
        """Which examples satisfy the predicate, shape (n,), or shape (len(rows),) for these rows. Null counts as no.

        Raises:
            SliceError: it isn't one valid expression over the examples' columns, reads what it may not, fails on a
                value, or takes longer than `seconds`.
        """
        return self.masks({name: sql}, rows, seconds=seconds)[name]

    def masks(
        self, predicates: Mapping[str, str], rows: Rows | None = None, *, seconds: float = SECONDS
    ) -> dict[str, Mask]:
        """As `mask` for several slices at once, by name; one pass over the data for all of them."""
        if not predicates:
            return {}
        trees = _parsed(predicates)
        n = self.examples.count if rows is None else len(rows)
        found = {name: np.zeros(n, np.bool_) for name in predicates}
        if n == 0:
            return found
        if rows is not None and len(rows) > _FEW:
            return {name: mask[rows] for name, mask in self.masks(predicates, seconds=seconds).items()}
        chosen = None if rows is None else _named(trees, self.examples)
        with _engine(self.examples, rows, chosen) as engine:
            _answer(engine, predicates, found, seconds)
        return found

    def among(self, name: str, sql: str, table: pa.Table, *, seconds: float = SECONDS) -> Mask:
        """Which rows of a table that isn't in the store satisfy the predicate; it has the user's columns, or some.

        Raises:
            SliceError: as `mask`; also where it reads a column that the table lacks.
        """
        text = self.examples.text
        if text in table.column_names and "text" not in {column.lower() for column in table.column_names}:
            table = table.append_column("text", table[text])  # as `mask` names it
        return holds(name, sql, table, seconds=seconds)

    def where(self, name: str, sql: str, *, seconds: float = SECONDS) -> Rows:
        """The rows that satisfy the predicate, ascending."""
        return np.flatnonzero(self.mask(name, sql, seconds=seconds)).astype(np.int64)

    def apply(
        self, name: str, function: Callable[[pa.RecordBatch], Any], rows: Rows | None = None, *, size: int = 8192
    ) -> Mask:
        """Which examples a slice function keeps, called on batches of the user's columns.

        Raises:
            SliceError: the function fails, or returns something other than one boolean an example.
        """
        batches = self.examples.scan(None, size) if rows is None else _taken(self.examples, rows, size)
        return _kept(name, function, batches)

    def apply_to(self, name: str, function: Callable[[pa.RecordBatch], Any], table: pa.Table) -> Mask:
        """The same of a table that isn't in the store."""
        return _kept(name, function, table.combine_chunks().to_batches())


def _kept(name: str, function: Callable[[pa.RecordBatch], Any], batches: Iterable[pa.RecordBatch]) -> Mask:
    pieces: list[NDArray[np.bool_]] = [np.zeros(0, np.bool_)]
    for batch in batches:
        try:
            kept = function(batch)
            piece = _booleans(kept)
        except Exception as error:
            raise SliceError(
                f"slice {name!r}: its function failed: {type(error).__name__}: {error}",
                remedy=f"correct it in project.py; the batch has the columns {', '.join(batch.schema.names)}",
            ) from error
        if piece.shape != (len(batch),):
            raise SliceError(
                f"slice {name!r}: its function returned shape {piece.shape} for {len(batch)} examples",
                remedy="return one boolean for each example of the batch",
            )
        pieces.append(piece)
    return np.concatenate(pieces)


def holds(name: str, sql: str, table: pa.Table, *, seconds: float = SECONDS) -> Mask:
    """Which rows of a table satisfy the predicate, shape (n,): of what isn't stored, outputs beside inputs.

    Raises:
        SliceError: as `Slices.mask` does.
    """
    _parsed({name: sql})
    found = {name: np.zeros(len(table), np.bool_)}
    if len(table):
        source = table.append_column("aq_at", pa.array(np.arange(len(table))))
        with _fenced(source, [_quoted(column) for column in source.column_names]) as engine:
            _answer(engine, {name: sql}, found, seconds)
    return found[name]


def _taken(examples: Examples, rows: Rows, size: int) -> Iterator[pa.RecordBatch]:
    for start in range(0, len(rows), size):
        yield examples.take(rows[start : start + size]).combine_chunks().to_batches()[0]


def _booleans(kept: Any) -> NDArray[np.bool_]:
    if isinstance(kept, pa.ChunkedArray):
        kept = kept.combine_chunks()
    if isinstance(kept, pa.Array):
        if not pa.types.is_boolean(kept.type):
            raise TypeError(f"it returned {kept.type}, not booleans")
        kept = kept.fill_null(False).to_numpy(zero_copy_only=False)
    array = np.asarray(kept)
    if array.dtype != np.bool_:
        raise TypeError(f"it returned {array.dtype}, not booleans")
    return array


_BEFORE = "SELECT aq_row FROM examples WHERE ("
_AFTER = "\n)"  # on a line of its own: the predicate may end in a comment


def _parsed(predicates: Mapping[str, str]) -> list[Any]:
    """The parse trees of the predicates, from an engine that has nothing to read."""
    import duckdb

    with duckdb.connect(":memory:", config=_CONFIG) as engine:  # 50 ms: once for all, there may be hundreds
        plain = _tree(engine, "true")
        return [_one(engine, name, sql, plain) for name, sql in predicates.items()]


def _one(engine: Any, name: str, sql: str, plain: Any) -> Any:
    # Closing our parenthesis and going on (`true) UNION ...`) fits one number of parentheses at most: try two.
    tree, twice = (_tree(engine, text) for text in (sql, f"({sql}{_AFTER}"))
    if tree["error"]:
        position = tree.get("position")
        raise _error(name, sql, tree["error_message"], None if position is None else int(position) - len(_BEFORE))
    if twice["error"] or len(tree["statements"]) != 1 or _frame(tree) != _frame(plain):
        raise _error(name, sql, "it must be one expression that is true or false", None)
    return tree["statements"][0]["node"]["where_clause"]


def _tree(engine: Any, sql: str) -> Any:
    query = _BEFORE + sql + _AFTER
    found = engine.execute("SELECT json_serialize_sql(?::VARCHAR)", [query]).fetchone()
    return json.loads(found[0])


def _frame(tree: Any) -> Any:
    """All of a parsed query but its predicate."""
    return {key: part for key, part in tree["statements"][0]["node"].items() if key != "where_clause"}


def _named(trees: list[Any], examples: Examples) -> list[str] | None:
    """The columns that the predicates name; None: maybe all."""
    words: set[str] = set()

    def walk(node: Any) -> bool:
        if isinstance(node, dict):
            words.update(word.lower() for word in node.get("column_names") or ())
            return node.get("class") == "STAR" or any(walk(part) for part in node.values())
        return isinstance(node, list) and any(walk(part) for part in node)

    if any(walk(tree) for tree in trees):
        return None
    if "text" in words:
        words.add(examples.text.lower())
    return [column for column in examples.schema.names if column.lower() in words | {"aq_row"}]


@contextmanager
def _engine(examples: Examples, rows: Rows | None, columns: list[str] | None) -> Iterator[Any]:
    """An engine with one view, `examples`, of all the data or of some rows; `aq_at`: a row's place in the mask."""
    import pyarrow.dataset as pads

    if rows is None:
        source, place = examples.tables.get(TABLE), "aq_row"
        shown = {name: shown_name(name) for name in source.schema.names}
    else:
        table = examples.take(rows, columns)
        source = pads.dataset(table.append_column("aq_at", pa.array(np.arange(len(rows)))))
        place, shown = "aq_at", {name: name for name in table.column_names}
    parts = [f"{_quoted(place)} AS aq_at", *(f"{_quoted(a)} AS {_quoted(b)}" for a, b in shown.items() if b)]
    if "text" not in {name.lower() for name in shown.values()} and examples.text in shown.values():
        parts.append(f"{_quoted(stored_name(examples.text) if rows is None else examples.text)} AS text")
    with _fenced(source, parts) as engine:
        yield engine


@contextmanager
def _fenced(source: Any, parts: list[str]) -> Iterator[Any]:
    """An engine that can do no more than read one view, `examples`, of these parts of a source."""
    import duckdb

    with duckdb.connect(":memory:", config=_CONFIG) as engine:
        engine.register("aq_source", source)
        engine.execute(f"CREATE TEMP VIEW examples AS SELECT {', '.join(parts)} FROM aq_source").fetchall()
        engine.execute("SET errors_as_json=true").fetchall()
        engine.execute("SET lock_configuration=true").fetchall()
        yield engine


def _answer(engine: Any, predicates: Mapping[str, str], found: dict[str, Mask], seconds: float) -> None:
    import duckdb

    asked = ", ".join(f"({sql}{_AFTER} IS TRUE" for sql in predicates.values())
    with _limited(engine, seconds):
        try:
            for batch in engine.sql(f"SELECT aq_at, {asked} FROM examples").to_arrow_reader(1 << 16):
                places = batch.column(0).to_numpy()
                for number, mask in enumerate(found.values(), start=1):
                    mask[places] = batch.column(number).to_numpy(zero_copy_only=False)
        except duckdb.InterruptException:
            names = ", ".join(repr(name) for name in predicates)
            raise SliceError(
                f"slice {names}: no answer after {seconds:g} s", remedy="make it simpler, or a function over a batch"
            ) from None
        except duckdb.Error as error:
            for name, sql in predicates.items():  # which of them is to blame?
                _try_alone(engine, name, sql)
            raise SliceError(f"slices {', '.join(predicates)}: {_told(error)[0]}") from error


def _try_alone(engine: Any, name: str, sql: str) -> None:
    import duckdb

    try:
        engine.execute(f"SELECT count(*) FROM ({_BEFORE}{sql}{_AFTER})").fetchall()  # `sql` gives no position
    except duckdb.Error as error:
        message, position = _told(error)
        at = None if position is None else position - len("SELECT count(*) FROM (") - len(_BEFORE)
        raise _error(name, sql, message, at) from None


@contextmanager
def _limited(engine: Any, seconds: float) -> Iterator[None]:
    timer = threading.Timer(seconds, engine.interrupt)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _told(error: Exception) -> tuple[str, int | None]:
    """DuckDB's message without its picture of the query, and the position it gives."""
    text = str(error)
    try:
        told = json.loads(text[text.index("{") :])
    except ValueError:
        return text.split("\nLINE")[0], None
    position = told.get("position")
    return told["exception_message"], None if position is None else int(position)


def _error(name: str, sql: str, message: str, position: int | None) -> SliceError:
    first = " ".join(message.split())
    if position is None or not 0 <= position <= len(sql):
        return SliceError(f"slice {name!r}: {first}", remedy=f"in: {sql}")
    return SliceError(
        f"slice {name!r}, at character {position + 1}: {first}", remedy=f"in: {sql}\n        {' ' * position}^"
    )


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
