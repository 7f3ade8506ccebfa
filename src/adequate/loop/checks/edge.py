"""Training at the edge: what a change of the input breaks, the head is taught in copies changed just so far.

A behaviour that expects the same answer says what the label of a changed example is: that of the example. So the
task's head is fitted once more, beside its labels, to copies of labelled examples changed to the wanted level and
somewhat past it. Copies fall into the fold of the example they come from, weigh little, and have no say in any choice.
The new head is kept only if, out of fold, the examples themselves are answered as well as before, no fewer of the
changed `steer` examples hold, and it is no further from the targets of its tests; the gate decides as about any
candidate. Envelopes that reach far enough without are taught too: a head that is taught in one cycle and not in the
next loses at the gate what its copies had won, and no candidate passes any more.

Everything here follows from labels, examples and declaration alone: the same cycle makes the same model. Weight and
levels were measured on CLINC150: 0.2 of words misspelt, 3,000 labels, 92.1 % held before, 95.5 %
after, with no loss of accuracy.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np
import pyarrow as pa

from adequate.loop.checks.examples import Examples
from adequate.loop.checks.returned import ROW, returned
from adequate.loop.checks.settle import missed
from adequate.loop.checks.steered import changed as tried
from adequate.loop.checks.steered import members, of_task
from adequate.loop.turn import split, teach
from adequate.perturb.operator import as_input, changed
from adequate.testing.bounds import mid_p
from adequate.training import Copies, Head, Learned
from adequate.types import Labels, Mask, Matrix, Part, Rows

if TYPE_CHECKING:
    from adequate.loop.cycle import Cycle
    from adequate.loop.subjects import Trained
    from adequate.spec.behaviours import Behaviour
    from adequate.spec.project import Project
    from adequate.spec.tasks import Task

RECIPE = "edge/2"  # names the code that makes copies; the number changes when what it makes does
LEVELS = (1.0, 1.5)  # times the wanted reach, of each example's copies
WEIGHT = 0.25  # of a copy beside an example's 1
MOST = 4_000  # copies of one task
NOISE = 0.05  # a fall in accuracy less likely than this among equal heads is one


@dataclass(frozen=True, slots=True, kw_only=True)
class Taught:
    """What came of it.

    Args:
        learned: the head to use: taught at the edge where that was kept, else as it was.
        copies: that were made; 0 where none could be.
        before, after: by behaviour, the share of changed `steer` examples that hold.
        kept: whether the copies taught the head.
        why: why not, where they were made and didn't.
    """

    learned: Learned
    copies: int = 0
    before: dict[str, float] = field(default_factory=dict)
    after: dict[str, float] = field(default_factory=dict)
    kept: bool = False
    why: str = ""


def teaching(project: Project, task: str) -> list[Behaviour]:
    """The behaviours of a task whose changes leave the label as it is, and may be taught."""
    return [one for one in project.behaviours.values() if one.task == task and one.widens and one.teach]


def taught(cycle: Cycle, task: Task, plain: Learned) -> Taught:
    """The head of a task, taught at the edge where that helps.

    Args:
        plain: the head from its labels alone.
    """
    cycle.progress(f"teaching {task.name} at the edge", 0, None)
    labels = split(cycle.labels(task), cycle.world, Part.TEACH)
    trials = [one for each in teaching(cycle.project, task.name) if (one := tried(cycle, each)) is not None]
    before = [one.share(cycle, task, plain.head) for one in trials]
    copies = _copies(cycle, [one.behaviour for one in trials], labels, plain.choice.blocks) if trials else None
    if copies is None:
        return Taught(learned=plain)
    names, targets = cycle.names[task.name], cycle.project.targets
    every = cycle.labels(task)
    learned = teach(cycle.world, task, names, every, targets=targets, seed=cycle.seed, warm=plain, copies=copies)
    after = [one.share(cycle, task, learned.head) for one in trials]
    why = _against(labels, plain, learned, before, after)
    if not why:
        tests = list(of_task(cycle, task.name))
        further = missed(cycle, task, learned.head, tests).mean() > missed(cycle, task, plain.head, tests).mean()
        why = "it is further from the targets of its tests" if further else ""
    return Taught(
        learned=plain if why else learned,
        copies=len(copies.of),
        before={one.name: share for one, share in zip(trials, before, strict=True)},
        after={one.name: share for one, share in zip(trials, after, strict=True)},
        kept=not why,
        why=why,
    )


def _against(labels: Labels, plain: Learned, new: Learned, before: list[float], after: list[float]) -> str:
    """What speaks against the new head; "" where nothing does."""
    right = [_right(one.head, one, labels) for one in (plain, new)]
    lost, won = (int(np.count_nonzero(right[i] & ~right[1 - i])) for i in (0, 1))
    if mid_p(lost, won) <= NOISE and lost > won:
        return f"out of fold, the examples themselves got worse: {lost} lost, {won} won"
    return "" if sum(after) >= sum(before) else "fewer of the changed examples hold"


def _right(head: Head, learned: Learned, labels: Labels) -> Mask:
    same = np.asarray(head.decide(learned.out_of_fold) == labels.gold)
    return same if same.ndim == 1 else np.asarray(same.all(axis=1))


def _copies(cycle: Cycle, behaviours: list[Behaviour], labels: Labels, blocks: tuple[str, ...]) -> Copies | None:
    """Changed copies of labelled examples, at most two of each and `MOST` in all."""
    each = min(MOST, 2 * len(labels)) // (len(behaviours) * len(LEVELS))
    texts: list[str] = []
    of: list[Rows] = []
    for behaviour in behaviours:
        rows = _chosen(cycle, members(cycle, behaviour, labels.rows), each)
        if not len(rows):
            continue
        before = Examples(store=cycle.store, rows=rows, input=cycle.project.text).at(np.arange(len(rows)))
        for times in LEVELS:
            said, at = _changed(cycle, behaviour, before, rows, min(1.0, times * behaviour.reach))
            texts += said
            of.append(np.searchsorted(labels.rows, rows[at]))
    if not texts:
        return None
    xs = features(cycle.subject({}), texts, blocks)
    return Copies(xs=xs, of=np.concatenate(of), weight=WEIGHT)


def _chosen(cycle: Cycle, rows: Rows, count: int) -> Rows:
    """`count` of these rows, by numbers of their own, so that the choice stays when labels are added."""
    luck = np.random.default_rng([cycle.seed, 1]).random(len(cycle.world))[rows]
    return np.sort(rows[np.argsort(luck, kind="stable")[:count]])


def _changed(
    cycle: Cycle, behaviour: Behaviour, before: pa.RecordBatch, rows: Rows, level: float
) -> tuple[list[str], Rows]:
    """The copies that came out changed, and positions of what they come from.

    Each by a generator of its own, so that a row's copy stays the same, and keeps its vector, when labels are added.
    """
    column = cycle.project.text
    name = crc32(behaviour.name.encode())
    numbered = as_input(before.append_column(ROW, pa.array(rows)), column)
    texts, at = [], []
    for i, row in enumerate(rows.tolist()):
        one = numbered.slice(i, 1)
        after = returned(behaviour, one, behaviour.function(one, level, np.random.default_rng([name, row])), column)
        if changed(one, after)[0]:
            texts.append(after.column(column)[0].as_py() or "")
            at.append(i)
    return texts, np.array(at, np.int64)


def features(subject: Trained, texts: list[str], blocks: tuple[str, ...]) -> dict[str, Matrix]:
    """What heads read of texts that are no examples."""
    found: dict[str, Matrix] = {name: held_.of(texts) for name, held_ in subject.dense.items() if name in blocks}
    if subject.lexical.digest in blocks:
        found[subject.lexical.digest] = subject.lexical.hashed(texts)
    return found
