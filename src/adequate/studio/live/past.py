"""Events read from the table: what a tab missed, and what another process recorded."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa

from adequate.store import Event
from adequate.store.schema import event as log
from adequate.types import Source

FAR = 500  # events of one topic that are sent again at most; who missed more reads the topic anew
_FIELDS = tuple(Event.__dataclass_fields__)
_COLUMNS = (log.c.seq, *(log.c[name] for name in _FIELDS))

Told = tuple[int, Event]  # an event with its number


def last(connection: sa.Connection) -> int:
    """The number of the last event, 0 before the first."""
    return connection.scalar(sa.select(sa.func.max(log.c.seq))) or 0


def after(connection: sa.Connection, seq: int, limit: int) -> list[Told]:
    """What came after an event, oldest first."""
    return _read(connection, sa.select(*_COLUMNS).where(log.c.seq > seq).order_by(log.c.seq).limit(limit))


def of_topic(connection: sa.Connection, topic: str, seq: int, upto: int, limit: int) -> list[Told]:
    """What was told of a topic after the event `seq` and up to `upto`, oldest first."""
    kind, _, name = topic.partition(":")
    here = log.c.topic == topic
    if kind == "example":  # an event without a topic is told to those who watch its example
        here = sa.and_(log.c.example == name, log.c.topic.in_(["", topic]))
    query = sa.select(*_COLUMNS).where(here, log.c.seq > seq, log.c.seq <= upto)
    return _read(connection, query.order_by(log.c.seq).limit(limit))


def _read(connection: sa.Connection, query: sa.Select[Any]) -> list[Told]:
    return [(row.seq, _event(row)) for row in connection.execute(query)]


def _event(row: Any) -> Event:
    columns = {name: getattr(row, name) for name in _FIELDS}
    for name in ("value", "saw", "body"):
        columns[name] = None if columns[name] is None else json.loads(columns[name])
    return Event(**columns | {"source": Source(row.source)})
