"""Events: what people and programs said, for good; the current label of an example is what its last event says.

An event of kind `label` changes what its example is; one of kind `answer` is one person's answer where several are
asked; the others (comments, flags, a guide's sections ...) belong to the studio. All are rows of one table: the record
of labels is the audit trail, and what a browser catches up from.

Recording is one transaction for the event and the current label together; when `record` returns, both outlive a power
cut. Each event is named by an `op` chosen by whoever records it: recording it again (a retry after a crash, a click
sent twice) changes nothing and returns the same number.
"""

from __future__ import annotations

import json
import time
import uuid
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import compress, repeat
from typing import Any

import numpy as np
import pyarrow as pa
import sqlalchemy as sa
from numpy.typing import NDArray

from adequate.errors import LabelError, UnknownNameError
from adequate.store import quick
from adequate.store.schema import answer, current_label
from adequate.store.schema import event as log
from adequate.store.sql import Sql, alone, among, upsert, upsertion
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

LABEL, ANSWER = "label", "answer"
SCHEMA = "schema"  # the policy of a label that only reads otherwise since the names of labels changed; nobody's answer
CONSENSUS = "consensus"  # the actor of a label on which several people agreed; it is nobody's own answer

_JSON = ("value", "saw", "body")
_encode = json.JSONEncoder(ensure_ascii=False).encode

_GIVEN = ("example", "row", "task", "value", "actor", "source", "at", "probability", "op")

