"""Behaviours and suites that bring their own cases: each has an answer that is right.

The cases are all that is meant, so what is measured is exact: the bounds are the value, unless a template had more
combinations than were tried.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from adequate.errors import ColumnError, TestError, unknown
from adequate.perturb.operator import as_input
from adequate.spec import source
from adequate.spec.behaviours import Behaviour
from adequate.spec.cases import Case, Cases
from adequate.store.formats import inspect
from adequate.testing.behaviours import confidence, right, said
from adequate.testing.bounds import clopper_pearson
from adequate.testing.cells import Cell
from adequate.testing.outputs import Subject
from adequate.testing.results import Failing, Result
from adequate.types import Metric, State

if TYPE_CHECKING:
    from pathlib import Path

    from adequate.spec.project import Project
    from adequate.spec.suites import Suite

ALPHA = 0.05
SHOWN = 200  # failing cases that are kept of a cell


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """Cases to try.

    Args:
        cases: in order.
        whole: whether they are all that is meant; else a sample.
    """

    cases: Sequence[Case]
    whole: bool = True


def filled(behaviour: Behaviour) -> Filled:
    """The cases that a behaviour yields.

    Raises:
        TestError: it fails, yields nothing, or something that is no case.
    """
    where = f"behaviour {behaviour.name!r} ({source.place(behaviour.function)})"
    wanted = behaviour.expect if isinstance(behaviour.expect, str) else None
    cases: list[Case] = []
    whole = True
    try:
        for one in behaviour.function() or ():
            if isinstance(one, Cases):
                whole = whole and one.size <= one.n
                cases += [case if case.expect else _expecting(case, wanted) for case in one]
            else:
                cases.append(_case(one, wanted))
    except TestError:
        raise
    except Exception as error:
        raise TestError(f"{where} raised {type(error).__name__}: {error}", remedy="correct it in project.py") from error
    if not cases:
        raise TestError(f"{where} yields no case", remedy='yield from aq.cases("...", expect="LABEL")')
    for case in cases:
        if not case.expect:
            raise TestError(
                f"{where}: it isn't said what is right for {case.text!r}", remedy='aq.cases(..., expect="LABEL")'
            )
    return Filled(cases=cases, whole=whole)


def _expecting(case: Case, label: str | None) -> Case:
    return Case(text=case.text, expect=label or "", template=case.template, filled=case.filled)


def _case(one: Any, wanted: str | None) -> Case:
    if isinstance(one, Case):
        return one if one.expect else _expecting(one, wanted)
    if isinstance(one, str):
        return Case(text=one, expect=wanted or "")
    if isinstance(one, tuple) and len(one) == 2 and all(isinstance(part, str) for part in one):
        return Case(text=one[0], expect=one[1])
    raise TestError(f"{one!r} is no case", remedy="yield from aq.cases(...), or yield (text, label)")


def tested(cell: Cell, found: Filled, subject: Subject, column: str) -> Result:
    """One cell's cases, put to a subject."""
    texts, wanted = [case.text for case in found.cases], [case.expect for case in found.cases]
    batch = as_input(pa.record_batch({column: pa.array(texts, pa.string())}), column)
    output = subject.answer(batch)[cell.task]
    strange = sorted(set(wanted) - set(output.labels) - {""})
    if strange:
        error = unknown("label", strange[0], output.labels)
        raise TestError(f"{cell.label}: {error.message}", remedy=error.remedy)
    holds = right(output, wanted)
    n, good = len(holds), int(holds.sum())
    low, high = (good / n, good / n) if found.whole else map(float, clopper_pearson(good, n, ALPHA))
    state = State.ADEQUATE if low >= cell.target else State.INADEQUATE if high < cell.target else State.UNKNOWN
    words, sure = said(output), confidence(output)
    bad = np.flatnonzero(~holds)
    order = bad if sure is None else bad[np.argsort(-sure[bad], kind="stable")]
    failing = [
        Failing(
            text=texts[i],
            expected=wanted[i],
            answered=words[i],
            confidence=None if sure is None else float(sure[i]),
            suggested=wanted[i],
            detail={"template": found.cases[i].template, **found.cases[i].filled} if found.cases[i].template else {},
        )
        for i in order[:SHOWN].tolist()
    ]
    return Result(cell=cell, n=n, held=good, value=good / n, low=low, high=high, state=state, failing=failing)


def cell_of(behaviour: Behaviour) -> Cell:
    """The cell of a behaviour that yields cases."""
    return Cell(
        task=behaviour.task,
        label=behaviour.name,
        metric=Metric.BEHAVIOUR,
        target=behaviour.target,
        critical=behaviour.critical,
    )


def of_suite(suite: Suite, project: Project, root: Path) -> Iterable[tuple[Cell, Filled]]:
    """The cells of a suite and their cases, read from its file.

    Raises:
        AdequateError: the file can't be read, or lacks a column.
    """
    file = root / suite.path
    if not file.is_file():
        raise TestError(
            f"suite {suite.name!r}: there is no file {suite.path}", remedy="its path is relative to project.py"
        )
    table = pa.Table.from_batches(list(data := inspect(file)), data.schema)
    tasks = (
        [suite.task]
        if suite.task
        else [name for name in project.learnable if project.tasks[name].column in table.column_names]
    )
    if not tasks:
        raise ColumnError(
            f"{suite.path} has no column of a task; it has {', '.join(table.column_names)}",
            remedy="name the task, and expect=COLUMN",
        )
    for name in tasks:
        yield from _of_task(suite, name, suite.expect or project.tasks[name].column, suite.text or project.text, table)


def _of_task(suite: Suite, task: str, expect: str, text: str, table: pa.Table) -> Iterable[tuple[Cell, Filled]]:
    for column in (text, expect, *([suite.per] if suite.per else [])):
        if column not in table.column_names:
            raise ColumnError(
                f"suite {suite.name!r}: {suite.path} has no column {column!r}; it has {', '.join(table.column_names)}",
                remedy="suite(..., text=COLUMN, expect=COLUMN, per=COLUMN)",
            )
    texts, labels = (table[column].cast(pa.string()).to_pylist() for column in (text, expect))
    of = table[suite.per].cast(pa.string()).to_pylist() if suite.per else [""] * len(texts)
    groups: dict[str, list[Case]] = {}
    for said_, label, group in zip(texts, labels, of, strict=True):
        case = Case(text=said_ or "", expect=suite.labels.get(label, label) or "")
        groups.setdefault(group or "", []).append(case)
    for group, cases in groups.items():
        yield (
            Cell(
                task=task,
                label=f"{suite.name}: {group.replace('/', ' ')}" if group else suite.name,
                metric=Metric.MUST_PASS if suite.exact else Metric.BEHAVIOUR,
                target=suite.target,
                critical=suite.critical,
            ),
            Filled(cases=cases),
        )
