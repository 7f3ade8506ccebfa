"""One turn of the loop over arrays: learn, survey, measure, and say what the miner may know.

The stored cycle (`loop.steps`) and the replay (`loop.replay`) both run these functions, so that what a replay shows is
what the engine does. Nothing here knows a store, a clock or a person.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack
from scipy.special import expit

from adequate.mining import Knowledge, Outlook, Seen, Shortfall, exhausted, outlook
from adequate.spec.tasks import Task
from adequate.testing.cells import ALL, Cell, Counts, count
from adequate.testing.sampling import Sample
from adequate.training import Aim, Copies, Head, Learned, Tried, learn, probabilities
from adequate.types import (
    PARTS,
    Block,
    Codes,
    Doubles,
    Floats,
    Kind,
    Labels,
    Mask,
    Matrix,
    Metric,
    Part,
    Progress,
    Rows,
    silent,
)

NONE: Mapping[str, float] = MappingProxyType({})
BATCH = 8192  # examples scored at once: 5 MB of scores at 150 labels


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What measuring needs to know of the examples, by row number.

    Args:
        parts: shape (n,), codes into `types.PARTS`.
        slices: shape (n,) by name.
        uniform: shape (n,), the permanent random number of each example (`testing.sampling`).
    """

    parts: NDArray[np.uint8]
    slices: Mapping[str, Mask] = field(default_factory=dict)
    uniform: Doubles

    def __len__(self) -> int:
        return len(self.parts)

    def rows(self, part: Part) -> Rows:
        """Ascending rows of a part."""
        return np.flatnonzero(self.parts == PARTS.index(part))

    def sliced(self, rows: Rows) -> dict[str, Mask]:
        """The slices at these rows."""
        return {name: mask[rows] for name, mask in self.slices.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class World(Ground):
    """What there is, labels apart.

    Args:
        blocks: features by the name of their encoder; a head reads one or several.
        vectors: dense unit rows, for neighbours and spread.
    """

    blocks: Mapping[str, Block]
    vectors: Block

    def take(self, rows: Rows) -> dict[str, Matrix]:
        """Features of these rows by block."""
        return {name: block.take(rows) for name, block in self.blocks.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What a head answers for every example; 20 bytes an example (24 with entropy), and k bits more for `multilabel`.

    Args:
        look: what the miner keeps of it.
        sure: shape (n,), calibrated probability of the answer (of the whole set, for `multilabel`).
        chosen: shape (n, ceil(k / 8)), the labels given, as bits; None for `classify`.
        k: how many labels there are.
    """

    look: Outlook
    sure: Floats
    chosen: NDArray[np.uint8] | None
    k: int

    def answers(self, rows: Rows) -> Codes | Mask:
        """The answers for these rows: (m,) codes, or (m, k) bool."""
        if self.chosen is None:
            return self.look.top[rows]
        return np.unpackbits(self.chosen[rows], axis=1, count=self.k).astype(bool)


def split(labels: Labels, world: Ground, part: Part) -> Labels:
    """Those of one part."""
    return labels.at(world.parts[labels.rows] == PARTS.index(part))


def aim_of(task: Task, labels: Sequence[str], targets: Mapping[str, float] = NONE) -> Aim:
    """What answers are for, from the task's target: labels that each have a target count alike.

    Args:
        targets: of single cells by `Cell.key`; a label's own goes before what the task asks of each.
    """
    goal = task.target
    each = goal.on is None and (goal.recall is not None or goal.precision is not None)

    def wanted(metric: Metric, value: float | None) -> Doubles | None:
        if value is None:
            return None
        keys = [Cell(task=task.name, label=label, metric=metric, target=value).key for label in labels]
        on = np.array([targets.get(key, value) for key in keys])
        return on if goal.on is None else np.where(np.array(labels) == goal.on, on, np.nan)

    return Aim(
        objective="balanced" if each or goal.on is not None else "accuracy",
        recall=wanted(Metric.RECALL, goal.recall),
        precision=wanted(Metric.PRECISION, goal.precision),
        miss=task.cost["miss"] if task.cost else None,
        alarm=task.cost["alarm"] if task.cost else None,
        on=list(labels).index(goal.on) if goal.on is not None else None,
    )


def teach(
    world: World,
    task: Task,
    names: Sequence[str],
    labels: Labels,
    *,
    targets: Mapping[str, float] = NONE,
    seed: int = 0,
    warm: Learned | None = None,
    copies: Copies | None = None,
    choice: Tried | None = None,
) -> Learned:
    """A head from the `teach` labels; `steer` labels help to choose its decision rule.

    Args:
        targets: of single cells, where they have their own.
        warm: what was learned before from fewer of the same labels: saves time, and leaves the result a function of
            how it came about; the stored cycle goes without, so that a model can be made again from its inputs.
        copies: of the `teach` labels, in their order, to be fitted beside them.
        choice: of blocks, mix and penalty, where it isn't left to the labels.
    """
    taught, steer = split(labels, world, Part.TEACH), split(labels, world, Part.STEER)
    return learn(
        world.take(taught.rows),
        taught.gold,
        kind=task.kind,
        labels=names,
        task=task.name,
        seed=seed,
        warm=warm,
        objective=aim_of(task, names, targets),
        steer=(world.take(steer.rows), steer.gold) if len(steer) else None,
        copies=copies,
        choice=choice,
    )


def scored(world: World, head: Head, size: int = BATCH) -> Iterator[tuple[int, Floats]]:
    """Logits of all examples in order: (first row, shape (m, k))."""
    names = head.blocks
    first = 0
    for pieces in zip(*(_even(world.blocks[name], size) for name in names), strict=True):
        logits = head.logits(dict(zip(names, pieces, strict=True)))
        yield first, logits
        first += len(logits)


def _even(block: Block, size: int) -> Iterator[Matrix]:
    """A block in pieces of exactly `size` rows (the last may be shorter), so that several blocks keep step."""
    held: list[Matrix] = []
    rows = 0
    for _, piece in block.batches(size):
        held.append(piece)
        rows += piece.shape[0]
        while rows >= size:
            whole = _stacked(held)
            yield whole[:size]
            held, rows = [whole[size:]], rows - size
    if rows:
        yield _stacked(held)


def _stacked(pieces: list[Matrix]) -> Matrix:
    if len(pieces) == 1:
        return pieces[0]
    if isinstance(pieces[0], np.ndarray):
        return np.concatenate(pieces)
    return csr_array(vstack(pieces, format="csr"))


def survey(world: World, head: Head, progress: Progress = silent, *, entropy: bool = False) -> Survey:
    """One pass over all examples. O(n * width * k); memory: the survey and one batch.

    Args:
        entropy: whether a policy will ask for it.
    """
    n, k = len(world), len(head.labels)
    top, second = np.empty(n, np.int32), np.empty(n, np.int32)
    confidence, margin, sure = (np.empty(n, np.float32) for _ in range(3))
    doubt = np.empty(n, np.float32) if entropy else None
    chosen = np.empty((n, (k + 7) // 8), np.uint8) if head.kind is Kind.MULTILABEL else None
    for first, logits in scored(world, head):
        here = slice(first, first + len(logits))
        seen = outlook(ruled(head, logits), kind=head.kind, entropy=entropy)
        top[here], second[here], confidence[here], margin[here] = seen.top, seen.second, seen.confidence, seen.margin
        if doubt is not None and seen.entropy is not None:
            doubt[here] = seen.entropy
        probs = head.probs(logits)
        if chosen is None:
            sure[here] = probs[np.arange(len(probs)), seen.top]
        else:
            given = np.asarray(head.decide(logits), bool)
            chosen[here] = np.packbits(given, axis=1)
            sure[here] = np.where(given, probs, 1 - probs).prod(axis=1)
        progress(f"predicting {head.task}", min(first + len(logits), n), n)
    look = Outlook(top=top, second=second, confidence=confidence, margin=margin, entropy=doubt)
    return Survey(look=look, sure=sure, chosen=chosen, k=k)


def ruled(head: Head, logits: Floats) -> Floats:
    """Probabilities under the decision rule: the answer is the largest (or above one half)."""
    scores = logits / np.float32(head.temperature) + head.offsets
    return np.asarray(expit(scores), np.float32) if head.kind is Kind.MULTILABEL else probabilities(scores, head.kind)


def spread_out(labels: Labels, rows: Rows, kind: Kind) -> tuple[Codes | Mask, Mask]:
    """Labels laid over `rows` (ascending): gold with -1 (or no label) where there is none, and where there is one."""
    at = np.searchsorted(rows, labels.rows)
    known = np.zeros(len(rows), bool)
    known[at] = True
    if kind is Kind.MULTILABEL:
        gold: Codes | Mask = np.zeros((len(rows), labels.gold.shape[1]), bool)
    else:
        gold = np.full(len(rows), -1, np.int32)
    gold[at] = labels.gold
    return gold, known


def tally(world: World, cells: Sequence[Cell], names: Sequence[str], labels: Labels, answers: Codes | Mask) -> Counts:
    """Cells counted on labels that all count alike (of `steer`, or out of fold in `teach`)."""
    return count(cells, names, labels.gold, answers, world.sliced(labels.rows), sample=None)


def sealed(world: Ground, kind: Kind, labels: Labels, probability: Doubles) -> tuple[Rows, Codes | Mask, Sample]:
    """The gate part of one task: its rows, gold laid over them, and how the labels came about.

    Args:
        labels: of the gate part.
        probability: shape (gate rows,), the chance with which each is labelled by now.
    """
    rows = world.rows(Part.GATE)
    gold, known = spread_out(labels, rows, kind)
    came_along = np.zeros(len(rows), bool)
    came_along[np.searchsorted(rows, labels.rows[labels.probability >= 1])] = True
    uniform = np.where(came_along, 0.0, world.uniform[rows])
    return rows, gold, Sample(known=known, uniform=uniform, probability=np.where(came_along, 1.0, probability))


def know(
    world: World,
    task: Task,
    names: Sequence[str],
    labels: Labels,
    learned: Learned | None,
    seen: Survey | None,
    cells: Sequence[Cell],
    phrases: Floats | None,
    gone: frozenset[int] = frozenset(),
    tests: tuple[Shortfall, ...] = (),
) -> Knowledge:
    """What the miner may know: labels of `teach` and `steer`, and where the model fails on them; nothing of `gate`."""
    taught, steer = split(labels, world, Part.TEACH), split(labels, world, Part.STEER)
    unlabelled = world.parts == PARTS.index(Part.TEACH)
    unlabelled[taught.rows] = False
    pool = np.flatnonzero(unlabelled)
    if learned is None or seen is None:
        blank = np.zeros_like(taught.gold) if taught.gold.ndim == 2 else np.full(len(taught), -1, np.int32)
        held, told = blank, np.zeros_like(steer.gold) if steer.gold.ndim == 2 else np.full(len(steer), -1, np.int32)
    else:
        held, told = learned.head.decide(learned.out_of_fold), seen.answers(steer.rows)
    return Knowledge(
        task=task.name,
        kind=task.kind,
        labels=tuple(names),
        vectors=world.vectors,
        pool=pool,
        taught=Seen(rows=taught.rows, gold=taught.gold, predicted=held),
        steer=Seen(rows=steer.rows, gold=steer.gold, predicted=told),
        outlook=None if seen is None else seen.look.at(pool),
        names=phrases,
        cells=_shortfalls(world, cells, names, taught, held, steer, told, pool) + tests,
        exhausted=gone,
    )


def dried_up(labels: Labels, names: Sequence[str], sought: Sequence[tuple[int, str]]) -> frozenset[int]:
    """Labels of which the pool seems to hold no more.

    Args:
        labels: all current ones of the task.
        sought: earlier picks, oldest first: (row, the label that it was meant for, or another cell).
    """
    code = {name: i for i, name in enumerate(names)}
    meant = [(row, code[cell]) for row, cell in sought if cell in code]
    rows, wanted = np.array(meant, np.int64).reshape(-1, 2).T
    at = np.searchsorted(labels.rows, rows)
    held = at < len(labels)
    held[held] = labels.rows[at[held]] == rows[held]
    return exhausted(wanted[held].astype(np.int32), labels.gold[at[held]], len(names))


def _shortfalls(
    world: World,
    cells: Sequence[Cell],
    names: Sequence[str],
    taught: Labels,
    held: Codes | Mask,
    steer: Labels,
    told: Codes | Mask,
    pool: Rows,
) -> tuple[Shortfall, ...]:
    """The cells that `steer` doesn't show to be at their target."""
    counts = tally(world, cells, names, steer, told)
    value = counts.value
    wrong = [_wrong(labels.gold, answers) for labels, answers in ((taught, held), (steer, told))]
    code = {name: i for i, name in enumerate(names)}
    found = []
    for i, cell in enumerate(cells):
        if value[i] >= cell.target:
            continue
        failures = np.concatenate(
            [
                labels.rows[_concerns(labels, answers, cell, code, world) & bad]
                for labels, answers, bad in ((taught, held, wrong[0]), (steer, told, wrong[1]))
            ]
        )
        found.append(
            Shortfall(
                cell=cell.key,
                label=None if cell.label is None else code[cell.label],
                value=float(value[i]),
                target=cell.target,
                examples=int(counts.n[i]),
                mask=None if cell.slice == ALL else world.slices[cell.slice][pool],
                failures=np.unique(failures),
                critical=cell.critical,
            )
        )
    return tuple(found)


def _wrong(gold: Codes | Mask, answers: Codes | Mask) -> Mask:
    different = np.asarray(gold != answers)
    return different if different.ndim == 1 else np.asarray(different.any(axis=1))


def _concerns(labels: Labels, answers: Codes | Mask, cell: Cell, code: Mapping[str, int], world: World) -> Mask:
    """Which labelled examples a cell is about."""
    if cell.label is None:
        return np.ones(len(labels), bool) if cell.slice == ALL else world.slices[cell.slice][labels.rows]
    of = labels.gold if cell.metric is Metric.RECALL else answers
    which = code[cell.label]
    return np.asarray(of == which if of.ndim == 1 else of[:, which])
