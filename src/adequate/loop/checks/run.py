"""All that a project declares of tests without gold labels, put to one subject. One that fails stops no other."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from functools import cache, partial
from typing import TYPE_CHECKING

import numpy as np

from adequate.errors import AdequateError, SubjectError, unknown
from adequate.loop.checks import assertions, cases, changes, suites
from adequate.loop.checks.cases import Filled
from adequate.loop.checks.examples import Examples
from adequate.loop.cycle import slice_of
from adequate.spec.behaviours import Behaviour
from adequate.spec.slices import EVERYTHING
from adequate.testing.cells import Cell
from adequate.testing.results import Result
from adequate.testing.sampling import uniforms
from adequate.types import PARTS, Part, Progress, Rows, silent

if TYPE_CHECKING:
    from adequate.spec.project import Project
    from adequate.store import Store
    from adequate.testing.outputs import Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One cell to be tested, and how.

    Args:
        cell: which.
        run: tests it.
    """

    cell: Cell
    run: Callable[[], Result]


def run(
    store: Store,
    project: Project,
    subject: Subject,
    *,
    only: Sequence[str] = (),
    seed: int = 0,
    progress: Progress = silent,
) -> list[Result]:
    """Test every cell; the result of one that can't be tested says why, and its state is unknown.

    Args:
        only: globs, over the cell's key, its name and the name of the behaviour, suite or assertion.

    Raises:
        UnknownNameError: no test has such a name.
    """
    checks = named(declared(store, project, subject, seed), only)
    found = []
    for i, check in enumerate(checks):
        progress("testing", i, len(checks))
        found.append(tried(check))
    progress("testing", len(checks), len(checks))
    return found


def named(checks: Iterable[Check], only: Sequence[str]) -> list[Check]:
    """Those that the globs mean.

    Raises:
        UnknownNameError: one of them means none: a slip, and it must not look as if all were well.
    """
    every = list(checks)
    for glob in only:
        if not any(wanted(one.cell, [glob]) for one in every):
            raise unknown("test", glob, dict.fromkeys(one.cell.label or one.cell.key for one in every))
    return [one for one in every if wanted(one.cell, only)]


def wanted(cell: Cell, only: Sequence[str]) -> bool:
    """Whether one of the globs means this cell; all do where there is none."""
    names = (cell.key, cell.label or "", (cell.label or "").partition(":")[0])
    return not only or any(fnmatch(name, glob) for glob in only for name in names)


def declared(store: Store, project: Project, subject: Subject, seed: int = 0) -> Iterator[Check]:
    """The checks that a project declares, in its order."""
    take = cache(partial(examples, store, project))  # behaviours share what is read and answered of the examples
    for behaviour in project.behaviours.values():
        yield from _of_behaviour(take, project, behaviour, subject, seed)
    for suite in project.suites.values():
        try:
            for cell, filled in suites.of_suite(suite, project, store.root):
                yield Check(cell=cell, run=partial(_answered, project, cell, partial(_itself, filled), subject))
        except AdequateError as error:
            yield Check(
                cell=suites.cell_of(suite, suite.task or next(iter(project.learnable), "")), run=_raising(error)
            )
    for cell, run in assertions.checks(store, project, subject, seed):
        yield Check(cell=cell, run=run)


def _of_behaviour(
    take: Callable[[Part, str], Examples], project: Project, behaviour: Behaviour, subject: Subject, seed: int
) -> Iterator[Check]:
    if behaviour.form == "cases":
        cell = cases.cell_of(behaviour)
        yield Check(cell=cell, run=partial(_answered, project, cell, partial(cases.filled, behaviour), subject))
        return
    for name in behaviour.slices:
        yield Check(cell=changes.cell_of(behaviour, name), run=partial(_changed, take, behaviour, name, subject, seed))


def _answered(project: Project, cell: Cell, fill: Callable[[], Filled], subject: Subject) -> Result:
    _asked(subject, cell.task)
    return cases.tested(cell, fill(), subject, project.text, project.tasks[cell.task].labels or ())


def _changed(
    take: Callable[[Part, str], Examples], behaviour: Behaviour, slice_: str, subject: Subject, seed: int
) -> Result:
    _asked(subject, behaviour.task)
    return changes.tested(behaviour, slice_, subject, take(Part.GATE, slice_), take(Part.STEER, slice_), seed)


def _itself(filled: Filled) -> Filled:
    return filled


def _asked(subject: Subject, task: str) -> None:
    if task not in subject.tasks:
        raise SubjectError(
            f"{subject.name} doesn't answer {task!r}", remedy=f"it answers: {', '.join(subject.tasks) or 'nothing'}"
        )


def examples(store: Store, project: Project, part: Part, slice_: str = EVERYTHING) -> Examples:
    """The examples of a part and a slice, in the order of their permanent random numbers."""
    rows: Rows = np.flatnonzero(store.examples.parts() == PARTS.index(part)).astype(np.int64)
    if slice_ != EVERYTHING:
        rows = rows[slice_of(store, project.slices[slice_], rows)]
    order = np.argsort(uniforms(store.examples.ids(rows)), kind="stable")
    return Examples(store=store, rows=rows[order], input=project.text)


def tried(check: Check) -> Result:
    """One cell, tested; where it can't be, the result says why."""
    began = time.perf_counter()
    try:
        found = check.run()
    except AdequateError as error:
        found = Result(cell=check.cell, error=str(error))
    return replace(found, seconds=time.perf_counter() - began)


def _raising(error: AdequateError) -> Callable[[], Result]:
    def run() -> Result:
        raise error

    return run
