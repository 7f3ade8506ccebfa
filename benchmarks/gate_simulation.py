"""How often are the gate and the states of cells wrong, where the truth is known?

    python benchmarks/gate_simulation.py [--reps 200] [--only gate|looks|sampling]

gate: 1,000 cells, two models, no difference or a known one; prints false blocks, catches and the labels asked for.
looks: 150 cells over 15 rounds of new labels and better models; prints how many claims of adequacy are false.
sampling: which gate labels prove most cells of a long tail; prints cells proven against labels, and false claims.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass

import numpy as np

from adequate.mining.measure import Want, choose
from adequate.testing.bounds import clopper_pearson
from adequate.testing.cells import Cell, Counts, count
from adequate.testing.gate import Comparison, decide
from adequate.testing.looks import Look, plan, record
from adequate.testing.sampling import Sample
from adequate.testing.states import believe, judge
from adequate.types import Change, Metric

CHURN, UNDECIDED, TURNS = 0.04, 0.2, 12  # answers that flip between equal models; disagreements where both are wrong


def gate(rng: np.random.Generator, reps: int) -> None:
    """False blocks and catches over 1,000 cells, for cells of about 50, 200 and 1,000 labels."""
    print("gate: 1,000 cells; churn 4 %; a fifth of the disagreements have both models wrong")
    heads = ("blocked", "suspects", "good blocked", "bad caught", "labels", "turns")
    print(f"{'scenario':<28}{'n':>6}" + "".join(f"{head:>14}" for head in heads))
    for scenario, bad, loss in (
        ("nothing changed (A/A)", 0, 0.0),
        ("1 cell lost 10 points", 1, 0.10),
        ("20 cells lost 5 points", 20, 0.05),
        ("20 cells lost 10 points", 20, 0.10),
        ("every cell lost 0.5 points", 1000, 0.005),
    ):
        for size in (50, 200, 1000):
            runs = np.array([_gate_run(rng, size, bad, loss) for _ in range(reps)])
            blocked, suspects, good, caught, labels, turns = runs.mean(0)
            worst = f"{caught / bad:>14.0%}" if 0 < bad < 1000 else f"{'-':>14}"
            print(
                f"{scenario:<28}{size:>6}{blocked:>9.1%}{suspects:>10.1f}{good:>14.2f}{worst}{labels:>8.0f}{turns:>7.1f}"
            )


def _gate_run(rng: np.random.Generator, size: int, bad: int, loss: float) -> tuple[float, ...]:
    """One release: (blocked, suspects at first, good cells blocked, bad cells caught, labels, turns)."""
    c = 1000
    n = np.maximum(rng.lognormal(np.log(size), 0.7, c).astype(int), 5)
    lose = np.full(c, CHURN / 2)
    lose[:bad] += loss
    outcomes = rng.multinomial(n, np.column_stack([lose, np.full(c, CHURN / 2), 1 - lose - CHURN / 2]))
    lost, won = outcomes[:, 0].copy(), outcomes[:, 1].copy()
    pooled = (int(lost.sum()), int(won.sum()))
    rate = (lose + CHURN / 2) / (1 - UNDECIDED)  # seen without labels
    cells = tuple(Cell(task="t", slice=str(i), target=0.9) for i in range(c))
    left = (n * 10 * rate).astype(int)  # disagreements among ten times as many examples without a label
    labels = first = turns = 0
    for _ in range(TURNS):
        verdict = decide([_comparison(cells, lost, won, rate, left, pooled)])
        suspects = [i for i, change in enumerate(verdict.changes[0]) if change is Change.SUSPECT]
        first = first or len(suspects) + sum(change is Change.REGRESSED for change in verdict.changes[0])
        asked = np.bincount(verdict.ask[0] // SPREAD, minlength=c)
        if not asked.any():
            break
        labels += int(asked.sum())
        turns += 1
        left -= asked
        decisive = rng.binomial(asked, 1 - UNDECIDED)
        worse = rng.binomial(decisive, lose / (lose + CHURN / 2))
        lost, won = lost + worse, won + decisive - worse
    change = np.array([x is Change.REGRESSED for x in verdict.changes[0]])
    return verdict.outcome == "blocked", first, change[bad:].sum(), change[:bad].sum(), labels, turns


SPREAD = 1_000_000  # rows of cell i begin at i * SPREAD


def _comparison(
    cells: tuple[Cell, ...],
    lost: np.ndarray,
    won: np.ndarray,
    rate: np.ndarray,
    left: np.ndarray,
    pooled: tuple[int, int],
) -> Comparison:
    return Comparison.of(cells, lost, won, rate, pooled, lambda i: i * SPREAD + np.arange(left[i]))


def looks(rng: np.random.Generator, reps: int) -> None:
    """Claims of adequacy over a whole run, by three rules."""
    print("\nlooks: 150 cells, 15 rounds of more labels and better models")
    heads = ("claimed", "of adequate", "false claims", "false at end", "ever false")
    print(f"{'truths at the end':<30}{'rule':<28}" + "".join(f"{head:>14}" for head in heads))
    for name, shape, target in (
        ("around .90, target .90", (27, 3), 0.90),
        ("around .80, target .90", (12, 3), 0.90),
        ("around .85, target .70", (8, 1.5), 0.70),
        ("all just below, target .90", (890, 110), 0.90),
    ):
        truth, rounds = _runs(rng, max(reps // 5, 1), shape)
        rules = {"point estimate": _point, "Clopper-Pearson each round": _exact, "ours: attempts are spent": _ours}
        for rule, run in rules.items():
            claims = run(rounds, target)
            false = claims & (truth < target)
            shares = (
                claims.mean(),
                claims[-1].sum() / max((truth[-1] >= target).sum(), 1),
                false.sum() / max(claims.sum(), 1),
                false[-1].sum() / max(claims[-1].sum(), 1),
                false.any(0).mean(),
            )
            print(f"{name:<30}{rule:<28}" + "".join(f"{share:>14.2%}" for share in shares))


def _runs(rng: np.random.Generator, reps: int, shape: tuple[float, float], rounds: int = 15):
    """True values (rounds, cells) and what is seen of them: gate counts and outside evidence, round by round."""
    cells = 150 * reps
    end = rng.beta(*shape, cells)
    start = end * rng.uniform(0.6, 0.95, cells)
    truth = np.array([end - (end - start) * np.exp(-r / 4) for r in range(rounds)])
    size = rng.geometric(1 / 60, cells) + 5  # labelled members at the end: a long tail
    hard = rng.random((cells, size.max()))  # a member that is hard for one model is mostly hard for the next
    seen = []
    for r in range(rounds):
        n = np.maximum((size * ((r + 1) / rounds)).astype(int), 1)
        fresh = rng.random(hard.shape) < 0.2
        difficulty = np.where(fresh, rng.random(hard.shape), hard)
        right = ((difficulty < truth[r][:, None]) & (np.arange(hard.shape[1]) < n[:, None])).sum(1)
        steer = rng.binomial(5, truth[r])
        taught = np.maximum((size * ((r + 1) / rounds)).astype(int), 1)
        folds = rng.binomial(taught, np.clip(truth[r] - 0.03, 0, 1))  # a fold's model has seen less than the model
        seen.append((n, right, (np.full(cells, 5), steer), (taught, folds)))
    return truth, seen


def _counts(n: np.ndarray, right: np.ndarray) -> Counts:
    return Counts(n=n, right=right, drawn=n)


def _point(rounds: list, target: float) -> np.ndarray:
    return np.array([right >= target * n for n, right, *_ in rounds])


def _exact(rounds: list, target: float) -> np.ndarray:
    return np.array([clopper_pearson(right, n)[0] >= target for n, right, *_ in rounds])


def _ours(rounds: list, target: float) -> np.ndarray:
    cells = [Cell(task="t", label=str(i), metric=Metric.RECALL, target=target) for i in range(len(rounds[0][0]))]
    ledger: list[Look] = []
    claims = []
    for r, (n, right, steer, folds) in enumerate(rounds):
        counts = _counts(n, right)
        belief = believe(cells, _counts(*steer), _counts(*folds))
        now = plan(cells, counts, ledger, model=str(r), belief=belief)
        judged = judge(counts, [target] * len(cells), now.alpha, look=now.look, belief=belief)
        ledger += record(cells, counts, now, judged, model=str(r))
        claims.append(judged.adequate())
    return np.array(claims)


def sampling(rng: np.random.Generator, reps: int) -> None:
    """Which design of gate labels proves most cells of 150 labels with a long tail, and is it right?"""
    print(
        "\nsampling: 150 labels of exponential sizes (200 to 10 of 12,000 gate examples), recall and precision >= .80"
    )
    print(f"{'labels':>7}  {'design':<50}{'recall proven':>14}{'false':>8}{'prec. proven':>14}{'false':>8}")
    designs = (
        "even draws, exact bound",
        "boost doubtful labels, even part, exact bound",
        "the same, all labels, e-value",
        "the same, Hajek and effective size (unsound)",
        "ours: choose()",
    )
    totals = {(labels, d): np.zeros(4) for labels in (1500, 3000, 6000) for d in designs}
    for _ in range(max(reps // 10, 1)):
        world = _World.make(rng)
        for labels, design in totals:
            totals[labels, design] += world.prove(design, designs, labels)
    for (labels, design), t in totals.items():
        runs = max(reps // 10, 1)
        recall, precision = (f"{t[i] / runs:>14.1f}{t[i + 1] / max(t[i], 1):>8.1%}" for i in (0, 2))
        print(f"{labels:>7}  {design:<50}{recall}{precision}")


@dataclass
class _World:
    """A gate part with gold, predictions, and for each example the rival label that the model also thought of."""

    gold: np.ndarray
    predicted: np.ndarray
    rival: np.ndarray
    uniform: np.ndarray
    recall: np.ndarray
    precision: np.ndarray

    @classmethod
    def make(cls, rng: np.random.Generator, k: int = 150, n: int = 12_000, superpopulation: int = 20) -> _World:
        sizes = 200 * (10 / 200) ** (np.arange(k) / (k - 1))
        share = sizes / sizes.sum()
        skill = rng.beta(12, 1.5, k)  # true recalls: mean .89
        gold = rng.choice(k, n * superpopulation, p=share)
        right = rng.random(len(gold)) < skill[gold]
        other = rng.choice(k, len(gold), p=share**0.5 / (share**0.5).sum())
        predicted = np.where(right, gold, other)
        # Four misses in five are doubts: the true label is the model's second choice.
        rival = np.where(right | (rng.random(len(gold)) < 0.2), other, gold)
        truth = count(
            _cells(k, 0.8), [str(i) for i in range(k)], gold.astype(np.int32), predicted.astype(np.int32)
        ).value
        gate = slice(0, n)
        return cls(
            gold[gate].astype(np.int32),
            predicted[gate].astype(np.int32),
            rival[gate],
            rng.random(n),
            truth[:k],
            truth[k:],
        )

    def prove(self, design: str, designs: tuple[str, ...], labels: int) -> np.ndarray:
        """Recall cells proven, falsely, precision cells proven, falsely."""
        n, k = len(self.gold), len(self.recall)
        cells, names = _cells(k, 0.8), [str(i) for i in range(k)]
        base = labels / 3 / n
        if design == designs[0]:
            probability = np.full(n, labels / n)
        elif design == designs[4]:
            return self._choose(labels, cells, names)
        else:  # labels with few members expected are raised wherever the model gives or nearly gives them
            rare = np.argsort(np.bincount(self.predicted, minlength=k))
            raised = np.zeros(n, bool)
            for label in rare:
                more = raised | (self.predicted == label) | (self.rival == label)
                if more.sum() * (1 - base) > labels * 2 / 3:
                    break
                raised = more
            probability = np.where(raised, 1.0, base)
        sample = Sample(known=self.uniform <= probability, uniform=self.uniform, probability=probability)
        if design in (designs[0], designs[1]):
            return self._score(count(cells, names, self.gold, self.predicted, sample=sample))
        known = sample.known
        weight = 1 / probability[known]
        proven = []
        for of in (self.gold, self.predicted):
            for label in range(k):
                mine = of[known] == label
                w, y = weight[mine], (self.gold == self.predicted)[known][mine]
                proven.append(_bet(w, y, 0.8, 1 / base) >= 20 if design == designs[2] else _effective(w, y) >= 0.8)
        return self._tally(np.array(proven))

    def _choose(self, labels: int, cells: list[Cell], names: list[str]) -> np.ndarray:
        n, k = len(self.gold), len(self.recall)
        sample = Sample(known=np.zeros(n, bool), uniform=self.uniform, probability=np.zeros(n))
        for _ in range(10):
            counts = count(cells, names, self.gold, self.predicted, sample=sample)
            judged = judge(counts, [c.target for c in cells])
            wants = [
                Want(members=None if i < k else self.predicted == i - k, need=float(judged.need[i]))
                for i in np.flatnonzero(judged.likely & (judged.need > 0))
            ]
            chosen = choose(labels // 10, sample, wants)
            known = sample.known.copy()
            known[chosen.rows] = True
            sample = Sample(known=known, uniform=self.uniform, probability=chosen.probability)
        return self._score(count(cells, names, self.gold, self.predicted, sample=sample))

    def _score(self, counts: Counts) -> np.ndarray:
        return self._tally(clopper_pearson(counts.right, counts.n)[0] >= 0.8)

    def _tally(self, proven: np.ndarray) -> np.ndarray:
        recall, precision = np.split(proven, 2)
        return np.array(
            [
                recall.sum(),
                (recall & (self.recall < 0.8)).sum(),
                precision.sum(),
                (precision & (self.precision < 0.8)).sum(),
            ]
        )


def _cells(k: int, target: float) -> list[Cell]:
    return [
        Cell(task="t", label=str(i), metric=m, target=target)
        for m in (Metric.RECALL, Metric.PRECISION)
        for i in range(k)
    ]


def _bet(weight: np.ndarray, right: np.ndarray, target: float, most: float) -> float:
    """Constant bets, mixed, against "the weighted mean of right is at most target" (Waudby-Smith & Ramdas 2024)."""
    bets = np.array([0.1, 0.3, 0.5, 0.7, 0.9, 1.0])[:, None] / (target * most)
    with np.errstate(divide="ignore"):  # a bet of all that there is may lose it
        return float(np.exp(np.log1p(bets * weight * (right - target)).sum(1)).mean()) if len(weight) else 1.0


def _effective(weight: np.ndarray, right: np.ndarray) -> float:
    if not len(weight):
        return 0.0
    size = weight.sum() ** 2 / (weight**2).sum()
    return float(clopper_pearson((weight * right).sum() / weight.sum() * size, size)[0])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reps", type=int, default=200)
    parser.add_argument("--only", choices=("gate", "looks", "sampling"))
    chosen = parser.parse_args()
    for part in (gate, looks, sampling):
        if chosen.only in (None, part.__name__):
            began = time.perf_counter()
            part(np.random.default_rng(1), chosen.reps)
            print(f"{part.__name__}: {time.perf_counter() - began:.0f} s")
