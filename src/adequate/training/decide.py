"""The decision rule: offsets per label, tuned before anybody is asked for more labels.

The one idea: a model trained on skewed labels answers for that skew. What it should answer for is the mix that counts
(every label alike, or the pool's), and the difference is one known direction, log(wanted mix / taught mix): how far to
go along it is a single number, tuned on rows the model had not seen, so there is little to overfit. Staying put is one
of the choices, so the rule never does worse there than the plain answer. Only labels that still miss a target of their
own are then moved singly, as far as their evidence goes.

Measured on a long tail (CLINC150 cut to 100 .. 5 a label): see benchmarks/heads.py.

Sources: A. K. Menon et al., "Long-tail Learning via Logit Adjustment", ICLR (2021); M. Saerens et al., "Adjusting the
Outputs of a Classifier to New a Priori Probabilities", Neural Computation 14 (2002).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from adequate.types import Kind

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from adequate.training.heads import Gold
    from adequate.types import Codes, Doubles, Floats, Mask

Objective: TypeAlias = Literal["accuracy", "balanced"]
STEPS = np.arange(0, 1.55, 0.1)  # how far along the direction; 1 is what theory says of a perfectly calibrated model
ENOUGH = 30  # rows of a label before its own targets may move its offset: with 8, moves did harm on new rows
SHRINK = 10  # rows worth of doubt: an offset of its own is trusted n / (n + SHRINK)
ALONE = np.array([-2, -1.5, -1, -0.5, -0.25, 0.25, 0.5, 1, 1.5, 2])  # moves tried for one label


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """What the answers are for.

    Args:
        objective: "accuracy" over the pool's mix of labels, or "balanced": every label counts alike.
        prior: (k,) the pool's mix as far as known (sums to 1); None: take the taught labels' mix for it.
        recall, precision: (k,) target of each label, nan where it has none.
        miss, alarm: cost of not giving label `on` where it is true, and of giving it where it isn't.
        on: the label that the costs are about (multilabel: None for all of them).
    """

    objective: Objective = "accuracy"
    prior: Doubles | None = None
    recall: Doubles | None = None
    precision: Doubles | None = None
    miss: float | None = None
    alarm: float | None = None
    on: int | None = None


def tune(scores: Floats, gold: Gold, aim: Aim, *, kind: Kind, taught: Doubles, scored: Doubles | None = None) -> Floats:
    """Offsets (k,) float32 to add to calibrated scores before deciding.

    Args:
        scores: (n, k) logits / temperature of rows not used to fit them.
        gold: (n,) codes or (n, k) bool.
        taught: (k,) labels that the final model is trained on, counted.
        scored: (n, k) labels that the model behind each row of scores was trained on; None: as `taught`. Of a label
            with two rows, a fold has seen one: judged by the two, every step would look like a mistake.
    """
    if kind is Kind.MULTILABEL:
        return _thresholds(scores, np.asarray(gold, bool), aim)
    k = scores.shape[1]
    gold = np.asarray(gold, np.int32)
    seen = taught > 0
    if len(gold) == 0 or seen.sum() < 2:
        return np.zeros(k, np.float32)
    mix = _wanted(aim, taught)
    direction = _towards(mix, taught)
    worth = _worth(gold, mix, k)
    if aim.miss is not None and aim.alarm is not None:
        on = k - 1 if aim.on is None else aim.on
        return _by_cost(scores, gold, worth, direction, on=on, miss=aim.miss, alarm=aim.alarm)
    here = direction if scored is None else _towards(mix, scored)
    value = np.array([worth[right].sum() for right in _right_along(scores, gold, here)])
    # The mean of neighbours: one lucky row doesn't decide. Then never below standing still.
    smooth = np.convolve(np.pad(value, 1, mode="edge"), np.ones(3) / 3, mode="valid")
    best = int(np.where(value >= value[0], smooth, -np.inf).argmax())
    offsets = (STEPS[best] * direction).astype(np.float32)
    return _meet(scores + (STEPS[best] * (here - direction)).astype(np.float32), gold, offsets, aim, worth)


def _towards(mix: Doubles, taught: Doubles) -> Doubles:
    """log(wanted mix / taught mix), shape of `taught` (..., k); 0 for labels that were not taught."""
    share = taught / np.maximum(taught.sum(axis=-1, keepdims=True), 1)
    return np.where(share > 0, np.log(np.maximum(mix, 1e-6) / np.maximum(share, 1e-6)), 0)


def _wanted(aim: Aim, taught: Doubles) -> Doubles:
    """The mix of labels that answers are for, (k,)."""
    seen = taught > 0
    if aim.objective == "balanced":
        return np.asarray(seen / seen.sum())
    if aim.prior is not None:
        mix = np.where(seen, aim.prior, 0)
        if mix.sum() > 0:
            return np.asarray(mix / mix.sum())
    return np.asarray(taught / taught.sum())


def _worth(gold: Codes, mix: Doubles, k: int) -> Doubles:
    """What each row counts, so that the rows together have the wanted mix; sums to about 1."""
    count = np.bincount(gold, minlength=k)
    return np.asarray((mix / np.maximum(count, 1))[gold])


def _right_along(scores: Floats, gold: Codes, direction: Doubles) -> list[Mask]:
    return [(scores + (step * direction).astype(np.float32)).argmax(axis=1) == gold for step in STEPS]


def _by_cost(
    scores: Floats, gold: Codes, worth: Doubles, direction: Doubles, *, on: int, miss: float, alarm: float
) -> Floats:
    """Theory says log(miss / alarm) beyond the shift in mix; rows unseen may correct it, by as much as they weigh."""
    offsets = direction.astype(np.float32)
    theory = np.log(miss / alarm)
    others = (scores + offsets).astype(np.float64)
    own = others[:, on].copy()
    others[:, on] = -np.inf
    lead = own - others.max(axis=1)
    truth = gold == on
    tried = np.arange(-4, 4.05, 0.25)
    cost = np.array(
        [worth @ np.where(truth, miss * (lead + theory + t <= 0), alarm * (lead + theory + t > 0)) for t in tried]
    )
    smooth = np.convolve(np.pad(cost, 1, mode="edge"), np.ones(3) / 3, mode="valid")
    evidence = min(int(truth.sum()), int((~truth).sum()))
    best = tried[int((smooth + 1e-9 * np.abs(tried)).argmin())]
    offsets[on] += theory + best * evidence / (evidence + SHRINK)
    return offsets


def _meet(scores: Floats, gold: Codes, offsets: Floats, aim: Aim, worth: Doubles) -> Floats:
    """Move labels that miss a target of their own, one after the other, where that costs the objective nothing."""
    if aim.recall is None and aim.precision is None:
        return offsets
    k = scores.shape[1]
    need = _filled(aim.recall, k), _filled(aim.precision, k)
    count = np.bincount(gold, minlength=k).astype(np.int64)
    out = scores + offsets
    rows = np.arange(len(gold))
    predicted = np.asarray(out.argmax(axis=1), np.int32)
    short = _shortfall(predicted, gold, need, count)
    floor = worth[predicted == gold].sum()
    moved = offsets.copy()
    for code in np.argsort(-short, kind="stable"):
        if short[code] <= 0:
            break
        rest = out.copy()
        rest[:, code] = -np.inf
        rival = rest.argmax(axis=1)
        lead = out[:, code] - rest[rows, rival]
        trust = count[code] / (count[code] + SHRINK)
        least, chosen = short.sum(), None
        for move in ALONE * trust:
            trial = np.asarray(np.where(lead + move > 0, code, rival), np.int32)
            if worth[trial == gold].sum() < floor:
                continue
            total = _shortfall(trial, gold, need, count)
            if total.sum() < least - 1e-9:
                least, chosen = total.sum(), (move, trial, total)
        if chosen is not None:
            move, predicted, short = chosen
            out[:, code] += np.float32(move)
            moved[code] += np.float32(move)
    return moved


def _shortfall(predicted: Codes, gold: Codes, need: tuple[Doubles, Doubles], count: NDArray[np.int64]) -> Doubles:
    """(k,) how far each label with enough evidence is below its targets, recall and precision added."""
    k = len(count)
    given = np.bincount(predicted, minlength=k)
    right = np.bincount(gold[predicted == gold], minlength=k)
    recall = np.where(count >= ENOUGH, need[0] - right / np.maximum(count, 1), 0)
    precision = np.where((count >= ENOUGH) & (given > 0), need[1] - right / np.maximum(given, 1), 0)
    return np.asarray(np.maximum(recall, 0) + np.maximum(precision, 0))


def _filled(target: Doubles | None, k: int) -> Doubles:
    return np.zeros(k) if target is None else np.nan_to_num(np.broadcast_to(target, k), nan=0.0)


def _thresholds(scores: Floats, gold: Mask, aim: Aim) -> Floats:
    """Multilabel: one threshold a label, drawn towards the threshold that suits all labels together."""
    k = scores.shape[1]
    if aim.miss is not None and aim.alarm is not None:
        offset = np.float32(np.log(aim.miss / aim.alarm))
        return np.where(np.isin(np.arange(k), range(k) if aim.on is None else [aim.on]), offset, np.float32(0))
    recall, precision = _filled(aim.recall, k), _filled(aim.precision, k)
    if len(scores) == 0 or (aim.objective == "accuracy" and not (recall.any() or precision.any())):
        return np.zeros(k, np.float32)
    tried = np.linspace(-4, 4, 65)
    # (65, k): right, given, true, at every threshold
    right = np.stack([((scores + t > 0) & gold).sum(axis=0) for t in tried])
    given = np.stack([(scores + t > 0).sum(axis=0) for t in tried])
    true = gold.sum(axis=0)
    f1 = 2 * right / np.maximum(given + true, 1)
    short = np.maximum(recall - right / np.maximum(true, 1), 0) + np.maximum(
        precision - right / np.maximum(given, 1), 0
    ) * (given > 0)
    value = f1 - short - 1e-6 * np.abs(tried)[:, None]
    smooth = (value + np.concatenate([value[:1], value[:-1]]) + np.concatenate([value[1:], value[-1:]])) / 3
    judged = true > 0
    common = tried[int(smooth[:, judged].mean(axis=1).argmax())] if judged.any() else 0.0
    trust = true / (true + SHRINK)
    return np.asarray(trust * tried[smooth.argmax(axis=0)] + (1 - trust) * common, np.float32)
