"""Punctuation, white space, quotes and emoji."""

from __future__ import annotations

from functools import cache

import numpy as np

from adequate.perturb.lexicons import lexicon
from adequate.perturb.text.flat import (
    Places,
    Spans,
    alone,
    another,
    count,
    hit,
    lucky,
    one_each,
    pieces,
    put,
    runs,
    seam,
    splice,
    text,
    texts_of,
    words,
)
from adequate.perturb.text.kinds import DIGIT, EDGE, LETTER, MARK, SPACE, WORD, Points, among, is_, look_up
from adequate.perturb.text.phrases import index_of
from adequate.types import Mask

SENTENCE = ".,!?。！？，،؟"  # said twice where people insist
FINAL = ".!?…"
ENDS = ("", ".", "!", "..", "...", "!!")
ASKS = ("", "?", "??", "?!", "???")  # a question stays one
BETWEEN = (",", ".", ";", " -", "...")
WIDE = ("  ", "   ", "\t", "\u00a0", "\u2009")


@text("share of punctuation marks left out, but those inside numbers and names: 3.5, www.x.org")
def drop_marks(points: Points, level: float, rng: np.random.Generator) -> Points:
    word = is_(points, WORD)
    place = is_(points, MARK)
    place[1:-1] &= ~(word[:-2] & word[2:]) | among(points[1:-1], "'’")
    place[:-1] &= ~is_(points[1:], DIGIT) & seam(points)[1:]  # -5 is not 5
    at = hit(place, level, rng)
    edges = np.flatnonzero(points == EDGE)
    says = count(~(is_(points, MARK | SPACE) | (points == EDGE)), Spans(edges[:-1], edges[1:])) > 0
    keep = np.ones(len(points), bool)
    keep[at[says[texts_of(points, at)]]] = False  # "?!" alone stays: no text comes out empty
    return points[keep]


@text("share of words followed by a mark that doesn't belong there")
def add_marks(points: Points, level: float, rng: np.random.Generator) -> Points:
    place = is_(points, SPACE)
    place[1:] &= is_(points[:-1], LETTER)
    return _put(points, place, BETWEEN, level, rng)


@text("share of stops, commas, exclamation and question marks said twice")
def repeat_marks(points: Points, level: float, rng: np.random.Generator) -> Points:
    place = among(points, SENTENCE)
    place[:-1] &= seam(points)[1:] & ~is_(points[1:], WORD)
    times = np.ones(len(points), np.int64)
    times[hit(place, level, rng)] = 2
    return np.repeat(points, times)


@text("share of texts that end in another mark than before, or in none")
def end_marks(points: Points, level: float, rng: np.random.Generator) -> Points:
    last = _last(points)
    final = runs(among(points, FINAL))
    begins = np.arange(len(points))
    begins[final.ends - 1] = final.starts
    marked = among(points[last - 1], FINAL)
    spans = Spans(np.where(marked, begins[last - 1], last), last)
    spans = spans.where(is_(points[spans.starts - 1], WORD))
    asks = count(points == ord("?"), spans) > 0
    now, asked = index_of(points, spans, ENDS), index_of(points, spans, ASKS)
    luck, pick = lucky(len(now), level, rng), rng.random(len(now))
    new = np.where(asks, len(ENDS) + another(pick, len(ASKS), asked), another(pick, len(ENDS), now))
    return splice(points, spans.where(luck), pieces([*ENDS, *ASKS]), new[luck])


@text("share of quotation marks and apostrophes turned from straight to curly ones and back")
def quotes(points: Points, level: float, rng: np.random.Generator) -> Points:
    opens = np.zeros(len(points), bool)
    opens[1:] = ~(is_(points[:-1], WORD) | among(points[:-1], ".,!?…"))
    to = np.where(opens, _opening()[points], _closing()[points])
    at = hit((to != points) & np.append(seam(points)[1:], True), level, rng)
    out = points.copy()
    out[at] = to[at]
    return out


@text("share of spaces made wide: two, three, a tab, one that doesn't break")
def widen_spaces(points: Points, level: float, rng: np.random.Generator) -> Points:
    at = np.flatnonzero((points == 0x20) & np.append(seam(points)[1:], False))
    luck, pick = lucky(len(at), level, rng), rng.random(len(at))
    at = at[luck]
    return splice(points, Spans(at, at + 1), pieces(WIDE), another(pick[luck], len(WIDE)))


@text("share of spaces between two words left out")
def join_words(points: Points, level: float, rng: np.random.Generator) -> Points:
    letter = is_(points, LETTER)
    place = points == 0x20
    place[1:-1] &= letter[:-2] & letter[2:]
    keep = np.ones(len(points), bool)
    keep[hit(place, level, rng)] = False
    return points[keep]


@text("share of words of 4 letters or more with a space inside")
def split_words(points: Points, level: float, rng: np.random.Generator) -> Points:
    found = words(points)
    found = found.where(found.ends - found.starts >= 4)
    inner = alone(points)
    inner[1:] &= inner[:-1]
    inner[found.starts] = False
    at = one_each(inner, found, level, rng)
    return put(points, at, [" "], np.zeros(len(at), np.int64))


@text("share of texts with an emoji added at the end")
def add_emoji(points: Points, level: float, rng: np.random.Generator) -> Points:
    place = np.zeros(len(points), bool)
    place[_last(points)] = True
    return _put(points, place, [f" {one}" for one in lexicon("emoji")], level, rng)


def _put(
    points: Points, place: Mask, strings: tuple[str, ...] | list[str], level: float, rng: np.random.Generator
) -> Points:
    """A string put in before some of the places."""
    at = np.flatnonzero(place & seam(points))
    luck, pick = lucky(len(at), level, rng), rng.random(len(at))
    return put(points, at[luck], strings, another(pick[luck], len(strings)))


def _last(points: Points) -> Places:
    """Of each text that isn't blank, where its last word or mark ends."""
    ends = runs(~is_(points, SPACE) & (points != EDGE)).ends
    edges = np.flatnonzero(points == EDGE)
    behind = np.searchsorted(edges, ends)  # the edge behind each token
    last: Places = ends[np.append(behind[1:] != behind[:-1], True)[: len(ends)]]
    return last


@cache
def _opening() -> Points:
    return look_up({'"': "“", "'": "‘", "“": '"', "”": '"', "‘": "'", "’": "'"})


@cache
def _closing() -> Points:
    return look_up({'"': "”", "'": "’", "“": '"', "”": '"', "‘": "'", "’": "'"})
