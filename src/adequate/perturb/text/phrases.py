"""Where do the words and phrases of a list stand, and how is another put in their place as they were written?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from adequate.perturb.text.flat import Places, Spans, pieces, splice, strings_of, words
from adequate.perturb.text.kinds import Points, case_table
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
    for size in sorted(set(sizes), reverse=True):
        some = [i for i, other in enumerate(sizes) if other == size]
        at = _starts(small, runs, [phrases[i].split(" ")[0] for i in some], size)
        spans = Spans(runs.starts[at], runs.ends[at + size - 1])
        there = _index(strings_of(small, spans), [phrases[i] for i in some])
        at, there = at[there >= 0], there[there >= 0]
        open_ = np.all([free[at + i] for i in range(size)], axis=0)
        open_[1:] &= np.diff(at) >= size  # of two that overlap the first
        at, there = at[open_], there[open_]
        which[at], length[at] = np.array(some, np.int64)[there], size
        for i in range(size):
            free[at + i] = False
    at = np.flatnonzero(which >= 0)
    return Found(Spans(runs.starts[at], runs.ends[at + length[at] - 1]), which[at])


def _starts(points: Points, runs: Spans, firsts: list[str], size: int) -> Places:
    """The words that begin a phrase and have the others of it behind them, one space apart."""
    n = len(runs.starts)
    if size == 1:
        return np.arange(n)
    next_ = (runs.starts[1:] - runs.ends[:-1] == 1) & (points[runs.ends[:-1]] == ord(" "))
    at = np.arange(max(0, n - size + 1))
    for i in range(size - 1):
        at = at[next_[at + i]]
    return at[_index(strings_of(points, runs.where(at)), sorted(set(firsts))) >= 0]


def _index(strings: pa.Array, known: Sequence[str]) -> Places:
    """The place of each string in a list, -1 where it isn't there."""
    found = pc.index_in(strings, value_set=pa.array(known, strings.type)).fill_null(-1)
    places: Places = found.to_numpy(zero_copy_only=False).astype(np.int64)
    return places


def index_of(points: Points, spans: Spans, known: Sequence[str]) -> Places:
    """Which of a list each span is, as it stands; -1: none of them."""
    return _index(strings_of(points, spans), known)


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
