"""Small data for the store's tests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa

from adequate.store import Event, QueueItem
from adequate.types import Floats, Rows, Source


def batch(start: int, stop: int, **columns: Sequence[object] | pa.Array) -> pa.RecordBatch:
    """Examples start..stop; the n-th is always the same."""
    numbers = range(start, stop)
    ours = {
        "aq_id": [identifier(n) for n in numbers],
        "aq_group": [f"g{n // 2}" for n in numbers],
        "aq_part": [("teach", "steer", "gate")[n % 3] for n in numbers],
    }
    return pa.record_batch({"text": [f"fee number {n}" for n in numbers], **columns, **ours})


def identifier(n: int) -> str:
    return f"{n * 7919:032x}"


def event(n: int, value: str | list[str] | None = "yes", task: str = "t", **options: object) -> Event:
    given = {"actor": "ann", "source": Source.HUMAN, **options}
    return Event(example=identifier(n), row=n, task=task, value=value, **given)  # type: ignore[arg-type]


def item(n: int, task: str = "t", **options: object) -> QueueItem:
    given = {"part": "teach", "rank": float(n), "cycle": 1, **options}
    return QueueItem(task=task, row=n, example=identifier(n), **given)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Dense:
    """A block in memory."""

    values: Floats
    name: str = "dense"

    @property
    def width(self) -> int:
        return self.values.shape[1]

    def __len__(self) -> int:
        return len(self.values)

    def take(self, rows: Rows) -> Floats:
        return self.values[rows]

    def batches(self, size: int) -> Iterator[tuple[int, Floats]]:
        for first in range(0, len(self.values), size):
            yield first, self.values[first : first + size]
