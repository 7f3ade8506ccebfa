"""Capitals and small letters, in the scripts that have both; a letter whose other case is two letters (ß) stays."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from adequate.perturb.text.flat import Spans, count, gather, hit, lucky, text, words
from adequate.perturb.text.kinds import Points, case_table


@text("share of words put in small letters")
def lower(points: Points, level: float, rng: np.random.Generator) -> Points:
    return _cased(points, str.lower, level, rng)


@text("share of words put in capitals")
def upper(points: Points, level: float, rng: np.random.Generator) -> Points:
    return _cased(points, str.upper, level, rng)


@text("share of words that get a capital as their first letter")
def capitalise(points: Points, level: float, rng: np.random.Generator) -> Points:
    first = np.zeros(len(points), bool)
    first[words(points).starts] = True
    to = case_table(str.upper)
    at = hit(first & (to[points] != points), level, rng)
    out = points.copy()
    out[at] = to[points[at]]
    return out


@text("share of letters whose case is turned round")
def random_case(points: Points, level: float, rng: np.random.Generator) -> Points:
    to = case_table(str.swapcase)
    at = hit(to[points] != points, level, rng)
    out = points.copy()
    out[at] = to[points[at]]
    return out


def _cased(points: Points, how: Callable[[str], str], level: float, rng: np.random.Generator) -> Points:
    """Some of the words that aren't in a case yet put in it."""
    to = case_table(how)
    moved = to[points] != points
    found = words(points)
    found = found.where(count(moved, found) > 0)
    chosen: Spans = found.where(lucky(len(found.starts), level, rng))
    at = gather(chosen.starts, chosen.ends - chosen.starts)
    out = points.copy()
    out[at] = to[points[at]]
    return out
