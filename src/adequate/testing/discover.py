"""In which slices that nobody declared is the model worse than elsewhere?

What is found by looking must not be believed because it was found. The examples are parted in two halves, by group and
for good. In one half slices are looked for, by whatever means: conditions that a person can read, pairs of them, and
clusters of the vectors that hold many errors, described by words. The best few that don't overlap are then measured
in the other half, which had no say in choosing them, one example a group. A slice is offered where a lower bound of
its gap, shared out over all that were measured, lies above nothing. Then the halves change places. So without any real
slice the chance to offer one is at most `alpha`, however long the search: a permutation test of the largest gap would
use all examples at once, but could not allow a search that looks at the errors itself (clusters, pairs of the best).

Sources: Eyuboglu et al., "Domino: Discovering Systematic Errors with Cross-Modal Embeddings", ICLR 2022 (clusters that
know the errors); Chung et al., "Slice Finder", ICDE 2019 (conditions); Cox, "A note on data-splitting", Biometrika 62
(1975).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from adequate.testing.bounds import clopper_pearson
from adequate.testing.clusters import described
from adequate.testing.rules import Condition, Conditions, both, either
from adequate.types import Doubles, Floats, Mask, Rows

LEAST = 10  # examples of a slice in the half in which it is looked for
GAP = 0.05  # what is less isn't worth a slice
TRIED = 16  # slices measured in each half: each has its share of alpha
PAIRED = 120  # conditions of which pairs are tried
SAME = 0.5  # slices that share this part of their examples say the same
WORSE = 1.5  # how many times the gap of either must a pair have
PRICE = 0.05  # what a second condition must add to the gap
SURE = 2.5  # standard errors taken off a gap before it is compared


@dataclass(frozen=True, slots=True)
class Rule:
    """Conditions, by number: all hold, or with `any` one of them at least."""

    of: tuple[int, ...]
    any: bool = False

    @property
    def several(self) -> bool:
        """Whether it takes more than one condition."""
        return len(self.of) > 1

    def mask(self, conditions: Conditions) -> Mask:
        """Its members, shape (m,)."""
        masks = [conditions.mask(i) for i in self.of]
        return np.asarray(np.any(masks, axis=0) if self.any else np.all(masks, axis=0))

    def condition(self, conditions: Conditions) -> Condition:
        """In words and as SQL."""
        parts = [conditions[i] for i in self.of]
        if len(parts) == 1:
            return parts[0]
        return either(conditions.text, parts) if self.any else both(parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovered:
    """A slice in which the model is worse.

    Args:
        condition: which examples are in it; `several`: it says more than one thing of them.
        mask: shape (m,), its members among the labelled.
        n, wrong: members in the half that measured it, one a group, and how many of them are answered wrongly.
        outside, wrong_outside: the same of those that aren't members.
        low: lower bound of the gap, sure of all that are offered at once.
    """

    condition: Condition
    several: bool
    mask: Mask
    n: int
    wrong: int
    outside: int
    wrong_outside: int
    low: float

    @property
    def gap(self) -> float:
        """Accuracy outside less accuracy inside, a fraction."""
        return self.wrong / self.n - self.wrong_outside / self.outside


def discover(
    conditions: Conditions,
    wrong: Mask,
    groups: Rows,
    draws: Doubles,
    rng: np.random.Generator,
    *,
    vectors: Floats | None = None,
    known: Sequence[Mask] = (),
    alpha: float = 0.05,
    most: int = 20,
) -> list[Discovered]:
    """Slices in which the model is worse, the surest gap first. O(members of all conditions + m · PAIRED²).

    Args:
        conditions: what can be said of m labelled examples.
        wrong: shape (m,), where a model that hadn't seen the example errs.
        groups: shape (m,), equal where examples may be copies of one another.
        draws: shape (m,), permanent random numbers in [0, 1) of the groups: which half each is in.
        vectors: shape (m, d), of unit length; None: no clusters.
        known: members of slices that are there already: what says the same is left out.
        alpha: chance that any slice offered is none, at most.
        most: slices offered at most.
    """
    first = np.zeros(len(wrong), np.bool_)
    first[np.unique(groups, return_index=True)[1]] = True
    found: list[Discovered] = []
    for searched in (draws < 0.5, draws >= 0.5):
        rules = proposed(conditions, wrong, searched, rng, vectors=vectors, known=known)
        shares = 1 / np.arange(1, len(rules) + 1)  # what looked worst has most of the chance of error
        shares *= alpha / 2 / max(shares.sum(), 1e-9)
        measure = first & ~searched
        found += [
            measured(conditions, rule, wrong, measure, at) for rule, at in zip(rules, shares.tolist(), strict=True)
        ]
    return distinct([one for one in found if one.low > 0 and one.gap >= GAP], wrong)[:most]


def proposed(
    conditions: Conditions,
    wrong: Mask,
    searched: Mask,
    rng: np.random.Generator,
    *,
    vectors: Floats | None = None,
    known: Sequence[Mask] = (),
) -> list[Rule]:
    """What looks worst in one half: at most `TRIED` rules that say different things."""
    if not len(conditions) or not wrong[searched].any():
        return []
    inside = searched.astype(np.float32)
    n, bad = (np.asarray(conditions.members @ x, np.float64) for x in (inside, inside * wrong))
    score = scored(n, bad, int(searched.sum()), int(wrong[searched].sum()))
    best = np.argsort(-score, kind="stable")[:PAIRED]
    best = best[np.isfinite(score[best])]
    ranked = [(float(score[i]), Rule((int(i),))) for i in best.tolist()]
    ranked += _pairs(conditions, best, score, wrong, searched)
    if vectors is not None:
        for words in described(conditions.members[: len(conditions.words)], vectors, wrong, searched, rng, least=LEAST):
            rule = Rule(words, any=True) if _one_alphabet(conditions, words) else Rule(words[:1])
            mask = rule.mask(conditions) & searched
            counts = (np.array([float(mask.sum())]), np.array([float(wrong[mask].sum())]))
            value = float(scored(*counts, int(searched.sum()), int(wrong[searched].sum()))[0])
            ranked.append((value - PRICE * rule.several, rule))
    ranked = sorted((one for one in ranked if np.isfinite(one[0])), key=lambda one: (-one[0], one[1].of))
    chosen: list[Rule] = []
    taken: list[Mask] = [mask & searched for mask in known]
    for _, rule in ranked:
        mask = rule.mask(conditions) & searched
        if all(jaccard(mask, other) <= SAME for other in taken):
            chosen.append(rule)
            taken.append(mask)
        if len(chosen) == TRIED:
            break
    return chosen


def scored(n: Doubles, bad: Doubles, total: int, total_bad: int) -> Doubles:
    """How much more often the model errs inside than outside, less `SURE` standard errors; -inf where that can't be
    told or isn't more. Inputs of shape (c,)."""
    out = np.maximum(total - n, 1)
    # One right and one wrong answer more, so that a few errors in a row aren't certainty.
    inside, outside = (bad + 1) / (n + 2), np.maximum(total_bad - bad, 0) / out
    error = np.sqrt(inside * (1 - inside) / np.maximum(n, 1) + outside * (1 - outside) / out)
    told = (n >= LEAST) & (n <= total / 2) & (inside > outside)
    return np.where(told, inside - outside - SURE * error, -np.inf)


