"""Labels: every answer is an event that stays, and the current label of an example is the last event's.

Recording is one transaction for the event and the current label together; when `record` returns, both outlive a power
cut. Each event is named by an `op` chosen by whoever records it: recording it again (a retry after a crash, a click
sent twice) changes nothing and returns the same number.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import sqlalchemy as sa
from numpy.typing import NDArray

from adequate.errors import LabelError, UnknownNameError
from adequate.store.schema import current_label, label_event
from adequate.store.sql import Sql, alone, upsert
from adequate.types import PARTS, Source

CURRENT = pa.schema(
    [
        ("row", pa.int64()),
        ("example", pa.string()),
        ("value", pa.string()),
        ("part", pa.string()),
        ("source", pa.string()),
        ("probability", pa.float64()),
        ("seq", pa.int64()),
    ]
)

_ASKED = 10_000  # names in one question: both databases take 32,766
_FIELDS = ("op", "example", "row", "task", "value", "actor", "source", "at", "why", "policy", "probability")


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelEvent:
    """Somebody, or something, said what an example is.

    Args:
        example: its id.
        row: its row.
        task: of the project.
        value: a label (`classify`), labels (`multilabel`), or None to withdraw what was said.
        actor: who.
        source: what kind of who.
        at: seconds since 1970, UTC.
        why: why it was asked, for people.
        policy: what asked: `mined`, `cold`, `measure` ...; "" where nothing did.
        probability: in (0, 1], the chance with which the example was drawn from its part; 1 where it wasn't drawn.
        op: names this event; the same one is recorded once.
    """

    example: str
    row: int
    task: str
    value: str | Sequence[str] | None
    actor: str
    source: Source
    at: float = field(default_factory=time.time)
    why: str = ""
    policy: str = ""
    probability: float = 1.0
    op: str = field(default_factory=lambda: uuid.uuid4().hex)


@dataclass(frozen=True, slots=True)
class Labels:
    """The labels of a project.

    Args:
        sql: where they are.
        parts: gives the part of every example, codes into `types.PARTS`.
    """

    sql: Sql
    parts: Callable[[], NDArray[np.uint8]]

    def record(self, events: Sequence[LabelEvent]) -> list[int]:
        """Record events in one transaction; returns the number of each, in the order given.

        100,000 take about 3 s.
        """
        return self.sql.write(lambda connection: record(connection, events), f"recording {len(events):,} labels")

    def undo(self, seq: int, actor: str) -> int:
        """Take back the last word on an example, by a new event that says what held before it. Undoing that redoes.

        Raises:
            UnknownNameError: no such event.
            LabelError: something was said of the same example and task since.
        """
        return self.sql.write(lambda connection: undo(connection, seq, actor), "undoing a label")

    def last_seq(self) -> int:
        """The number of the last event, 0 before the first."""
        return self.sql.value(sa.select(sa.func.max(label_event.c.seq))) or 0

    def current(self, task: str, upto_seq: int | None = None) -> pa.Table:
        """The current labels of a task by ascending row, or those that were current after the event `upto_seq`.

        Returns:
            Columns row, example, value (JSON), part (the part's name), source, probability, seq.
        """
        names = [name for name in CURRENT.names if name != "part"]
        table = current_label
        query = sa.select(*(table.c[name] for name in names)).where(table.c.task == task)
        if upto_seq is not None:
            table = label_event
            last = sa.select(sa.func.max(table.c.seq)).where(table.c.task == task, table.c.seq <= upto_seq)
            query = sa.select(*(table.c[name] for name in names)).where(
                table.c.seq.in_(last.group_by(table.c.row)), table.c.value.is_not(None)
            )
        columns = list(zip(*self.sql.rows(query.order_by(table.c.row)), strict=True)) or [()] * len(names)
        found = dict(zip(names, columns, strict=True))
        rows = np.array(found["row"], np.int64)
        parts = self.parts()
        codes = parts[rows] if len(rows) else parts[:0]
        found["part"] = pa.DictionaryArray.from_arrays(
            pa.array(codes.astype(np.int32)), pa.array([str(part) for part in PARTS])
        ).cast(pa.string())
        return pa.table({name: found[name] for name in CURRENT.names}, schema=CURRENT)

    def history(self, example: str) -> list[tuple[int, LabelEvent]]:
        """All that was ever said of an example, oldest first: (number, event)."""
        query = sa.select(label_event).where(label_event.c.example == example).order_by(label_event.c.seq)
        return [(row.seq, _event(row)) for row in self.sql.rows(query)]

    def tasks(self) -> list[str]:
        """The tasks for which there is any current label."""
        return [row.task for row in self.sql.rows(sa.select(current_label.c.task).distinct().order_by("task"))]


def record(connection: sa.Connection, events: Sequence[LabelEvent]) -> list[int]:
    """Record events inside a transaction of the caller's (an answer also closes an item of the queue)."""
    alone(connection, "label_event")
    numbers = _recorded(connection, [event.op for event in events])
    last = connection.scalar(sa.select(sa.func.max(label_event.c.seq))) or 0
    fresh: list[dict[str, Any]] = []
    for event in events:
        if event.op not in numbers:
            numbers[event.op] = last = last + 1
            fresh.append({"seq": last, **_columns(event)})
    if fresh:
        connection.execute(sa.insert(label_event), fresh)
        _make_current(connection, fresh)
    return [numbers[event.op] for event in events]


def undo(connection: sa.Connection, seq: int, actor: str) -> int:
    """Undo inside a transaction of the caller's."""
    alone(connection, "label_event")
    undone = connection.execute(sa.select(label_event).where(label_event.c.seq == seq)).first()
    if undone is None:
        raise UnknownNameError(f"no label event {seq}")
    same = (label_event.c.task == undone.task, label_event.c.row == undone.row)
    last = connection.scalar(sa.select(sa.func.max(label_event.c.seq)).where(*same))
    if last != seq:
        raise LabelError(
            f"label event {seq} is no longer the last word on {undone.example}: event {last} came after it",
            remedy=f"undo {last} first, or answer again",
        )
    before = sa.select(label_event).where(*same, label_event.c.seq < seq).order_by(label_event.c.seq.desc()).limit(1)
    held = connection.execute(before).first()
    # The inverse keeps where the label came from and its probability: the label that holds again is the earlier one.
    event = _event(held if held is not None else undone)
    inverse = LabelEvent(
        example=event.example,
        row=event.row,
        task=event.task,
        value=event.value if held is not None else None,
        actor=actor,
        source=event.source,
        why=f"undo of {seq}",
        policy=event.policy,
        probability=event.probability,
    )
    return record(connection, [inverse])[0]


def _recorded(connection: sa.Connection, ops: list[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for start in range(0, len(ops), _ASKED):
        these = label_event.c.op.in_(ops[start : start + _ASKED])
        found.update(
            {row.op: row.seq for row in connection.execute(sa.select(label_event.c.op, label_event.c.seq).where(these))}
        )
    return found


def _make_current(connection: sa.Connection, fresh: list[dict[str, Any]]) -> None:
    last = {(row["task"], row["row"]): row for row in fresh}  # of several for one example, the last one stays
    said = [row for row in last.values() if row["value"] is not None]
    withdrawn = [{"of": task, "at": row} for (task, row), event in last.items() if event["value"] is None]
    names = [column.name for column in current_label.columns]
    upsert(connection, current_label, [{name: row[name] for name in names} for row in said])
    if withdrawn:
        this = (current_label.c.task == sa.bindparam("of"), current_label.c.row == sa.bindparam("at"))
        connection.execute(sa.delete(current_label).where(*this), withdrawn)


def _columns(event: LabelEvent) -> dict[str, Any]:
    columns = {name: getattr(event, name) for name in _FIELDS}
    value = event.value if event.value is None or isinstance(event.value, str) else list(event.value)
    columns["value"] = None if value is None else json.dumps(value, ensure_ascii=False)
    columns["source"] = str(event.source)
    return columns


def _event(row: Any) -> LabelEvent:
    columns = {name: getattr(row, name) for name in _FIELDS}
    columns["value"] = None if row.value is None else json.loads(row.value)
    columns["source"] = Source(row.source)
    return LabelEvent(**columns)
