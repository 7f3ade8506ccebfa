"""Conditions that a person can read, over the columns and words of examples; each is also SQL with the same members.

A condition is short: a word or two neighbouring ones, a length, a value, a range, a time. Its members are held as one
row of a sparse matrix, so that how often the model errs under thousands of conditions is one product. Words are what
lies between `\\W` in the text in lower case, which `\\b` in SQL finds again exactly; words of other alphabets, which
`\\W` would cut, are cut and looked for by Unicode's letters.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy import sparse

from adequate.types import Mask

FEW = 12  # different whole numbers that are values rather than a quantity
CATEGORIES = 1000  # different values a column may have to be one of categories
TOGETHER = 4096  # texts that are cut at once
PAIRED = 3000  # words of which neighbours are looked at, the commonest
QUANTILES = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
COMMON = 0.25  # of the examples, that may have a word: what more have carries the language, not the example
PATTERNS = (  # (regular expression, what it is, a name)
    ("[0-9]", "a digit", "digits"),
    ("[?]", "a question mark", "question"),
    ("!", "an exclamation mark", "exclamation"),
    ("[$€£¥]", "a sign of money", "money"),
    ("https?://", "a link", "link"),
    ("[^ -~\\s]", "a character that isn't ASCII", "not ASCII"),
    ("\n", "several lines", "lines"),
    ("\\b[A-Z]{3,}\\b", "a word in capitals", "capitals"),
)
HOURS = ((0, 5, "night"), (6, 11, "morning"), (12, 17, "afternoon"), (18, 23, "evening"))
# Words that say nothing of what an example is about. Those that ask and those that deny do, and aren't here.
_FUNCTION = """
    a about also am an and any are aren as at b be because been being but by c can could couldn d did didn do does doesn
    doing don e else even f for from g get gets getting go goes going got h had has hasn have haven having he her here
    hers him his i if im in into is isn it its itself ive j just k know l let lets like ll m make may me might mine much
    must my n need needs now o of ok on onto or our ours own p please pls q r re really s said same say see she should
    so some such t take tell than that the their theirs them then there these they thing things this those though thru
    to too try u up upon us use used using v ve very w want wants was wasn we well were which while will with within won
    would wouldn x y yes yet you your yours z
    aber als auch auf aus bei bin bis das dass dem den der des die du ein eine einem einen einer er es für habe hat ich
    ihr ihre im ist ja mein meine mich mir mit nach noch nur oder sein sich sie sind um und uns von vor wenn wie wir
    wird zu zum zur
    au aux avec ce ces cette dans de en est et il ils je la le les leur lui ma mais mes moi mon nous où par pour qu que
    qui sa se ses son sont sur ta te tu un une vos votre vous
    al como con del el esta este ha las lo los mi muy nos para pero por su sus una uno ya
"""
_FUNCTIONS = frozenset(_FUNCTION.split())
_NEAR = "[^\\pL\\pN_]"  # what stands between words of any alphabet
# What DuckDB reads as something else than a column unless it is quoted.
_WORDS = """
    all analyse analyze and any array as asc asymmetric at between bigint bit boolean both by case cast char check
    coalesce collate column constraint create date dec decimal default deferrable desc describe distinct do else end
    except exists extract false fetch float for foreign from glob group having ilike in initially int integer intersect
    interval into is isnull join lambda lateral leading like limit map natural not notnull null nullif numeric offset on
    only or order out over overlay pivot placing position primary qualify real references returning row select setof
    show similar smallint some struct substring summarize symmetric table then time timestamp to trailing treat trim
    true try_cast union unique unpivot using values varchar variadic when where window with
"""
_RESERVED = frozenset(_WORDS.split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One condition.

    Args:
        sql: over the examples' columns.
        said: for people.
        name: a short one for a slice.
        word: the word or words, as a regular expression between boundaries; "" for other kinds.
        about: the column; conditions about the same aren't joined.
    """

    sql: str
    said: str
    name: str
    word: str = ""
    about: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What could be said of m examples.

    Args:
        members: (c, m), 1 where an example satisfies a condition.
        words: the first of the conditions, as words.
        others: the rest.
        text: the column of the words.
    """

    members: sparse.csr_array
    words: Sequence[str]
    others: Sequence[Condition]
    text: str

    def __len__(self) -> int:
        return int(self.members.shape[0])

    def __getitem__(self, i: int) -> Condition:
        if i < len(self.words):
            return _word(self.text, self.words[i])
        return self.others[i - len(self.words)]

    @property
    def about(self) -> Sequence[str]:
        """The column or kind of each of the others: two of the same aren't joined."""
        return [one.about for one in self.others]

    def mask(self, i: int) -> Mask:
        """The members of one condition, shape (m,)."""
        found = np.zeros(self.members.shape[1], np.bool_)
        found[self.members.indices[self.members.indptr[i] : self.members.indptr[i + 1]]] = True
        return found


