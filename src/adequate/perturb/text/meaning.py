"""What may change the meaning: good for finding what to label, not for a test that the answer stays.

Negation turns one auxiliary a text ("is" to "is not" and back), or puts "do not" before a text that has none. It is no
grammar: "is not my card here" is said by nobody, and shown to a labeller all the same.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from adequate.perturb.lexicons import pairs
from adequate.perturb.operator import Effect
from adequate.perturb.text.flat import Places, lucky, put, text, texts_of, tokens
from adequate.perturb.text.kinds import EDGE, LATIN, LETTER, Points, case_table, is_
from adequate.perturb.text.phrases import find, stand_in
from adequate.types import Mask

AUXILIARIES = (
    *("am", "is", "are", "was", "were", "do", "does", "did", "have", "has", "had"),
    *("can", "could", "will", "would", "shall", "should", "must", "might"),
)


@text("share of texts (in Latin letters) negated, or no longer negated", effect=Effect.MAY_CHANGE)
def negate(points: Points, level: float, rng: np.random.Generator) -> Points:
    forms = _negated()
    luck = lucky(int((points == EDGE).sum()) - 1, level, rng)
    found = find(points, list(forms))
    found = found.where(_firsts(texts_of(points, found.spans.starts)))
    of = texts_of(points, found.spans.starts)
    turned = stand_in(points, found.spans.where(luck[of]), list(forms.values()), found.which[luck[of]])
    luck[of] = False
    return _told_not_to(turned, luck)


@text("share of words replaced by a near synonym, of those that the list knows", effect=Effect.MAY_CHANGE)
def synonyms(points: Points, level: float, rng: np.random.Generator) -> Points:
    known = pairs("synonyms")
    sizes = np.array([len(others) for others in known.values()])
    found = find(points, list(known))
    luck, pick = lucky(len(found.which), level, rng), rng.random(len(found.which))
    first = (np.cumsum(sizes) - sizes)[found.which]
    new = first + (pick * sizes[found.which]).astype(np.int64)
    every = [one for others in known.values() for one in others]
    return stand_in(points, found.spans.where(luck), every, new[luck])


def _told_not_to(points: Points, which: Mask) -> Points:
    """ "Send it" as "Do not send it": some of the texts, where they begin with a Latin letter."""
    starts = tokens(points).starts
    of = texts_of(points, starts)
    keep = _firsts(of)
    starts, of = starts[keep], of[keep]
    starts = starts[which[of] & is_(points[starts], LATIN)]
    small = case_table(str.lower)
    big = small[points[starts]] != points[starts]
    word = big & is_(points[starts + 1], LETTER) & (small[points[starts + 1]] == points[starts + 1])
    out = points.copy()
    out[starts[word]] = small[points[starts[word]]]  # but "I" and "VAT" stay as they are
    return put(out, starts, ["do not ", "Do not "], big.astype(np.int64))


def _firsts(of: Places) -> Mask:
    """The first thing of each text, given in which text each is."""
    return np.append(True, of[1:] != of[:-1])[: len(of)]


@cache
def _negated() -> dict[str, str]:
    """What is said instead of each auxiliary, and of each that is negated."""
    short = {one: others[0].removesuffix(" not") for one, others in pairs("contractions").items()}
    return (
        {one: f"{one} not" for one in AUXILIARIES}
        | {f"{one} not": one for one in AUXILIARIES}
        | {one: plain for one, plain in short.items() if plain in AUXILIARIES}
        | {"cannot": "can", "can't": "can"}
    )
