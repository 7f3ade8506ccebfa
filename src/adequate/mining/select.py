"""Which examples should people label next? One call a task and round; `loop.replay` drives the same one.

Policies: `adequate` (ours), and those it is compared with: `random`, `margin`, `entropy`, `kmeans` (a margin shortlist
spread by k-means). Ours fills a batch in this order:

1. what resembles the failures of slices, as far as they lag behind the task as a whole, and of tests (`failures`);
2. labels never found yet, by their names, and labels whose recall is estimated to be lowest, typical examples first
   (`guide`, `needs`): as much of the batch as the guide has proved to know better than the head;
3. doubt: the margin shortlist spread by k-means, with two labels or more of each kind the best that is known;
4. a twentieth at random, whatever fails: it finds what nothing else looks for.

So it begins as a search for one typical example of every label and ends as margin with k-means.
"""

from __future__ import annotations

from typing import Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from adequate.errors import unknown
from adequate.mining.batch import Batch
from adequate.mining.diversity import spread
from adequate.mining.failures import resembling
from adequate.mining.guide import guide
from adequate.mining.knowledge import Knowledge, Outlook, Picks
from adequate.mining.needs import EACH_ROUND, Needs, allot, needs
from adequate.mining.neighbours import QUERIES, nearest
from adequate.mining.typicality import typical
from adequate.mining.uncertainty import lowest, shortlist_size
from adequate.types import Floats, Kind, Mask, Rows

Policy: TypeAlias = Literal["adequate", "random", "margin", "entropy", "kmeans"]

AUDIT = 0.05  # of a batch, drawn at random
EVER = 0.05  # what an example counts that guide and head agree on, against one where they don't
CANDIDATES = 64  # looked at for each pick of a label, drawn by how probably the head is wrong on them


