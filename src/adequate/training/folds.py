"""Predictions for taught rows by heads that had not seen them: the ground of every choice made in training.

The one idea: folds start from nothing, or from their own solution under another penalty; never from a head that has
seen the rows they are judged on. (Started from the full head and stopped early, folds at 92 % looked like 99 %.)

A label that a fold's training rows lack scores `NEVER` there. So a label with one example is predicted wrong out of
fold: that is what would have happened, and what the next label of its kind will meet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from adequate.training.design import Design, design
from adequate.training.fit import solve
from adequate.training.heads import NEVER
from adequate.types import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from adequate.training.heads import Gold
    from adequate.types import Codes, Doubles, Floats, Matrix

FOLDS = 4
ROUGH = 1e-3  # the solver's tolerance within folds: a tighter one chose as well, and costs twice


class Folded:
    """Some labelled rows, their folds, and what the folds were fitted to so far.

    Args:
        xs: features by block, m rows each.
        gold: (m,) int32 codes or (m, k) bool.
        weights: (m,) how much each row counts.
        folds: (m,) fold of each row.
    """

    def __init__(
        self, xs: Mapping[str, Matrix], gold: Gold, weights: Doubles, folds: Codes, *, kind: Kind, k: int
    ) -> None:
        self.made: Design = design(xs)
        self.gold, self.weights, self.folds, self.kind, self.k = gold, weights, folds, kind, k
        self._starts: dict[tuple[tuple[str, ...], float, int], Floats] = {}

    def logits(self, blocks: tuple[str, ...], l2: float, mix: float = 1.0) -> Floats:
        """(m, k), every row from a head fitted to the other folds."""
        out = np.zeros((len(self.gold), self.k), np.float32)  # one row, or one group, alone: nothing to learn from
        made = self.made.only(blocks, mix)
        for fold in np.unique(self.folds).tolist():
            away = self.folds == fold
            if away.all():
                break
            w = solve(
                made.at(~away),
                self.gold[~away],
                kind=self.kind,
                k=self.k,
                l2=l2,
                start=self._starts.get((blocks, mix, fold)),
                weights=self.weights[~away],
                tolerance=ROUGH,
            )
            self._starts[blocks, mix, fold] = w
            out[away] = np.maximum(made.at(away).forward(w), NEVER)
        return out

    def taught(self, m: int) -> Doubles:
        """(m, k), labels counted of the first m rows that the head behind each row of `logits` was fitted to."""
        folds, gold = self.folds[:m], self.gold[:m]
        count = int(folds.max()) + 1
        if self.kind is Kind.MULTILABEL:
            inside = np.stack([gold[folds == fold].sum(axis=0) for fold in range(count)])
        else:
            inside = np.bincount(folds * self.k + gold, minlength=count * self.k).reshape(count, self.k)
        return np.asarray((inside.sum(axis=0) - inside)[folds], np.float64)


def spread(gold: Gold, *, kind: Kind, seed: int, groups: NDArray[np.int64] | None = None, count: int = FOLDS) -> Codes:
    """Fold of each row, (m,) int32 in 0..count-1: every label spread evenly, no group split between folds.

    >>> folds = spread(np.array([0] * 8 + [1] * 4), kind=Kind.CLASSIFY, seed=0)
    >>> np.bincount(folds[:8]).tolist(), np.bincount(folds[8:]).tolist()
    ([2, 2, 2, 2], [1, 1, 1, 1])
    """
    m = len(gold)
    stratum = np.asarray(gold)
    if kind is Kind.MULTILABEL:  # a row stands for its rarest label
        often = gold.sum(axis=0)
        stratum = np.where(gold.any(axis=1), np.where(gold, often, m + 1).argmin(axis=1), -1)
    _, first, member = np.unique(np.arange(m) if groups is None else groups, return_index=True, return_inverse=True)
    shuffled = np.random.default_rng(seed).permutation(len(first))
    order = shuffled[np.argsort(stratum[first][shuffled], kind="stable")]
    fold = np.empty(len(first), np.int32)
    fold[order] = np.arange(len(first), dtype=np.int32) % count
    return fold[member]
