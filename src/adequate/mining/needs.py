"""Which labels lack examples, how much would one more of each bring, and where in the pool are they?

The guide and the head look at the whole pool together, once, in batches. Of the examples that probably have a label,
the share that the head doesn't give it estimates the recall it misses, without one measuring label: with one or two
labels of a kind out-of-fold recall says nothing. Recall rises about as n / (n + 1) with n labelled examples, so one
more brings about miss / (n + 2): the budget goes where that is most, one label after the other, each counted as spent.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from adequate.mining.guide import SHARPNESS, Guide, softmax, trust
from adequate.mining.knowledge import Knowledge
from adequate.mining.neighbours import Best, walk
from adequate.types import Doubles, Floats, Mask, Rows

HOPES = 16  # pool positions kept of each label that was never found
BELIEF = 3.0  # labelled examples, out of fold, that the guide's estimate of a label's recall is worth
LEAST = 0.02  # of recall that is always thought to be missed: an estimate of none is not believed
WORTH_A_TRY = 0.05  # expected gain under which a label that was never found is left alone
EACH_ROUND = 2  # examples tried for such a label before the head is trained again
EACH_FIRST = 1  # in the first round: names may mean nothing, so the rest of it covers the pool


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What guide and head say of the pool, p examples and k labels.

    Args:
        guess: shape (p,), the label each example probably has.
        belief: shape (p,) in [0, 1], how probably.
        wrong: shape (p,), where the head answers something else.
        supply: shape (k,), examples with that guess.
        miss: shape (k,) in [0, 1], estimated share of each label's examples that the head gets wrong.
        found: shape (k,), labelled examples of each label.
        hopes: shape (k, HOPES), for labels never found: positions that might have it, best first; -1 for none.
        hope: shape (k,), how well the best of those fits; 0 for labels found.
        chance: shape (k,) in (0, 1], that one more try finds a label that was never found.
        ahead: in [0, 1], how far the guide is to be listened to for labels that were found already.
    """

    guess: NDArray[np.int32]
    belief: Floats
    wrong: Mask
    supply: Doubles
    miss: Doubles
    found: Doubles
    hopes: NDArray[np.int64]
    hope: Doubles
    chance: Doubles
    ahead: float


def needs(knowledge: Knowledge, guide: Guide) -> Needs:
    """Pass over the pool once. O(p d k); memory 9 bytes an example."""
    k, pool, taught, look = knowledge.k, knowledge.pool, knowledge.taught, knowledge.outlook
    held, gold = taught.predicted.astype(np.int32), taught.gold.astype(np.int32)
    found = np.bincount(gold, minlength=k).astype(np.float64)
    right = np.bincount(gold[gold == held], minlength=k)
    credit, ahead = (1.0, 1.0) if look is None else trust(guide.told, held, gold)
    unseen = np.flatnonzero((found == 0) & guide.known)
    best = Best(len(unseen), HOPES)
    guess, belief = np.empty(len(pool), np.int32), np.empty(len(pool), np.float32)
    mass, answered = np.zeros(k), np.zeros(k)
    for at, x in walk(knowledge.vectors, pool):
        near = guide.cosines(x)
        near[:, ~guide.known] = -1
        row = np.arange(len(at))
        share = softmax(SHARPNESS * near)
        if look is not None:
            share *= np.float32(credit)
            share[row, look.top[at]] += (1 - credit) * look.confidence[at]
            share[row, look.second[at]] += (1 - credit) * (look.confidence[at] - look.margin[at])
            mass += share.sum(axis=0)
            answered += np.bincount(look.top[at], weights=share[row, look.top[at]], minlength=k)
        guess[at] = share.argmax(axis=1)
        belief[at] = share[row, guess[at]]
        if len(unseen):
            best.offer(at, _hope(guide, x, near, unseen, 0.0 if look is None else look.confidence[at]))
    hopes = np.full((k, HOPES), -1, np.int64)
    hopes[unseen] = best.where
    hope = np.zeros(k)
    hope[unseen] = np.maximum(best.score[:, 0], -1)
    miss = (BELIEF * (1 - answered / np.maximum(mass, 1e-9)) + found - right) / (BELIEF + found)
    return Needs(
        guess=guess,
        belief=belief,
        wrong=np.ones(len(pool), bool) if look is None else guess != look.top,
        supply=np.bincount(guess, minlength=k).astype(np.float64),
        miss=np.where(found == 0, 1.0, np.clip(miss, 0, 1)),
        found=found,
        hopes=hopes,
        hope=hope,
        chance=np.where(found == 0, guide.faith / (1 + guide.misled), 1.0),
        ahead=ahead,
    )


def _hope(guide: Guide, x: Floats, near: Floats, unseen: Rows, confidence: Floats | float) -> Floats:
    """How much each of x looks like each label never found, (u, n): clearly nearest to its centre, or like its name
    and not already explained by what the head is sure of."""
    if near.shape[1] == 1:
        return near.T[unseen]
    two = np.partition(near, -2, axis=1)[:, -2:]
    own = near[:, unseen]
    lead = own - np.where(own == two[:, 1:], two[:, :1], two[:, 1:])
    if guide.names is not None:
        lead += guide.cosines(x, guide.names[unseen]) * (1 - np.asarray(confidence, np.float32))[..., None]
    return np.asarray(lead.T, np.float32)


def allot(knowledge: Knowledge, need: Needs, budget: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """How many of `budget` labels to seek for each label, shape (k,): each goes where it is expected to bring most.

    Labels found already get at most the share of the budget that the guide has earned (`ahead`).
    """
    k = knowledge.k
    first = knowledge.outlook is None
    unseen = need.found == 0
    worth = (need.miss + LEAST) * (need.found + 1) * _importance(knowledge, need)
    worth += 1e-3 * need.hope + 1e-6 * rng.random(k)  # of equals the surest first, then by chance: not by their order
    supply = np.where(unseen, (need.hopes >= 0).sum(axis=1), need.supply)
    supply = np.where(unseen, np.minimum(supply, EACH_FIRST if first else EACH_ROUND), supply)
    supply[list(knowledge.exhausted)] = 0
    quota = np.zeros(k, np.int64)
    count = need.found.copy()
    rest = round(budget * need.ahead * np.mean(~unseen | (supply > 0)))
    for _ in range(budget):
        gain = worth * need.chance / ((count + 1) * (count + 2))
        usable = (quota < supply) & np.where(unseen, first | (gain >= WORTH_A_TRY), rest > 0)
        if not usable.any():
            break
        label = int(np.argmax(np.where(usable, gain, -1)))
        quota[label] += 1
        count[label] += need.chance[label]
        rest -= not unseen[label]
    return quota


def _importance(knowledge: Knowledge, need: Needs) -> Doubles:
    """What each label counts: alike where labels have targets of their own, else by how frequent it is."""
    cells = [cell for cell in knowledge.cells if not cell.is_test]
    own = [cell.label for cell in cells if cell.label is not None]
    if not cells or own:
        important = np.ones(knowledge.k)
        if own:
            important[np.setdiff1d(np.arange(knowledge.k), own)] = 0.5  # at target, as far as steering shows
        return important
    frequent = need.supply + need.found
    return np.asarray(frequent / max(frequent.mean(), 1e-9))
