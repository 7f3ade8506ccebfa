"""Learn a head with everything that has to be chosen for it, from the taught labels alone.

The one idea: every choice (which blocks, how strong a penalty, the temperature, the decision rule) is made on
predictions for rows that the model had not seen, by folds. The blocks and the penalty are chosen again only when labels
have grown by half: between, a cycle costs one fit and its folds. Folds start from nothing, never from a head that has
seen the rows they are judged on.

A label that a fold's training rows lack scores `NEVER` there: so a label with one example is predicted wrong out of
fold, which is what would happen, and is left out of the log loss, which would be infinite.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from adequate.errors import NotEnoughDataError
from adequate.training.calibrate import calibration_error, log_loss, temperature
from adequate.training.decide import Aim, tune
from adequate.training.design import design
from adequate.training.fit import assemble, begin, solve
from adequate.training.heads import NEVER, decisions, probabilities
from adequate.types import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from adequate.training.decide import Objective
    from adequate.training.design import Design
    from adequate.training.heads import Gold, Head
    from adequate.types import Codes, Doubles, Floats, Matrix

PENALTIES = (0.3, 0.1, 0.03, 0.01, 0.003)  # l2 tried, strong to weak; of features of length 1
FOLDS = 4
SAMPLE = 3000  # rows at most on which blocks and penalty are compared
GROWN = 1.5  # times as many labels as at the last choice: choose again


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One choice of blocks and penalty, judged out of fold: loss after calibration, accuracy as a fraction."""

    blocks: tuple[str, ...]
    l2: float
    loss: float
    accuracy: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """A head and how it came about.

    Args:
        out_of_fold: (m, k) float32 logits of the taught rows, each from a head that had not seen it.
        l2, blocks: what was chosen.
        tried: what they were chosen from, best first; empty where an earlier choice was kept.
        chosen_at: taught rows when blocks and penalty were last chosen.
        calibration_error: of the taught rows, out of fold, in [0, 1].
    """

    head: Head
    out_of_fold: Floats
    l2: float
    blocks: tuple[str, ...]
    tried: tuple[Tried, ...]
    chosen_at: int
    calibration_error: float


def learn(
    xs: Mapping[str, Matrix],
    gold: Gold,
    *,
    kind: Kind,
    labels: Sequence[str],
    task: str,
    seed: int = 0,
    warm: Learned | None = None,
    objective: Objective | Aim = "accuracy",
    steer: tuple[Mapping[str, Matrix], Gold] | None = None,
    groups: np.ndarray | None = None,
    weights: Doubles | None = None,
) -> Learned:
    """Learn one task from m taught rows.

    Args:
        xs: features by block, m rows each; with several, each alone and all together are compared.
        gold: (m,) int32 codes into labels for classify, (m, k) bool for multilabel.
        warm: what was learned before, from fewer labels; its choices are kept until labels have grown by half.
        objective: what answers are for: "accuracy", "balanced", or an `Aim` that says more.
        steer: features and gold of rows that are not trained on; they help to tune temperature and offsets.
        groups: (m,) any codes; rows of one group fall into one fold.
        weights: (m,) how much each row counts in the fit.

    Raises:
        NotEnoughDataError: no label at all.
    """
    m, k = len(gold), len(labels)
    if m == 0:
        raise NotEnoughDataError(f"task {task!r} has no label to train on", remedy="adequate label")
    weights = np.ones(m) if weights is None else weights
    aim = objective if isinstance(objective, Aim) else Aim(objective=objective)
    tried: tuple[Tried, ...] = ()
    if warm is None or m >= GROWN * warm.chosen_at or not set(warm.blocks) <= set(xs):
        tried = _choose(xs, gold, weights, groups, kind=kind, k=k, seed=seed)
        blocks, l2, chosen_at = tried[0].blocks, tried[0].l2, m
    else:
        blocks, l2, chosen_at = warm.blocks, warm.l2, warm.chosen_at
    made = design({name: xs[name] for name in blocks})
    start = begin(made, warm.head.relabelled(labels), k) if warm is not None else None
    w = solve(made.whole(), gold, kind=kind, k=k, l2=l2, start=start, weights=weights)
    head = assemble(made, w, task=task, kind=kind, labels=tuple(labels), l2=l2)
    folds = folds_of(gold, kind, seed=seed, groups=groups)
    unseen = out_of_fold(made, gold, weights, folds, kind=kind, k=k, l2=l2)
    logits, truth = unseen, gold
    if steer is not None and len(steer[1]):
        logits, truth = np.concatenate([unseen, head.logits(steer[0])]), np.concatenate([gold, steer[1]])
    heat = temperature(logits, truth, kind)
    taught = gold.sum(axis=0) if kind is Kind.MULTILABEL else np.bincount(gold, minlength=k)
    offsets = tune(logits / np.float32(heat), truth, aim, kind=kind, taught=taught.astype(np.float64))
    return Learned(
        head=head.with_rule(temperature=heat, offsets=offsets),
        out_of_fold=unseen,
        l2=l2,
        blocks=blocks,
        tried=tried,
        chosen_at=chosen_at,
        calibration_error=calibration_error(probabilities(unseen, kind, heat), gold, kind),
    )