def conditions(table: pa.Table, text: str, *, skip: Sequence[str] = (), least: int = 20) -> Conditions:
    """All conditions that hold of at least `least` examples and of at most half of them.

    O(words · log words), in one pass over the texts.

    Args:
        table: m examples: their columns.
        text: the column of the inputs.
        skip: columns that say nothing of an example: names, labels.
    """
    m = len(table)
    words, starts, rows = _words(table[text], least)
    others: list[Condition] = []
    masks: list[Mask] = []
    for condition, mask in _others(table, text, skip):
        if least <= int(mask.sum()) <= m // 2:
            others.append(condition)
            masks.append(mask)
    found = [np.flatnonzero(mask).astype(np.int32) for mask in masks]
    ends = np.concatenate([starts, starts[-1] + np.cumsum([len(one) for one in found], dtype=np.int64)])
    at = np.concatenate([rows, *found])
    members = sparse.csr_array((np.ones(len(at), np.float32), at, ends), shape=(len(ends) - 1, m))
    return Conditions(members=members, words=words, others=others, text=text)


def either(text: str, words: Sequence[Condition]) -> Condition:
    """One condition of several words: any of them is there."""
    said, names = [one.said.removeprefix("the word ") for one in words], [one.name for one in words]
    pattern = "|".join(one.word for one in words)
    return Condition(sql=_sql(text, pattern), said=f"any of {', '.join(said)}", name=" ".join(names), word=pattern)


def both(conditions: Sequence[Condition]) -> Condition:
    """One condition: all of these hold."""
    return Condition(
        sql=" AND ".join(one.sql for one in conditions),
        said=" and ".join(one.said for one in conditions),
        name=", ".join(one.name for one in conditions),
    )


def column(name: str) -> str:
    """A column's name in SQL, quoted where it has to be."""
    plain = re.fullmatch(r"[a-z][a-z0-9_]*", name) and name not in _RESERVED
    return name if plain else '"' + name.replace('"', '""') + '"'


# --- words


