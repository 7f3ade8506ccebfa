"""Which examples belong to a named subset?

A slice is a condition in SQL over the columns of an example, or a Python function over a batch that returns one
boolean a row. It is only declared here; the store runs it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from adequate.spec.blame import mistake
from adequate.spec.targets import fraction

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    Member: TypeAlias = Callable[[pa.RecordBatch], "pa.Array | NDArray[np.bool_]"]  # one boolean a row

EVERYTHING = "all"  # the slice of every example, which each task has without asking


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """A named subset; exactly one of `sql` and `function` is given.

    Args:
        target: accuracy that every task must reach on it, a fraction in (0, 1]; None: as on all examples.
        critical: a release is blocked whatever else it gains if this gets worse.
    """

    name: str
    sql: str | None = None
    function: Member | None = None
    target: float | None = None
    critical: bool = False


def declare(name: object, sql: object, function: object, target: object, critical: object) -> Slice:
    """A slice, if it makes sense.

    Raises:
        SpecError: whatever doesn't, at the caller's line.
    """
    name = named(name)
    if sql is not None and function is not None:
        raise mistake(
            f"slice {name!r} has both SQL and a function", remedy="keep one; a second slice can have the other"
        )
    if function is not None and not callable(function):
        raise mistake(f"slice {name!r}: {function!r} isn't a function", remedy="for SQL write sql='...'")
    if sql is not None:
        sql = condition(name, sql)
    if not isinstance(critical, bool):
        raise mistake(f"slice {name!r}: critical={critical!r} isn't True or False", remedy="critical=True")
    return Slice(
        name=name,
        sql=sql,
        function=function,
        target=None if target is None else fraction("target", target),
        critical=critical,
    )


def named(name: object, what: str = "slice") -> str:
    """`name`, if it can be typed as TASK/SLICE.

    Args:
        what: is to have that name.
    """
    if not isinstance(name, str) or not re.fullmatch(r"\S(.*\S)?", name) or "/" in name or not name.isprintable():
        raise mistake(f"{name!r} can't name a {what}", remedy="a word or a few, without / and without spaces around it")
    if name == EVERYTHING:
        raise mistake(
            f"{EVERYTHING!r} is the slice of every example, which each task has", remedy="choose another name"
        )
    return name


def condition(name: str, sql: object) -> str:
    """`sql`, if it reads like a condition; whether it runs, the store finds out."""
    example = 'write what would follow WHERE: sql="length(text) < 40"'
    if not isinstance(sql, str) or not sql.strip():
        raise mistake(f"slice {name!r}: its SQL is empty", remedy=example)
    first = sql.split(maxsplit=1)[0].upper()
    if first in ("SELECT", "WHERE", "WITH", "INSERT", "UPDATE", "DELETE", "COPY", "ATTACH"):
        raise mistake(f"slice {name!r}: {first} begins a statement, not a condition", remedy=example)
    return sql.strip()
