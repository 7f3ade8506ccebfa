"""What each cell of a model is worth: those that labels measure, then the tests that need none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np

from adequate.loop.checks import step as tests
from adequate.loop.turn import split
from adequate.loop.verdicts import Judged, pronounce
from adequate.store import Cell as Measured
from adequate.store import Look as Entry
from adequate.testing.looks import Look
from adequate.types import Part

if TYPE_CHECKING:
    from adequate.loop.cycle import Cycle
    from adequate.loop.state import State
    from adequate.spec.tasks import Task
    from adequate.testing.cells import Cell, Counts
    from adequate.testing.states import Judgement


def test(cycle: Cycle, state: State) -> State:
    """A value, bounds and a state for every cell."""
    if state.model is None:
        return state
    spent: list[Look] = []
    measured: list[Measured] = []
    for task in cycle.teachable():
        judged = judge(cycle, task, state.model)
        spent += judged.spent
        measured += rows_of(cycle, task, judged)
    if spent:
        detail = {"looks": [asdict(look) for look in spent]}
        alpha = sum(look.spent for look in spent)
        cycle.store.looks.spend(
            Entry(candidate=state.model, baseline=None, alpha=alpha, verdict="cells", detail=detail)
        )
    cycle.store.cells.put(state.model, measured)
    tests.tested(cycle, state.model)
    return state


def judge(cycle: Cycle, task: Task, model: str) -> Judged:
    """The cells of one task, as the gate's labels have them now."""
    return pronounce(
        cycle.world,
        task,
        cycle.cells[task.name],
        cycle.names[task.name],
        cycle.labels(task),
        cycle.chance(task),
        cycle.learned(task),
        cycle.seen(task),
        ledger=cycle.ledger(),
        model=model,
    )


def rows_of(cycle: Cycle, task: Task, judged: Judged) -> list[Measured]:
    """Judged cells as the store keeps them."""
    taught = len(split(cycle.labels(task), cycle.world, Part.TEACH))
    return measured(judged.cells, judged.counts, judged.states, taught)


def measured(cells: Sequence[Cell], counts: Counts, states: Judgement, taught: int) -> list[Measured]:
    """Cells, what was counted and what follows from it, as the store keeps them.

    Args:
        taught: labels that taught the model.
    """
    value = counts.value
    return [
        Measured(
            task=cell.task,
            slice=cell.slice,
            label=cell.label or "",
            metric=str(cell.metric),
            target=cell.target,
            critical=cell.critical,
            n=int(counts.n[i]),
            n_eff=float(counts.n[i]),
            value=float(value[i]) if np.isfinite(value[i]) else None,
            low=float(states.low[i]),
            high=float(states.high[i]),
            state=str(states.states[i]),
            need=int(states.need[i]) if np.isfinite(states.need[i]) and states.need[i] > 0 else None,
            labels=taught,
        )
        for i, cell in enumerate(cells)
    ]