def _words(texts: pa.ChunkedArray, least: int) -> tuple[list[str], NDArray[np.int64], NDArray[np.int32]]:
    """Words and pairs of neighbours, as patterns; where the rows of each begin; and the rows, ascending."""
    lower = pc.utf8_lower(texts.combine_chunks()).fill_null("")
    m = len(lower)
    plain = bool(pc.all(pc.string_is_ascii(lower)).as_py()) if m else True
    names, codes, rows = _cut(lower, r"\W+")
    if not plain:
        foreign, far, at = _cut(lower, _NEAR + "+")
        known = pc.is_in(names, value_set=foreign).to_numpy(zero_copy_only=False)  # else a piece of a longer word
        codes, rows = codes[known[codes]], rows[known[codes]]
        theirs = ~pc.string_is_ascii(foreign).to_numpy(zero_copy_only=False)
        far, at = (far[theirs[far]] + len(names)).astype(np.int32), at[theirs[far]]
    else:
        foreign, far, at = names[:0], codes[:0], rows[:0]
    patterns = [*names.to_pylist(), *foreign.to_pylist()]
    often = _grouped(np.concatenate([codes, far]), np.concatenate([rows, at]), m, least)
    singles = [(code, held) for code, held in often if patterns[code] not in _FUNCTIONS and len(held) <= COMMON * m]
    found: list[tuple[str, NDArray[np.int32]]] = [(patterns[code], held) for code, held in singles]
    if plain:  # among pieces of other alphabets, neighbours may have lost what stood between them
        best = sorted(singles, key=lambda one: -len(one[1]))[:PAIRED]
        place = np.full(len(names), -1, np.int32)
        place[[code for code, _ in best]] = np.arange(len(best), dtype=np.int32)
        here = place[codes]
        next_to = (rows[1:] == rows[:-1]) & (here[1:] >= 0) & (here[:-1] >= 0)
        pair = here[:-1][next_to] * len(best) + here[1:][next_to]
        for code, held in _grouped(pair, rows[1:][next_to], m, least):
            one, other = best[code // len(best)][0], best[code % len(best)][0]
            found.append((rf"{patterns[one]}\W+{patterns[other]}", held))
    starts = np.concatenate([[0], np.cumsum([len(held) for _, held in found], dtype=np.int64)]).astype(np.int64)
    return [name for name, _ in found], starts, np.concatenate([np.zeros(0, np.int32), *(held for _, held in found)])


def _cut(lower: pa.Array, at: str) -> tuple[pa.Array, NDArray[np.int32], NDArray[np.int32]]:
    """Different words; which one each is in order of reading, and the row that it stands in. Eight bytes a word.

    Some texts at a time: what Arrow cuts is several times as large as the text.
    """
    words, rows = [], []
    for start in range(0, max(len(lower), 1), TOGETHER):
        split = pc.split_pattern_regex(lower.slice(start, TOGETHER), at)
        flat = split.flatten()
        there, encoded = pc.not_equal(flat, ""), flat.dictionary_encode()
        words.append(pa.DictionaryArray.from_arrays(encoded.indices.filter(there), encoded.dictionary))
        rows.append((start + pc.list_parent_indices(split).filter(there).to_numpy()).astype(np.int32))
    alike = pa.chunked_array(words).unify_dictionaries().chunks
    return alike[0].dictionary, np.concatenate([one.indices.to_numpy() for one in alike]), np.concatenate(rows)


def _grouped(
    codes: NDArray[np.int32], rows: NDArray[np.int32], m: int, least: int
) -> list[tuple[int, NDArray[np.int32]]]:
    """Of each code the rows that hold it, ascending, each once; codes of too few or too many rows are left out."""
    often = np.flatnonzero(np.bincount(codes) >= least) if len(codes) else codes
    place = np.full(int(codes.max(initial=-1)) + 1, -1, np.int32)
    place[often] = np.arange(len(often), dtype=np.int32)
    at = place[codes]
    kept = at >= 0
    ones = np.ones(int(kept.sum()), np.bool_)
    # Counting, not sorting: words come in the order of their rows, and twice in a row is once here.
    held = sparse.coo_array((ones, (at[kept], rows[kept])), shape=(len(often), m)).tocsr()
    n = np.diff(held.indptr)
    return [
        (int(often[i]), held.indices[held.indptr[i] : held.indptr[i + 1]])
        for i in np.flatnonzero((n >= least) & (n <= m // 2)).tolist()
    ]


def _word(text: str, pattern: str) -> Condition:
    shown = pattern.replace(r"\W+", " ")
    kind = "word" if shown == pattern else "words"
    return Condition(sql=_sql(text, pattern), said=f"the {kind} “{shown}”", name=shown, word=pattern)


def _sql(text: str, pattern: str) -> str:
    inner = f"({pattern})" if "|" in pattern else pattern
    whole = rf"\b{inner}\b" if pattern.isascii() else f"(^|{_NEAR})({pattern})({_NEAR}|$)"
    return f"regexp_matches(lower({column(text)}), '{whole}')"


# --- everything else


def _others(table: pa.Table, text: str, skip: Sequence[str]) -> Iterator[tuple[Condition, Mask]]:
    texts = table[text].combine_chunks()
    said = column(text)
    for condition, mask in _bands(pc.utf8_length(texts), f"length({said})", "characters", "long", "short"):
        yield replace(condition, about="length"), mask
    for pattern, what, name in PATTERNS:
        sql = f"regexp_matches({said}, '{pattern}')"
        yield Condition(sql=sql, said=what, name=name, about=name), _true(pc.match_substring_regex(texts, pattern))
    for field in table.schema:
        if field.name in ("", text, *skip) or field.name.startswith("aq_"):  # SQL can't name a column without name
            continue
        values = table[field.name].combine_chunks()
        read = next((read(values, field.name) for kind, read in _KINDS if kind(field.type)), ())
        for condition, mask in (*read, *_missing(values, field.name)):
            yield replace(condition, about=f"column {field.name}"), mask


def _missing(values: pa.Array, name: str) -> Iterator[tuple[Condition, Mask]]:
    if values.null_count:
        yield Condition(sql=f"{column(name)} IS NULL", said=f"no {name}", name=f"no {name}"), _true(pc.is_null(values))


def _values(values: pa.Array, name: str) -> Iterator[tuple[Condition, Mask]]:
    encoded = values.dictionary_encode()
    if len(encoded.dictionary) > CATEGORIES:
        return
    codes = encoded.indices.fill_null(-1).to_numpy()
    for code, value in enumerate(encoded.dictionary.to_pylist()):
        quoted = value.replace("'", "''")
        sql = f"{column(name)} = '{quoted}'"
        said = f"{name} “{value}”" if value else f"an empty {name}"
        yield Condition(sql=sql, said=said, name=f"{name} {value}".strip()), codes == code


def _truths(values: pa.Array, name: str) -> Iterator[tuple[Condition, Mask]]:
    yield Condition(sql=column(name), said=name, name=name), _true(values)
    yield Condition(sql=f"NOT {column(name)}", said=f"not {name}", name=f"not {name}"), _true(pc.invert(values))


def _numbers(values: pa.Array, name: str) -> Iterator[tuple[Condition, Mask]]:
    if pa.types.is_integer(values.type) and len(different := pc.unique(values.drop_null())) <= FEW:
        for value in sorted(different.to_pylist()):
            said = f"{name} {value}"
            yield Condition(sql=f"{column(name)} = {value}", said=said, name=said), _true(pc.equal(values, value))
    yield from _bands(values, column(name), name, f"high {name}", f"low {name}")


def _bands(values: pa.Array, sql: str, what: str, high: str, low: str) -> Iterator[tuple[Condition, Mask]]:
    """At most, at least, and between: at quantiles, rounded so that they can be read."""
    there = values.is_valid().to_numpy(zero_copy_only=False)
    x = values.fill_null(0).to_numpy(zero_copy_only=False).astype(np.float64)
    known = x[there & np.isfinite(x)]
    if len(known) == 0:
        return
    edges = sorted({rounded(float(edge)) for edge in np.quantile(known, QUANTILES)})
    above = np.isnan(x)  # DuckDB has NaN above every number
    for edge in edges:
        at = _number(edge)
        yield Condition(sql=f"{sql} <= {at}", said=f"at most {at} {what}", name=f"{low} {at}"), there & (x <= edge)
        mask = there & ((x >= edge) | above)
        yield Condition(sql=f"{sql} >= {at}", said=f"at least {at} {what}", name=f"{high} {at}"), mask
    for a, b in pairwise(edges[1:-1]):
        between = f"{_number(a)} AND {_number(b)}"
        name = f"{what} {_number(a)} to {_number(b)}"
        said = f"{_number(a)} to {_number(b)} {what}"
        yield Condition(sql=f"{sql} BETWEEN {between}", said=said, name=name), there & (x >= a) & (x <= b)


def _times(values: pa.Array, name: str) -> Iterator[tuple[Condition, Mask]]:
    if getattr(values.type, "tz", None):  # the store's SQL knows no time zones
        return
    sql = column(name)
    whole = values.cast(pa.timestamp("us"))
    micros = whole.drop_null().cast(pa.int64()).to_numpy()
    edges = np.quantile(micros, QUANTILES) if len(micros) else []
    for day in sorted({np.datetime64(int(at), "us").astype("datetime64[D]") for at in edges}):
        edge = pa.scalar(day.astype("datetime64[us]").item(), pa.timestamp("us"))
        for sign, compare, what in ((">=", pc.greater_equal, "since"), ("<", pc.less, "before")):
            said = f"{name} {what} {day}"
            yield Condition(sql=f"{sql} {sign} TIMESTAMP '{day}'", said=said, name=said), _true(compare(whole, edge))
    weekend = pc.is_in(pc.day_of_week(whole, week_start=7), value_set=pa.array([0, 6], pa.int64()))
    yield Condition(sql=f"dayofweek({sql}) IN (0, 6)", said=f"{name} at a weekend", name="weekend"), _true(weekend)
    if not pa.types.is_date(values.type):
        hour = pc.hour(whole)
        for first, last, called in HOURS:
            inside = _true(pc.and_(pc.greater_equal(hour, first), pc.less_equal(hour, last)))
            said = f"{name} from {first} to {last} o'clock"
            yield Condition(sql=f"hour({sql}) BETWEEN {first} AND {last}", said=said, name=called), inside


def rounded(value: float) -> float:
    """Three digits of a number: SQL's decimals and our doubles then mean the same.

    >>> rounded(1234.5), rounded(0.0123456)
    (1230.0, 0.0123)
    """
    return float(f"{value:.3g}")


def _number(value: float) -> str:
    return f"{value:.0f}" if value == int(value) and abs(value) < 1e15 else repr(value)


def _true(mask: pa.Array) -> Mask:
    return np.asarray(mask.fill_null(False).to_numpy(zero_copy_only=False), np.bool_)


_KINDS: Sequence[tuple[Callable[[pa.DataType], bool], Callable[[pa.Array, str], Iterator[tuple[Condition, Mask]]]]] = (
    (pa.types.is_string, _values),
    (pa.types.is_boolean, _truths),
    (pa.types.is_integer, _numbers),
    (pa.types.is_floating, _numbers),
    (pa.types.is_timestamp, _times),
    (pa.types.is_date, _times),
)