def folds_of(gold: Gold, kind: Kind, *, seed: int, groups: np.ndarray | None = None, count: int = FOLDS) -> Codes:
    """Fold of each row, (m,) in 0..count-1: every label spread over the folds, no group split between them."""
    m = len(gold)
    if kind is Kind.MULTILABEL:  # a row stands for its rarest label
        often = gold.sum(axis=0)
        stratum = np.where(gold.any(axis=1), np.where(gold, often, m + 1).argmin(axis=1), -1)
    else:
        stratum = np.asarray(gold)
    _, first, member = np.unique(np.arange(m) if groups is None else groups, return_index=True, return_inverse=True)
    shuffled = np.random.default_rng(seed).permutation(len(first))
    order = shuffled[np.argsort(stratum[first][shuffled], kind="stable")]
    fold = np.empty(len(first), np.int32)
    fold[order] = np.arange(len(first), dtype=np.int32) % count
    return fold[member]


def out_of_fold(made: Design, gold: Gold, weights: Doubles, folds: Codes, *, kind: Kind, k: int, l2: float) -> Floats:
    """Logits (m, k) of every row from a head fitted to the other folds."""
    out = np.full((len(gold), k), NEVER, np.float32)
    for fold in np.unique(folds):
        away = folds == fold
        if away.all():  # one row, or one group: nothing to learn from
            out[:] = 0
            break
        w = solve(made.at(~away), gold[~away], kind=kind, k=k, l2=l2, weights=weights[~away])
        out[away] = np.maximum(made.at(away).forward(w), NEVER)
    return out


def _choose(
    xs: Mapping[str, Matrix], gold: Gold, weights: Doubles, groups: np.ndarray | None, *, kind: Kind, k: int, seed: int
) -> tuple[Tried, ...]:
    """All that was tried, best first: per set of blocks, down the penalties until the loss turns."""
    keep = np.sort(np.random.default_rng(seed).permutation(len(gold))[:SAMPLE])
    gold, weights = gold[keep], weights[keep]
    folds = folds_of(gold, kind, seed=seed, groups=None if groups is None else groups[keep])
    whole = design({name: x[keep] for name, x in xs.items()})
    names = tuple(whole.parts)
    sets = [(name,) for name in names] + ([names] if len(names) > 1 else [])
    tried: list[Tried] = []
    for blocks in sets:
        made = whole.only(blocks)
        last = np.inf
        for l2 in PENALTIES:
            logits = out_of_fold(made, gold, weights, folds, kind=kind, k=k, l2=l2)
            heat = temperature(logits, gold, kind)
            loss = log_loss(logits, gold, kind, heat)
            right = decisions(logits, kind) == gold
            accuracy = right.mean() if right.ndim == 1 else right.all(axis=1).mean()
            tried.append(Tried(blocks=blocks, l2=l2, loss=loss, accuracy=float(accuracy)))
            if loss > last:
                break
            last = loss
    return tuple(sorted(tried, key=lambda one: np.nan_to_num(one.loss, nan=np.inf)))
