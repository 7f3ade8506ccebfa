"""How far do people agree beyond chance? Krippendorff's alpha, kept up to date answer by answer.

Alpha compares the pairs of answers that differ within examples with those that would differ if answers were dealt at
random: 1 is perfect, 0 is chance, below 0 is worse than chance. All it needs is the coincidence matrix, to which each
example adds on its own; so one changed answer takes its example's part out and puts the new one in, and nothing else is
counted again.

Source: K. Krippendorff, "Content Analysis: An Introduction to Its Methodology" (2004), ch. 11; nominal metric, any
number of people an example, missing answers allowed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from adequate.types import Codes, Doubles, Rows


@dataclass(slots=True)
class Agreement:
    """The agreement on one question with k possible answers.

    Args:
        k: number of answers there are.
        coincidences: shape (k, k): how often two people gave this pair to one example, each example weighing as many
            answers as it has.
    """

    k: int
    coincidences: Doubles = field(init=False)

    def __post_init__(self) -> None:
        self.coincidences = np.zeros((self.k, self.k))

    def add(self, answers: Sequence[int], *, weight: float = 1.0) -> None:
        """Count one example's answers (codes; one a person). Fewer than two say nothing about agreement."""
        m = len(answers)
        if m < 2:
            return
        counts = np.bincount(answers, minlength=self.k).astype(float)
        pairs = np.outer(counts, counts)
        pairs[np.diag_indices(self.k)] -= counts
        self.coincidences += weight * pairs / (m - 1)

    def change(self, before: Sequence[int], after: Sequence[int]) -> None:
        """An example's answers were `before` and are `after`."""
        self.add(before, weight=-1.0)
        self.add(after)

    @property
    def answers(self) -> float:
        """How many answers were given to examples with at least two."""
        return float(self.coincidences.sum())

    @property
    def alpha(self) -> float | None:
        """In [-1, 1]; None where fewer than two answers, or only one kind of answer, leave nothing to compare."""
        return alpha(self.coincidences)

    def of(self, code: int) -> float | None:
        """Alpha of one answer against all others together: is *this* label the one people see differently?"""
        inside = self.coincidences[code, code]
        mine = self.coincidences[code].sum()
        rest = self.coincidences.sum() - mine
        across = mine - inside
        return alpha(np.array([[inside, across], [across, rest - across]]))


def alpha(coincidences: Doubles) -> float | None:
    """Krippendorff's alpha of a coincidence matrix, nominal; None where it isn't defined.

    >>> round(alpha(np.array([[4.0, 1.0], [1.0, 4.0]])), 2)
    0.64
    """
    n = coincidences.sum()
    each = coincidences.sum(axis=0)
    by_chance = n * n - (each * each).sum()
    if n < 2 or by_chance <= 1e-9:
        return None
    seen = n - np.trace(coincidences)
    return float(1.0 - (n - 1) * seen / by_chance)


def agreement(items: Rows, codes: Codes, k: int) -> Agreement:
    """The agreement over all answers at once. O(answers + examples with two or more, times the answers of each).

    Args:
        items: shape (m,), which example each answer is about.
        codes: shape (m,), in 0..k-1.
    """
    found = Agreement(k)
    if len(items) == 0:
        return found
    cells, counts = np.unique(np.asarray(items, np.int64) * k + codes, return_counts=True)
    of, code = np.divmod(cells, k)
    _, start, inverse = np.unique(of, return_index=True, return_inverse=True)
    total = np.add.reduceat(counts, start)
    scale = np.where(total > 1, 1.0 / np.maximum(total - 1, 1), 0.0)[inverse]
    flat = np.zeros(k * k)
    np.add.at(flat, code * (k + 1), scale * counts * (counts - 1.0))
    width = np.diff([*start.tolist(), len(cells)])
    for apart in range(1, int(width.max())):  # pairs of different answers to one example, by their distance
        left = np.flatnonzero(np.arange(len(cells)) + apart < (start + width)[inverse])
        right = left + apart
        pairs = scale[left] * counts[left] * counts[right]
        np.add.at(flat, code[left] * k + code[right], pairs)
        np.add.at(flat, code[right] * k + code[left], pairs)
    found.coincidences += flat.reshape(k, k)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two people: on how many examples both answered, and the share on which they said the same."""

    one: int
    other: int
    examples: int
    same: float


def pairs(items: Rows, people: Codes, codes: Codes) -> list[Pair]:
    """Each two people who answered the same examples, most examples first.

    Args:
        items, people, codes: shape (m,) each: which example, who (0..p-1), what they said; once a person and example.
    """
    order = np.lexsort((people, items))
    items, people, codes = items[order], people[order], codes[order]
    met: dict[tuple[int, int], list[float]] = {}
    apart = 1
    while len(items) > apart:
        near = np.flatnonzero(items[apart:] == items[:-apart])
        if len(near) == 0:
            break
        both = np.stack([people[near], people[near + apart]], axis=1)
        same = codes[near] == codes[near + apart]
        for (one, other), count, agreed in _sums(both, same):
            held = met.setdefault((one, other), [0.0, 0.0])
            held[0] += count
            held[1] += agreed
        apart += 1
    found = [Pair(one=a, other=b, examples=int(n), same=agreed / n) for (a, b), (n, agreed) in met.items()]
    return sorted(found, key=lambda pair: (-pair.examples, pair.one, pair.other))


def _sums(both: np.ndarray, same: np.ndarray) -> Iterable[tuple[tuple[int, int], int, int]]:
    keys, inverse = np.unique(both, axis=0, return_inverse=True)
    inverse = inverse.ravel()
    counts = np.bincount(inverse)
    agreed = np.bincount(inverse, weights=same)
    for key, count, right in zip(keys.tolist(), counts.tolist(), agreed.tolist(), strict=True):
        yield (key[0], key[1]), count, int(right)
