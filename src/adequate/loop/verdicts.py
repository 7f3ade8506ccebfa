"""What the sealed part says of one task's model: counts, states, and the looks that were spent on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from adequate.loop.turn import Survey, World, sealed, split, tally
from adequate.spec.tasks import Task
from adequate.testing import looks
from adequate.testing.cells import ALL, Cell, Counts, count
from adequate.testing.looks import Look
from adequate.testing.states import Judgement, believe, judge
from adequate.training import Learned
from adequate.types import Doubles, Labels, Metric, Part, Rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """Of one task's cells.

    Args:
        counts: of the gate's labels.
        states: with bounds and labels to go.
        belief: shape (c,), the value expected from labels that don't measure.
        evidence: shape (c,), how many such labels there are.
        spent: rows that this look adds to the ledger.
    """

    cells: tuple[Cell, ...]
    counts: Counts
    states: Judgement
    belief: Doubles
    evidence: Rows
    spent: tuple[Look, ...]


def evidence_of(
    world: World, cells: Sequence[Cell], names: Sequence[str], labels: Labels, learned: Learned, seen: Survey
) -> tuple[Counts, Counts]:
    """What labels that don't measure say of each cell: out of fold in `teach`, and of `steer`."""
    taught, steer = split(labels, world, Part.TEACH), split(labels, world, Part.STEER)
    held = learned.head.decide(learned.out_of_fold)
    return tally(world, cells, names, taught, held), tally(world, cells, names, steer, seen.answers(steer.rows))


def believed(
    world: World, cells: Sequence[Cell], names: Sequence[str], evidence: Sequence[Counts], seen: Survey
) -> Doubles:
    """Shape (c,): the value to expect of each cell, from nothing that measures.

    Labels that teach and steer were picked where the model is weak, so they say far too little; the calibrated
    confidence of all members is the better guess. Recall counts the runners-up as what is missed. This only decides
    when a look is worth its alpha: a wrong belief costs labels, never a false claim. Multilabel cells of a label have
    no confidence of their own in the survey, and go by the labels.
    """
    belief = believe(cells, *evidence)
    look = seen.look
    for i, cell in enumerate(cells):
        if cell.label is not None and seen.chosen is not None:
            continue
        members = np.ones(len(world), bool) if cell.slice == ALL else world.slices[cell.slice]
        if cell.label is None:
            belief[i] = seen.sure[members].mean(dtype=np.float64) if members.any() else belief[i]
            continue
        code = names.index(cell.label)
        given = members & (look.top == code)
        if cell.metric is Metric.PRECISION:
            belief[i] = seen.sure[given].mean(dtype=np.float64) if given.any() else belief[i]
            continue
        passed = members & (look.second == code)
        right, missed = look.confidence[given].sum(), (look.confidence - look.margin)[passed].sum()
        belief[i] = right / (right + missed) if right + missed > 0 else belief[i]
    return belief


def pronounce(
    world: World,
    task: Task,
    cells: Sequence[Cell],
    names: Sequence[str],
    labels: Labels,
    probability: Doubles,
    learned: Learned,
    seen: Survey,
    *,
    ledger: Sequence[Look],
    model: str,
) -> Judged:
    """Look at the gate labels of one task, at the level that the ledger of looks allows.

    Args:
        probability: shape (gate rows,), the chance with which each is labelled by now.
        ledger: every look so far, oldest first.
        model: names the model; the same model on the same labels is the same look.
    """
    evidence = evidence_of(world, cells, names, labels, learned, seen)
    belief = believed(world, cells, names, evidence, seen)
    rows, gold, sample = sealed(world, task.kind, split(labels, world, Part.GATE), probability)
    counts = count(cells, names, gold, seen.answers(rows), world.sliced(rows), sample=sample)
    plan = looks.plan(cells, counts, ledger, model=model, belief=belief)
    states = judge(counts, [cell.target for cell in cells], plan.alpha, look=plan.look, belief=belief)
    spent = looks.record(cells, counts, plan, states, model=model)
    return Judged(
        cells=tuple(cells),
        counts=counts,
        states=states,
        belief=belief,
        evidence=evidence[0].n + evidence[1].n,
        spent=tuple(spent),
    )
