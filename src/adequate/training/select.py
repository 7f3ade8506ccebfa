"""Learn a head with everything that has to be chosen for it, from the taught labels alone.

The one idea: every choice (which blocks, how strong a penalty, the temperature, the decision rule) is made on
predictions for rows that the model had not seen. Blocks and penalty are judged by log loss after calibration: it moves
smoothly where accuracy jumps, and on clean, long-tailed and mislabelled data alike it picked what did best on unseen
data. They are chosen again only when labels have grown by half: between, a cycle costs one fit and its folds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array, vstack

from adequate.errors import NotEnoughDataError
from adequate.training.calibrate import calibration_error, log_loss, temperature
from adequate.training.decide import Aim, tune
from adequate.training.fit import assemble, begin, solve
from adequate.training.folds import Folded, spread
from adequate.training.heads import NEVER, decisions, probabilities
from adequate.types import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from adequate.training.decide import Objective
    from adequate.training.heads import Gold, Head
    from adequate.types import Doubles, Floats, Matrix, Rows

LOUD = 2.0  # times that dense blocks, or sparse ones, are louder in the mix that leans to what does better alone
PENALTIES = (1.0, 0.3, 0.1, 0.03, 0.01, 0.003)  # l2 tried, strong to weak; of features of length 1
FIRST = 0.03  # where the search begins
WORTH = 0.99  # a weaker penalty must win 1 % of the loss: near ties go to the stronger, which forgives wrong labels
HOPELESS = 1.25  # blocks whose first loss is so many times the best first one are not looked at again
SAMPLE = 3000  # rows at most on which blocks and penalty are compared
GROWN = 1.5  # times as many labels as at the last choice: choose again


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One choice of blocks, their mix and a penalty, judged out of fold.

    Args:
        mix: how loud the dense blocks are beside the sparse ones; 1 where there is but one kind.
        loss: mean log loss after calibration over rows whose label the fold had seen; nan where there is none.
        accuracy: share of all rows answered right.
    """

    blocks: tuple[str, ...]
    l2: float
    loss: float
    accuracy: float
    mix: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Copies:
    """Changed copies of taught rows, of the same labels: they fall into the folds of the rows they come from.

    Args:
        xs: features by block, c rows each.
        of: (c,) position of the taught row that each comes from.
        weight: >= 0, how much each counts beside a row's 1.
    """

    xs: Mapping[str, Matrix]
    of: Rows
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """A head and how it came about.

    Args:
        out_of_fold: (m, k) float32 logits of the taught rows, each from a head that had not seen it.
        choice: blocks, mix and penalty.
        tried: what they were chosen from, the choice first; empty where an earlier choice was kept.
        chosen_at: taught rows when that was last chosen.
        calibration_error: of the taught rows, out of fold, in [0, 1].
    """

    head: Head
    out_of_fold: Floats
    choice: Tried
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
    groups: NDArray[np.int64] | None = None,
    weights: Doubles | None = None,
    copies: Copies | None = None,
    choice: Tried | None = None,
) -> Learned:
    """Learn one task from m taught rows. Costs a fit and four folds; five to twelve times four where it must choose.

    Args:
        xs: features by block, m rows each; with several, each alone and all together are compared.
        gold: (m,) int32 codes into labels for classify, (m, k) bool for multilabel.
        seed: spreads rows over folds; the same input and seed give the same head.
        warm: what was learned before, from fewer labels; its choices are kept until labels have grown by half.
        objective: what answers are for: "accuracy", "balanced", or an `Aim` that says more.
        steer: features and gold of rows that are not trained on; they help to tune temperature and offsets.
        groups: (m,) any codes; rows of one group fall into one fold.
        weights: (m,) >= 0, how much each row counts in the fit; None: 1 each.
        copies: what is fitted beside the rows; nothing is chosen or judged by them.
        choice: blocks, mix and penalty, where they are not to be chosen here.

    Raises:
        NotEnoughDataError: no label at all.
    """
    m, k = len(gold), len(labels)
    if m == 0:
        raise NotEnoughDataError(f"task {task!r} has no label to train on", remedy="adequate label")
    weights = np.ones(m) if weights is None else weights
    aim = objective if isinstance(objective, Aim) else Aim(objective=objective)

    def folded(names: Sequence[str], keep: NDArray[np.int64], beside: Copies | None = None) -> Folded:
        within = None if groups is None else groups[keep]
        folds = spread(gold[keep], kind=kind, seed=seed, groups=within)
        features, of = {name: xs[name][keep] for name in names}, np.arange(len(keep))
        counts = weights[keep]
        if beside is not None:
            features = {name: _stacked(x, beside.xs[name]) for name, x in features.items()}
            of, counts = np.concatenate([of, beside.of]), np.append(counts, beside.weight * counts[beside.of])
        return Folded(features, gold[keep][of], counts, folds[of], kind=kind, k=k)

    everything = np.arange(m)
    tried: tuple[Tried, ...] = ()
    if choice is not None:
        chosen_at = m
        whole = folded(choice.blocks, everything, copies)
    elif warm is None or m >= GROWN * warm.chosen_at or not set(warm.choice.blocks) <= set(xs):
        sample = everything if m <= SAMPLE else np.sort(np.random.default_rng(seed).permutation(m)[:SAMPLE])
        whole = folded(sorted(xs), sample)
        tried = _choose(whole, first=FIRST if warm is None else warm.choice.l2)
        choice, chosen_at = tried[0], m
        if m > SAMPLE or copies is not None:
            whole = folded(choice.blocks, everything, copies)
    else:
        choice, chosen_at = warm.choice, warm.chosen_at
        whole = folded(choice.blocks, everything, copies)

    blocks, l2, mix = choice.blocks, choice.l2, choice.mix
    unseen = whole.logits(blocks, l2, mix)[:m]
    made = whole.made.only(blocks, mix)
    start = None if warm is None else begin(made, warm.head.relabelled(labels), k)
    w = solve(made.whole(), whole.gold, kind=kind, k=k, l2=l2, start=start, weights=whole.weights)
    head = assemble(made, w, task=task, kind=kind, labels=tuple(labels), l2=l2, mix=mix)

    logits, truth = unseen, gold
    if steer is not None and len(steer[1]):
        logits, truth = np.concatenate([unseen, head.logits(steer[0])]), np.concatenate([gold, steer[1]])
    heat = temperature(logits, truth, kind)
    taught = gold.sum(axis=0) if kind is Kind.MULTILABEL else np.bincount(gold, minlength=k)
    scored = whole.taught(m)
    if len(truth) > m:
        scored = np.concatenate([scored, np.broadcast_to(taught, (len(truth) - m, k))])
    offsets = tune(logits / np.float32(heat), truth, aim, kind=kind, taught=taught.astype(np.float64), scored=scored)
    return Learned(
        head=head.with_rule(temperature=heat, offsets=offsets),
        out_of_fold=unseen,
        choice=choice,
        tried=tried,
        chosen_at=chosen_at,
        calibration_error=calibration_error(probabilities(unseen, kind, heat), gold, kind),
    )


