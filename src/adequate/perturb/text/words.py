"""Words put in, left out, said twice, misspelt, moved; the rest of a text cut off."""

from __future__ import annotations

import numpy as np

from adequate.perturb.lexicons import lexicon, pairs
from adequate.perturb.operator import Effect
from adequate.perturb.text.flat import (
    Places,
    Spans,
    another,
    gather,
    lucky,
    put,
    text,
    texts_of,
    tokens,
    without,
)
from adequate.perturb.text.kinds import LATIN, LETTER, Points, case_table, is_
from adequate.perturb.text.phrases import find, index_of, stand_in
from adequate.types import Mask


@text("share of stop words (the, a, of, is ...) left out; never all words of a text")
def drop_stop_words(points: Points, level: float, rng: np.random.Generator) -> Points:
    found = tokens(points)
    stop = index_of(case_table(str.lower)[points], found, lexicon("stop_words")) >= 0
    return _left_out(points, found, stop, level, rng)


@text("share of words left out; never all words of a text", effect=Effect.MAY_CHANGE)
def drop_words(points: Points, level: float, rng: np.random.Generator) -> Points:
    found = tokens(points)
    return _left_out(points, found, np.ones(len(found.starts), bool), level, rng)


@text("share of words (in Latin letters) with a filler (um, you know, actually ...) before them")
def add_fillers(points: Points, level: float, rng: np.random.Generator) -> Points:
    fillers = lexicon("fillers")
    starts = tokens(points).starts
    starts = starts[is_(points[starts], LATIN)]
    luck, pick = lucky(len(starts), level, rng), rng.random(len(starts))
    return put(points, starts[luck], [f"{one} " for one in fillers], another(pick[luck], len(fillers)))


@text("share of words said twice")
def repeat_words(points: Points, level: float, rng: np.random.Generator) -> Points:
    found = tokens(points)
    found = found.where(is_(points[found.starts], LETTER) & is_(points[found.ends - 1], LETTER))
    found = found.where(lucky(len(found.starts), level, rng))
    n = found.ends - found.starts
    # What stands from a word on, then the next: the word itself once more, and a space between.
    whole = np.concatenate([points, np.array([0x20], np.uint32)])
    starts = np.concatenate([[0], np.stack([np.full(len(n), len(points)), found.starts], 1).ravel()])
    lengths = np.ones_like(starts)
    lengths[2::2] = np.append(found.ends[1:], len(points)) - found.starts
    lengths[0] = found.ends[0] if len(n) else len(points)
    return whole[gather(starts, lengths)]


@text("share of words misspelt, of those that people often misspell: receive -> recieve")
def misspell(points: Points, level: float, rng: np.random.Generator) -> Points:
    instead = {one: others[0] for one, others in pairs("misspellings").items()}
    found = find(points, list(instead))
    found = found.where(lucky(len(found.which), level, rng))
    return stand_in(points, found.spans, list(instead.values()), found.which)


@text("share of pairs of neighbouring words that change places", effect=Effect.MAY_CHANGE)
def shuffle_words(points: Points, level: float, rng: np.random.Generator) -> Points:
    found = tokens(points)
    of = texts_of(points, found.starts)
    first = _first(of)
    n = int(of[-1]) + 1 if len(of) else 0
    odd = rng.random(n) < 0.5  # whether the first word of a text stays by itself
    pair = (np.arange(len(of)) - first - odd[of]) % 2 == 0
    pair &= np.arange(len(of)) >= first + odd[of]
    pair[:-1] &= of[1:] == of[:-1]
    pair[-1:] = False
    a = np.flatnonzero(pair)
    a = a[lucky(len(a), level, rng)]
    # Both words and what is between them, put in again in the other order.
    gap = Spans(found.ends[a], found.starts[a + 1])
    order = np.stack([found.starts[a + 1], gap.starts, found.starts[a]], 1).ravel()
    sizes = np.stack([found.ends[a + 1] - gap.ends, gap.ends - gap.starts, gap.starts - found.starts[a]], 1).ravel()
    out = points.copy()
    out[gather(found.starts[a], found.ends[a + 1] - found.starts[a])] = points[gather(order, sizes)]
    return out


@text("share of words cut off at the end of a text; the first one stays", effect=Effect.MAY_CHANGE)
def truncate(points: Points, level: float, rng: np.random.Generator) -> Points:
    found = tokens(points)
    of = texts_of(points, found.starts)
    heads = np.flatnonzero(np.append(True, of[1:] != of[:-1])) if len(of) else np.empty(0, np.int64)
    sizes = np.diff(np.append(heads, len(of)))
    cut = (level * (sizes - 1) + rng.random(len(sizes))).astype(np.int64)
    last = (heads + sizes - 1 - cut)[cut > 0]
    ends = found.ends[heads + sizes - 1][cut > 0]
    return without(points, Spans(found.ends[last], ends))


def _first(of: Places) -> Places:
    """For each word the place of the first one of its text."""
    new = np.append(True, of[1:] != of[:-1])[: len(of)]
    return np.maximum.accumulate(np.where(new, np.arange(len(of)), 0))


def _left_out(points: Points, found: Spans, may: Mask, level: float, rng: np.random.Generator) -> Points:
    """The texts without some of the words, and without the space that stood beside each."""
    n = len(found.starts)
    if not n:
        return points
    luck = np.where(may, rng.random(n), 2.0)
    heads = np.unique(_first(texts_of(points, found.starts)))
    sizes = np.diff(np.append(heads, n))
    # The unluckiest word of a text stays, so that a text never comes out empty.
    stays = luck == np.repeat(np.maximum.reduceat(luck, heads), sizes)
    out = (luck < level) & ~stays
    kept = np.where(out, -1, np.arange(n))
    last = np.repeat(np.maximum.reduceat(kept, heads), sizes)
    ends = np.append(found.starts[1:], len(points))  # up to the next word
    ends[heads[1:] - 1], ends[-1] = found.ends[heads[1:] - 1], found.ends[-1]
    tail = out & (np.arange(n) > last)
    gone = Spans(
        np.where(tail, np.append(0, found.ends[:-1]), found.starts)[out], np.where(tail, found.ends, ends)[out]
    )
    return without(points, gone)
