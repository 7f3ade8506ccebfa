"""Is what comes in like what was there? Of labels by their shares, of texts by whether they can be told apart.

Both say how large a difference is at least, not just that there is one: with many rows any difference is significant,
with few none is. What a test can't be sure of isn't told.

Sources: Pearson's chi-square; Lopez-Paz & Oquab, "Revisiting Classifier Two-Sample Tests", ICLR 2017. The classifier is
linear, learned on one half of the texts and tried on the other, so its hits are a plain binomial.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from adequate.testing.bounds import at_most, clopper_pearson
from adequate.types import Doubles, Floats, Rows

Keys = NDArray[np.integer[Any]]

EXPECTED = 5  # fewer than these and labels are counted together: chi-square needs them
RIDGE = 1e-2  # of the trace, a feature: steadies the classifier where texts are few


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """How the shares of k labels changed.

    Args:
        p: chance of such a change, were the shares the same.
        least: shape (k,), how far each share moved at least (negative: down), 0 where that isn't sure.
    """

    p: float
    least: Doubles


@dataclass(frozen=True, slots=True, kw_only=True)
class Apart:
    """How well new texts can be told from old ones; 0.5 is not at all.

    Args:
        p: chance of so many hits, were they alike.
        accuracy, low: share that is told right, and its lower bound.
        n: texts on which it was tried.
    """

    p: float
    accuracy: float
    low: float
    n: int


def shifted(before: Rows, now: Rows, alpha: float = 0.001) -> Shift:
    """Whether labels come as often as they did.

    Args:
        before, now: shape (k,), how often each label came.
        alpha: chance with which `least` may say too much of any label.

    >>> found = shifted(np.array([500, 500]), np.array([90, 10]))
    >>> found.p < 1e-6, found.least.round(2).tolist()
    (True, [0.19, -0.19])
    """
    total = np.array([before.sum(), now.sum()])
    least = np.zeros(len(before))
    if not total.all():
        return Shift(p=1.0, least=least)
    # Half of alpha for each of two bounds, shared among the labels.
    low, high = clopper_pearson(np.stack([before, now]), total[:, None], alpha / (4 * len(before)))
    least = np.maximum(low[1] - high[0], 0) - np.maximum(low[0] - high[1], 0)
    seen = np.stack([before, now]).astype(float)
    rare = seen.sum(axis=0) * total.min() / total.sum() < EXPECTED
    seen = np.column_stack([seen[:, ~rare], seen[:, rare].sum(axis=1)])
    seen = seen[:, seen.sum(axis=0) > 0]
    expected = np.outer(total, seen.sum(axis=0)) / total.sum()
    statistic = float(((seen - expected) ** 2 / expected).sum())
    return Shift(p=float(special.chdtrc(max(seen.shape[1] - 1, 1), statistic)), least=least)


def told_apart(
    old: Floats,
    new: Floats,
    rng: np.random.Generator,
    alpha: float = 0.001,
    *,
    groups: tuple[Keys, Keys] | None = None,
) -> Apart:
    """Whether a classifier can tell new vectors from old ones. O(n d^2).

    Of what belongs together, all is learned from or one is tried: mails of a thread are alike, and to know a thread
    again is not to know what is new about new ones.

    Args:
        old, new: shape (m, d) and (n, d).
        alpha: chance with which `low` may be too high.
        groups: shape (m,) and (n,), what belongs together; None: each is by itself.
    """
    ours, theirs = (np.arange(len(old)), np.arange(len(new))) if groups is None else groups
    each = min(len(np.unique(ours)), len(np.unique(theirs))) // 2
    if each == 0:
        return Apart(p=1.0, accuracy=0.5, low=0.0, n=0)
    (x, held), (y, beside) = (_divided(*one, each, rng) for one in ((old, ours), (new, theirs)))
    across, middle = towards(x, y)
    said = (np.concatenate([held, beside]) - middle) @ across
    which = np.repeat([-1.0, 1.0], each)
    # What falls on neither side is a coin's to decide, not a hit.
    hits = int(((said * which > 0) | ((said == 0) & (rng.random(len(said)) < 0.5))).sum())
    n = len(which)
    return Apart(
        p=float(1 - at_most(hits - 1, n, 0.5)),
        accuracy=hits / n,
        low=float(clopper_pearson(hits, n, alpha)[0]),
        n=n,
    )


def towards(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """The direction that tells y from x best (linear discriminant analysis), and the point midway. O(n d^2).

    Args:
        x, y: shape (m, d) and (n, d), none empty.
    """
    # Both sides count alike, however many there are of each.
    centres = x.mean(axis=0), y.mean(axis=0)
    gram = sum((one - centre).T @ (one - centre) / len(one) for one, centre in zip((x, y), centres, strict=True))
    steady = (RIDGE * np.trace(gram) + 1e-9) * np.eye(x.shape[1])
    across: Floats = np.linalg.solve(gram + steady, centres[1] - centres[0])
    return across, (centres[0] + centres[1]) / 2


def _divided(x: Floats, groups: Keys, each: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Vectors to learn from, and one of each of `each` other groups."""
    one = one_each(groups, rng)
    tried = one[rng.permutation(len(one))[:each]]
    return x[~np.isin(groups, groups[tried])], x[tried]


def one_each(groups: Keys, rng: np.random.Generator) -> Rows:
    """The position of one of each group, drawn evenly."""
    order = rng.permutation(len(groups))
    _, first = np.unique(groups[order], return_index=True)
    return order[first]
