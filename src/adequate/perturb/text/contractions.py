"""Contractions, and what they stand for: "do not" and "don't". Only where both can be said.

No grammar decides that, but a few words beside it: "I have a card" isn't "I've a card" nor "what time it is" "what time
it's"; "why don't you" isn't "why do not you" nor "she's been" "she is been".
"""

from __future__ import annotations

import numpy as np

from adequate.perturb.lexicons import pairs
from adequate.perturb.text.flat import lucky, text, texts_of
from adequate.perturb.text.kinds import EDGE, LETTER, SPACE, Points, case_table, is_
from adequate.perturb.text.phrases import find, index_of, neighbours, stand_in

QUESTIONS = ("what", "where", "when", "who", "how", "why", "which", "if", "whatever", "wherever", "however")
ASKING = ("do", "does", "did", "would", "should", "could", "can", "will", "must", "might", "may")
PERSONS = ("i", "you", "he", "she", "it", "we", "they", "there", "this", "that", "these", "those", "the", "my", "your")
# What stands between "have" and the end of its verb, and the verbs that come after it most: "I have never been".
PARTICIPLES = (
    *("been", "got", "had", "done", "gone", "seen", "made", "lost", "taken", "forgotten", "left", "given", "found"),
    *("never", "already", "just", "not", "always", "heard", "bought", "paid", "sent", "spent", "told", "tried", "used"),
    *("received", "moved", "changed", "looked", "asked", "noticed", "ordered", "decided", "read", "put", "come"),
)


@text("share of phrases contracted that can be: do not -> don't")
def contract(points: Points, level: float, rng: np.random.Generator) -> Points:
    short = {others[0].lower(): one for one, others in pairs("contractions").items() if one != "let's"}
    found = find(points, list(short))
    before, after = neighbours(points, found.spans)
    small = case_table(str.lower)[points]
    asks = find(points, QUESTIONS)
    first = np.full(int((points == EDGE).sum()), len(points))
    np.minimum.at(first, texts_of(points, asks.spans.starts), asks.spans.ends)
    asked = found.spans.starts > first[texts_of(points, found.spans.starts)]
    ends_open, has = (
        np.array([one.endswith(verb) for one in short], bool) for verb in ((" is", " are", " am"), " have")
    )
    fit = is_(points[found.spans.ends], SPACE) & is_(points[np.minimum(found.spans.ends + 1, len(points) - 1)], LETTER)
    fit &= ~(asked & ends_open[found.which])
    perfect = (index_of(small, after, PARTICIPLES) >= 0) & (index_of(small, before, ASKING) < 0)
    fit &= perfect | ~has[found.which]
    found = found.where(fit)
    found = found.where(lucky(len(found.which), level, rng))
    return stand_in(points, found.spans, list(short.values()), found.which)


@text("share of contractions said in full: don't -> do not")
def expand(points: Points, level: float, rng: np.random.Generator) -> Points:
    full = {one: others[0] for one, others in pairs("contractions").items()}
    found = find(points, list(full))
    _, after = neighbours(points, found.spans)
    small = case_table(str.lower)[points]
    turns, has = (np.array([one.endswith(end) for one in full], bool) for end in ("n't", ("'s", "'d")))
    # "couldn't I" and "she's been", "I'd better" are said otherwise in full.
    fit = ~(turns[found.which] & (index_of(small, after, PERSONS) >= 0))
    fit &= ~(has[found.which] & (index_of(small, after, (*PARTICIPLES, "better")) >= 0))
    found = found.where(fit)
    found = found.where(lucky(len(found.which), level, rng))
    return stand_in(points, found.spans, list(full.values()), found.which)
