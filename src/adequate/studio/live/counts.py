"""How much waits and how many labels there are, by task: what moves on the board while people label.

Labels are counted as their events pass: a byte an example says whether it has one, so that a label that is changed is
not counted twice. What waits is counted by the database, from an index of nothing else, at most four times a second and
only while somebody looks.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from adequate.store import Event
from adequate.store.schema import current_label, queue_item

AT_ONCE = 100_000  # rows read in one go


@dataclass(slots=True)
class Counts:
    """Of a project."""

    labels: dict[str, int] = field(default_factory=dict)
    _has: dict[str, bytearray] = field(default_factory=dict)
    seq: int = 0

    def read(self, connection: sa.Connection, seq: int) -> None:
        """Count all there is, as of an event."""
        has: dict[str, bytearray] = {}
        query = sa.select(current_label.c.task, current_label.c.row)
        for rows in connection.execution_options(yield_per=AT_ONCE).execute(query).partitions():
            for task, row in rows:
                _set(has.setdefault(task, bytearray()), row, 1)
        self._has, self.seq = has, seq
        self.labels = {task: sum(known) for task, known in has.items()}

    def told(self, seq: int, event: Event) -> bool:
        """Count an event; whether the board may look different now."""
        if seq <= self.seq:
            return False
        self.seq = seq
        if event.kind == "label" and event.task and event.row >= 0:
            known = self._has.setdefault(event.task, bytearray())
            before = known[event.row] if event.row < len(known) else 0
            now = int(event.value is not None)
            _set(known, event.row, now)
            self.labels[event.task] = self.labels.get(event.task, 0) + now - before
        return bool(event.task)

    def body(self, waiting: dict[str, int]) -> dict[str, Any]:
        """As the board is told."""
        return {"waiting": waiting, "labels": {task: n for task, n in self.labels.items() if n}}


def waiting(connection: sa.Connection) -> dict[str, int]:
    """How many questions wait, by task."""
    query = sa.select(queue_item.c.task, sa.func.count()).where(
        queue_item.c.state == sa.literal_column("'waiting'"), queue_item.c.gold.is_(None)
    )
    return {row[0]: row[1] for row in connection.execute(query.group_by(queue_item.c.task))}


def _set(known: bytearray, row: int, value: int) -> None:
    if row >= len(known):
        known.extend(bytes(row + 1 - len(known)))
    known[row] = value
