"""Which values of a column break the rule that is declared for it? Whole arrays, any Arrow type.

Text that reads as a number or a time counts as one: a column of CSV in which one cell says "n/a" is text as a whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from adequate.errors import TestError
from adequate.spec.columns import Column, Of
from adequate.spec.readings import DATE, REAL, WHOLE
from adequate.spec.values import as_text
from adequate.types import Mask

TRUTH = r"^(?i:true|false|yes|no|0|1)$"
PATTERNS: dict[Of, str] = {"number": REAL, "whole": WHOLE, "time": DATE, "boolean": TRUTH}
READ: dict[Of, pa.DataType] = {"number": pa.float64(), "whole": pa.int64(), "time": pa.timestamp("us")}


def broken(rule: Column, values: pa.Array) -> dict[str, Mask]:
    """Which values break which part of a rule, shape (n,) each; only what the rule asks for is there.

    Args:
        values: of one batch; whether a value comes twice (`unique`) needs the whole file, and isn't looked at here.

    Raises:
        TestError: the bounds can't be compared with such values.

    >>> broken(Column(name="amount", between=(0, None)), pa.array([1, -1, None]))["range"].tolist()
    [False, True, False]
    """
    found: dict[str, Mask] = {}
    if rule.nulls is not None:
        found["null"] = mask(pc.is_null(values, nan_is_null=True))
    if rule.of is not None:
        found["type"] = ~fits(values, rule.of)
        had, values = values, as_of(values, rule.of, ~found["type"])
        found["type"] |= mask(pc.and_(pc.is_valid(had), pc.is_null(values)))  # 2026-13-45 looks like a time
    if rule.between is not None:
        found["range"] = outside(values, rule.between, f"column {rule.name!r}")
    if rule.one_of is not None:
        found["one_of"] = strange(values, rule.one_of)
    return found


def fits(values: pa.Array, of: Of) -> Mask:
    """Which values are of a type, shape (n,); nulls are of any."""
    kind = values.type
    none = mask(pc.is_null(values))
    if of == "text" or pa.types.is_null(kind):
        return np.ones(len(values), bool)
    if textual(kind):
        return none | mask(pc.match_substring_regex(values, PATTERNS[of]))
    if of == "time":
        return none | bool(pa.types.is_temporal(kind))
    if of == "boolean" and pa.types.is_boolean(kind):
        return np.ones(len(values), bool)
    if not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)):
        return none
    if of == "number" or (of == "whole" and pa.types.is_integer(kind)):
        return np.ones(len(values), bool)
    if of == "whole":
        return none | mask(pc.equal(values, pc.floor(values)))
    return none | mask(pc.is_in(values, value_set=pa.array([0, 1]).cast(kind)))


def as_of(values: pa.Array, of: Of, readable: Mask) -> pa.Array:
    """Text as what it should be; null where it can't be read so."""
    if not textual(values.type) or of not in READ:
        return values
    kept = pc.if_else(pa.array(readable), values, None)
    try:
        return kept.cast(READ[of])
    except pa.ArrowInvalid:  # times with a zone, or a date that there isn't
        return pa.array([instant(value) for value in kept.to_pylist()], READ[of])


def instant(text: str | None) -> Any:
    """One value as a time; None where it isn't one."""
    for kind in (pa.timestamp("us"), pa.timestamp("us", "UTC")):
        try:
            return None if text is None else pa.scalar(text).cast(kind).cast(pa.timestamp("us")).as_py()
        except pa.ArrowInvalid:
            continue
    return None


def outside(values: pa.Array, between: tuple[Any, Any], what: str) -> Mask:
    """Which values lie below or above two bounds (None: open), shape (n,); of text, its length. Nulls don't.

    Raises:
        TestError: they can't be compared.
    """
    measured = pc.utf8_length(values) if textual(values.type) else values
    if pa.types.is_timestamp(measured.type):  # in UTC, as bounds are
        measured = measured.cast(pa.timestamp("us"), safe=False)
    found = np.zeros(len(values), bool)
    for bound, compare in zip(between, (pc.less, pc.greater), strict=True):
        if bound is None:
            continue
        try:
            time = isinstance(bound, str) and pa.types.is_timestamp(measured.type)
            edge = pa.scalar(instant(bound) if time else bound)
            # A whole bound of times is a mistake; a bound with a fraction, of whole numbers, isn't.
            number = pa.types.is_integer(edge.type) or pa.types.is_floating(edge.type)
            if pa.types.is_temporal(measured.type) is not number:
                found |= mask(compare(measured, edge if number else edge.cast(measured.type)))
                continue
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError):
            pass
        raise TestError(f"{what}: {bound!r} can't be compared with {measured.type}", remedy="between=(LEAST, GREATEST)")
    return found


def strange(values: pa.Array, one_of: Sequence[Any]) -> Mask:
    """Which values are none of these, shape (n,); nulls aren't strange. Compared as words: 1 and "1" are the same.

    A list is strange where one of its values is.

    >>> strange(pa.array([["a"], ["a", "c"], [], None]), ["a", "b"]).tolist()
    [False, True, False, False]
    """
    if pa.types.is_list(values.type) or pa.types.is_large_list(values.type):
        found = np.zeros(len(values), bool)
        found[pc.list_parent_indices(values).to_numpy()[strange(values.flatten(), one_of)]] = True
        return found
    known = as_text(pa.array(one_of) if len({type(one) for one in one_of}) == 1 else pa.array(map(str, one_of)))
    return ~mask(pc.or_kleene(pc.is_null(values), pc.is_in(as_text(values), value_set=known)))


def textual(kind: pa.DataType) -> bool:
    """Whether values of a type are strings."""
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def mask(values: pa.Array) -> Mask:
    """Booleans as an array; null is false."""
    return np.asarray(pc.fill_null(values, False).to_numpy(zero_copy_only=False), bool)
