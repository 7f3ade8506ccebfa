"""What servers recorded, once it is in the store: counts by the minute, and rows that became examples.

Servers write files (`serving.spool`); whoever brings them in writes all that came of a stretch of a file, and how far
it read, in one transaction: a reader that is killed leaves nothing half done and counts nothing twice.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import sqlalchemy as sa

from adequate.store.queue import WITHDRAWN
from adequate.store.schema import current_label, queue_item, recorded, spooled, traffic
from adequate.store.sql import Sql, among, upsert

AUDIT = "audit"  # the reason of rows that were drawn uniformly
MINUTE = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Minute:
    """What one server counted of one release in one minute.

    Args:
        start: seconds since 1970, a multiple of 60.
        seconds: that it was counted over.
        body: counts, as in the tallies that it is the sum of: requests, texts, errors, seconds (of the model's time),
            tasks, slices, assertions, triggers, shadow, recorded, dropped.
    """

    server: str
    start: float
    release: str
    seconds: float
    body: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One row of production that became an example.

    Args:
        id: given by the server that recorded it.
        release: which answered it.
        reason: `audit` where it was drawn uniformly, whatever else it was recorded for; else the first of
            `assertion:NAME`, `trigger:ID`, `shadow`.
        probability: of being recorded for that reason, in (0, 1].
        at: when it was answered, seconds since 1970.
        body: outputs by task, `why` with all reasons, what the shadow answered, what was suggested.
    """

    id: str
    example: str
    row: int
    release: str
    reason: str
    probability: float
    at: float
    body: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Traffic:
    """Counts and rows of all servers."""

    sql: Sql

    def minutes(self, start: float = 0.0, end: float | None = None) -> list[Minute]:
        """What was counted in the minutes that began in [start, end), by time."""
        query = sa.select(traffic).where(traffic.c.start >= start)
        if end is not None:
            query = query.where(traffic.c.start < end)
        rows = self.sql.rows(query.order_by(traffic.c.start, traffic.c.server, traffic.c.release))
        return [Minute(**dict(row._mapping) | {"body": json.loads(row.body)}) for row in rows]

    def recorded(
        self,
        start: float = 0.0,
        end: float | None = None,
        *,
        reason: str | None = None,
        why: str | None = None,
        drawn: bool = False,
    ) -> list[Recorded]:
        """The rows answered in [start, end), by time.

        Args:
            reason: only those of this `Recorded.reason`.
            why: only those that were recorded for a reason that begins so, whatever others they have.
            drawn: only those of the audit that were drawn to be asked; `body` says with which chance.
        """
        query = sa.select(recorded).where(recorded.c.at >= start)
        if end is not None:
            query = query.where(recorded.c.at < end)
        if reason is not None:
            query = query.where(recorded.c.reason == reason)
        for sought in ([] if why is None else [f'"{why}']) + (['"drawn":'] if drawn else []):
            query = query.where(recorded.c.body.contains(sought, autoescape=True))  # and of what else has it, below
        rows = self.sql.rows(query.order_by(recorded.c.at, recorded.c.id))
        found = [Recorded(**dict(row._mapping) | {"body": json.loads(row.body)}) for row in rows]
        return [
            one
            for one in found
            if (why is None or any(name.startswith(why) for name in one.body.get("why", ())))
            and ("drawn" in one.body or not drawn)
        ]

    def read(self, server: str) -> dict[str, int]:
        """How many bytes of each segment of a server were read."""
        query = sa.select(spooled.c.segment, spooled.c.bytes).where(spooled.c.server == server)
        return {row.segment: row.bytes for row in self.sql.rows(query)}


def count(connection: sa.Connection, tallies: Iterable[Mapping[str, Any]]) -> None:
    """Add tallies to their minutes, inside a transaction of the caller's."""
    found: dict[tuple[str, float, str], dict[str, Any]] = {}
    for tally in tallies:
        start = tally["start"] // MINUTE * MINUTE
        body = {name: tally[name] for name in tally if name not in ("kind", "server", "release", "start", "end")}
        one = found.setdefault((tally["server"], start, tally["release"]), {"seconds": 0.0, "body": {}})
        one["seconds"] += max(0.0, tally["end"] - tally["start"])  # a clock may go back
        one["body"] = added(one["body"], body)
    keys = sa.tuple_(traffic.c.server, traffic.c.start, traffic.c.release)
    if found:
        for row in connection.execute(sa.select(traffic).where(keys.in_(list(found)))):
            one = found[row.server, row.start, row.release]
            one["seconds"] += row.seconds
            one["body"] = added(json.loads(row.body), one["body"])
    rows = [
        {"server": server, "start": start, "release": of, "seconds": one["seconds"], "body": _text(one["body"])}
        for (server, start, of), one in found.items()
    ]
    upsert(connection, traffic, rows)


def keep(connection: sa.Connection, rows: Sequence[Recorded]) -> None:
    """Write rows down that became examples, inside a transaction of the caller's; known ones stay as they are."""
    known = already(connection, [row.id for row in rows])
    fresh = {row.id: asdict(row) | {"body": _text(row.body)} for row in rows if row.id not in known}
    if fresh:
        connection.execute(sa.insert(recorded), list(fresh.values()))


def already(connection: sa.Connection, ids: Sequence[str]) -> set[str]:
    """Those of these rows that are in the store."""
    query = sa.select(recorded.c.id).where(among(connection, recorded.c.id, ids))
    return set(connection.execute(query).scalars())


def settled(connection: sa.Connection, rows: Sequence[int]) -> set[tuple[str, int]]:
    """Of these examples, (task, row) that have a label, or were asked already: nobody is asked the same twice."""
    said = sa.select(current_label.c.task, current_label.c.row)
    asked = sa.select(queue_item.c.task, queue_item.c.row).where(queue_item.c.state != WITHDRAWN)
    found = [
        connection.execute(query.where(among(connection, column, rows)))
        for query, column in ((said, current_label.c.row), (asked, queue_item.c.row))
    ]
    return {(row.task, row.row) for part in found for row in part}


def upto(connection: sa.Connection, server: str, segment: str) -> int:
    """How many bytes of a segment were read, inside a transaction of the caller's."""
    query = sa.select(spooled.c.bytes).where(spooled.c.server == server, spooled.c.segment == segment)
    return connection.scalar(query) or 0


def mark(connection: sa.Connection, server: str, segment: str, upto: int) -> None:
    """Remember how many bytes of a segment were read, inside a transaction of the caller's."""
    upsert(connection, spooled, [{"server": server, "segment": segment, "bytes": upto}])


def added(one: Any, other: Any) -> Any:
    """The sum of two counts: numbers add up, lists by place, tables by name.

    >>> added({"n": 1, "labels": {"a": 2}}, {"n": 3, "labels": {"b": 1}, "bins": [1, 0]})
    {'n': 4, 'labels': {'a': 2, 'b': 1}, 'bins': [1, 0]}
    """
    if isinstance(one, dict) and isinstance(other, dict):
        return {name: added(one.get(name), other.get(name)) for name in one | other}
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return [added(a, b) for a, b in zip(one, other, strict=True)]
    if isinstance(one, (int, float)) and isinstance(other, (int, float)):
        return one + other
    return one if other is None else other


def _text(body: Mapping[str, Any]) -> str:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))
