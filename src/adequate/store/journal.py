"""How far each cycle came, so that an interrupted one goes on where it was.

A step's state is a small JSON of ids and versions, written when the step is done. To resume is to take the last state
and go on with the step after it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from adequate.errors import StoreError
from adequate.store.schema import cycle, step
from adequate.store.sql import Sql


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Where a cycle stands.

    Args:
        cycle: its number.
        step: the last step done; None before the first.
        state: as that step left it, or as the cycle began.
        ended: whether the cycle is over.
    """

    cycle: int
    step: str | None
    state: dict[str, Any]
    ended: bool


@dataclass(frozen=True, slots=True)
class Journal:
    """The journal of a project."""

    sql: Sql

    def begin(self, state: Mapping[str, Any] | None = None) -> int:
        """Begin a cycle; returns its number."""

        def job(connection: sa.Connection) -> int:
            row = sa.insert(cycle).values(started=time.time(), state=json.dumps(dict(state or {})))
            key = connection.execute(row).inserted_primary_key
            assert key is not None
            return int(key[0])

        return self.sql.write(job)

    def done(self, cycle_id: int, name: str, state: Mapping[str, Any]) -> None:
        """Write down that a step is done, and the state it leaves."""

        def job(connection: sa.Connection) -> None:
            if connection.scalar(sa.select(cycle.c.id).where(cycle.c.id == cycle_id, cycle.c.ended.is_(None))) is None:
                raise StoreError(f"cycle {cycle_id} is over, or never began")
            last = connection.scalar(sa.select(sa.func.max(step.c.seq)).where(step.c.cycle == cycle_id)) or 0
            values = {"name": name, "state": json.dumps(dict(state)), "ended": time.time()}
            connection.execute(sa.insert(step).values(cycle=cycle_id, seq=last + 1, **values))

        self.sql.write(job)

    def end(self, cycle_id: int) -> None:
        """Write down that a cycle is over."""
        change = sa.update(cycle).where(cycle.c.id == cycle_id).values(ended=time.time())
        self.sql.write(lambda connection: connection.execute(change))

    def last(self) -> Entry | None:
        """Where the newest cycle stands; None before the first."""
        with self.sql.reading() as connection:
            newest = connection.execute(sa.select(cycle).order_by(cycle.c.id.desc()).limit(1)).first()
            if newest is None:
                return None
            steps = sa.select(step).where(step.c.cycle == newest.id).order_by(step.c.seq.desc()).limit(1)
            done = connection.execute(steps).first()
        state = json.loads(done.state if done is not None else newest.state)
        name = done.name if done is not None else None
        return Entry(cycle=newest.id, step=name, state=state, ended=newest.ended is not None)
