"""How many of the next labels steer and measure, and which examples those are.

A label does one job. Before any cell is near its target, gate labels could only confirm what steering shows, so a tenth
of the batch goes to them, for a first estimate; once cells are believed to be at their target, as many as would decide
half of those, and never more than half as many as teach. About five labels a cell are enough to steer by.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from adequate.loop.turn import Survey, World, sealed, split
from adequate.loop.verdicts import Judged
from adequate.mining.measure import Chosen, Want, choose
from adequate.spec.tasks import Task
from adequate.testing.cells import ALL
from adequate.types import Codes, Doubles, Labels, Mask, Metric, Part, Rows, State

STEER = 5  # labels a cell that are enough to steer by
ALWAYS = 0.1  # of a batch, drawn for the gate whatever the states are


@dataclass(frozen=True, slots=True, kw_only=True)
class Measuring:
    """Examples to label that don't teach.

    Args:
        steer: rows.
        gate: rows, in the order in which to ask.
        why: for each gate row, the cell that it serves; "" for an even draw.
        probability: shape (gate rows,), of every gate example from now on.
    """

    steer: Rows
    gate: Rows
    why: tuple[str, ...]
    probability: Doubles


def measuring(
    world: World,
    task: Task,
    names: Sequence[str],
    labels: Labels,
    probability: Doubles,
    judged: Judged,
    seen: Survey,
    *,
    batch: int,
) -> Measuring:
    """What to label for steering and for the gate, beside `batch` labels that teach."""
    rows, _, sample = sealed(world, task.kind, split(labels, world, Part.GATE), probability)
    wanted = _gate_labels(judged, batch)
    wants, cells = _wants(world, judged, names, rows, seen.answers(rows))
    chosen: Chosen = choose(min(wanted, int(np.count_nonzero(~sample.known))), sample, wants)
    return Measuring(
        steer=_steering(world, names, labels, len(judged.cells), seen, batch),
        gate=rows[chosen.rows],
        why=tuple(cells[i] if i >= 0 else "" for i in chosen.why.tolist()),
        probability=chosen.probability,
    )


def _gate_labels(judged: Judged, batch: int) -> int:
    need = judged.states.need
    undecided = np.array([state is State.UNKNOWN for state in judged.states.states])
    near = undecided & judged.states.likely & np.isfinite(need) & (judged.evidence >= STEER)
    least = int(np.ceil(ALWAYS * batch)) if undecided.any() else 0
    return max(least, int(min(batch / 2, np.median(need[near]))) if near.any() else 0)


def _wants(
    world: World, judged: Judged, names: Sequence[str], rows: Rows, answers: Codes | Mask
) -> tuple[list[Want], list[str]]:
    """The cells worth deciding; even draws serve those whose members nobody knows before (recall), or all belong to."""
    code = {name: i for i, name in enumerate(names)}
    wants, cells = [], []
    for i, cell in enumerate(judged.cells):
        near = judged.states.states[i] is State.UNKNOWN and judged.states.likely[i] and judged.evidence[i] >= STEER
        if not near:
            continue
        members: Mask | None = None
        if cell.metric is not Metric.RECALL and (cell.slice != ALL or cell.label is not None):
            inside = np.ones(len(rows), bool) if cell.slice == ALL else world.slices[cell.slice][rows]
            if cell.label is not None:
                given = answers == code[cell.label] if answers.ndim == 1 else answers[:, code[cell.label]]
                inside = np.asarray(inside & given)
            members = inside
        wants.append(Want(members=members, need=float(judged.states.need[i])))
        cells.append(cell.key)
    return wants, cells


def _steering(world: World, names: Sequence[str], labels: Labels, cells: int, seen: Survey, batch: int) -> Rows:
    """Steer examples to label: of the labels that have fewest, as far as the model can tell which those are."""
    steer = split(labels, world, Part.STEER)
    count = min(STEER * cells - len(steer), int(np.ceil(ALWAYS * batch)))
    open_ = np.setdiff1d(world.rows(Part.STEER), steer.rows, assume_unique=True)
    if count <= 0 or len(open_) == 0:
        return open_[:0]
    told = seen.look.top[open_]
    gold = steer.gold
    have = np.bincount(gold, minlength=len(names)) if gold.ndim == 1 else gold.sum(axis=0)
    # The j-th open example of a label comes where that label would have its (have + j)-th.
    order = np.argsort(world.uniform[open_], kind="stable")
    place = np.empty(len(open_), np.int64)
    place[order] = _turn(told[order])
    return np.sort(open_[np.lexsort((world.uniform[open_], have[told] + place))[:count]])


def _turn(codes: Codes) -> Rows:
    """For each entry, how many equal ones came before it."""
    order = np.argsort(codes, kind="stable")
    ordered = codes[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]]) if len(codes) else np.zeros(0, np.int64)
    turn = np.arange(len(codes)) - np.repeat(starts, np.diff(np.r_[starts, len(codes)]))
    out = np.empty(len(codes), np.int64)
    out[order] = turn
    return out
