"""What the tests of a model found, kept beside what labels measured of it: cells, and the cases that fail them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from adequate.loop.checks.more import remember
from adequate.store import Cell as Measured
from adequate.store.failures import Failure
from adequate.testing.results import Failing, Result

if TYPE_CHECKING:
    from adequate.store import Store

OLDER = 200  # failing cases of a cell that are kept of a model that isn't looked at any more
Key = tuple[str, str, str, str]  # task, slice, label, metric


def keep(store: Store, model: str, results: Sequence[Result], labels: Mapping[str, int]) -> None:
    """Store results as cells and failures of a model; those of the same cells go.

    Args:
        labels: by task, the labels that taught the model: where its point of the cell's curve is.
    """
    if not results:
        return
    before = {key_of(row): row["change"] for row in store.cells.read(model).to_pylist()}
    rows = [_row(one, labels) for one in results]
    changes = [before.get((row.task, row.slice, row.label, row.metric)) for row in rows]
    store.cells.put(model, [replace(row, change=change) for row, change in zip(rows, changes, strict=True)])
    for one in results:
        store.failures.put(model, one.key, _failures(store, one.failing))
    looked_at = {model, store.models.list()[-1].id, store.models.accepted() or model}
    store.failures.trim(looked_at, OLDER)
    remember(store, model, results)


def labels_taught(store: Store, model: str) -> dict[str, int]:
    """By task, the labels that taught a model, as they were when its cells were measured."""
    return {row["task"]: row["labels"] for row in store.cells.read(model).to_pylist()}


def key_of(row: Mapping[str, object]) -> Key:
    """What tells a stored cell of a model from the others."""
    return str(row["task"]), str(row["slice"]), str(row["label"]), str(row["metric"])


def _row(one: Result, labels: Mapping[str, int]) -> Measured:
    cell = one.cell
    return Measured(
        task=cell.task,
        slice=cell.slice,
        label=cell.label or "",
        metric=str(cell.metric),
        target=cell.target,
        critical=cell.critical,
        n=one.n,
        n_eff=float(one.n),
        value=one.value,
        low=one.low,
        high=one.high,
        state=str(one.state),
        labels=labels.get(cell.task, sum(labels.values())),
    )


def _failures(store: Store, failing: Sequence[Failing]) -> list[Failure]:
    """As the store keeps them, with the ids of those that are examples."""
    rows = np.array([case.row for case in failing], np.int64)
    ids = np.full(len(rows), "", object)
    if (known := rows >= 0).any():
        ids[known] = store.examples.ids(rows[known])
    return [
        Failure(
            row=case.row,
            example=str(ids[i]),
            text=case.text,
            origin=case.origin,
            expected=case.expected,
            answered=case.answered,
            level=case.level,
            confidence=case.confidence,
            severity=case.severity,
            suggested=case.suggested,
            detail=dict(case.detail),
        )
        for i, case in enumerate(failing)
    ]