def batch_size(labelled: int) -> int:
    """How many labels to ask for before training again: a fifth of those there are, at least 50.

    >>> batch_size(100), batch_size(1000)
    (50, 200)
    """
    return max(50, labelled // 5)


def select(policy: Policy, count: int, knowledge: Knowledge, rng: np.random.Generator) -> Picks:
    """At most `count` examples of the pool to label next, most wanted first. O(pool width labels), streamed.

    Args:
        policy: which rule chooses.
        count: how many are wanted; fewer come when the pool holds fewer.
        knowledge: what is known of the task; without `outlook` (no model yet) every policy but ours is random.
        rng: the only source of chance.

    Raises:
        UnknownNameError: no such policy.
    """
    if policy not in get_args(Policy):
        raise unknown("policy", policy, get_args(Policy))
    batch = Batch(knowledge, count)
    look = knowledge.outlook
    if batch.size == 0:
        return batch.picks()
    if policy == "adequate":
        _ours(batch, rng)
    elif policy == "random" or look is None:
        _random(batch, "random", "drawn at random", rng)
    elif policy == "kmeans":
        _doubt(batch, look, batch.size, rng)
    else:
        score = look.margin if policy == "margin" or look.entropy is None else -look.entropy
        chosen = lowest(score, batch.size)
        batch.add(chosen, _between(knowledge, look, chosen), policy)
    return batch.picks()


def _ours(batch: Batch, rng: np.random.Generator) -> None:
    knowledge, look = batch.knowledge, batch.knowledge.outlook
    several = knowledge.kind is Kind.MULTILABEL
    audit = 0 if look is None else max(1, round(AUDIT * batch.size))
    for near in resembling(knowledge, batch.size, batch.taken, rng):
        batch.add(near.positions, near.reason, "failures", cell=near.cell.cell)
    if several:
        _by_name(batch, max(0, batch.wanted - audit) // 2)
    elif look is not None or knowledge.names is not None:
        made = guide(knowledge, rng)
        need = needs(knowledge, made)
        _labels(batch, need, allot(knowledge, need, max(0, batch.wanted - audit), rng), rng)
    if look is None:
        batch.add(typical(knowledge, batch.size, rng), "typical of the examples", "typical")
    else:
        _doubt(batch, look, max(0, batch.wanted - audit), rng)
    _random(batch, "audit", "drawn at random, to find what nothing else looks for", rng)


def _labels(batch: Batch, need: Needs, quota: NDArray[np.int64], rng: np.random.Generator) -> None:
    """For each label its quota: of one never found the best hopes, of others what is typical of its errors."""
    knowledge = batch.knowledge
    members = _members(need, batch.taken, quota, rng)
    for label in np.argsort(-quota, kind="stable")[: np.count_nonzero(quota)].tolist():
        name, count = knowledge.labels[label], int(quota[label])
        if need.found[label] == 0:
            hopes = need.hopes[label][need.hopes[label] >= 0]
            hopes = hopes[~batch.taken[hopes]][:count]
            batch.add(hopes, f"may be {name!r}, of which no example is known yet", "names", cell=name)
        elif label in members:
            near = members[label]
            near = near[~batch.taken[near]]
            weight = _mistake(need, near)
            chosen = near[spread(batch.vectors(near), count, rng, weight=weight)]
            batch.add(chosen, _mistaken(knowledge, need, chosen, name), "recall", cell=name)


def _members(
    need: Needs, taken: Mask, quota: NDArray[np.int64], rng: np.random.Generator
) -> dict[int, NDArray[np.int64]]:
    """Free positions that probably have each label looked for, ascending: all, or `CANDIDATES` for each pick, drawn
    with a chance that grows with how probably the head is wrong (A-Res by Efraimidis and Spirakis, 2006)."""
    sought = np.flatnonzero((quota[need.guess] > 0) & (need.found[need.guess] > 0) & ~taken)
    weight = _mistake(need, sought)
    key = np.log(rng.random(len(sought), dtype=np.float32) + np.float32(1e-12)) / np.maximum(weight, 1e-6)
    order = np.lexsort((-key, need.guess[sought]))
    label, first, size = np.unique(need.guess[sought[order]], return_index=True, return_counts=True)
    size = np.minimum(size, CANDIDATES * quota[label])
    return {
        int(code): np.sort(sought[order[at : at + many]]) for code, at, many in zip(label, first, size, strict=True)
    }


def _mistake(need: Needs, at: Rows) -> Floats:
    """How probably the head is wrong about these; never nothing, so that a label without errors still has a centre."""
    return np.asarray(need.belief[at] * (need.wrong[at] + EVER), np.float32)


def _mistaken(knowledge: Knowledge, need: Needs, chosen: Rows, name: str) -> list[str]:
    """Why each of these is asked for a label."""
    look = knowledge.outlook
    typical_of = f"typical of {name!r}, whose recall is low"
    if look is None:
        return [typical_of] * len(chosen)
    return [
        f"may be {name!r}, where the model says {knowledge.labels[look.top[at]]!r}" if need.wrong[at] else typical_of
        for at in chosen.tolist()
    ]


def _by_name(batch: Batch, budget: int) -> None:
    """`multilabel`: for labels never found, what is most like their name; at most two a label and round."""
    knowledge = batch.knowledge
    missing = np.flatnonzero(~knowledge.taught.gold.any(axis=0))
    missing = np.setdiff1d(missing, list(knowledge.exhausted))[: min(budget, QUERIES)]
    if knowledge.names is None or len(missing) == 0:
        return
    where, _ = nearest(knowledge.vectors, knowledge.pool, knowledge.names[missing], EACH_ROUND)
    left = batch.wanted - budget
    for place in where.T:  # everybody's best before anybody's second
        for label, at in zip(missing.tolist(), place.tolist(), strict=True):
            if at >= 0 and batch.wanted > left:
                name = knowledge.labels[label]
                batch.add(np.array([at]), f"may be {name!r}, of which no example is known yet", "names", cell=name)


def _doubt(batch: Batch, look: Outlook, count: int, rng: np.random.Generator) -> None:
    """The smallest margins among what is free, spread by k-means."""
    if count == 0:
        return
    free = batch.free()
    near = free[lowest(look.margin[free], shortlist_size(count, len(free)))]
    chosen = near[spread(batch.vectors(near), count, rng)]
    batch.add(chosen, _between(batch.knowledge, look, chosen), "doubt")


def _between(knowledge: Knowledge, look: Outlook, chosen: Rows) -> list[str]:
    """Which answers are close for each of these.

    Close by the decision rule, which weighs rare labels and costly mistakes more: the calibrated probability that a
    labeller sees beside this may be far from one half, so nothing is said of doubt.
    """
    names = knowledge.labels
    return [
        f"{names[a]!r} or {'not' if a == b else repr(names[b])}? Close, as mistakes are weighed"
        for a, b in zip(look.top[chosen].tolist(), look.second[chosen].tolist(), strict=True)
    ]


def _random(batch: Batch, policy: str, reason: str, rng: np.random.Generator) -> None:
    """Fill the rest evenly from what is free."""
    free = batch.free()
    count = min(batch.wanted, len(free))
    if count:
        batch.add(rng.choice(free, count, replace=False), reason, policy, probability=count / len(free))
