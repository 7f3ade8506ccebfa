"""Which sampled rows people have answered, and whether the model was right there."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from adequate.store.traffic import AUDIT

if TYPE_CHECKING:
    from adequate.loop.watch.traffic import Row
    from adequate.spec.tasks import Task
    from adequate.store import Store
    from adequate.types import Mask


def examples_of(store: Store, start: float) -> dict[str, int]:
    """Of the audit's rows that became examples, by id, the example's row."""
    return {one.id: one.row for one in store.traffic.recorded(start, reason=AUDIT)}


def answered(store: Store, task: Task, rows: Sequence[Row], became: dict[str, int]) -> tuple[Mask, Mask]:
    """Which rows are labelled, and which of those the model answered right, both shape (n,)."""
    table = store.labels.current(task.name)
    said = dict(zip(table["row"].to_pylist(), table["value"].to_pylist(), strict=True)) if became else {}
    known, right = np.zeros(len(rows), bool), np.zeros(len(rows), bool)
    for i, row in enumerate(rows):
        value = said.get(became.get(row.id, -1))
        if value is not None and task.name in row.outputs:
            known[i] = True
            right[i] = _meant(task, json.loads(value)) == _meant(task, row.outputs[task.name].get("label"))
    return known, right


def _meant(task: Task, label: object) -> object:
    """An answer by the names that labels have now; of several the set."""
    if isinstance(label, list):
        return {task.now(one) for one in label}
    return task.now(label) if isinstance(label, str) else None