# Built once: to build a statement takes longer than to run it.
_INSERT = sa.insert(log)
_LAST_SEQ = sa.select(sa.func.max(log.c.seq))
_PLACE = sa.select(
    _LAST_SEQ.scalar_subquery().label("last"),
    sa.select(log.c.seq).where(log.c.op == sa.bindparam("named")).scalar_subquery().label("known"),
)
_LAST_LABEL = _LAST_SEQ.where(log.c.kind == LABEL)
_FORGET_LABEL = sa.delete(current_label).where(
    current_label.c.task == sa.bindparam("of"), current_label.c.row == sa.bindparam("at_row")
)
_FORGET_ANSWER = sa.delete(answer).where(
    answer.c.task == sa.bindparam("of"),
    answer.c.row == sa.bindparam("at_row"),
    answer.c.actor == sa.bindparam("by"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Somebody, or something, said what an example is, or did something else that is kept.

    Args:
        example: its id.
        row: its row.
        task: of the project.
        value: a label (`classify`), labels (`multilabel`), spans (`span`: each with start, end, label, id), or None to
            withdraw what was said.
        actor: who.
        source: what kind of who.
        at: seconds since 1970, UTC.
        why: why it was asked, for people.
        policy: what asked: `mined`, `cold`, `measure` ...; "" where nothing did.
        probability: in (0, 1], the chance with which the example was drawn from its part; 1 where it wasn't drawn.
        op: names this event; the same one is recorded once.
        kind: `label`, `answer`, or what else was done.
        topic: whom it is told, in the live protocol; "" is `example:<id>`.
        guide: the revision of the task's guide that was before whoever answered.
        item: of the queue, which it answers.
        saw: the suggestion that was before them, JSON.
        body: what else the operation said, JSON.
    """

    example: str
    row: int
    task: str
    value: Any
    actor: str
    source: Source
    at: float = field(default_factory=time.time)
    why: str = ""
    policy: str = ""
    probability: float = 1.0
    op: str = field(default_factory=lambda: uuid.uuid4().hex)
    kind: str = LABEL
    topic: str = ""
    guide: int | None = None
    item: int | None = None
    saw: Any = None
    body: Any = None


@dataclass(slots=True, kw_only=True)
class Many:
    """Labels that come together, by column, as `Event` says.

    Of an example and task there is at most one.
    """

    why: str
    policy: str = ""
    example: list[str] = field(default_factory=list)
    row: list[int] = field(default_factory=list)
    task: list[str] = field(default_factory=list)
    value: list[Any] = field(default_factory=list)
    actor: list[str] = field(default_factory=list)
    source: list[str] = field(default_factory=list)
    at: list[float] = field(default_factory=list)
    probability: list[float] = field(default_factory=list)
    op: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Labels:
    """The labels of a project.

    Args:
        sql: where they are.
        parts: gives the part of every example, codes into `types.PARTS`.
    """

    sql: Sql
    parts: Callable[[], NDArray[np.uint8]]

    def record(self, events: Sequence[Event]) -> list[int]:
        """Record events in one transaction; returns the number of each, in the order given.

        100,000 take about 2 s.
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
        """The number of the last event that changed a label, 0 before the first."""
        return self.sql.value(_LAST_LABEL) or 0

    def current(self, task: str, upto_seq: int | None = None) -> pa.Table:
        """The current labels of a task by ascending row, or those that were current after the event `upto_seq`.

        Returns:
            Columns row, example, value (JSON), part (the part's name), source, probability, seq.
        """
        names = [name for name in CURRENT.names if name != "part"]
        table = current_label
        query = sa.select(*(table.c[name] for name in names)).where(table.c.task == task)
        if upto_seq is not None:
            table = log
            last = sa.select(sa.func.max(table.c.seq)).where(
                table.c.task == task, table.c.kind == LABEL, table.c.seq <= upto_seq
            )
            query = sa.select(*(table.c[name] for name in names)).where(
                table.c.seq.in_(last.group_by(table.c.row)), table.c.value.is_not(None)
            )
        found: dict[str, Any] = dict(zip(names, self.sql.columns(query.order_by(table.c.row)), strict=True))
        rows = np.array(found["row"], np.int64)
        parts = self.parts()
        codes = parts[rows] if len(rows) else parts[:0]
        found["part"] = pa.DictionaryArray.from_arrays(
            pa.array(codes.astype(np.int32)), pa.array([str(part) for part in PARTS])
        ).cast(pa.string())
        return pa.table({name: found[name] for name in CURRENT.names}, schema=CURRENT)

    def history(self, example: str) -> list[tuple[int, Event]]:
        """All that was ever said of an example, oldest first: (number, event)."""
        query = sa.select(log).where(log.c.example == example).order_by(log.c.seq)
        return [(row.seq, _event(row)) for row in self.sql.rows(query)]

    def counts(self) -> dict[str, dict[str, int]]:
        """How many current labels each task has in each part."""
        of = current_label.c
        tasks, rows = self.sql.columns(sa.select(of.task, of.row).order_by(of.task))
        codes = self.parts()[np.array(rows, np.int64)]
        found, start = {}, 0
        for task in dict.fromkeys(tasks):
            end = bisect_right(tasks, task)
            counted = np.bincount(codes[start:end], minlength=len(PARTS))
            found[task] = {str(part): int(n) for part, n in zip(PARTS, counted, strict=False)}
            start = end
        return found

    def tasks(self) -> list[str]:
        """The tasks for which there is any current label."""
        return [row.task for row in self.sql.rows(sa.select(current_label.c.task).distinct().order_by("task"))]


def record(connection: sa.Connection, events: Sequence[Event]) -> list[int]:
    """Record events inside a transaction of the caller's (an answer also closes an item of the queue)."""
    alone(connection)
    last, numbers = _recorded(connection, [event.op for event in events])
    fresh: list[dict[str, Any]] = []
    for event in events:
        if event.op not in numbers:
            numbers[event.op] = last = last + 1
            fresh.append(_columns(event, last))
    if fresh:
        quick.change_all(connection, _INSERT, fresh)
        _make_current(connection, fresh)
    return [numbers[event.op] for event in events]


def record_many(connection: sa.Connection, many: Many) -> list[bool]:
    """Record very many labels inside a transaction of the caller's; returns which weren't recorded before.

    No object is made for any of them, and the database itself brings the current labels up to date: 100,000 take 1.5 s.
    """
    alone(connection)
    last, numbers = _recorded(connection, many.op)
    fresh = [op not in numbers for op in many.op]
    n = sum(fresh)
    if n:
        given: dict[str, Iterable[Any]] = {name: compress(getattr(many, name), fresh) for name in _GIVEN}
        given["value"] = map(_encode, given["value"])
        same = {"kind": LABEL, "topic": "", "why": many.why, "policy": many.policy}
        columns = {"seq": range(last + 1, last + n + 1), **given, **{name: repeat(same[name], n) for name in same}}
        quick.insert_columns(connection, _INSERT, columns)
        for table in (current_label, answer):
            quick.change(connection, _taken(connection.dialect.name, table), {"last": last})
    return fresh


@cache
def _taken(dialect: str, table: sa.Table) -> sa.Insert:
    """Puts the labels after the event `last` in the place of those that were current, or of their people's answers."""
    names = [column.name for column in table.columns]
    new = sa.select(*(log.c[name] for name in names)).where(log.c.seq > sa.bindparam("last"))
    if table is answer:
        new = new.where(log.c.source == "human", log.c.actor != CONSENSUS, log.c.policy != SCHEMA)
    return upsertion(dialect, table, tuple(names), new)


def undo(connection: sa.Connection, seq: int, actor: str) -> int:
    """Undo inside a transaction of the caller's."""
    return record(connection, [inverse(connection, seq, actor)])[0]


def inverse(connection: sa.Connection, seq: int, actor: str) -> Event:
    """The event that undoes the label event `seq`, not yet recorded.

    Raises:
        UnknownNameError: no such label event.
        LabelError: something was said of the same example and task since.
    """
    alone(connection)
    undone = connection.execute(sa.select(log).where(log.c.seq == seq, log.c.kind == LABEL)).first()
    if undone is None:
        raise UnknownNameError(f"no label event {seq}")
    same = (log.c.task == undone.task, log.c.row == undone.row, log.c.kind == LABEL)
    last = connection.scalar(sa.select(sa.func.max(log.c.seq)).where(*same))
    if last != seq:
        raise LabelError(
            f"label event {seq} is no longer the last word on {undone.example}: event {last} came after it",
            remedy=f"undo {last} first, or answer again",
        )
    before = sa.select(log).where(*same, log.c.seq < seq).order_by(log.c.seq.desc()).limit(1)
    held = connection.execute(before).first()
    # The inverse keeps where the label came from and its probability: the label that holds again is the earlier one.
    event = _event(held if held is not None else undone)
    return Event(
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


def find(connection: sa.Connection, seq: int) -> Event:
    """An event by its number.

    Raises:
        UnknownNameError: there is none.
    """
    row = connection.execute(sa.select(log).where(log.c.seq == seq)).first()
    if row is None:
        raise UnknownNameError(f"no event {seq}")
    return _event(row)


def holder(connection: sa.Connection, task: str, row: int) -> str | None:
    """Whose word the current label of an example is; None where it has none."""
    held = sa.select(log.c.actor).join(current_label, current_label.c.seq == log.c.seq)
    found: str | None = connection.scalar(held.where(current_label.c.task == task, current_label.c.row == row))
    return found


def _recorded(connection: sa.Connection, ops: list[str]) -> tuple[int, dict[str, int]]:
    """The number of the last event, and of those of these events that are recorded already."""
    found: dict[str, int] = {}
    if len(ops) == 1:
        last, known = quick.first(connection, _PLACE, {"named": ops[0]})
        return last or 0, found if known is None else {ops[0]: known}
    query = sa.select(log.c.op, log.c.seq).where(among(connection, log.c.op, ops))
    found.update((op, seq) for op, seq in connection.execute(query))
    return connection.scalar(_LAST_SEQ) or 0, found


def _make_current(connection: sa.Connection, fresh: list[dict[str, Any]]) -> None:
    labels = {(row["task"], row["row"]): row for row in fresh if row["kind"] == LABEL}  # of several, the last one stays
    _replace(connection, current_label, _FORGET_LABEL, [*labels.values()])
    said = {
        (row["task"], row["row"], row["actor"]): row
        for row in fresh
        if row["kind"] == ANSWER
        or (row["kind"] == LABEL and row["source"] == "human" and row["actor"] != CONSENSUS and row["policy"] != SCHEMA)
    }
    _replace(connection, answer, _FORGET_ANSWER, [*said.values()])


def _replace(connection: sa.Connection, table: sa.Table, forget: sa.Delete, rows: list[dict[str, Any]]) -> None:
    """Put what was said in the place of what was; None withdraws it."""
    said = [row for row in rows if row["value"] is not None]
    gone = [{"of": row["task"], "at_row": row["row"], "by": row["actor"]} for row in rows if row["value"] is None]
    upsert(connection, table, said, names=[column.name for column in table.columns])
    for row in gone:
        quick.change(connection, forget, row)


def _columns(event: Event, seq: int) -> dict[str, Any]:
    return {
        "seq": seq,
        "op": event.op,
        "kind": event.kind,
        "topic": event.topic,
        "example": event.example,
        "row": event.row,
        "task": event.task,
        "value": None if event.value is None else _encode(event.value),
        "actor": event.actor,
        "source": event.source.value,
        "at": event.at,
        "why": event.why,
        "policy": event.policy,
        "probability": event.probability,
        "guide": event.guide,
        "item": event.item,
        "saw": None if event.saw is None else _encode(event.saw),
        "body": None if event.body is None else _encode(event.body),
    }


def _event(row: Any) -> Event:
    columns = {name: getattr(row, name) for name in Event.__dataclass_fields__}
    for name in _JSON:
        columns[name] = None if columns[name] is None else json.loads(columns[name])
    columns["source"] = Source(row.source)
    return Event(**columns)
