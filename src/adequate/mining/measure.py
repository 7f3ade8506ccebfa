"""Which gate examples to label next, and with which probability.

Poisson sampling with permanent random numbers: each gate example has a fixed number u; it is labelled once its
probability pi reaches u, and pi only grows. An even draw raises everyone's pi alike, and brings every cell nearer to
its proof at once: that is worth the most, simulated or not. A cell whose members are known without labels (a slice;
for precision, whatever the model gives the label) is raised by itself only where its proof is much cheaper than the
next proof by even draws, and only where it is expected to pass: labels that prove a failure would better teach.

Recall is never raised by itself, although the examples that a model suspects to carry a label are known: the misses
that bound a recall are among the others, so a bound is only as good as the rate at which *those* are sampled. Of 150
labels with a long tail, 3,000 even labels proved 36 recalls; drawn where labels were in doubt, 9 (docs/gate.md).

Why this stays fair: u is a hash of the id, so who is drawn first within a set has nothing to do with its answer. Sets
come from models, trained on `teach` only, and from slices. *How many* to draw comes from `need`, which the gate's own
labels tell: that is optional stopping, and it is what alpha spending over looks pays for (`testing.looks`).

Source: Ohlsson, "Coordination of samples using permanent random numbers" (1995).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from adequate.testing.sampling import Sample
from adequate.types import Doubles, Mask, Rows

EVENLY = 1 / 3  # the least share of labels that is drawn from everyone alike
CHEAPER = 5  # so many times cheaper than by even draws, which also bring all other cells nearer, must a cell's proof be


@dataclass(frozen=True, slots=True, kw_only=True)
class Want:
    """A cell that labels would decide.

    Args:
        members: shape (n,), who belongs to it; None for a cell that only even draws serve: accuracy of all, and recall.
        need: labels that would decide it (`Judgement.need`): of members, or where there are none of even draws.
    """

    members: Mask | None
    need: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What to label next.

    Args:
        rows: positions among the gate's examples, in the order in which to ask.
        why: for each row the position of the want that it serves; -1 for an even draw.
        probability: shape (n,), of every gate example from now on; goes into the next `Sample`.
    """

    rows: Rows
    why: Rows
    probability: Doubles


def choose(count: int, sample: Sample, wants: Sequence[Want] = ()) -> Chosen:
    """Pick up to `count` gate examples without a label.

    Args:
        count: how many.
        sample: how the labels so far came about, of all n gate examples. A row that was drawn before and has no label
            yet is drawn again first.
        wants: cells expected to be adequate and not proven; those that need least are served first.

    >>> none, uniform = np.zeros(1000, bool), np.random.default_rng(1).random(1000)
    >>> fresh = Sample(known=none, uniform=uniform, probability=np.zeros(1000))
    >>> fees = np.arange(1000) < 20
    >>> chosen = choose(30, fresh, [Want(members=fees, need=10), Want(members=None, need=2000)])
    >>> np.bincount(chosen.why + 1).tolist(), chosen.probability[[0, 999]].round(2).tolist()
    ([20, 10], [0.41, 0.02])
    """
    probability, open_ = sample.probability.copy(), ~sample.known
    rows: list[Rows] = []
    why: list[Rows] = []

    def draw(members: Mask, k: int, reason: int) -> int:
        free = np.flatnonzero(members & open_)
        free = free[np.argsort(sample.uniform[free], kind="stable")]
        taken = free[:k]
        # The chance is the number of the last one drawn; with none left, of the last there is: 1 is for labels that
        # came with the data, which count as a fair sample of everyone, and these don't.
        reach = float(sample.uniform[members if k >= len(free) else taken].max(initial=0.0))
        probability[members] = np.maximum(probability[members], reach)
        open_[taken] = False
        rows.append(taken)
        why.append(np.full(len(taken), reason))
        return len(taken)

    everyone = np.ones(len(sample), bool)
    left = count - draw(everyone, int(np.ceil(count * EVENLY)), -1)
    price = _even_price(wants)
    for i in sorted(range(len(wants)), key=lambda i: wants[i].need):
        members = wants[i].members
        if members is not None and wants[i].need * CHEAPER < price:
            already = np.count_nonzero(members & ~open_ & ~sample.known)
            left -= draw(members, int(np.clip(np.ceil(wants[i].need - already), 0, left)), i)
    draw(everyone, left, -1)
    return Chosen(rows=np.concatenate(rows), why=np.concatenate(why), probability=probability)


def _even_price(wants: Sequence[Want]) -> float:
    """Labels a cell when all are served at once by even draws, up to the number of draws where that is least."""
    draws = sorted(
        want.need if want.members is None else want.need / max(float(want.members.mean()), 1e-9) for want in wants
    )
    return min((draw / (j + 1) for j, draw in enumerate(draws)), default=np.inf)
