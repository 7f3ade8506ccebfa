"""Which sampled rows people have answered, and whether the model was right there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from adequate.loop.answers import named, said
from adequate.store.traffic import AUDIT

if TYPE_CHECKING:
    from adequate.loop.watch.traffic import Row
    from adequate.spec.tasks import Task
    from adequate.store import Recorded, Store
    from adequate.types import Mask


def examples_of(store: Store, start: float) -> dict[str, Recorded]:
    """The audit's rows that became examples and were drawn to be asked, by id.

    That others have a label says something of their texts: they are no sample.
    """
    return {one.id: one for one in store.traffic.recorded(start, reason=AUDIT, drawn=True)}


def answered(store: Store, task: Task, rows: Sequence[Row], became: Mapping[str, Recorded]) -> tuple[Mask, Mask]:
    """Which rows that were drawn are labelled, and which of those the model answered right, both shape (n,)."""
    given = said(store, task, [one.row for one in became.values()])
    known, right = np.zeros(len(rows), bool), np.zeros(len(rows), bool)
    for i, row in enumerate(rows):
        value = given.get(became[row.id].row) if row.id in became else None
        if value is not None and task.name in row.outputs:
            known[i] = True
            right[i] = _meant(value) == _meant(named(task, row.outputs[task.name].get("label")))
    return known, right


def _meant(value: Any) -> Any:
    """Of several labels the set."""
    return set(value) if isinstance(value, list) else value