def _stacked(x: Matrix, more: Matrix) -> Matrix:
    return np.concatenate([x, more]) if isinstance(x, np.ndarray) else csr_array(vstack([x, more], format="csr"))


def _choose(folded: Folded, *, first: float) -> tuple[Tried, ...]:
    """All that was tried, the best first: each block alone and all mixed, the promising ones down their valleys."""
    names = tuple(folded.made.parts)
    at = min(range(len(PENALTIES)), key=lambda i: abs(np.log(PENALTIES[i] / first)))
    alone = [_try(folded, (name,), PENALTIES[at]) for name in names]
    mixed = [_try(folded, names, PENALTIES[at], mix) for mix in _mixes(folded, alone)] if len(names) > 1 else []
    # All together first: it is what stays where nothing can be judged yet, every label having one row.
    tried = mixed + alone
    least = min(one.loss for one in tried)
    for begun in [*sorted(mixed, key=lambda one: one.loss)[:1], *alone]:
        if not begun.loss > HOPELESS * least:
            tried += _valley(folded, begun, at)
    best = tried[0]
    for one in tried[1:]:
        # Between sets the lower loss wins; within one, near ties go to the stronger penalty.
        same = (one.blocks, one.mix) == (best.blocks, best.mix)
        handicap = 1.0 if not same else WORTH if one.l2 < best.l2 else 1 / WORTH
        if one.loss < handicap * best.loss:
            best = one
    return (best, *(one for one in tried if one is not best))


def _mixes(folded: Folded, alone: Sequence[Tried]) -> tuple[float, ...]:
    """Even, and where there are dense and sparse blocks, leaning to the kind that does better alone."""
    best: dict[bool, float] = {}
    for one in alone:
        dense = folded.made.parts[one.blocks[0]].landmarks is None
        best[dense] = min(one.loss, best.get(dense, np.inf))
    if len(best) < 2:
        return (1.0,)
    return (1.0, LOUD if best[True] < best[False] else 1 / LOUD)


def _valley(folded: Folded, begun: Tried, at: int) -> list[Tried]:
    """What a walk from `begun` tried: weaker penalties while that pays, else stronger ones while that costs nothing."""
    tried: list[Tried] = []
    last = begun
    for l2 in PENALTIES[at + 1 :]:
        tried.append(_try(folded, begun.blocks, l2, begun.mix))
        if not tried[-1].loss < WORTH * last.loss:
            break
        last = tried[-1]
    if last is begun:
        for l2 in reversed(PENALTIES[:at]):
            tried.append(_try(folded, begun.blocks, l2, begun.mix))
            if not WORTH * tried[-1].loss < last.loss:
                break
            last = tried[-1]
    return tried


def _try(folded: Folded, blocks: tuple[str, ...], l2: float, mix: float = 1.0) -> Tried:
    logits, gold, kind = folded.logits(blocks, l2, mix), folded.gold, folded.kind
    right = decisions(logits, kind) == gold
    accuracy = right.mean() if right.ndim == 1 else right.all(axis=1).mean()
    if kind is Kind.CLASSIFY:  # no penalty helps where the label was not seen: those rows would only blur the choice
        known = logits[np.arange(len(gold)), gold] > NEVER / 2
        logits, gold = logits[known], gold[known]
    loss = log_loss(logits, gold, kind, temperature(logits, gold, kind)) if len(gold) else float("nan")
    return Tried(blocks=blocks, l2=l2, mix=mix, loss=loss, accuracy=float(accuracy))
