"""Letters typed wrong: swapped, left out, doubled, hit beside, without their accents, or not what they look like."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from adequate.perturb.text.flat import Places, Spans, alone, hit, one_each, text, words
from adequate.perturb.text.kinds import EXTEND, LATIN, LETTER, Points, is_, look_up, plain_table
from adequate.types import Mask

LONG = 4  # letters that a word needs, so that what it was can still be seen

KEYS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
# Latin letters, and Cyrillic ones that look the same in most typefaces.
ALIKE = dict(zip("aceiopsxyjhdABCEHIKMOPSTXJ", "асеіорѕхујһԁАВСЕНІКМОРЅТХЈ", strict=True))


@text("share of words of 4 letters or more with two neighbouring letters swapped, never the first")
def swap_letters(points: Points, level: float, rng: np.random.Generator) -> Points:
    long, letter = _long(points)
    pair = letter.copy()
    pair[:-1] &= letter[1:] & (points[:-1] != points[1:])
    pair[long.starts] = False
    at = one_each(pair, long, level, rng)
    out = points.copy()
    out[at], out[at + 1] = points[at + 1], points[at]
    return out


@text("share of words of 4 letters or more with one letter left out, never the first or the last (card, car)")
def drop_letters(points: Points, level: float, rng: np.random.Generator) -> Points:
    long, letter = _long(points)
    letter[long.starts] = letter[long.ends - 1] = False
    keep = np.ones(len(points), bool)
    keep[one_each(letter, long, level, rng)] = False
    return points[keep]


@text("share of words of 4 letters or more with one letter typed twice")
def double_letters(points: Points, level: float, rng: np.random.Generator) -> Points:
    long, letter = _long(points)
    times = np.ones(len(points), np.int64)
    times[one_each(letter, long, level, rng)] = 2
    return np.repeat(points, times)


@text("share of words of 4 letters or more with one letter replaced by a neighbour on a QWERTY keyboard")
def keyboard_neighbour(points: Points, level: float, rng: np.random.Generator) -> Points:
    near, counts = _keyboard()
    long, letter = _long(points)
    letter &= points < len(counts)
    letter &= counts[np.where(letter, points, 0)] > 0
    at = one_each(letter, long, level, rng)
    # One number for each letter that could be hit, so that a letter gets the same neighbour at every level.
    pick = rng.random(len(points))[at]
    out = points.copy()
    out[at] = near[points[at], (pick * counts[points[at]]).astype(np.int64)]
    return out


@text("share of letters replaced by one of another script that looks the same")
def homoglyphs(points: Points, level: float, rng: np.random.Generator) -> Points:
    return _replaced(points, _alike(), alone(points), level, rng)


@text("share of accented Latin and Greek letters that lose their diacritics")
def strip_diacritics(points: Points, level: float, rng: np.random.Generator) -> Points:
    plain = plain_table()
    combining = (points >= 0x300) & (points < 0x370)
    combining[1:] &= is_(points[:-1], LATIN) | (
        (points[:-1] >= 0x370) & (points[:-1] < 0x400)
    )  # the first mark on a letter; what follows it goes with it
    place = combining | ((plain[points] != points) & is_(points, LETTER))
    at = hit(place, level, rng)
    out = points.copy()
    out[at] = plain[points[at]]
    keep = np.ones(len(points), bool)
    keep[_marks_from(points, at)] = False
    return out[keep]


def _long(points: Points) -> tuple[Spans, Mask]:
    """The words that are long enough, and the letters that can be changed one by one."""
    found = words(points)
    return found.where(found.ends - found.starts >= LONG), alone(points)


def _replaced(points: Points, to: Points, where: Mask, level: float, rng: np.random.Generator) -> Points:
    """Some characters as a table has them."""
    at = hit(where & (to[points] != points), level, rng)
    out = points.copy()
    out[at] = to[points[at]]
    return out


def _marks_from(points: Points, at: Places) -> Places:
    """The combining marks at these places or right after them."""
    found = []
    here = at
    while len(here):
        combining = is_(points[here], EXTEND)
        found.append(here[combining])
        follows = here + 1
        here = follows[is_(points[follows], EXTEND) & (points[follows] >= 0x300) & (points[follows] < 0x370)]
    return np.concatenate([*found, np.empty(0, np.int64)])


@cache
def _alike() -> Points:
    return look_up(ALIKE | {other: one for one, other in ALIKE.items()})


@cache
def _keyboard() -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """For each ASCII letter its neighbours, shape (128, 8), and how many they are, shape (128,)."""
    near, counts = np.zeros((128, 8), np.uint32), np.zeros(128, np.int64)
    for r, row in enumerate(KEYS):
        for c, letter in enumerate(row):
            # Each row stands half a key to the right of the one above it.
            beside = [(r, c - 1), (r, c + 1), (r - 1, c), (r - 1, c + 1), (r + 1, c - 1), (r + 1, c)]
            found = [KEYS[y][x] for y, x in beside if 0 <= y < len(KEYS) and 0 <= x < len(KEYS[y])]
            for how in (str.lower, str.upper):
                near[ord(how(letter)), : len(found)] = [ord(how(one)) for one in found]
                counts[ord(how(letter))] = len(found)
    return near, counts
