"""May the candidate take the baseline's place? Both are compared on the gate's labels, and on the tests."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from adequate.loop.answers import answered
from adequate.loop.checks import step as tests
from adequate.loop.turn import sealed, split
from adequate.store import Cell as Measured
from adequate.store import Look as Entry
from adequate.testing.gate import ALPHA, Comparison, Verdict, compare, decide
from adequate.testing.sampling import Sample
from adequate.types import Codes, Mask, Part, Rows

if TYPE_CHECKING:
    from adequate.loop.cycle import Cycle
    from adequate.loop.state import State
    from adequate.spec.tasks import Task


def gate(cycle: Cycle, state: State) -> State:
    """May the candidate take the baseline's place? If so it does; if labels would tell, they are asked for first."""
    store = cycle.store
    if state.model is None:
        return state
    if store.models.accepted() == state.model:
        return state.but(outcome="passed", reasons=("the model is the baseline already",))
    if (said := _rejected(cycle, state.model)) is not None:
        return state.but(outcome="blocked", reasons=(said,))
    compared = comparisons(cycle, state)
    verdict = decide([comparison for _, comparison in compared])
    _write_down(cycle, state, compared, verdict)
    if verdict.outcome == "passed":
        store.models.accept(state.model)
    elif verdict.outcome == "blocked":
        store.models.reject(state.model)
    return state.but(outcome=verdict.outcome, reasons=verdict.reasons)


def _rejected(cycle: Cycle, model: str) -> str | None:
    """What the person said who rejected this very model: the gate doesn't accept it behind their back."""
    said = [one for one in cycle.store.overrides.list(now=time.time()) if one.what == f"gate:{model}"]
    return f"{said[-1].who} rejected it: {said[-1].why}" if said and said[-1].value == "rejected" else None


def comparisons(cycle: Cycle, state: State) -> list[tuple[Task | None, Comparison]]:
    """Candidate against baseline, task by task, and then on all tests; none where there is no baseline."""
    if state.baseline is None or state.model is None:
        return []
    found: list[tuple[Task | None, Comparison]] = [
        (task, compare_with(cycle, task, state.baseline))
        for task in cycle.teachable()
        if cycle.store.predictions.has(task.name, state.baseline)
    ]
    if cycle.tests is None and (made := tests.compared(cycle, state.model, state.baseline)) is not None:
        cycle.tests = made
    return found if cycle.tests is None else [*found, (None, cycle.tests)]


def compare_with(cycle: Cycle, task: Task, baseline: str) -> Comparison:
    """One task of the candidate against a model whose answers are kept."""
    names = cycle.names[task.name]
    rows, gold, sample = sealed_of(cycle, task)
    new = cycle.seen(task).answers(rows)
    old = new.copy()
    # Examples that came after the baseline have no answer of it: they count as agreed on.
    known = rows < cycle.store.predictions.count(task.name, baseline)
    old[known] = answered(cycle.store, task, baseline, rows[known], names)
    cells = cycle.cells[task.name]
    return compare(cells, names, gold, new, old, cycle.world.sliced(rows), sample=sample)


def sealed_of(cycle: Cycle, task: Task) -> tuple[Rows, Codes | Mask, Sample]:
    labels = split(cycle.labels(task), cycle.world, Part.GATE)
    return sealed(cycle.world, task.kind, labels, cycle.chance(task))


def _write_down(
    cycle: Cycle, state: State, compared: Sequence[tuple[Task | None, Comparison]], verdict: Verdict
) -> None:
    """The look in the ledger, and each cell's change beside its state."""
    assert state.model is not None
    store = cycle.store
    now = {
        "reasons": list(verdict.reasons),
        "gate_labels": {
            task.name: len(split(cycle.labels(task), cycle.world, Part.GATE))
            for task, _ in compared
            if task is not None
        },
    }
    entry = Entry(candidate=state.model, baseline=state.baseline, alpha=ALPHA, verdict=verdict.outcome, detail=now)
    same = [look for look in store.looks.list(state.model) if look.verdict == entry.verdict and look.detail == now]
    if state.baseline is not None and not same:
        store.looks.spend(entry)
    change = {
        (cell.task, cell.slice, cell.label or "", str(cell.metric)): str(changed)
        for (_, comparison), changes in zip(compared, verdict.changes, strict=True)
        for cell, changed in zip(comparison.cells, changes, strict=True)
    }
    rows = store.cells.read(state.model).drop_columns(["model", "number"]).to_pylist()
    store.cells.put(
        state.model,
        [
            Measured(**row | {"change": change.get((row["task"], row["slice"], row["label"], row["metric"]))})
            for row in rows
        ],
    )
