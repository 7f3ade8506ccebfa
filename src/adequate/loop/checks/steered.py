"""Tests put to a head in the making, on what may be looked at as often as one likes: `steer` examples, and cases.

What a model is proven by (`gate` examples) has no say in how it is made; so behaviours that change examples are tried
on those of `steer`. Cases of templates and of files are their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
import pyarrow as pa

from adequate.errors import AdequateError
from adequate.loop.checks import cases, suites
from adequate.loop.checks.changes import Trial
from adequate.loop.checks.examples import Examples
from adequate.spec.slices import EVERYTHING
from adequate.testing.behaviours import held, right
from adequate.types import Part, Rows

if TYPE_CHECKING:
    from adequate.loop.cycle import Cycle
    from adequate.spec.behaviours import Behaviour, Expect
    from adequate.spec.cases import Case
    from adequate.spec.tasks import Task
    from adequate.training import Head

TRIED = 400  # steer examples on which a behaviour is tried


class Test(Protocol):
    """A test that can be put to a head of one task."""

    @property
    def name(self) -> str:
        """What people call it."""

    @property
    def target(self) -> float:
        """The share of cases that must hold."""

    def share(self, cycle: Cycle, task: Task, head: Head) -> float:
        """The share of cases that hold, in [0, 1]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """Steer examples as they are, and changed as far as a behaviour wants to reach; those that did change."""

    behaviour: Behaviour
    before: pa.RecordBatch
    after: pa.RecordBatch

    @property
    def name(self) -> str:
        """The behaviour's."""
        return self.behaviour.name

    @property
    def target(self) -> float:
        """The behaviour's."""
        return self.behaviour.target

    def share(self, cycle: Cycle, task: Task, head: Head) -> float:
        """The share that holds."""
        subject = cycle.subject({task.name: head})
        was, now = (subject.answer(batch)[task.name] for batch in (self.before, self.after))
        expect: Expect = self.behaviour.expect  # type: ignore[assignment]
        return float(held(was, now, expect, self.behaviour.by).mean())


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """Cases whose answer is known."""

    name: str
    target: float
    cases: tuple[Case, ...]

    def share(self, cycle: Cycle, task: Task, head: Head) -> float:
        """The share answered right."""
        texts = pa.array([case.text for case in self.cases], pa.string())
        batch = pa.record_batch({cycle.project.text: texts})
        output = cycle.subject({task.name: head}).answer(batch)[task.name]
        return float(right(output, [case.expect for case in self.cases]).mean())


def changed(cycle: Cycle, behaviour: Behaviour) -> Changed | None:
    """A behaviour that changes examples; None where nothing can be tried: the step `test` says why."""
    rows = members(cycle, behaviour, cycle.world.rows(Part.STEER))
    rows = rows[np.argsort(cycle.world.uniform[rows], kind="stable")][:TRIED]
    steer = Examples(store=cycle.store, rows=rows, input=cycle.project.text)
    trial = Trial(behaviour=behaviour, subject=cycle.subject({}), seed=0)
    level = behaviour.reach if behaviour.widens else 1.0
    try:
        before, after, moved = trial.changed(steer, level, np.arange(len(rows), dtype=np.int64))
    except AdequateError:
        return None
    keep = np.flatnonzero(moved)
    return Changed(behaviour=behaviour, before=before.take(keep), after=after.take(keep)) if len(keep) else None


def members(cycle: Cycle, behaviour: Behaviour, rows: Rows) -> Rows:
    """Those of these rows on which a behaviour must hold."""
    if EVERYTHING in behaviour.slices:
        return rows
    inside = [cycle.world.slices[name][rows] for name in behaviour.slices]
    return rows[np.logical_or.reduce(inside)]


def of_task(cycle: Cycle, task: str) -> Iterator[Test]:
    """Every behaviour, suite and must-pass file of a task that can be tried; assertions need a model's every answer."""
    project = cycle.project
    for behaviour in project.behaviours.values():
        if behaviour.task != task:
            continue
        if behaviour.form == "change":
            if (found := changed(cycle, behaviour)) is not None:
                yield found
            continue
        try:
            filled = cases.filled(behaviour)
        except AdequateError:
            continue
        yield Answered(name=behaviour.name, target=behaviour.target, cases=tuple(filled.cases))
    for suite in project.suites.values():
        try:
            for cell, filled in suites.of_suite(suite, project, cycle.store.root):
                if cell.task == task and filled.fault is None and filled.cases:
                    yield Answered(name=cell.label or "", target=cell.target, cases=tuple(filled.cases))
        except AdequateError:
            continue
