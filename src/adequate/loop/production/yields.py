"""What triggers brought: of what was recorded for them and labelled since, how much was what they seek.

One count for whoever shows it: `adequate trigger --list` since each was made, `adequate watch` within its window. A row
counts for every trigger that it was recorded for, whatever else asked for it too: those that nothing else wanted are no
fair part of what fires.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from adequate.loop.answers import said
from adequate.loop.production.asked import TRIGGER
from adequate.spec.cells import label_in
from adequate.store.recordings import DAY
from adequate.store.traffic import MINUTE
from adequate.testing.bounds import clopper_pearson
from adequate.types import Metric

if TYPE_CHECKING:
    from adequate.spec.project import Project
    from adequate.store import Recorded, Store, Trigger


@dataclass(frozen=True, slots=True, kw_only=True)
class Yield:
    """What a trigger brought.

    Args:
        asked: rows that were recorded for it and became examples.
        labelled: of these, with a label by now; `right`: of these, what was sought.
        low, high: bounds of the share that is right, each at 5 %.
    """

    asked: int
    labelled: int
    right: int
    low: float
    high: float


def yields(store: Store, project: Project, triggers: Sequence[Trigger], since: float = 0.0) -> dict[int, Yield]:
    """What each trigger brought, by its number.

    Args:
        since: rows that were answered before don't count, seconds since 1970.
    """
    if not triggers:
        return {}
    rows: dict[str, list[Recorded]] = {f"{TRIGGER}:{one.id}": [] for one in triggers}
    for row in store.traffic.recorded(max(since, min(one.at for one in triggers)), why=f"{TRIGGER}:"):
        for name in rows.keys() & row.body["why"].keys():
            rows[name].append(row)
    return {one.id: _yield(store, project, one, rows[f"{TRIGGER}:{one.id}"]) for one in triggers}


def fired(store: Store, triggers: Sequence[Trigger]) -> Counter[str]:
    """On how many texts of production each fired, recorded or not, by its number as text. Memory is for a day."""
    found: Counter[str] = Counter()
    start = min((one.at for one in triggers), default=time.time()) // MINUTE * MINUTE
    while triggers and start <= time.time():
        for minute in store.traffic.minutes(start, start + DAY):
            found.update(minute.body.get("triggers", {}))
        start += DAY
    return found


def label_of(key: str) -> str | None:
    """The label whose examples a cell lacks; None where it lacks what the model gets wrong."""
    return label_in(key) or None if key.rpartition("/")[2] in (Metric.RECALL, Metric.PRECISION) else None


def _yield(store: Store, project: Project, one: Trigger, rows: Sequence[Recorded]) -> Yield:
    task = project.tasks.get(one.task)
    labels = {} if task is None else said(store, task, [row.row for row in rows])
    known = [(labels[row.row], row) for row in rows if row.row in labels]
    label = label_of(one.cell)
    wanted = task.now(label) if task is not None and label is not None else None
    right = 0
    for value, row in known:
        answered = row.body.get("outputs", {}).get(one.task, {}).get("label")
        right += value != answered if label is None else wanted in (value if isinstance(value, list) else [value])
    low, high = clopper_pearson(right, len(known))
    return Yield(asked=len(rows), labelled=len(known), right=right, low=float(low), high=float(high))
