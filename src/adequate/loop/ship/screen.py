"""What can be known of a candidate without the gate: flips on texts without labels, labels that steer, cases.

Most texts have no label, and the more of them a candidate answers as the model does, the less it can have lost. A flip
isn't always a loss: the model's own calibrated probabilities say how often it was right there, and how often the
candidate may be. From these (or from labels that steer, once there are enough of them to say it better) follows what
the gate would see, with the labels that it has: a candidate that it would likely refuse isn't put to it. Nor is one
that breaks a test of the project by cases that aren't sealed, since the gate would refuse it for that, too.

Source: Garg et al., "Leveraging Unlabeled Data to Predict Out-of-Distribution Performance", ICLR (2022), for accuracy
from calibrated confidence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from adequate.bundles import Bundle
from adequate.shipping.material import Material, Taught
from adequate.testing.bounds import mid_p
from adequate.testing.cells import Cell, count
from adequate.testing.gate import CARE, POOLED
from adequate.types import Doubles, Floats, Mask

if TYPE_CHECKING:
    from adequate.testing.cells import Answers

TOGETHER = 1_024  # texts asked at once
ENOUGH = 300  # steer labels from which they say better than probabilities what the gate would see
HOPE = 0.5  # chance to pass the gate from which a candidate is put to it: each refusal raises the bar of the next
DRAWS = 500  # of what the gate may see
MEMBERS = 10  # labels from which a cell's loss is worth saying


@dataclass(frozen=True, slots=True, kw_only=True)
class Screened:
    """What was found; as in `shipping.search.Trial`."""

    flips: float
    loss: float
    lost: int
    won: int
    hopeful: bool
    why: str
    worst: tuple[str, float]


@dataclass(eq=False, kw_only=True)
class Screen:
    """The same texts for every candidate.

    Args:
        material: with the texts held out.
        steer: by task, labels on some of these texts.
        cells: by task, those that labels on all texts measure (no slices: they are for the gate).
        sealed: by task, labels that the gate has; how many is no secret.
        broken: what a bundle breaks of the cases written in the project, in words.
    """

    material: Material
    steer: Mapping[str, Taught]
    cells: Mapping[str, Sequence[Cell]]
    sealed: Mapping[str, int]
    broken: Callable[[Bundle], Sequence[str]] = lambda _: ()

    @property
    def texts(self) -> Sequence[str]:
        """Those held out of making."""
        return self.material.texts[self.material.made :]

    def look(self, bundle: Bundle) -> Screened:
        """Screen one candidate. O(texts held out)."""
        answers = answered(bundle, self.texts)
        flipped: Mask = np.zeros(len(self.texts), bool)
        lost_all = won_all = 0
        loss, why, worst = 0.0, "", ("", 0.0)
        for task, head in self.material.heads.items():
            logits = self.material.logits[task][self.material.made :]
            old, probs = head.decide(logits), head.probs(logits)
            new = answers[task]
            moved = differ(old, new)
            flipped |= moved
            was, now = chance(probs[moved], old[moved]), chance(probs[moved], new[moved])
            cost = float((was - now).sum()) / len(moved)
            loss = max(loss, cost)
            lost, won, cell = self._labelled(task, old, new)
            lost_all, won_all = lost_all + lost, won_all + won
            worst = max(worst, cell, key=lambda one: one[1])
            rates = float(was.sum()) / len(moved), float(now.sum()) / len(moved)
            why = why or self._against(task, cost, rates, lost, won)
        why = why or next(iter(self.broken(bundle)), "")
        return Screened(
            flips=float(flipped.mean()),
            loss=loss,
            lost=lost_all,
            won=won_all,
            hopeful=not why,
            why=why,
            worst=worst,
        )

    def _labelled(self, task: str, old: Answers, new: Answers) -> tuple[int, int, tuple[str, float]]:
        """Losses and wins on labels that steer, and the cell that lost most."""
        at, gold = self.steer[task].rows - self.material.made, self.steer[task].gold
        inside = at >= 0
        at, gold = at[inside], gold[inside]
        right, was = ~differ(new[at], gold), ~differ(old[at], gold)
        cells, names = self.cells[task], self.material.heads[task].labels
        before, after = (count(cells, names, gold, one[at]) for one in (old, new))
        fell = np.where((before.n >= MEMBERS) & (after.n >= MEMBERS), before.value - after.value, 0.0)
        i = int(np.argmax(fell)) if len(fell) else 0
        worst = (cells[i].key, float(fell[i])) if len(fell) and fell[i] > 0 else ("", 0.0)
        return int((was & ~right).sum()), int((right & ~was).sum()), worst

    def _against(self, task: str, cost: float, rates: tuple[float, float], lost: int, won: int) -> str:
        """What speaks against it in one task; "" where nothing does."""
        labelled, sealed = len(self.steer[task].rows), self.sealed[task]
        if mid_p(lost, won) <= POOLED:
            return f"{task}: {lost} lost, {won} won of {labelled} labels that steer"
        if cost > CARE:
            return f"{task}: expected to lose {100 * cost:.1f} points"
        texts = len(self.texts)
        if labelled >= ENOUGH:
            texts, rates = labelled, (lost / labelled, won / labelled)
        if passing(*rates, texts, sealed) < HOPE:
            return f"{task}: the gate's {sealed:,} labels would likely show {rates[0] - rates[1]:.1%} lost"
        return ""


def passing(lost: float, won: float, texts: int, sealed: int) -> float:
    """The chance that the gate's pooled test finds no loss.

    What some hundred texts say of rates is uncertain in itself, so that a candidate with a small loss by chance isn't
    given up (Jeffreys' prior, counts by Poisson).

    Args:
        lost, won: shares of `texts` that only the model, only the candidate gets right.
        sealed: labels of the gate.

    >>> passing(0.004, 0.004, 800, 2_000) > 0.8 > 0.2 > passing(0.04, 0.005, 800, 2_000)
    True
    """
    rng = np.random.default_rng(0)  # its own: one candidate is always screened alike
    lose, win = (rng.poisson(rng.gamma(share * texts + 0.5, sealed / texts, DRAWS)) for share in (lost, won))
    return float((mid_p(lose, win) > POOLED).mean())


def answered(bundle: Bundle, texts: Sequence[str]) -> dict[str, Answers]:
    """Its answers by task; memory for `TOGETHER` texts and the answers."""
    pieces = [bundle.answer(texts[start : start + TOGETHER]).outputs for start in range(0, len(texts), TOGETHER)]
    return {task: np.concatenate([one[task].answers for one in pieces]) for task in bundle.tasks}


def differ(one: Answers, other: Answers) -> Mask:
    """Where answers aren't the same, shape (n,)."""
    return one != other if one.ndim == 1 else np.asarray((one != other).any(axis=1))


def chance(probs: Floats, answers: Answers) -> Doubles:
    """The probability that each answer is right, shape (n,); of a set of labels: that all of it is."""
    if answers.ndim == 1:
        found: Doubles = probs[np.arange(len(probs)), answers].astype(np.float64)
        return found
    return np.asarray(np.where(answers, probs, 1 - probs).prod(axis=1), np.float64)
