"""Is a cell good enough? Three answers, and for "unknown" how many labels would decide it.

The state comes from exact one-sided bounds, not from the point estimate: at n = 100 a cell truly at 97 % against a
target of 95 % is unknown four times in five, and then the true answer is "label 500 more", or "train it to 99 %".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from adequate.testing.bounds import clopper_pearson, labels_to_prove
from adequate.testing.cells import Cell, Counts
from adequate.types import Doubles, Mask, State

ALPHA = 0.05  # the chance, over a project's life, that a cell is called adequate while it isn't
SHRINK = 4.0  # labels that the prior belief of a cell's value weighs


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """Of c cells, shape (c,) each.

    Args:
        states: one a cell.
        low, high: one-sided exact bounds.
        need: further labels to draw that decide the cell with chance 0.8 if its value stays; 0 where it is decided,
            infinite where its value is too near the target for any affordable number.
        likely: where the value is expected above the target, so that `need` is for proving adequacy.
    """

    states: tuple[State, ...]
    low: Doubles
    high: Doubles
    need: Doubles
    likely: Mask

    def adequate(self) -> Mask:
        """Which cells are."""
        return np.array([state is State.ADEQUATE for state in self.states], bool)


def judge(
    counts: Counts,
    targets: ArrayLike,
    alpha: ArrayLike = ALPHA,
    *,
    look: Mask | None = None,
    belief: Doubles | None = None,
) -> Judgement:
    """The state of each cell.

    Args:
        counts: of c cells.
        targets: shape (c,).
        alpha: the level of this look, one or shape (c,) (`looks.plan`).
        look: which cells may be called adequate now; default: all. The others stay unknown until their look is due.
        belief: shape (c,), the value expected of each from other evidence (`believe`); steadies `need` at first.

    >>> counts = Counts(n=np.array([59, 59, 40]), right=np.array([59, 58, 30]), drawn=np.array([59, 59, 40]))
    >>> judged = judge(counts, [0.95] * 3)
    >>> [str(state) for state in judged.states], judged.need.tolist()
    (['adequate', 'unknown', 'inadequate'], [0.0, 149.0, 0.0])
    """
    goals = np.asarray(targets, float)
    low, high = clopper_pearson(counts.right, counts.n, alpha)
    adequate = (low >= goals) & (look if look is not None else True)
    inadequate = high < goals
    value = expected(counts, goals, belief)
    likely = value > goals
    # To prove that a cell is bad is to prove that its errors are good enough.
    open_ = ~(adequate | inadequate)
    target, truth = np.where(likely, goals, 1 - goals)[open_], np.where(likely, value, 1 - value)[open_]
    # Values to the nearest 0.002 below will do for a plan, and are few: each is worked out once.
    asked = np.stack([target, np.floor(truth * 500) / 500, np.broadcast_to(alpha, goals.shape)[open_]])
    each, which = np.unique(asked, axis=1, return_inverse=True)
    total = labels_to_prove(*each)[which]
    # Members of a recall cell can't be picked: for each, as many labels must be drawn as up to now.
    draws = np.maximum((counts.drawn + 1) / (counts.n + 1), 1.0)
    need = np.zeros(len(goals))
    need[open_] = np.ceil(np.maximum(total - counts.n[open_], 1) * draws[open_])
    states = [
        State.ADEQUATE if a else State.INADEQUATE if i else State.UNKNOWN
        for a, i in zip(adequate, inadequate, strict=True)
    ]
    return Judgement(states=tuple(states), low=low, high=high, need=need, likely=likely)


def expected(counts: Counts, targets: Doubles, belief: Doubles | None = None) -> Doubles:
    """Each cell's value, drawn to what was believed before while labels are few (default: half-way above target)."""
    before = (1 + targets) / 2 if belief is None else belief
    return (counts.right + SHRINK * before) / (counts.n + SHRINK)


def believe(cells: Sequence[Cell], *evidence: Counts) -> Doubles:
    """What value to expect of each cell from labels that don't measure: of `steer`, and out of fold in `teach`."""
    targets = np.array([cell.target for cell in cells], float)
    n, right = (sum((getattr(e, of) for e in evidence), np.zeros(len(cells), np.int64)) for of in ("n", "right"))
    return expected(Counts(n=n, right=right, drawn=n), targets)
