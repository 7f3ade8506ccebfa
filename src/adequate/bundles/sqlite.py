"""An assertion's SQL in SQLite, for where DuckDB isn't: over one batch, with no power to do more.

SQLite is made to mean what DuckDB does where the two are known to differ (LIKE, lower, regular expressions); whether
that was enough is tried before anything is shipped (`bundles.assertions`). A bundle comes from elsewhere: so it may
read the batch and call functions, and nothing else, for a limited time. The clock can't interrupt a function, so
regular expressions are run by RE2, as in DuckDB: its time is linear in the text, whatever was written.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from adequate.errors import TestError

if TYPE_CHECKING:
    import pyarrow as pa

    from adequate.types import Mask

SECONDS = 5.0
LONGEST = 1 << 24  # bytes of any value: no expression makes a gigabyte
OFTEN = 10_000  # steps of SQLite between two looks at the clock
_ALLOWED = (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION)


class NoSqliteError(Exception):
    """SQL that can't be said in SQLite."""


@dataclass(frozen=True, slots=True)
class InSqlite:
    """An assertion's SQL, to be called as its function would be.

    Args:
        name: of the assertion, for the message.
        sql: in SQLite's dialect, true where it is violated.
        columns: those that it reads, in lower case.
        written: as its author wrote it.
    """

    name: str
    sql: str
    columns: tuple[str, ...]
    written: str = ""

    @classmethod
    def of(cls, name: str, sql: str) -> InSqlite:
        """From DuckDB's dialect. Needs sqlglot.

        Raises:
            NoSqliteError: it can't be said in SQLite, as far as that can be told without running it.
        """
        import sqlglot
        from sqlglot import ErrorLevel, exp
        from sqlglot.errors import SqlglotError

        try:
            tree = sqlglot.parse_one(sql, dialect="duckdb")
            said = tree.sql(dialect="sqlite", unsupported_level=ErrorLevel.RAISE)
        except SqlglotError as error:
            raise NoSqliteError(f"its SQL isn't SQLite's: {str(error).splitlines()[0]}") from error
        if tree.find(exp.Select, exp.Subquery, exp.Star) is not None:
            raise NoSqliteError("its SQL is more than an expression over columns")
        return cls(name, said, tuple(sorted({one.name.lower() for one in tree.find_all(exp.Column)})), sql)

    def __call__(self, inputs: pa.RecordBatch, outputs: pa.RecordBatch) -> Mask:
        """Shape (n,). O(n).

        Raises:
            TestError: a column isn't there or holds lists, it fails, or it takes longer than `SECONDS`.
        """
        n = len(outputs)
        if not n:
            return np.zeros(0, np.bool_)
        held = [_column(self.name, name, inputs, outputs) for name in self.columns]
        database = sqlite3.connect(":memory:")
        try:
            names = ", ".join(f'"{name.replace(chr(34), chr(34) * 2)}"' for name in ("aq_at", *self.columns))
            database.execute(f"CREATE TABLE seen ({names})")
            database.executemany(
                f"INSERT INTO seen VALUES ({', '.join('?' * (len(held) + 1))})", zip(range(n), *held, strict=True)
            )
            _fence(database, _Expressions(held))
            found = np.zeros(n, np.bool_)
            places = database.execute(f"SELECT aq_at FROM seen WHERE ({self.sql}\n)").fetchall()
            found[[place for (place,) in places]] = True
            return found
        except (sqlite3.Error, sqlite3.Warning, IndexError, TypeError, OverflowError) as error:
            raise TestError(f"assertion {self.name!r}: SQLite can't answer {self.sql!r}: {error}") from error
        finally:
            database.close()


def _column(assertion: str, name: str, inputs: pa.RecordBatch, outputs: pa.RecordBatch) -> list[Any]:
    """A column's values as SQLite takes them: of the outputs, or else of the inputs."""
    import pyarrow as pa

    for batch in (outputs, inputs):
        at = next((i for i, one in enumerate(batch.schema.names) if one.lower() == name), None)
        if at is not None:
            column = batch.column(at)
            if pa.types.is_nested(column.type):
                raise TestError(f"assertion {assertion!r}: {name} holds lists, which SQLite has not")
            plain = pa.types.is_boolean(column.type) or pa.types.is_integer(column.type)
            if plain or pa.types.is_floating(column.type):
                return column.to_pylist()  # type: ignore[no-any-return]
            return column.cast(pa.string()).to_pylist()  # type: ignore[no-any-return]
    there = ", ".join([*inputs.schema.names, *outputs.schema.names])
    raise TestError(f"assertion {assertion!r} needs a column {name!r}; there are: {there}")


@dataclass(slots=True)
class _Expressions:
    """Regular expressions over some columns, by RE2. A call of it takes 20 microseconds; so at the second text that one
    is asked of, it looks at all those that are likely to come: 0.2 each."""

    columns: Sequence[Sequence[Any]]
    _known: dict[str, dict[str, bool]] = field(default_factory=dict)

    def matches(self, text: Any, pattern: Any) -> bool:
        """Whether it matches anywhere in the text."""
        text, pattern = str(text), str(pattern)
        known = self._known.setdefault(pattern, {})
        if text not in known:
            known |= _matching(pattern, {text} | (self._likely() if len(known) == 1 else set()))
        return known[text]

    def _likely(self) -> set[str]:
        texts = {one for column in self.columns for one in column if isinstance(one, str)}
        return texts | {one.lower() for one in texts}


def _matching(pattern: str, texts: Collection[str]) -> dict[str, bool]:
    import pyarrow as pa
    import pyarrow.compute as pc

    found = pc.match_substring_regex(pa.array(texts, pa.large_string()), pattern).to_pylist()
    return dict(zip(texts, found, strict=True))


def _fence(database: sqlite3.Connection, expressions: _Expressions) -> None:
    database.execute("PRAGMA case_sensitive_like = ON")
    for name in ("regexp_like", "regexp_matches"):
        database.create_function(name, 2, _null(expressions.matches), deterministic=True)
    database.create_function("regexp", 2, _null(lambda pattern, text: expressions.matches(text, pattern)))
    for name, count, function in _FUNCTIONS:
        database.create_function(name, count, function, deterministic=True)
    database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST)
    end = time.monotonic() + SECONDS
    database.set_progress_handler(lambda: int(time.monotonic() > end), OFTEN)
    database.set_authorizer(lambda what, *_: sqlite3.SQLITE_OK if what in _ALLOWED else sqlite3.SQLITE_DENY)


def _null(function: Callable[..., Any]) -> Callable[..., Any]:
    """Null in, null out."""
    return lambda *given: None if any(one is None for one in given) else function(*given)


_FUNCTIONS: tuple[tuple[str, int, Callable[..., Any]], ...] = (
    ("lower", 1, _null(lambda text: str(text).lower())),
    ("upper", 1, _null(lambda text: str(text).upper())),
    ("length", 1, _null(lambda text: len(str(text)))),
    ("contains", 2, _null(lambda text, part: part in text)),
    ("starts_with", 2, _null(lambda text, part: text.startswith(part))),
    ("ends_with", 2, _null(lambda text, part: text.endswith(part))),
    ("suffix", 2, _null(lambda text, part: text.endswith(part))),
    ("prefix", 2, _null(lambda text, part: text.startswith(part))),
)
