"""Can a column of text be read as numbers or times without losing anything?

`007` can't: its zeros would go. Neither can `yes`, which is a label. Only what reads back to the same is a number.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

WHOLE = r"^-?(0|[1-9][0-9]{0,17})$"
REAL = r"^-?(0|[1-9][0-9]{0,14}|)(\.[0-9]+|\.|)([eE][-+]?[0-9]{1,3})?$"
DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}"
READINGS: dict[pa.DataType, str] = {  # from the narrowest; a value must match before a cast is tried
    pa.int64(): WHOLE,
    pa.float64(): REAL,
    pa.timestamp("us"): DATE,
    pa.timestamp("us", "UTC"): DATE,
}


def readings(values: pa.Array, among: frozenset[pa.DataType] = frozenset(READINGS)) -> frozenset[pa.DataType]:
    """Which of `among` all values can be read as; nulls can be anything.

    Args:
        values: strings.

    >>> sorted(map(str, readings(pa.array(["1", "2.5", None]))))
    ['double']
    >>> readings(pa.array(["007"]))
    frozenset()
    """
    values = values.drop_null()
    return frozenset(kind for kind in among if readable(values, kind))


def readable(values: pa.Array, kind: pa.DataType) -> bool:
    """Whether every value, none of them null, is a `kind` in words."""
    # The first few settle it for most columns of text, at no cost.
    for part in (values[:8], values):
        if not pc.all(pc.match_substring_regex(part, READINGS[kind]), min_count=0).as_py():
            return False
        try:
            pc.cast(part, kind)
        except pa.ArrowInvalid:
            return False
    return True


def narrowest(kinds: frozenset[pa.DataType]) -> pa.DataType:
    """The tightest of the readings that are left; text where none is."""
    return next((kind for kind in READINGS if kind in kinds), pa.string())
