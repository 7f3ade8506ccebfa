"""Where do the words and phrases of a list stand, and how is another put in their place as they were written?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from adequate.perturb.text.flat import Places, Spans, pieces, splice, strings_of, words
from adequate.perturb.text.kinds import EDGE, Points, among, case_table
from adequate.types import Mask


class Found(NamedTuple):
    """Phrases in texts, in order, apart; `which[i]`: the place in the list of the one at span i."""

    spans: Spans
    which: Places

    def where(self, these: Mask) -> Found:
        return Found(self.spans.where(these), self.which[these])


def find(points: Points, phrases: Sequence[str]) -> Found:
    """Where these phrases stand, whatever their case and their apostrophes; longer ones first.

    Args:
        phrases: in small letters, words one space apart.
    """
    small = case_table(str.lower)[points]
    small[small == ord("’")] = ord("'")
    runs = words(points)
    n = len(runs.starts)
    which, length = np.full(n, -1, np.int64), np.zeros(n, np.int64)
    free = np.ones(n + max((one.count(" ") for one in phrases), default=0), bool)
    sizes = [one.count(" ") + 1 for one in phrases]
    begins = np.flatnonzero(index_of(small, runs, sorted({one.split(" ")[0] for one in phrases})) >= 0)
    next_ = (runs.starts[1:] - runs.ends[:-1] == 1) & (points[runs.ends[:-1]] == ord(" "))
    for size in sorted(set(sizes), reverse=True):
        some = [i for i, other in enumerate(sizes) if other == size]
        at = begins[begins + size <= n]
        for i in range(size - 1):
            at = at[next_[at + i]]
        there = index_of(small, Spans(runs.starts[at], runs.ends[at + size - 1]), [phrases[i] for i in some])
        at, there = at[there >= 0], there[there >= 0]
        open_ = np.all([free[at + i] for i in range(size)], axis=0)
        open_[1:] &= np.diff(at) >= size  # of two that overlap the first
        at, there = at[open_], there[open_]
        which[at], length[at] = np.array(some, np.int64)[there], size
        for i in range(size):
            free[at + i] = False
    at = np.flatnonzero(which >= 0)
    return Found(Spans(runs.starts[at], runs.ends[at + length[at] - 1]), which[at])


def neighbours(points: Points, spans: Spans) -> tuple[Spans, Spans]:
    """The words one space before and after each of some words or phrases; of no length where there is none."""
    every = words(points)
    i = np.searchsorted(every.starts, spans.starts) - 1
    j = np.minimum(np.searchsorted(every.ends, spans.ends) + 1, len(every.ends) - 1)
    before = (i >= 0) & (every.ends[i] == spans.starts - 1) & (points[spans.starts - 1] == ord(" "))
    after = (every.starts[j] == spans.ends + 1) & (points[spans.ends] == ord(" "))
    return (
        Spans(np.where(before, every.starts[i], spans.starts), np.where(before, every.ends[i], spans.starts)),
        Spans(np.where(after, every.starts[j], spans.ends), np.where(after, every.ends[j], spans.ends)),
    )


def in_a_name(points: Points, spans: Spans) -> Mask:
    """Which stand right beside another word with a capital: "Ruby Tuesday" is open on Wednesdays, too.

    The first word of a sentence has its capital anyway, and what is itself one of them is no reason: "Oslo Norway".
    """
    lower = case_table(str.lower)
    before, after = neighbours(points, spans)
    opens = (points[before.starts - 1] == EDGE) | among(points[before.starts - 2], ".!?:…")
    left = _titled(points, lower, before) & ~opens & ~np.isin(before.starts, spans.starts)
    named: Mask = left | (_titled(points, lower, after) & ~np.isin(after.starts, spans.starts))
    return named


def _titled(points: Points, lower: Points, spans: Spans) -> Mask:
    """Which begin with a capital and go on in small letters."""
    second = points[np.minimum(spans.starts + 1, len(points) - 1)]
    held: Mask = (lower[points[spans.starts]] != points[spans.starts]) & (lower[second] == second)
    long: Mask = spans.ends - spans.starts > 1
    return held & long


def index_of(points: Points, spans: Spans, known: Sequence[str]) -> Places:
    """Which of a list each span is, as it stands; -1: none of them."""
    out = np.full(len(spans.starts), -1, np.int64)
    maybe = np.flatnonzero(_sieve(points, spans, known))
    values = pa.array(known, pa.large_string())
    found = pc.index_in(strings_of(points, spans.where(maybe)), value_set=values).fill_null(-1)
    out[maybe] = found.to_numpy(zero_copy_only=False)
    return out


def _sieve(points: Points, spans: Spans, known: Sequence[str]) -> Mask:
    """Which spans can be one of a list, by their first and last letter and their length: few others pass."""
    held = np.zeros(1 << 16, bool)
    held[[_key(ord(one[:1] or "\0"), ord(one[-1:] or "\0"), len(one)) for one in known]] = True
    size = spans.ends - spans.starts
    first, last = points[spans.starts].astype(np.int64), points[spans.ends - 1].astype(np.int64)
    mask: Mask = held[_key(first, last, size)] | (size == 0)
    return mask


def _key(first: Any, last: Any, size: Any) -> Any:
    return (first * 1024 + last * 32 + size) & 0xFFFF


def stand_in(points: Points, spans: Spans, others: Sequence[str], which: Places) -> Points:
    """Other words in place of some, in capitals or small letters as those were.

    Args:
        others: as a dictionary has them: names with a capital, the rest in small letters.
    """
    forms = pieces([form for one in others for form in (one.lower(), one[:1].upper() + one[1:], one.upper())])
    first, second = points[spans.starts], points[np.minimum(spans.starts + 1, spans.ends - 1)]
    lower = case_table(str.lower)
    big = lower[first] != first
    shout = big & (lower[second] != second) & (spans.ends - spans.starts > 1)
    return splice(points, spans, forms, 3 * which + big + shout)
