"""What does some data suggest of the data that will come? Rules for columns, for the first `project.py`.

Only what holds of all rows there are, with a margin, and whose breach somebody would want to know: a thread that is
missing, a channel that is new, an amount below nothing. A handful, the gravest first. The idea is the profilers' of
Great Expectations and of Deequ (Schelter et al., "Automating Large-Scale Data Quality Verification", VLDB 2018), which
propose whatever holds; what holds by chance is noise with the next file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import floor, log10
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from adequate.spec.profile import LONGEST, Column
from adequate.spec.roles import META, is_address

LEAST = 300  # rows without which nothing is promised
MOST = 5  # rules
OFTEN = 5  # rows of the rarest value, where the values seen are said to be all: else others are likely to come
STEP = 0.02  # of the rows, that each step of a scale has at least
FEW = 12  # values that are listed
LONGER = 4  # times the longest text
STRAY = 0.01  # share of rows without a value that is borne where there are none so far


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule to declare: what `project.column` takes, and why."""

    column: str
    given: Mapping[str, Any] = field(hash=False)
    why: str


def expected(body: Column, roles: Sequence[Column | None], rest: Sequence[Column]) -> tuple[Rule, ...]:
    """Rules for a project's columns; none for a handful of rows.

    Args:
        roles: the columns of the group, the id and the time, where there are such.
        rest: those without a role.
    """
    if body.filled < LEAST:
        return ()
    group, ident, when = roles
    found: list[Rule] = []
    if group is not None and not group.nulls:
        why = "what belongs together must say so, or parts share it"
        found.append(Rule(column=group.name, given={"nulls": 0}, why=why))
    if ident is not None and not ident.nulls and ident.complete and ident.unique == 1:
        found.append(Rule(column=ident.name, given={"nulls": 0, "unique": True}, why="it names an example"))
    able = [column for column in rest if column.filled >= LEAST and not column.is_list and not is_address(column)]
    for column in sorted(able, key=lambda column: not column.tokens & META):  # source, language, ... first
        found += [rule for rule in (categories(column), quantity(column)) if rule is not None][:1]
    if when is not None:
        found.append(Rule(column=when.name, given={"of": "time"}, why="every value reads as a time"))
    found += length(body)
    return tuple(found[:MOST])


def categories(column: Column) -> Rule | None:
    """All its values, where they are few and each came often."""
    if column.nulls or column.is_number or column.is_time or column.mean_words > 4 or not column.complete:
        return None
    if not 2 <= len(column.counts) <= FEW or column.tokens & {"split", "fold", "part"}:
        return None
    rarest = min(column.counts.values())
    if rarest < OFTEN:
        return None
    why = f"no other so far, the rarest in {rarest:,} rows"
    return Rule(column=column.name, given={"one_of": sorted(column.counts), "nulls": STRAY}, why=why)


def quantity(column: Column) -> Rule | None:
    """The bounds that a number can't leave, as far as its values tell: nothing below nought, a share, a scale."""
    if not column.is_number or column.tokens & {"id", "index", "row", "line"}:
        return None
    if column.low is not None and column.high is not None:
        low, high = column.low, column.high
        if column.unique == 1 and high - low + 1 == column.rows:
            return None  # the number of the row
    else:
        low, high = pc.min_max(pc.cast(column.texts(), pa.float64())).as_py().values()
    of = "whole" if column.is_whole else "number"
    why = f"from {low:g} to {high:g} so far"
    if column.is_whole and column.complete and len(column.counts) <= FEW:
        rarest = min(column.counts.values())
        if len(column.counts) < 3 or high - low != len(column.counts) - 1 or rarest < STEP * column.filled:
            return None  # a flag, a code, or a count whose tail isn't at its end
        return Rule(column=column.name, given={"of": of, "between": (low, high)}, why=f"{why}, each value often")
    if low < 0 or column.unique * column.counted < FEW:
        return None
    share = of == "number" and high <= 1
    return Rule(column=column.name, given={"of": of, "between": (0, 1 if share else None)}, why=why)


def length(body: Column) -> list[Rule]:
    """A length that no text comes near: what is longer is several, run together by a quote that is missing."""
    longest = int(body.lengths.nonzero()[0][-1])
    if longest >= LONGEST:
        return []
    digits = 10 ** floor(log10(LONGER * longest))
    most = -(-LONGER * longest // digits) * digits
    why = f"the longest has {longest:,} characters: beyond, several ran together"
    return [Rule(column=body.name, given={"between": (1, most)}, why=why)]
