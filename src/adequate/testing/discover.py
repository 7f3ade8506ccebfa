"""In which slices that nobody declared is the model worse than elsewhere?

What is found by looking must not be believed because it was found. Everything that may be said of the examples is fixed
before an error is looked at: conditions that a person can read, pairs of them, words that describe clusters of the
vectors. Then the errors are shuffled among the examples, again and again, and each time the worst slice is noted: so
bad does the worst look by luck alone. A slice is proven where hardly any shuffle has one as bad. Without any real slice
the chance to offer one is at most `alpha`, however many are tried; and what is said in many words that mean the same
costs nothing. What looks bad and isn't proven is suspected, and says with how many labels that would be decided.

Sources: Westfall & Young, "Resampling-Based Multiple Testing" (1993), for the largest of many statistics; Miettinen,
Am. J. Epidemiol. 103 (1976), for bounds from a test; Chung et al., "Slice Finder", ICDE 2019 (conditions).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse, special

from adequate.testing.bounds import labels_to_prove
from adequate.testing.clusters import described
from adequate.testing.rules import Condition, Conditions, both, either
from adequate.types import Doubles, Floats, Mask, Rows

LEAST = 10  # labelled examples of a slice
GAP = 0.05  # what is less isn't worth a slice
SHUFFLES = 299  # of 300 orders, the true one among them, each of three kinds may have 5
SHUFFLED = 8_000  # examples in which luck is measured: with more, the worst of many hardly changes
PAIRED = 60  # conditions on columns that are paired with all others, the commonest
SHARE = 0.005  # of the examples, that a pair holds of at least
COMMON = 0.03  # of the examples, that such a condition holds of
ADDS = 0.8  # a pair that keeps more than this of either says nothing new
SAME = 0.5  # slices that share this part of their examples say the same
WORSE = 1.5  # how many times the gap of either must a pair have
PRICE = 0.5  # what a second condition costs, in standard errors
LOOKED = 300  # of each kind, the worst whose members are compared
DOUBTED = 6  # suspected slices that are shown
LUCK = 0.9  # what looks more like luck than this isn't even suspected


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
    """A slice in which the model is worse, or seems to be.

    Args:
        condition: which examples are in it; `several`: it says more than one thing of them.
        mask: shape (m,), its members among the labelled.
        n, wrong: its members, one a group, and how many of them are answered wrongly.
        outside, wrong_outside: the same of those that aren't members.
        surprise: the gap in standard errors.
        luck: chance that the worst of all that was looked at is as bad as this where no slice is.
        low: lower bound of the gap, sure of all that was looked at; not above 0: it isn't proven.
    """

    condition: Condition
    several: bool
    mask: Mask
    n: int
    wrong: int
    outside: int
    wrong_outside: int
    surprise: float
    luck: float
    low: float

    @property
    def gap(self) -> float:
        """Accuracy outside less accuracy inside, a fraction."""
        return self.wrong / self.n - self.wrong_outside / self.outside

    @property
    def proven(self) -> bool:
        """Whether it is worse beyond what a search finds by luck."""
        return self.low > 0

    @property
    def labels(self) -> int | None:
        """New labels, drawn from it by chance, that would decide by themselves: in four of five cases; None: thousands.

        The gap is taken for less than it looks: what was picked because it looks bad looks worse than it is.
        """
        usual = max(self.wrong_outside, 0.5) / self.outside
        inside = (self.wrong + LEAST * usual) / (self.n + LEAST)
        size = float(labels_to_prove(usual, inside))
        return int(size) if np.isfinite(size) else None


class Tried(NamedTuple):
    """Rules of one kind, n and errors of each, and in how many shuffles the worst of them is how bad, ascending."""

    rules: list[Rule]
    n: Doubles
    bad: Doubles
    luck: Doubles


def discover(
    conditions: Conditions,
    wrong: Mask,
    groups: Rows,
    rng: np.random.Generator,
    *,
    vectors: Floats | None = None,
    doubts: Doubles | None = None,
    known: Sequence[Mask] = (),
    alpha: float = 0.05,
    most: int = 20,
) -> list[Discovered]:
    """Slices in which the model is worse: those that are proven, then those that are suspected, the surest first.

    O(members of all conditions · PAIRED), and as often again as there are shuffles for `SHUFFLED` of the examples.

    Args:
        conditions: what can be said of m labelled examples.
        wrong: shape (m,), where a model that hadn't seen the example errs.
        groups: shape (m,), equal where examples may be copies of one another.
        vectors: shape (m, d), of unit length; None: no clusters.
        doubts: shape (m,), the chance in [0, 1] that an answer is wrong as the model sees it; None: unknown.
        known: members of slices that are there already: what says the same is left out.
        alpha: chance that any proven slice is none, at most.
        most: slices proven at most.
    """
    first = np.unique(groups, return_index=True)[1]  # a hundred copies of one error are one error
    errors = wrong[first]
    if not len(conditions) or not errors.any() or errors.all():
        return []
    topics: list[Rule] = []
    if vectors is not None:
        spread = np.zeros(len(wrong)) if doubts is None else doubts
        topics = _topics(conditions, vectors, spread, rng)
    held = conditions.members[:, first]
    found: list[Discovered] = []
    kinds = _tried(conditions, held, topics, errors, rng)
    for kind in kinds:
        found += _judged(conditions, kind, len(errors), int(errors.sum()), alpha, len(kinds))
    found.sort(key=lambda one: (not one.proven and one.luck, PRICE * one.several - one.surprise, one.condition.sql))
    kept = distinct(found, wrong, known)
    proven = [one for one in kept if one.proven][:most]
    return proven + [one for one in kept if not one.proven][:DOUBTED]


def _topics(conditions: Conditions, vectors: Floats, doubts: Doubles, rng: np.random.Generator) -> list[Rule]:
    words = conditions.members[: len(conditions.words)]
    found = {
        Rule(tuple(sorted(of)), any=True)
        for of in described(words, vectors, doubts, rng)
        if len(of) > 1 and len({conditions.words[i].isascii() for i in of}) == 1  # one alphabet: one SQL
    }
    return sorted(found, key=lambda rule: rule.of)


def _tried(
    conditions: Conditions, held: sparse.csr_array, topics: list[Rule], errors: Mask, rng: np.random.Generator
) -> list[Tried]:
    """All rules by kind: columns, words and clusters, pairs. Each kind has its own luck, and its share of alpha."""
    words, m = len(conditions.words), len(errors)
    some = np.sort(rng.choice(m, SHUFFLED, replace=False)) if m > SHUFFLED else np.arange(m)
    orders = np.stack([rng.permutation(errors[some]) for _ in range(SHUFFLES)], axis=1).astype(np.float32)
    said = sparse.csr_array(sparse.vstack([held[:words], *(_any(held, rule.of) for rule in topics)]))
    singles = [Rule((i,)) for i in range(len(conditions))]
    kinds = [
        _counted(held[words:], singles[words:], errors, some, orders),
        _counted(said, singles[:words] + topics, errors, some, orders),
        _pairs(conditions, held, errors, some, orders),
    ]
    return [kind for kind in kinds if kind.rules]


def _any(held: sparse.csr_array, of: Sequence[int]) -> sparse.csr_array:
    rows = np.unique(np.concatenate([held.indices[held.indptr[i] : held.indptr[i + 1]] for i in of]))
    ones = np.ones(len(rows), held.dtype)
    return sparse.csr_array((ones, rows, np.array([0, len(rows)])), shape=(1, held.shape[1]))


def _counted(held: sparse.csr_array, rules: list[Rule], errors: Mask, some: Rows, orders: NDArray[np.float32]) -> Tried:
    if not rules:
        return Tried([], np.zeros(0), np.zeros(0), np.zeros(0))
    n, bad = _sums(held, errors)
    return Tried(rules, n, bad, np.sort(_worst(held[:, some], orders)))


def _sums(held: sparse.csr_array, errors: Mask) -> tuple[Doubles, Doubles]:
    n, bad = np.asarray(held @ np.stack([np.ones(len(errors)), errors], axis=1), np.float64).T
    return n, bad


def _worst(held: sparse.csr_array, orders: NDArray[np.float32]) -> Doubles:
    """The largest surprise among these rules in each shuffle, shape (SHUFFLES,)."""
    n = np.asarray(held.sum(axis=1), np.float64)
    bad = np.asarray(held @ orders, np.float64)
    seen = surprise(n[:, None], bad, len(orders), float(orders[:, 0].sum()))
    return np.asarray(seen.max(axis=0, initial=0.0))


def _pairs(
    conditions: Conditions, held: sparse.csr_array, errors: Mask, some: Rows, orders: NDArray[np.float32]
) -> Tried:
    """Pairs of a condition on a column with any other that isn't about the same."""
    words, total, m = len(conditions.words), len(conditions), len(errors)
    about = conditions.about
    alone, wrong = _sums(held, errors)
    by_row, by_some = sparse.csr_array(held.T), sparse.csr_array(held[:, some].T)
    luck = np.zeros(orders.shape[1])
    rules: list[Rule] = []
    counts: list[Doubles] = []
    columns = range(words, total)
    chosen = sorted((i for i in columns if alone[i] >= COMMON * m), key=lambda i: (-alone[i], i))[:PAIRED]
    gap = wrong / np.maximum(alone, 1) - (wrong.sum() and (errors.sum() - wrong) / np.maximum(m - alone, 1))
    for i in sorted(chosen):
        others = np.array(
            [*range(words), *(j for j in chosen if j > i and about[j - words] != about[i - words])], np.int64
        )
        inside = by_row[held.indices[held.indptr[i] : held.indptr[i + 1]]]
        both_n, both_bad = _sums(sparse.csr_array(inside.T), errors[held.indices[held.indptr[i] : held.indptr[i + 1]]])
        n, bad = both_n[others], both_bad[others]
        enough = (n >= max(LEAST, SHARE * m)) & (n <= ADDS * np.minimum(alone[i], alone[others]))
        if not enough.any():
            continue
        others, n, bad = others[enough], n[enough], bad[enough]
        rows = np.flatnonzero(np.isin(some, held.indices[held.indptr[i] : held.indptr[i + 1]]))
        there = sparse.csr_array(by_some[rows].T)[others]
        counted = np.asarray(there.sum(axis=1), np.float64)
        seen = surprise(
            counted[:, None], np.asarray(there @ orders[rows], np.float64), len(some), float(orders[:, 0].sum())
        )
        luck = np.maximum(luck, seen.max(axis=0, initial=0.0))
        own = bad / n - (errors.sum() - bad) / (m - n)
        worse = own >= WORSE * np.maximum(np.maximum(gap[i], gap[others]), 0)
        rules += [Rule((int(i), int(j))) for j in others[worse].tolist()]
        counts.append(np.stack([n[worse], bad[worse]]))
    n, bad = np.concatenate(counts, axis=1) if counts else np.zeros((2, 0))
    return Tried(rules, n, bad, np.sort(luck))


