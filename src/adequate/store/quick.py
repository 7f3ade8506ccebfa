"""Statements that run with every label: SQLAlchemy words each once, then it goes straight to the driver.

SQLAlchemy takes ten times as long over a small statement as the database does. Here a statement's text is kept, values
go to the driver as they are (text, numbers, bytes, None), and a row is a tuple with names. Everything else is as with
`Connection.execute`: the transaction is the connection's, and errors are SQLAlchemy's.
"""

from __future__ import annotations

import json
from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from operator import itemgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql.compiler import SQLCompiler

_DRIVERS = {"sqlite": "sqlite://", "postgresql": "postgresql+psycopg://"}

Values = Mapping[str, Any]
Words = sa.Select[Any] | sa.Insert | sa.Update | sa.Delete


@dataclass(frozen=True, slots=True)
class _Text:
    """A statement as the driver takes it.

    Args:
        text: in the driver's words.
        fixed: the values that the statement holds itself.
        places: the order in which the driver takes values; None: by name.
        laid: lays out values as the driver takes them.
        row: makes a named row of a tuple.
        truths: the columns where the database says 0 and 1 for false and true.
    """

    text: str
    fixed: dict[str, Any]
    places: tuple[str, ...] | None
    laid: Callable[[Values], Any]
    row: Callable[[Sequence[Any]], Any]
    truths: tuple[int, ...]


def rows(connection: sa.Connection, statement: sa.Select[Any], values: Values) -> list[Any]:
    """The rows of a query; they have its columns by name."""
    known = _known(connection.dialect.name, statement)
    found = _run(connection, known, known.laid({**known.fixed, **values})).fetchall()
    return [known.row(row) for row in (found if not known.truths else map(_true, found, [known.truths] * len(found)))]


def first(connection: sa.Connection, statement: sa.Select[Any], values: Values) -> Any:
    """The first row of a query, None if there is none."""
    found = rows(connection, statement, values)
    return found[0] if found else None


def change(connection: sa.Connection, statement: sa.Insert | sa.Update | sa.Delete, values: Values) -> int:
    """Run a statement that changes rows; returns how many."""
    known = _known(connection.dialect.name, statement)
    return int(_run(connection, known, known.laid({**known.fixed, **values})).rowcount)


def change_all(
    connection: sa.Connection, statement: sa.Insert | sa.Update, rows: Sequence[Values], names: Sequence[str] = ()
) -> None:
    """Run a statement for each of many rows, which all name the same columns.

    Args:
        names: the columns that are given, where not all that a row names.
    """
    if not rows:
        return
    known = _known(connection.dialect.name, statement, tuple(names or rows[0]))
    if len(rows) == 1:
        _run(connection, known, known.laid({**known.fixed, **rows[0]}))
    else:
        laid = ({**known.fixed, **row} for row in rows) if known.fixed else rows
        _run(connection, known, map(known.laid, laid), many=True)


def insert_columns(connection: sa.Connection, statement: sa.Insert, columns: Mapping[str, Iterable[Any]]) -> None:
    """Insert many rows that are given as columns: no row is an object on its way."""
    known = _known(connection.dialect.name, statement, tuple(columns))
    if known.places is None:
        names = tuple(columns)
        rows: Iterable[Any] = (dict(zip(names, row, strict=True)) for row in zip(*columns.values(), strict=True))
    else:
        rows = zip(*(columns[name] for name in known.places), strict=True)
    _run(connection, known, rows, many=True)


def one_of(dialect: str, column: sa.Column[Any], name: str, values: Any = None) -> sa.ColumnElement[bool]:
    """That a column has one of the values of a parameter, however many: they go as one value, made by `listed`."""
    listed = _list(dialect, column, name, values)
    if dialect == "postgresql":
        return column == sa.any_(listed)
    return column.in_(sa.select(_each(listed)))


def each(dialect: str, column: sa.Column[Any], name: str) -> sa.ColumnElement[Any]:
    """A row for each value of a parameter, made by `listed`; they are of a column's kind."""
    listed = _list(dialect, column, name)
    return sa.func.unnest(listed) if dialect == "postgresql" else _each(listed)


def _list(dialect: str, column: sa.Column[Any], name: str, values: Any = None) -> sa.BindParameter[Any]:
    kind: Any = postgresql.ARRAY(column.type) if dialect == "postgresql" else sa.Text()
    return sa.bindparam(name, values, type_=kind, unique=values is not None)


def _each(listed: sa.BindParameter[Any]) -> sa.ColumnElement[Any]:
    return sa.func.json_each(listed).table_valued("value").c.value


def listed(connection: sa.Connection, values: Sequence[Any]) -> Any:
    """Values for a parameter of `one_of` or `each`."""
    return list(values) if connection.dialect.name == "postgresql" else json.dumps(list(values))


def _run(connection: sa.Connection, known: _Text, values: Any, *, many: bool = False) -> Any:
    """The driver's cursor after it ran."""
    if not connection.in_transaction():
        connection.begin()
    driver: Any = connection.connection.dbapi_connection
    errors: Any = connection.dialect.loaded_dbapi.Error
    try:
        cursor = driver.cursor()
        (cursor.executemany if many else cursor.execute)(known.text, values)
    except errors as error:
        raise sa.exc.DBAPIError.instance(known.text, values, error, errors, dialect=connection.dialect) from error
    return cursor


@cache
def _known(dialect: str, statement: Words, names: tuple[str, ...] | None = None) -> _Text:
    kind: sa.Dialect = sa.make_url(_DRIVERS[dialect]).get_dialect()()
    compiled = statement.compile(dialect=kind, column_keys=None if names is None else list(names))
    assert isinstance(compiled, SQLCompiler)
    places = None if compiled.positiontup is None else tuple(compiled.positiontup)
    columns = list(statement.selected_columns) if isinstance(statement, sa.Select) else []
    named: Any = namedtuple  # its checker wants names that stand in the text
    made = named("Row", [column.key or "" for column in columns], rename=True)
    truths = tuple(i for i, column in enumerate(columns) if isinstance(column.type, sa.Boolean))
    return _Text(
        text=str(compiled),
        fixed={name: value for name, value in compiled.params.items() if value is not None},
        places=places,
        laid=dict if places is None else _placed(places),
        row=made._make,
        truths=truths if dialect == "sqlite" else (),
    )


def _placed(places: tuple[str, ...]) -> Callable[[Values], Any]:
    if len(places) > 1:
        return itemgetter(*places)
    return lambda values: tuple(values[name] for name in places)


def _true(row: tuple[Any, ...], truths: tuple[int, ...]) -> list[Any]:
    found = list(row)
    for place in truths:
        found[place] = bool(found[place])
    return found