def _pairs(
    conditions: Conditions, best: Rows, score: Doubles, wrong: Mask, searched: Mask
) -> Iterable[tuple[float, Rule]]:
    """Pairs of the best conditions that are much worse than either alone."""
    if len(best) < 2:
        return []
    rows = np.flatnonzero(searched)
    held = conditions.members[best][:, rows].toarray()
    n = np.asarray(held @ held.T, np.float64)
    bad = np.asarray((held * wrong[rows]) @ held.T, np.float64)
    i, j = np.triu_indices(len(best), 1)
    values = scored(n[i, j], bad[i, j], len(rows), int(wrong[rows].sum())) - PRICE
    alone = np.maximum(score[best[i]], score[best[j]])
    better = np.flatnonzero(values > np.maximum(alone, WORSE * alone))
    better = better[np.argsort(-values[better], kind="stable")][: 4 * TRIED]
    return [(float(values[at]), Rule((int(best[i[at]]), int(best[j[at]])))) for at in better.tolist()]


def _one_alphabet(conditions: Conditions, words: Sequence[int]) -> bool:
    return len({conditions.words[i].isascii() for i in words}) == 1


def measured(conditions: Conditions, rule: Rule, wrong: Mask, where: Mask, alpha: float) -> Discovered:
    """One rule in the examples of the other half, its bound at `alpha`."""
    mask = rule.mask(conditions)
    inside, outside = mask & where, ~mask & where
    n, out = int(inside.sum()), int(outside.sum())
    bad, bad_out = int(wrong[inside].sum()), int(wrong[outside].sum())
    low = -1.0
    if n and out:
        # What lies outside is many and well known: a tenth of the chance of error is enough for it.
        low = float(clopper_pearson(bad, n, 0.9 * alpha)[0] - clopper_pearson(bad_out, out, 0.1 * alpha)[1])
    return Discovered(
        condition=rule.condition(conditions),
        several=rule.several,
        mask=mask,
        n=n,
        wrong=bad,
        outside=out,
        wrong_outside=bad_out,
        low=low,
    )


def distinct(found: Sequence[Discovered], wrong: Mask) -> list[Discovered]:
    """Of slices that say the same, the surest and simplest; what is worse only for what it shares with one goes too."""
    kept: list[Discovered] = []
    covered = np.zeros(len(wrong), np.bool_)
    order = sorted(found, key=lambda one: (PRICE * one.several - one.low, one.condition.sql))
    for one in order:
        rest, beyond = one.mask & ~covered, ~one.mask & ~covered
        worse = rest.any() and beyond.any() and wrong[rest].mean() >= wrong[beyond].mean() + GAP
        if worse and all(jaccard(one.mask, other.mask) <= SAME for other in kept):
            kept.append(one)
            covered |= one.mask
    return kept


def jaccard(one: Mask, other: Mask) -> float:
    """The examples that two slices share, of those that are in either; 0 where there are none."""
    together = int((one | other).sum())
    return int((one & other).sum()) / together if together else 0.0
