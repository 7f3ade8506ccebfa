"""Suites and must-pass files: cases that somebody wrote down, read from their file. Each has its cells.

A row that can't be a case (no text, no label) makes its own cell impossible to test, and no other. The note of each
cell names the content of the file, so that a file that was changed shows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pyarrow as pa

from adequate.errors import AdequateError, ColumnError, TestError
from adequate.loop.checks.cases import Filled
from adequate.spec.cases import Case
from adequate.spec.values import as_text, given
from adequate.store.formats import inspect
from adequate.testing.cells import Cell
from adequate.types import Kind, Metric

if TYPE_CHECKING:
    from pathlib import Path

    from adequate.spec.project import Project
    from adequate.spec.suites import Suite
    from adequate.spec.tasks import Task


SHA = "sha256"  # stands in the note of each cell, before the beginning of the file's


def of_suite(suite: Suite, project: Project, root: Path) -> Iterator[tuple[Cell, Filled]]:
    """The cells of a suite and their cases.

    Args:
        root: the folder that its path is relative to.

    Raises:
        AdequateError: the file isn't there, can't be read, is empty, or lacks a column.
    """
    file = root / suite.path
    origin = f"suite {suite.name!r} ({suite.path})"
    if not file.is_file():
        what = "it is a folder" if file.is_dir() else "there is no such file"
        raise TestError(f"{origin}: {what}", remedy="its path is relative to project.py")
    try:
        data = inspect(file)
        table = pa.Table.from_batches(list(data), data.schema)
    except AdequateError as error:
        said = error.message.replace(str(file), suite.path)
        remedy = "save it as UTF-8" if "--encoding" in error.remedy else error.remedy  # an option of `add`
        raise TestError(f"suite {suite.name!r}: {said}", remedy=remedy) from error
    if not len(table):
        raise TestError(f"{origin} has no rows", remedy="a file without cases proves nothing")
    with file.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()[:8]
    for name in tasks_of(suite, project, table.column_names):
        yield from _of_task(suite, project, project.tasks[name], table, origin, f"{suite.path}, {SHA} {digest}...")


def tasks_of(suite: Suite, project: Project, columns: list[str]) -> list[str]:
    """The tasks that a file's columns have answers of."""
    if suite.task:
        return [suite.task]
    found = [name for name in project.learnable if (suite.expect or project.tasks[name].column) in columns]
    if not found:
        raise ColumnError(
            f"suite {suite.name!r}: {suite.path} has no column of a task; it has {', '.join(columns)}",
            remedy="name the task, and expect=COLUMN",
        )
    return found


def cell_of(suite: Suite, task: str, group: str = "") -> Cell:
    """The cell of a suite, or of one value of its column `per`."""
    return Cell(
        task=task,
        label=f"{suite.name}: {group}" if group else suite.name,
        metric=Metric.MUST_PASS if suite.exact else Metric.BEHAVIOUR,
        target=suite.target,
        critical=suite.critical,
    )


def _of_task(
    suite: Suite, project: Project, task: Task, table: pa.Table, origin: str, note: str
) -> Iterator[tuple[Cell, Filled]]:
    text, expect = suite.text or project.text, suite.expect or task.column
    for column in (text, expect, *([suite.per] if suite.per else [])):
        if column not in table.column_names:
            raise ColumnError(
                f"{origin} has no column {column!r}; it has {', '.join(table.column_names)}",
                remedy="suite(..., text=COLUMN, expect=COLUMN, per=COLUMN)",
            )
    texts = as_text(table[text].combine_chunks()).to_pylist()
    labels = _labels(suite, task, table[expect].combine_chunks())
    of = as_text(table[suite.per].combine_chunks()).to_pylist() if suite.per else [""] * len(texts)
    groups: dict[str, list[int]] = {}
    for i, group in enumerate(of):
        groups.setdefault((group or "").replace("/", " "), []).append(i)
    for group, rows in groups.items():
        fault = next(
            (_fault(origin, i, texts[i], text, expect) for i in rows if not texts[i] or labels[i] is None), None
        )
        cases = [] if fault else [Case(text=texts[i], expect=labels[i] or ()) for i in rows]
        places = [i + 1 for i in rows]
        yield cell_of(suite, task.name, group), Filled(cases=cases, origin=origin, rows=places, note=note, fault=fault)


def _labels(suite: Suite, task: Task, values: pa.Array) -> list[str | tuple[str, ...] | None]:
    """The right answers: a label, or of `multilabel` all that hold; None where it isn't said."""
    if task.kind is Kind.MULTILABEL:
        lists = given(values, task).to_pylist()
        return [None if one is None else tuple(suite.labels.get(name, name) for name in one) for one in lists]
    if suite.labels:  # before the task has its say: it may not know the file's names
        values = pa.array([suite.labels.get(one, one) for one in as_text(values).to_pylist()], pa.string())
    found: list[str | tuple[str, ...] | None] = given(values, task).to_pylist()
    return found


def _fault(origin: str, i: int, text: str | None, column: str, expect: str) -> TestError:
    lacks = f"no label in {expect!r}" if text else f"no text in {column!r}"
    return TestError(f"{origin}, row {i + 1}: {lacks}", remedy="say it, or take the row out")
