"""Two models on the same sealed examples: what `adequate gate` says of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from adequate.errors import NotEnoughDataError
from adequate.loop import junit
from adequate.loop.answers import answered, labels_of, names_of
from adequate.loop.chances import Chances
from adequate.loop.checks import gate
from adequate.loop.checks.cells import cells as tests_of
from adequate.loop.cycle import slices
from adequate.loop.renames import carried
from adequate.loop.report import standing
from adequate.loop.subjects import Trained
from adequate.loop.turn import Ground, sealed, split
from adequate.store import Look as Entry
from adequate.testing.cells import Cell, declared
from adequate.testing.gate import ALPHA, Comparison, Level, Outcome, compare, decide
from adequate.testing.sampling import uniforms
from adequate.testing.states import Judgement
from adequate.types import Metric, Part, State

if TYPE_CHECKING:
    from adequate.spec.project import Project
    from adequate.spec.tasks import Task
    from adequate.store import Store

EXIT: dict[Outcome, Literal[0, 1, 2]] = {"passed": 0, "blocked": 1, "needs_labels": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One cell in a comparison: labelled members that only one of the two models got right, and what follows."""

    cell: str
    lost: int
    won: int
    p: float
    e: float
    change: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The gate's answer.

    Args:
        outcome: passed, blocked or needs_labels.
        reasons: one line each, worst first.
        lines: every cell.
        ask: ids of the examples to label, by task, where labels are needed; their texts stay sealed.
        expected: labels that are likely needed until there is a verdict.
        looks: how many times these two were compared, this time included.
    """

    baseline: str
    candidate: str
    outcome: Outcome
    reasons: tuple[str, ...]
    lines: tuple[Line, ...]
    ask: dict[str, list[str]]
    expected: int
    looks: int

    @property
    def exit_code(self) -> int:
        """0 passed, 1 blocked, 2 needs labels."""
        return EXIT[self.outcome]

    def to_json(self) -> dict[str, Any]:
        """Everything, as `gate --json` prints it."""
        return {
            "baseline": self.baseline,
            "candidate": self.candidate,
            "verdict": self.outcome,
            "exit": self.exit_code,
            "reasons": list(self.reasons),
            "cells": [
                {name: getattr(line, name) for name in ("cell", "lost", "won", "p", "e", "change")}
                for line in self.lines
            ],
            "ask": self.ask,
            "expected_labels": self.expected,
            "looks": self.looks,
        }

    def to_junit(self) -> bytes:
        """A JUnit file: one test case a cell, so that a CI shows which got worse."""
        cases = [_case(line) for line in self.lines]
        verdict = junit.Case(group="gate", name="verdict")
        if self.outcome != "passed":
            outcome: Literal["failure", "skipped"] = "failure" if self.outcome == "blocked" else "skipped"
            verdict = replace(verdict, outcome=outcome, message="; ".join(self.reasons))
        return junit.written(f"adequate gate {self.baseline} -> {self.candidate}", [*cases, verdict])


def _case(line: Line) -> junit.Case:
    text = f"{line.lost} lost, {line.won} won, p = {line.p:.3g}"
    made = junit.Case(group="cell", name=line.cell)
    if line.change == "regressed":
        return replace(made, outcome="failure", message=f"regressed: {text}")
    if line.change == "suspect":
        return replace(made, outcome="skipped", message=f"suspect: {text}; labels would decide")
    return made


def compared(
    store: Store, project: Project, baseline: str, candidate: str, *, release: bool = False, spend: bool = True
) -> Report:
    """Compare two models of the project by the labels that the gate part has now. The look is written down first.

    Args:
        release: also want every critical cell adequate and none inadequate.
        spend: False where the caller, who holds the store, writes the look down before showing it.

    Raises:
        UnknownNameError: no such model.
        NotEnoughDataError: there is no task for which both have answers.
    """
    old, new = store.models.get(baseline).id, store.models.get(candidate).id
    found = [
        (task, *_one(store, project, task, old, new))
        for task in project.learnable.values()
        if all(store.predictions.has(task.name, model) for model in (old, new))
    ]
    if not found:
        raise NotEnoughDataError(
            f"models {old} and {new} have no task in common whose answers are kept", remedy="adequate show models"
        )
    level: Level = "release" if release else "accept"
    tested = _tested(store, project, old, new)
    comparisons = [*(comparison for _, comparison, _ in found), *tested]
    verdict = decide(comparisons, [_judged(store, project, new)], level=level)
    before = sum(look.baseline == old for look in store.looks.list(new))
    if spend:
        store.looks.spend(look_at(old, new, verdict.outcome, verdict.reasons, level=level))
    lines = [
        Line(
            cell=cell.key,
            lost=int(comparison.lost[i]),
            won=int(comparison.won[i]),
            p=float(comparison.p[i]),
            e=float(comparison.e[i]),
            change=str(changes[i]),
        )
        for comparison, changes in zip(comparisons, verdict.changes, strict=True)
        for i, cell in enumerate(comparison.cells)
    ]
    ask = {
        task.name: [ids[i] for i in asked.tolist()]
        for (task, _, ids), asked in zip(found, verdict.ask, strict=False)  # tests need no labels
        if len(asked)
    }
    return Report(
        baseline=old,
        candidate=new,
        outcome=verdict.outcome,
        reasons=verdict.reasons,
        lines=tuple(lines),
        ask=ask,
        expected=verdict.expected,
        looks=before + 1,
    )


def look_at(baseline: str, candidate: str, outcome: str, reasons: Sequence[str], *, level: Level = "accept") -> Entry:
    """The row of a look that somebody asked for."""
    now = {"by": "gate", "level": level, "reasons": list(reasons)}
    return Entry(candidate=candidate, baseline=baseline, alpha=ALPHA, verdict=outcome, detail=now)


def _one(store: Store, project: Project, task: Task, old: str, new: str) -> tuple[Comparison, list[str]]:
    """One task, and the ids of the gate's examples."""
    names = names_of(store, task)
    n = min(store.predictions.count(task.name, model) for model in (old, new))
    parts = store.examples.parts()
    uniform = np.ones(len(parts))
    world = Ground(parts=parts, slices=slices(store, project), uniform=uniform)
    rows = world.rows(Part.GATE)
    ids = store.examples.ids(rows)
    uniform[rows] = uniforms(ids)
    labels = split(labels_of(store, task, names), world, Part.GATE)
    rows, gold, sample = sealed(world, task.kind, labels, Chances(store.root).read(task.name, len(rows)))
    keep = rows < n
    now, before = (answered(store, task, model, rows[keep], names) for model in (new, old))
    cells = declared([task], project.slices.values(), {task.name: names}, project.targets)
    comparison = compare(
        cells, names, gold[keep], now, before, world.sliced(rows[keep]), sample=sample.at(np.flatnonzero(keep))
    )
    return comparison, [ids[i] for i in np.flatnonzero(keep).tolist()]


