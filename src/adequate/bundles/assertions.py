"""Assertions as data: what a release takes along to where no project is.

Kinds that are data travel as they are. SQL is written again for SQLite, which every Python has, and travels only if
both engines say the same of every prediction that it is tried on here: two dialects agree on most of what people
write, and nobody should have to know on what. Functions, and what needs another model or a person, stay behind; why is
said, for the card.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson

from adequate.bundles.sqlite import InSqlite, NoSqliteError
from adequate.errors import FormatError, TestError
from adequate.spec.assertions import Assertion, Kind
from adequate.spec.slices import EVERYTHING

if TYPE_CHECKING:
    import pyarrow as pa

DATA = (Kind.IMPLICATION, Kind.RANGE, Kind.RATE, Kind.CONSISTENCY, Kind.STEADINESS)
STAYS = {
    Kind.AGREEMENT: "it compares with another model",
    Kind.CONTRADICTION: "it compares with what people said",
    Kind.INVARIANCE: "its change is a Python function",
}


def to_data(
    assertions: Iterable[Assertion], seen: Iterable[tuple[pa.RecordBatch, pa.RecordBatch]] = ()
) -> tuple[list[dict[str, Any]], list[str]]:
    """What a bundle can take along, and why the others can't come: one sentence each, with the assertion's name.

    Args:
        assertions: of a project: `project.assertions.values()`.
        seen: batches of inputs and outputs of the same rows, as `testing.assertions.violations` takes them: what SQL
            is tried on; read once, and only if there is SQL.
    """
    kept: dict[str, dict[str, Any]] = {}
    stay: dict[str, str] = {}
    asked: dict[str, InSqlite] = {}
    declared = list(assertions)
    for made in declared:
        if why := _stays(made):
            stay[made.name] = why
            continue
        kept[made.name] = _said(made)
        if "sql" in made.options:
            try:
                asked[made.name] = InSqlite.of(made.name, made.options["sql"])
            except NoSqliteError as error:
                stay[made.name] = str(error)
    stay |= _differing(asked, seen)
    for name, one in asked.items():
        kept[name]["options"] |= {"sqlite": one.sql, "columns": list(one.columns)}
    whys = [f"{name}: {stay[name]}" for name in (one.name for one in declared) if name in stay]
    return [said for name, said in kept.items() if name not in stay], whys


def from_data(said: Iterable[Mapping[str, Any]]) -> list[Assertion]:
    """The assertions of a manifest, as `testing.assertions.violations` takes them, without DuckDB.

    Raises:
        FormatError: one of them is none.
    """
    found = []
    for one in said:
        try:
            kind, options = Kind(one["kind"]), dict(one["options"])
            function = None
            if kind is Kind.PREDICATE:
                function = InSqlite(str(one["name"]), str(options["sqlite"]), tuple(options["columns"]))
            found.append(
                Assertion(
                    name=str(one["name"]),
                    kind=kind,
                    task=str(one["task"]),
                    severity="block" if one["severity"] == "block" else "warn",
                    most=float(one["most"]),
                    function=function,
                    options=options,
                )
            )
        except (KeyError, TypeError, ValueError) as error:
            raise FormatError(f"the bundle's assertion {one} can't be read: {error}", remedy="adequate ship") from error
    return found


def _stays(made: Assertion) -> str:
    """Why it can't come; "": it can."""
    if made.slice != EVERYTHING:
        return f"it holds on the slice {made.slice!r} only"
    if made.kind is Kind.PREDICATE:
        return "" if "sql" in made.options else "it is a Python function; project.assertion(sql=...) can come"
    if made.kind not in DATA:
        return STAYS[made.kind]
    try:
        same = orjson.loads(orjson.dumps(dict(made.options))) == _plain(made.options)
    except TypeError:
        same = False
    return "" if same else "it names values that JSON doesn't have"


def _plain(value: Any) -> Any:
    """With lists for tuples, as JSON has it."""
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, tuple | list) else value


def _said(made: Assertion) -> dict[str, Any]:
    return {
        "name": made.name,
        "kind": str(made.kind),
        "task": made.task,
        "severity": made.severity,
        "most": made.most,
        "options": _plain(made.options),
    }


def _differing(
    asked: Mapping[str, InSqlite], seen: Iterable[tuple[pa.RecordBatch, pa.RecordBatch]]
) -> Iterator[tuple[str, str]]:
    """Those of which the two engines don't say the same of everything, and why they stay."""
    from adequate.store.predicates import Predicate  # here: DuckDB is for who ships, not for who serves

    if not asked:
        return
    rows, left = 0, dict(asked)
    for inputs, outputs in seen:
        rows += len(outputs)
        for name, one in list(left.items()):
            if why := _differs(Predicate(name, one.written), one, inputs, outputs):
                del left[name]
                yield name, why
    if not rows:
        yield from ((name, "there was nothing to try its SQL on") for name in left)


def _differs(here: Any, there: InSqlite, inputs: pa.RecordBatch, outputs: pa.RecordBatch) -> str:
    try:
        expected = here(inputs, outputs)
        found = there(inputs, outputs)
    except TestError as error:
        return " ".join(error.message.split()).removeprefix(f"assertion {there.name!r}: ")
    n = int(np.count_nonzero(expected != found))
    return f"SQLite says otherwise than DuckDB of {n:,} of {len(expected):,} predictions" if n else ""
