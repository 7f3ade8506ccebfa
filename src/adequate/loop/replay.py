"""What would the engine have cost? Labelled data, its labels hidden; every policy asks for them on the same terms.

All policies pick from the same `teach` examples, train the same heads with the same tuned decision rule, and have the
same measuring labels bought for them at the same moments: what differs is which examples they ask to be taught. Truth
comes from a test set that no policy sees. It is weighted to the label mix of the replayed data, so that a test set
balanced by label measures the same cells as the gate does; plain accuracy and recall are not weighted.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from adequate.errors import NotEnoughDataError
from adequate.loop.measuring import measuring
from adequate.loop.turn import World, dried_up, know, split, survey, teach
from adequate.loop.verdicts import Judged, pronounce
from adequate.mining import batch_size, select
from adequate.spec.tasks import Task
from adequate.testing.cells import ALL, Cell
from adequate.testing.looks import Look
from adequate.training import Head
from adequate.types import Codes, Doubles, Floats, Labels, Mask, Metric, Part, Progress, Rows, silent

if TYPE_CHECKING:
    from matplotlib.figure import Figure

OURS = "adequate"
START = 100  # labels of the first round
LEVELS = tuple(round(0.5 + 0.05 * step, 2) for step in range(10))


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """Labelled data to replay, for one task.

    Args:
        names: the task's k labels.
        gold: shape (n,) codes, or (n, k) bool: the hidden labels of every example of `world`.
        test: another world: the examples that tell the truth.
        truth: their labels.
        phrases: shape (k, width), the labels' names as vectors; None where names mean nothing.
    """

    task: Task
    names: tuple[str, ...]
    cells: tuple[Cell, ...]
    world: World
    gold: Codes | Mask
    test: World
    truth: Codes | Mask
    phrases: Floats | None = None

    def reveal(self, rows: Rows, probability: Doubles) -> Labels:
        """The hidden labels of some rows."""
        order = np.argsort(rows)
        return Labels(rows=rows[order], gold=self.gold[rows[order]], probability=probability[order])

    def and_these(self, labels: Labels, rows: Rows, probability: Doubles | float) -> Labels:
        """Labels, and those of more rows, drawn with this chance."""
        drawn = np.broadcast_to(np.asarray(probability, float), rows.shape)
        return self.reveal(np.r_[labels.rows, rows], np.r_[labels.probability, drawn])


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """Where a policy stood after so many labels. Fractions are of the test set.

    Args:
        labels: all that was paid for: teach + steer + gate.
        tail_recall: mean recall over the rarest third of labels.
        cells: how many are declared.
        cells_true: how many are truly at their target.
        cells_claimed: how many the gate calls adequate.
        cells_claimed_true: how many of those truly are.
    """

    labels: int
    teach: int
    steer: int
    gate: int
    accuracy: float
    macro_recall: float
    tail_recall: float
    cells: int
    cells_true: int
    cells_claimed: int
    cells_claimed_true: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """Curves by policy and seed."""

    task: str
    curves: dict[str, list[tuple[int, list[Point]]]] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The shape that `replay --json` promises."""
        return {
            "policies": {
                name: [{"seed": seed, "curve": [asdict(point) for point in curve]} for seed, curve in runs]
                for name, runs in self.curves.items()
            },
            "labels_to": self.labels_to(),
        }

    def labels_to(self, measure: str = "accuracy", levels: Sequence[float] = LEVELS) -> dict[str, dict[str, Any]]:
        """Teaching labels until a measure reaches each level, median over seeds; None where half never do."""
        found = {}
        for level in levels:
            each = {
                name: _median([first_at(curve, measure, level) for _, curve in runs])
                for name, runs in self.curves.items()
            }
            if any(value is not None for value in each.values()):
                found[f"{level:.2f}"] = each
        return found

    def ends(self) -> dict[str, Point]:
        """Where each policy stood last; of several seeds the one in the middle by accuracy."""
        found = {}
        for name, runs in self.curves.items():
            last = sorted((curve[-1] for _, curve in runs if curve), key=lambda point: point.accuracy)
            if last:
                found[name] = last[len(last) // 2]
        return found

    def trust(self, policy: str = OURS) -> float | None:
        """Of the cells called adequate, over all looks of a policy, the share that truly were; None without a claim."""
        points = [point for _, curve in self.curves.get(policy, []) for point in curve]
        claimed = sum(point.cells_claimed for point in points)
        return sum(point.cells_claimed_true for point in points) / claimed if claimed else None

    def __str__(self) -> str:
        return json.dumps(self.to_json(), indent=1)

    def figure(self) -> Figure:
        """The curves drawn, as a matplotlib figure."""
        from adequate.loop.draw import curves

        return curves(self)

    def plot(self, path: Path) -> None:
        """Draw the curves into a file: .png, .svg or .pdf."""
        self.figure().savefig(path, dpi=150, bbox_inches="tight")

    def _repr_svg_(self) -> str:
        from io import StringIO

        out = StringIO()
        self.figure().savefig(out, format="svg", bbox_inches="tight")
        return out.getvalue()


def first_at(curve: Sequence[Point], measure: str, level: float) -> float | None:
    """Teaching labels when a curve first reaches a level, by log-linear interpolation; None if it never does.

    The curve is made to rise: once reached, reached.
    """
    spent = np.array([point.teach for point in curve], float)
    best = np.maximum.accumulate([getattr(point, measure) for point in curve])
    at = int(np.searchsorted(best, level))
    if at == len(best):
        return None
    if at == 0:
        return float(spent[0])
    share = (level - best[at - 1]) / (best[at] - best[at - 1])
    return float(np.exp(np.log(spent[at - 1]) + share * (np.log(spent[at]) - np.log(spent[at - 1]))))


def _median(values: Sequence[float | None]) -> int | None:
    middle = float(np.median([np.inf if value is None else value for value in values]))
    return round(middle) if np.isfinite(middle) else None


def replay(course: Course, policies: Sequence[str], *, budget: int, seeds: int, progress: Progress = silent) -> Replay:
    """Let every policy ask for labels until `budget` teach.

    Args:
        policies: names as in `mining.select`; `adequate` is the engine's.
        budget: labels that teach; those that steer and measure are counted besides.
        seeds: how many times, each with other random choices.

    Raises:
        NotEnoughDataError: the data has fewer than two labels, or nothing to pick from.
    """
    pool = course.world.rows(Part.TEACH)
    if len(course.names) < 2 or len(pool) < 2 or len(course.test) == 0:
        raise NotEnoughDataError(
            f"replaying {course.task.name!r} needs two labels, examples to pick and a test set; there are "
            f"{len(course.names)}, {len(pool)} and {len(course.test)}"
        )
    budget = min(budget, len(pool))
    found = Replay(task=course.task.name, curves={name: [] for name in policies})
    total = len(policies) * seeds * budget
    for seed in range(seeds):
        for turn, policy in enumerate(policies):
            done = (seed * len(policies) + turn) * budget

            def report(spent: int, done: int = done, policy: str = policy) -> None:
                progress(f"replaying {policy}", done + spent, total)

            found.curves[policy].append((seed, _run(course, policy, budget, seed, report)))
    return found


def _run(course: Course, policy: str, budget: int, seed: int, report: Callable[[int], None]) -> list[Point]:
    """One policy with one seed."""
    world, task, names, cells = course.world, course.task, course.names, course.cells
    rng = np.random.default_rng(seed)
    labels = course.reveal(np.zeros(0, np.int64), np.zeros(0))
    chance = np.zeros(len(world.rows(Part.GATE)))
    ledger: list[Look] = []
    curve: list[Point] = []
    sought: list[tuple[int, str]] = []
    learned = seen = None
    taught = 0
    while taught < budget:
        gone = dried_up(labels, names, sought)
        knowledge = know(world, task, names, labels, learned, seen, cells, course.phrases, gone)
        wanted = min(batch_size(taught) if taught else START, budget - taught)
        picks = select(policy, wanted, knowledge, rng)  # type: ignore[arg-type]
        if len(picks) == 0:
            break
        labels = course.and_these(labels, picks.rows, 1.0)
        sought += zip(picks.rows.tolist(), picks.cell, strict=True)
        taught += len(picks)
        if len(np.unique(split(labels, world, Part.TEACH).gold, axis=0)) < 2:
            continue
        learned = teach(world, task, names, labels, seed=seed, warm=learned)
        seen = survey(world, learned.head, entropy=policy == "entropy")
        first = pronounce(world, task, cells, names, labels, chance, learned, seen, ledger=ledger, model=str(taught))
        more = measuring(world, task, names, labels, chance, first, seen, batch=wanted)
        chance = more.probability
        labels = course.and_these(labels, more.steer, 1.0)
        labels = course.and_these(labels, more.gate, chance[np.searchsorted(world.rows(Part.GATE), more.gate)])
        judged = pronounce(world, task, cells, names, labels, chance, learned, seen, ledger=ledger, model=str(taught))
        ledger += judged.spent
        curve.append(_point(course, labels, learned.head, judged))
        report(taught)
    return curve


def _point(course: Course, labels: Labels, head: Head, judged: Judged) -> Point:
    """Where the policy stands, measured on the test set."""
    told = head.decide(head.logits(course.test.take(np.arange(len(course.test)))))
    spent = {part: len(split(labels, course.world, part)) for part in Part}
    recall = recalls(course.truth, told, len(course.names))
    often = counts_of(course.gold, len(course.names))
    rare = np.argsort(often, kind="stable")[: max(1, len(often) // 3)]
    claimed = judged.states.adequate()
    true = truths(course, told) >= np.array([cell.target for cell in course.cells])
    return Point(
        labels=sum(spent.values()),
        teach=spent[Part.TEACH],
        steer=spent[Part.STEER],
        gate=spent[Part.GATE],
        accuracy=float(_right(course.truth, told).mean()),
        macro_recall=float(np.nanmean(recall)),
        tail_recall=float(np.nanmean(recall[rare])) if np.isfinite(recall[rare]).any() else 0.0,
        cells=len(course.cells),
        cells_true=int(true.sum()),
        cells_claimed=int(claimed.sum()),
        cells_claimed_true=int((claimed & true).sum()),
    )


def counts_of(gold: Codes | Mask, k: int) -> Rows:
    """Shape (k,): examples that have each label."""
    return np.bincount(gold[gold >= 0], minlength=k) if gold.ndim == 1 else np.asarray(gold.sum(axis=0))


def recalls(truth: Codes | Mask, told: Codes | Mask, k: int) -> Doubles:
    """Shape (k,): recall of each label; not a number where the test set has none of it."""
    if truth.ndim == 1:
        right = np.bincount(truth[truth == told], minlength=k)
        have = np.bincount(truth, minlength=k)
    else:
        right, have = (truth & told).sum(axis=0), truth.sum(axis=0)
    share: Doubles = np.divide(right, have, out=np.full(k, np.nan), where=have > 0)
    return share


def _right(truth: Codes | Mask, told: Codes | Mask) -> Mask:
    same = np.asarray(truth == told)
    return same if same.ndim == 1 else np.asarray(same.all(axis=1))


def _has(x: Codes | Mask, code: int) -> Mask:
    return np.asarray(x == code if x.ndim == 1 else x[:, code])


def truths(course: Course, told: Codes | Mask) -> Doubles:
    """The true value of each cell, the test set weighted to the label mix of the replayed data; -1: it can't tell."""
    weight = _weights(course)
    code = {name: i for i, name in enumerate(course.names)}
    found = np.full(len(course.cells), -1.0)
    for i, cell in enumerate(course.cells):
        members: Mask = np.ones(len(weight), bool) if cell.slice == ALL else course.test.slices[cell.slice]
        right: Mask = _right(course.truth, told)
        if cell.label is not None:
            has, given = _has(course.truth, code[cell.label]), _has(told, code[cell.label])
            members, right = (members & has, given) if cell.metric is Metric.RECALL else (members & given, has)
        total = weight[members].sum()
        if total > 0:
            found[i] = weight[members & right].sum() / total
    return found


def _weights(course: Course) -> Doubles:
    """What each test example counts, so that its label has the share that it has in the replayed data."""
    if course.truth.ndim == 2:
        return np.ones(len(course.truth))
    k = len(course.names)
    here, there = counts_of(course.truth, k), counts_of(course.gold, k)
    ratio = np.divide(there / there.sum(), here / here.sum(), out=np.zeros(k), where=here > 0)
    return np.asarray(ratio[course.truth])
