"""How accurate is the model now, by labels of a uniform sample of what it answered?

The one figure that sees everything, concept drift included; it costs labels. Bounds hold at all looks, since people
look at it while the labels come in. Not all kinds of rows get their labels at one rate: a text that the project knows
has its label at once, what assertions and triggers also asked for has it sooner than the rest. A plain mean over what
is labelled would mostly see those: so kinds are thinned, by a number that belongs to the row and not to its answer,
until all are in the sample at one rate.

Sources: as `testing.sampling`; `testing.bounds.e_bounds` for the bounds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from adequate.testing.bounds import e_bounds, more_to_decide
from adequate.types import Codes, Doubles, Mask


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """Accuracy by labels.

    Args:
        n: labels that count.
        value: share that is right; nan without a label.
        low, high: one-sided bounds, at all looks together.
        waiting: rows of the sample without a label.
        need: labels more that would likely decide whether the target is met; None where no number would, or it is.
    """

    n: int
    value: float
    low: float
    high: float
    waiting: int
    need: int | None = None


def audited(
    right: Mask,
    known: Mask,
    kind: Mask | Codes,
    probability: Doubles,
    uniform: Doubles,
    *,
    target: float | None = None,
    alpha: float = 0.05,
) -> Audit:
    """Accuracy from n rows that were drawn for the audit, and to be labelled.

    Args:
        right: shape (n,), whether the answer is the label's; of rows without a label it isn't read.
        known: shape (n,), which have a label.
        kind: shape (n,), rows of one kind have their labels at one rate, whatever was answered.
        probability: shape (n,) in (0, 1], the chance with which each was drawn.
        uniform: shape (n,) in (0, 1), a random number of each row's own (`testing.sampling.uniforms` of its id).
        target: to say how many labels decide it.
        alpha: chance of each bound ever to be wrong.

    >>> all_right = np.ones(60, bool)
    >>> found = audited(all_right, all_right, ~all_right, np.full(60, 0.05), np.linspace(0.01, 0.99, 60), target=0.9)
    >>> found.n, round(found.low, 2), found.need
    (60, 0.93, None)
    """
    counted = even(known, kind, probability, uniform)
    n, hits = int(counted.sum()), int((right & counted).sum())
    low, high = (float(one) for one in e_bounds(hits, n, alpha))
    undecided = target is not None and n > 0 and low < target <= high
    return Audit(
        n=n,
        value=hits / n if n else float("nan"),
        low=low,
        high=high,
        waiting=int((~known).sum()),
        need=more_to_decide(hits, n, target) if undecided and target is not None else None,
    )


def even(known: Mask, kind: Mask | Codes, probability: Doubles, uniform: Doubles) -> Mask:
    """Of the labelled rows, those that form an equal-probability sample of all that was answered, shape (n,)."""
    rate = np.empty(len(known))
    for one in np.unique(kind):
        which = kind == one
        rate[which] = probability[which] * known[which].mean()
    if not known.any() or rate.min() == 0:  # nothing of one kind is labelled yet: it can't be spoken for
        return np.zeros(len(known), bool)
    counted: Mask = known & (uniform <= rate.min() / rate)
    return counted
