"""Which first slices does some data suggest?

Those where models fail most often without anybody noticing: the short, the long, texts of unusual words, the latest
period, and each source, language and the like that the data tells apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from adequate.spec.profile import Column
from adequate.spec.python import literal
from adequate.spec.roles import META, is_address

LEAST = 30  # rows of a slice: fewer prove nothing
MOST = 12  # slices
COMMON = 100  # words


@dataclass(frozen=True, slots=True, kw_only=True)
class Subset:
    """A slice to declare: by SQL, or by a function whose source is `code`."""

    name: str
    why: str
    sql: str = ""
    code: str = ""


def subsets(body: Column, when: Column | None, rest: Sequence[Column]) -> tuple[Subset, ...]:
    """First slices, the most telling first; none for a handful of rows."""
    if body.filled < 10 * LEAST:
        return ()
    found = [*by_length(body), *unusual(body), *(recent(when) if when else ())]
    for column in sorted(rest, key=lambda column: not column.tokens & META):  # source, language, ... first
        found += by_value(column)
    named = {subset.name: subset for subset in found}  # values that differ in spaces only would share a name
    return tuple(named.values())[:MOST]


def by_length(body: Column) -> list[Subset]:
    """The shortest and the longest tenth."""
    low, high = body.length_at(0.1), body.length_at(0.9)
    if low >= high:
        return []
    name = quoted(body.name)
    return [
        Subset(name="short", why=f"the shortest tenth: at most {low} characters", sql=f"length({name}) <= {low}"),
        Subset(name="long", why=f"the longest tenth: at least {high} characters", sql=f"length({name}) >= {high}"),
    ]


def unusual(body: Column) -> list[Subset]:
    """Texts with few of the words that most texts are made of."""
    words = pc.split_pattern_regex(pc.utf8_lower(body.texts()), r"\W+")
    flat, row = words.flatten(), pc.list_parent_indices(words).to_numpy()
    counted = pc.value_counts(flat.filter(pc.greater(pc.utf8_length(flat), 0)))
    counted = counted.filter(pc.greater(counted.field("counts"), max(5, len(words) // 500)))
    order = np.argsort(-counted.field("counts").to_numpy(), kind="stable")[:COMMON]
    common = sorted(counted.field("values").take(pa.array(order)).to_pylist())
    known = pc.is_in(flat, value_set=pa.array(common, pa.string())).to_numpy(zero_copy_only=False)
    share = np.bincount(row, weights=known) / np.maximum(np.bincount(row), 1)
    limit = round(float(np.quantile(share, 0.1)), 2) or 0.01
    if not 0.02 <= (share < limit).mean() <= 0.3:
        return []  # no such tail: nearly all texts are alike in this, or hardly any shares words with others
    return [
        Subset(
            name="rare words",
            why=f"fewer than {limit:.0%} of the words are among the {COMMON} commonest: names, codes, another language",
            code=RARE_WORDS.format(common=wrapped(common), column=literal(body.name), limit=limit),
        )
    ]


RARE_WORDS = '''\
COMMON = pa.array("""
{common}
""".split())


def rare_words(batch):
    words = pc.split_pattern_regex(pc.utf8_lower(batch[{column}]), r"\\W+")
    row = pc.list_parent_indices(words).to_numpy()
    known = pc.is_in(words.flatten(), value_set=COMMON).to_numpy(zero_copy_only=False)
    total = np.bincount(row, minlength=len(batch))
    return np.bincount(row, weights=known, minlength=len(batch)) < {limit} * total
'''


def recent(when: Column) -> list[Subset]:
    """The last months, if they are some part of the data: where the world has moved on."""
    months = sorted(when.months)
    rows = np.array([when.months[month] for month in months])
    later = rows[::-1].cumsum()[::-1] / rows.sum()  # share of the data from each month on
    able = [i for i in range(1, len(months)) if 0.1 <= later[i] <= 0.5]
    if not able:
        return []
    start = months[able[-1]]
    return [Subset(name="recent", why=f"{later[able[-1]]:.0%} of rows", sql=f"{quoted(when.name)} >= '{start}-01'")]


def by_value(column: Column) -> list[Subset]:
    """Each of the commonest values of a column that tells few kinds apart."""
    if column.is_list or column.is_number or column.is_time or is_address(column) or column.mean_words > 4:
        return []
    most = 50 if column.tokens & META else 12
    if not column.complete or not 2 <= len(column.counts) <= most or column.tokens & {"split", "fold", "part"}:
        return []
    least = max(LEAST, 0.02 * column.rows)
    common = [(value, rows) for value, rows in column.counts.most_common(4) if rows >= least]
    return [
        Subset(
            name=" ".join(f"{column.name} {value}".replace("/", "-").split()),
            why=f"{rows:,} rows",
            sql=f"{quoted(column.name)} = '{value.replace(chr(39), chr(39) * 2)}'",
        )
        for value, rows in common
        if column.name.isprintable() and value.isprintable() and rows < 0.7 * column.rows
    ]


def quoted(name: str) -> str:
    """A column's name in SQL."""
    return name if name.isidentifier() and name.isascii() else '"' + name.replace('"', '""') + '"'


def wrapped(words: Sequence[str], width: int = 110) -> str:
    """Words in lines."""
    lines = [""]
    for word in words:
        if len(lines[-1]) + len(word) >= width:
            lines.append("")
        lines[-1] += f" {word}" if lines[-1] else word
    return "\n".join(lines)
