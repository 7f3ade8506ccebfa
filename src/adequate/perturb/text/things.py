"""Numbers, names, places, days and links, replaced by others of the same kind.

The right answer stays only where the two sides are of the same kind to the task: "same" here says that a task doesn't
ask which name, town or day it is. Women's names stay women's, cities cities.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pyarrow.compute as pc

from adequate.perturb.lexicons import lexicon, pairs
from adequate.perturb.operator import Effect
from adequate.perturb.text.flat import (
    Places,
    Spans,
    another,
    count,
    gather,
    is_number,
    lucky,
    pieces,
    runs,
    splice,
    standing_alone,
    strings_of,
    text,
    texts_of,
    tokens,
)
from adequate.perturb.text.kinds import DIGIT, LETTER, Points, among, case_table, is_
from adequate.perturb.text.phrases import Found, find, in_a_name, index_of, neighbours, stand_in
from adequate.types import Mask

SITES = ("https://example.com", "https://www.example.org/page", "http://example.net/a?b=1", "www.example.edu")
HANDLES = ("@someone", "@a_friend", "@the_team", "@user2041")
MAILBOXES = ("someone@example.com", "info@example.org", "a.friend@example.net")
# Words after which "2" and "4" are numbers: else people write them for "to" and "for".
COUNTING = (
    *(
        "in",
        "at",
        "of",
        "for",
        "the",
        "these",
        "those",
        "last",
        "next",
        "first",
        "by",
        "about",
        "around",
        "until",
        "under",
    ),
    *("over", "with", "and", "or", "plus", "minus", "times", "than", "only", "a", "is", "are", "have", "has", "after"),
)
MONTHS = (
    ("January", "July", "August", "October", "December"),
    ("April", "June", "September", "November"),
)  # 31 days, 30
LINKS = (SITES, HANDLES, MAILBOXES)
SITE, HANDLE, MAILBOX = r"^(?i:https?://|www\.)[^\s]+$", r"^@\w+$", r"^[^@\s]+@[^@\s]+\.[^@\s]+$"


@text("share of numbers whose digits become others, as many", effect=Effect.MAY_CHANGE)
def change_digits(points: Points, level: float, rng: np.random.Generator) -> Points:
    numbers = runs(is_(points, DIGIT))
    size = numbers.ends - numbers.starts
    luck, pick = lucky(len(size), level, rng), rng.random(len(points))
    at = gather(numbers.starts[luck], size[luck])
    digit = points[at].astype(np.int64) - 48
    leads = np.zeros(len(points), bool)
    leads[numbers.starts[size > 1]] = True
    leads = leads[at] & (digit > 0)  # no number begins with 0 that didn't
    new = np.where(leads, 1 + another(pick[at], 9, digit - 1), another(pick[at], 10, digit))
    out = points.copy()
    out[at] = new + 48
    return out


@text("share of whole numbers below a hundred turned from digits to words and back: 3 <-> three")
def spell_numbers(points: Points, level: float, rng: np.random.Generator) -> Points:
    said = {others[0]: one for one, others in pairs("numbers").items()}  # 3 -> three
    known = [*said, *said.values()]
    found = find(points, [*known, "hundred", "thousand", "million", "billion"])
    numeric = is_number(points, found.spans)
    # "twenty five" isn't "20 five", and "one" is more often a pronoun than a number.
    one = found.which == known.index("one")
    near = found.spans.starts[1:] - found.spans.ends[:-1] == 1
    near = np.append(near, False) | np.append(False, near)[: len(one)] if len(one) else near
    fit = ~near & ~one & (found.which < len(known)) & standing_alone(points, found.spans)
    fit &= numeric == (found.which < len(said))
    fit &= ~in_a_name(points, found.spans) & ~(numeric & _no_count(points, found.spans))
    found = found.where(fit)
    found = found.where(lucky(len(found.which), level, rng))
    return stand_in(points, found.spans, [*said.values(), *said], found.which)


def _no_count(points: Points, spans: Spans) -> Mask:
    """Which digits are no number of things: "2 u" and "4 free" where nothing before them counts, "june 4"."""
    before, after = neighbours(points, spans)
    small = case_table(str.lower)[points]
    dated, counted = index_of(small, before, _months()) >= 0, index_of(small, before, COUNTING) >= 0
    two_or_four = (spans.ends - spans.starts == 1) & among(points[spans.starts], "24")
    follows = is_(points[after.starts], LETTER) & (after.ends > after.starts)
    none: Mask = dated | (two_or_four & follows & ~counted)
    return none


@cache
def _months() -> tuple[str, ...]:
    return tuple(one.lower() for one in (*lexicon("months"), "March", "May"))


@text("share of given names replaced by another one, alike wherever a text says it")
def change_names(points: Points, level: float, rng: np.random.Generator) -> Points:
    return _exchanged(points, (lexicon("women"), lexicon("men")), level, rng, surnames=True)


@text("share of cities and countries replaced by another one, alike wherever a text says it")
def change_places(points: Points, level: float, rng: np.random.Generator) -> Points:
    return _exchanged(points, (lexicon("cities"), lexicon("countries")), level, rng)


@text("share of days of the week and months replaced by another one as long, alike wherever a text says it")
def change_dates(points: Points, level: float, rng: np.random.Generator) -> Points:
    return _exchanged(points, (lexicon("weekdays"), *MONTHS), level, rng)


@text("share of web addresses, e-mail addresses and @handles replaced by another one")
def change_links(points: Points, level: float, rng: np.random.Generator) -> Points:
    found = tokens(points)
    found = found.where(count(among(points, "@.:"), found) > 0)
    closing = among(points[found.ends - 1], ".,;:!?)")  # the sentence's, not the address's
    found = Spans(found.starts, found.ends - closing)
    found = found.where(found.ends > found.starts)
    strings = strings_of(points, found)
    kind = np.full(len(found.starts), -1)
    for i, pattern in enumerate((SITE, HANDLE, MAILBOX)):
        matched = pc.match_substring_regex(strings, pattern).to_numpy(zero_copy_only=False)
        kind[matched.astype(bool) & (kind < 0)] = i
    found, kind = found.where(kind >= 0), kind[kind >= 0]
    luck, pick = lucky(len(kind), level, rng), rng.random(len(kind))
    new, offset = np.zeros(len(kind), np.int64), 0
    now = index_of(points, found, [one for links in LINKS for one in links])
    for i, links in enumerate(LINKS):
        of = kind == i
        here = np.where(now[of] >= 0, now[of] - offset, -1)
        new[of] = offset + another(pick[of], len(links), here)
        offset += len(links)
    return splice(points, found.where(luck), pieces([one for links in LINKS for one in links]), new[luck])


def _exchanged(
    points: Points,
    lists: tuple[tuple[str, ...], ...],
    level: float,
    rng: np.random.Generator,
    *,
    surnames: bool = False,
) -> Points:
    """Some words of these lists replaced by another of the same list.

    What a text says twice is changed alike, and all words of a list by as many places in it, so that Monday to Friday
    never becomes Friday to Friday. Beside `surnames` a capital is no sign that a word is part of another name.
    """
    every, first, size = _together(lists)
    found: Found = find(points, [one.lower() for one in every])
    if not surnames:
        found = found.where(~in_a_name(points, found.spans))
    n, of = len(found.which), texts_of(points, found.spans.starts)
    luck, pick = rng.random(n), rng.random(n)
    base = first[found.which]
    luck, pick = luck[_firsts(of * len(every) + found.which)], pick[_firsts(of * len(every) + base)]
    new = base + (found.which - base + 1 + (pick * (size[found.which] - 1)).astype(np.int64)) % size[found.which]
    changes = luck < level
    return stand_in(points, found.spans.where(changes), every, new[changes])


def _firsts(keys: Places) -> Places:
    """For each key the place where it comes first."""
    _, first, of = np.unique(keys, return_index=True, return_inverse=True)
    return np.asarray(first[of], np.int64)


@cache
def _together(lists: tuple[tuple[str, ...], ...]) -> tuple[tuple[str, ...], Places, Places]:
    """All words of some lists, and for each where its list begins and how long it is."""
    sizes = np.array([len(one) for one in lists], np.int64)
    first = np.repeat(np.cumsum(sizes) - sizes, sizes)
    return tuple(one for words in lists for one in words), first, np.repeat(sizes, sizes)