def _tested(store: Store, project: Project, old: str, new: str) -> list[Comparison]:
    """Both on the tests that need no labels; none where none is declared.

    Raises:
        NotEnoughDataError: a model's files are gone.
    """
    if not project.has_tests:
        return []
    was, now = (Trained.of(store, project, model) for model in (old, new))
    made = gate.compared(store, project, was, now, old)
    return [] if made is None else [made]


def _judged(store: Store, project: Project, model: str) -> tuple[list[Cell], Judgement]:
    """The cells that are declared today, as the model's cycle measured them, at the targets that they have today."""
    names = {task.name: names_of(store, task) for task in project.learnable.values()}
    cells = declared(project.learnable.values(), project.slices.values(), names, project.targets)
    # An assertion that only warns blocks nothing.
    cells += [cell for cell in tests_of(store, project) if cell.critical or cell.metric is not Metric.ASSERTION]
    rows = {
        (row["task"], row["slice"], row["label"], row["metric"]): row
        for row in carried(store.cells.read(model).to_pylist(), project)
    }
    measured = [rows.get((cell.task, cell.slice, cell.label or "", str(cell.metric))) for cell in cells]
    labelled = {task: int(np.sum(store.labels.current(task)["part"].to_numpy() == Part.GATE)) for task in names}
    stands = [
        (State.UNKNOWN, None) if row is None else standing(cell, row, labelled.get(cell.task, 0))
        for cell, row in zip(cells, measured, strict=True)
    ]

    def of(name: str, blank: float) -> np.ndarray:
        return np.array([blank if row is None or row[name] is None else row[name] for row in measured], float)

    return cells, Judgement(
        states=tuple(state for state, _ in stands),
        low=of("low", 0.0),
        high=of("high", 1.0),
        need=np.array([0.0 if state is not State.UNKNOWN else need or np.inf for state, need in stands], float),
        likely=of("value", 0.0) > np.array([cell.target for cell in cells]),
    )