def surprise(n: Doubles, bad: Doubles, total: int, total_bad: float) -> Doubles:
    """How many standard errors more often the model errs inside than outside: the signed root of the likelihood ratio.

    Below 0 where it errs less often; 0 where nothing can be told.
    """
    out, bad_out = total - n, total_bad - bad

    def likely(k: Doubles, of: Doubles) -> Doubles:
        return np.asarray(special.xlogy(k, k / np.maximum(of, 1)) + special.xlogy(of - k, 1 - k / np.maximum(of, 1)))

    null = likely(np.asarray(total_bad), np.asarray(total))
    root = np.sqrt(np.maximum(2 * (likely(bad, n) + likely(bad_out, out) - null), 0))
    told = (n > 0) & (out > 0)
    return np.asarray(np.where(told, np.sign(bad * out - bad_out * n) * root, 0.0))


def _judged(
    conditions: Conditions, kind: Tried, total: int, total_bad: int, alpha: float, kinds: int
) -> Iterator[Discovered]:
    """The worst of a kind, as far as they are worth a slice and not plainly luck."""
    seen = surprise(kind.n, kind.bad, total, total_bad)
    orders = len(kind.luck) + 1
    # So bad is the worst of a kind in its share of the orders, the one that is seen among them.
    needed = kind.luck[len(kind.luck) - int(alpha / kinds * orders)] if alpha / kinds * orders >= 1 else np.inf
    rank = 1 + len(kind.luck) - np.searchsorted(kind.luck, seen, side="left")
    luck = 1 - (1 - rank / orders) ** kinds
    gap = kind.bad / np.maximum(kind.n, 1) - (total_bad - kind.bad) / np.maximum(total - kind.n, 1)
    best = np.argsort(-seen, kind="stable")[:LOOKED]
    best = best[(seen[best] > 0) & (gap[best] >= GAP) & (kind.n[best] >= LEAST) & (kind.n[best] <= total / 2)]
    for at in best[luck[best] <= LUCK].tolist():
        rule = kind.rules[at]
        yield Discovered(
            condition=rule.condition(conditions),
            several=rule.several,
            mask=rule.mask(conditions),
            n=int(kind.n[at]),
            wrong=int(kind.bad[at]),
            outside=int(total - kind.n[at]),
            wrong_outside=int(total_bad - kind.bad[at]),
            surprise=float(seen[at]),
            luck=float(luck[at]),
            low=float(gap[at] * (1 - needed / seen[at])) if np.isfinite(needed) else -1.0,
        )


def distinct(found: Sequence[Discovered], wrong: Mask, known: Sequence[Mask] = ()) -> list[Discovered]:
    """Of slices that say the same, the first; what is worse only for what it shares with those goes too."""
    kept: list[Discovered] = []
    taken = list(known)
    covered = np.zeros(len(wrong), np.bool_)
    for one in found:
        rest, beyond = one.mask & ~covered, ~one.mask & ~covered
        worse = rest.any() and beyond.any() and wrong[rest].mean() >= wrong[beyond].mean() + GAP
        if worse and all(jaccard(one.mask, other) <= SAME for other in taken):
            kept.append(one)
            taken.append(one.mask)
            covered |= one.mask
    return kept


def jaccard(one: Mask, other: Mask) -> float:
    """The examples that two slices share, of those that are in either; 0 where there are none."""
    together = int((one | other).sum())
    return int((one & other).sum()) / together if together else 0.0
