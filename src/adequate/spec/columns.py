"""What must hold of the data that comes in, before any model sees it?

Each rule is of one column; `add` runs them over a new file, says which rows fail, and refuses the file where the rule
says `block`. The idea is Great Expectations'; all failing rows are kept, not a first few.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from adequate.spec.assertions import Severity
from adequate.spec.blame import mistake

Of = Literal["text", "number", "whole", "time", "boolean"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """What a column may hold; None: anything.

    Args:
        of: the type of its values.
        nulls: share of rows that may have none, a fraction in [0, 1].
        between: least and greatest value (of text: its length in characters); None at either end: open.
        one_of: the values that there are.
        unique: no value twice in one file.
        severity: `block`: a file that fails isn't added; `warn`: it is, and told.
    """

    name: str
    of: Of | None = None
    nulls: float | None = None
    between: tuple[float | None, float | None] | None = None
    one_of: tuple[str | float | bool, ...] | None = None
    unique: bool = False
    severity: Severity = "warn"


def declare(
    name: object,
    of: object,
    nulls: object,
    between: object,
    one_of: object,
    unique: object,
    severity: object,
) -> Column:
    """A column's rules, if they make sense.

    Raises:
        SpecError: whatever doesn't, at the caller's line.
    """
    if not isinstance(name, str) or not name:
        raise mistake(f"{name!r} isn't the name of a column", remedy='project.column("amount", between=(0, None))')
    if of is not None and of not in ("text", "number", "whole", "time", "boolean"):
        raise mistake(f"column {name!r}: of={of!r}", remedy='of="text", "number", "whole", "time" or "boolean"')
    if nulls is not None and (isinstance(nulls, bool) or not isinstance(nulls, int | float) or not 0 <= nulls <= 1):
        raise mistake(f"column {name!r}: nulls={nulls!r} isn't a fraction", remedy="nulls=0 allows none")
    ends: tuple[float | None, float | None] | None = None
    if between is not None:
        if not isinstance(between, tuple | list) or len(between) != 2:
            raise mistake(f"column {name!r}: between={between!r} isn't a pair", remedy="between=(0, 100)")
        ends = (between[0], between[1])
        if ends[0] is not None and ends[1] is not None and ends[0] > ends[1]:
            raise mistake(f"column {name!r}: nothing lies between {ends[0]} and {ends[1]}", remedy="between=(0, 100)")
    if one_of is not None and (isinstance(one_of, str) or not isinstance(one_of, Sequence) or not one_of):
        raise mistake(f"column {name!r}: one_of={one_of!r} isn't a list", remedy='one_of=["web", "phone"]')
    if severity not in ("block", "warn"):
        raise mistake(f"column {name!r}: severity={severity!r}", remedy='severity="block" or severity="warn"')
    return Column(
        name=name,
        of=of,
        nulls=None if nulls is None else float(nulls),
        between=ends,
        one_of=None if one_of is None else tuple(one_of),
        unique=bool(unique),
        severity=severity,
    )
