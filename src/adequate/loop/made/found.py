"""A test of examples that somebody picked out, or that a query finds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from adequate.errors import NotEnoughDataError, TestError, unknown
from adequate.loop import search
from adequate.loop.answers import names_of
from adequate.loop.made.declared import Made
from adequate.loop.made.file import cases_of, classified, filed
from adequate.loop.made.invariance import invariance
from adequate.loop.query import Query, Term, parse
from adequate.loop.selections import shown_parts
from adequate.spec import slices
from adequate.spec.behaviours import REACH, TARGET
from adequate.types import PARTS, Part, Rows

if TYPE_CHECKING:
    from adequate.spec.project import Project
    from adequate.spec.tasks import Task
    from adequate.store import Store

MOST = 50  # cases of a query that only ranks: what comes later resembles it less and less


def from_rows(
    store: Store,
    project: Project,
    rows: Rows | Sequence[int],
    *,
    task: str | None = None,
    expect: str | None = None,
    name: str,
    file: str | Path | None = None,
    target: float | None = None,
) -> Made:
    """A file of examples that somebody picked out.

    Args:
        rows: which; those of the gate part are left out.
        expect: the right answer to them all, which leaves out those that people labelled otherwise; None: to each its
            label, which leaves out those without.

    Raises:
        UnknownNameError: `expect` is no label of the task.
        NotEnoughDataError: none is left.
    """
    of = classified(project, task)
    if expect is not None and expect not in (names := names_of(store, of)):
        raise unknown("label", expect, names)
    wanted = np.asarray(rows, np.int64)
    parts = store.examples.parts()[wanted]
    wanted, sealed = wanted[shown_parts(parts)], int(np.count_nonzero(parts == PARTS.index(Part.GATE)))
    gold = _labels(store, of)
    right = [gold.get(row) if expect is None else expect for row in wanted.tolist()]
    agreed = [
        label is not None and gold.get(row, label) == label for row, label in zip(wanted.tolist(), right, strict=True)
    ]
    kept = wanted[np.array(agreed, bool)] if len(wanted) else wanted
    otherwise = 0 if expect is None else len(wanted) - len(kept)
    if not len(kept):
        raise NotEnoughDataError(
            f"no example is left for the test: {len(wanted)} found, {otherwise} labelled otherwise, {sealed} sealed",
            remedy="look for others, or label them first",
        )
    labels = [label for label, good in zip(right, agreed, strict=True) if good and label is not None]
    cases = cases_of(store, project, kept, labels)
    made = filed(store, project, of, cases, name=name, file=file, target=target)
    return replace(made, sealed=sealed, otherwise=otherwise)


def from_query(
    store: Store,
    project: Project,
    text: str,
    *,
    where: str | None = None,
    expect: str | None = None,
    same: str | None = None,
    task: str | None = None,
    name: str | None = None,
    target: float = TARGET,
    reach: float = REACH,
    limit: int | None = None,
) -> Made:
    """A test of the examples that a query finds: a suite of them, or an invariance on the slice that they are.

    Args:
        text: as in Explore: words, "a phrase", label:..., sql:"...".
        where: SQL that must hold as well.
        expect: the label that they all have; makes a suite.
        same: a perturbation that must not matter; makes a slice and a behaviour.
        target: share of cases that must hold.
        limit: cases at most (default: all, or 50 where words only rank them).

    Raises:
        QueryError: the query can't be read.
        TestError: neither or both of `expect` and `same`; or with `same`, the query is no condition over the columns.
    """
    if (expect is None) == (same is None):
        raise TestError("say what must hold of what was found", remedy="--expect LABEL, or --same PERTURBATION")
    query = parse(text)
    if where is not None:
        query = Query((*query.terms, Term(key="sql", values=(where,))))
    called = slices.named(name or _named(text or where or ""), "test")
    if same is not None:
        return invariance(store, project, query, same, task=task, name=called, target=target, reach=reach)
    found = search.select(store, project, query, sql="--where")
    most = limit or (len(found.rows) if found.exact else MOST)
    made = from_rows(store, project, found.rows[:most], task=task, expect=expect, name=called, target=target)
    return replace(made, sealed=found.sealed or 0)


def _labels(store: Store, task: Task) -> dict[int, str]:
    """What people or the data say of each row."""
    now = store.labels.current(task.name)
    values = [json.loads(value) for value in now["value"].to_pylist()]
    return {
        row: task.now(value) or value
        for row, value in zip(now["row"].to_pylist(), values, strict=True)
        if isinstance(value, str)
    }


def _named(text: str) -> str:
    """A name of what was asked."""
    plain = "".join(char if char.isalnum() or char in " -_" else " " for char in text)
    return " ".join(plain.split())[:40].strip() or "found"
