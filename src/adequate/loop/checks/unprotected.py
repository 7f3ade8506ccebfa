"""What no test is about: tasks, slices and labels whose cells only gold labels speak for.

A slice is protected by a behaviour declared on it, a label by a test that names it: a case whose right answer it is, a
direction, an assertion. That all answers survive typos says little about any one label, so it protects the task alone.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from adequate.errors import AdequateError
from adequate.loop.answers import names_of
from adequate.loop.checks import cases, suites
from adequate.loop.checks.keep import key_of
from adequate.spec.behaviours import Expect
from adequate.spec.slices import EVERYTHING
from adequate.testing.cells import declared
from adequate.types import Part

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import CodeType

    from adequate.spec.project import Project
    from adequate.spec.tasks import Task
    from adequate.store import Store

LONG = 160  # characters of the example that a line to copy is made of
Named = tuple[str, str]  # (task, label)


def unprotected(store: Store, project: Project, model: str | None) -> list[dict[str, Any]]:
    """Of each task, slice and label with a cell and no test: its cells as last measured, and an example of it."""
    tasks = project.learnable
    names = {task.name: names_of(store, task) for task in tasks.values()}
    slices, labels = _slices(project), set(_labels(store, project))
    measured = {key_of(row): row for row in store.cells.read(model).to_pylist()} if model else {}
    found: dict[tuple[str, str, str | None], dict[str, Any]] = {}
    for cell in declared(tasks.values(), project.slices.values(), names, project.targets):
        if cell.label is None and (cell.task, cell.slice) in slices:
            continue
        if cell.label is not None and (cell.task, cell.label) in labels:
            continue
        row = measured.get((cell.task, cell.slice, cell.label or "", str(cell.metric)), {})
        held = {"key": cell.key, "metric": str(cell.metric), "value": row.get("value"), "state": row.get("state")}
        blank: dict[str, Any] = {
            "task": cell.task,
            "slice": cell.slice,
            "label": cell.label,
            "critical": cell.critical,
            "cells": [],
        }
        found.setdefault((cell.task, cell.slice, cell.label), blank)["cells"].append(held)
    some = {task.name: _some(store, project, task) for task in tasks.values()}
    for (task, _, label), one in found.items():
        one["example"] = some[task].get(label, "") if label is not None else ""
    return list(found.values())


def _slices(project: Project) -> set[tuple[str, str]]:
    """(task, slice) on which something is tested."""
    every = set(project.learnable)
    found = {(one.task, name) for one in project.behaviours.values() for name in one.slices}
    found |= {(task, EVERYTHING) for one in project.suites.values() for task in ([one.task] if one.task else every)}
    for claim in project.assertions.values():
        found |= {(task, claim.slice) for task in ([claim.task] if claim.task else every)}
    return found


def _labels(store: Store, project: Project) -> Iterator[Named]:
    """(task, label) that a test names."""
    for one in project.behaviours.values():
        if isinstance(one.expect, Expect):
            yield one.task, one.expect.label
        if one.form == "cases":
            try:
                yield from ((one.task, label) for case in cases.filled(one).cases for label in case.labels)
            except AdequateError:  # it protects nothing; that it can't be run is told with the tests
                continue
    for suite in project.suites.values():
        try:
            for cell, found in suites.of_suite(suite, project, store.root):
                yield from ((cell.task, label) for case in found.cases for label in case.labels)
        except AdequateError:
            continue
    for claim in project.assertions.values():
        said = {str(value) for value in (*claim.options.values(), *_values(claim.options))}
        code = getattr(claim.function, "__code__", None)
        said |= set(_constants(code)) if code is not None else set()
        for task in [claim.task] if claim.task else project.learnable:
            yield from ((task, word) for word in said)


def _values(options: Any) -> Iterator[str]:
    for value in options.values():
        if isinstance(value, dict):
            yield from map(str, value.values())


def _constants(code: CodeType) -> Iterator[str]:
    """The words that a function compares with."""
    for one in code.co_consts:
        if isinstance(one, str):
            yield one
        elif hasattr(one, "co_consts"):
            yield from _constants(one)


def _some(store: Store, project: Project, task: Task) -> dict[str, str]:
    """Of each label, the text of an example that teaches it: what a first case may look like."""
    current = store.labels.current(task.name)
    taught = current.filter(pc.equal(current["part"], str(Part.TEACH)))
    first: dict[str, int] = {}
    for row, value in zip(taught["row"].to_pylist(), taught["value"].to_pylist(), strict=True):
        label = json.loads(value)
        if isinstance(label, str):
            first.setdefault(label, row)
    if not first:
        return {}
    texts = store.examples.take(pa.array(first.values()).to_numpy(), [project.text]).column(0).to_pylist()
    return {label: text for label, text in zip(first, texts, strict=True) if text and len(text) <= LONG}
