"""Triggers: a row of weights each, that servers multiply a text's features with to find more of what a cell lacks."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import sqlalchemy as sa

from adequate.errors import UnknownNameError
from adequate.store.schema import trigger
from adequate.store.sql import Sql
from adequate.types import Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """It fires where features @ weights >= threshold.

    Args:
        cell: key of the cell that it collects for.
        release: whose block it reads; "": of whichever has it.
        block: name of the block, a digest of all that its features depend on.
        weights: shape (width,), float32.
        per_day: rows that it may record a day, over all servers together as far as each knows.
        card: JSON: what it seeks, what was expected of it.
        who, why: of whoever made it.
        at, ended: seconds since 1970; `ended` is None while it is at work.
        id: given by the store.
    """

    cell: str
    task: str
    release: str
    block: str
    weights: Floats = field(compare=False)  # the number names them
    threshold: float
    per_day: int
    card: Mapping[str, Any] = field(default_factory=dict)
    who: str
    why: str = ""
    at: float = 0.0
    ended: float | None = None
    id: int = 0


@dataclass(frozen=True, slots=True)
class Triggers:
    """The triggers of a project."""

    sql: Sql

    def put(self, entry: Trigger) -> int:
        """Add a trigger; one that is at work for the same cell ends. Returns its number."""
        given = ("cell", "task", "release", "block", "threshold", "per_day", "who", "why")
        values = {name: getattr(entry, name) for name in given} | {
            "weights": np.ascontiguousarray(entry.weights, "<f4").tobytes(),
            "card": json.dumps(entry.card, ensure_ascii=False),
            "at": entry.at or time.time(),
        }

        def job(connection: sa.Connection) -> int:
            same = (trigger.c.cell == entry.cell, trigger.c.ended.is_(None))
            connection.execute(sa.update(trigger).where(*same).values(ended=values["at"]))
            key = connection.execute(sa.insert(trigger).values(values)).inserted_primary_key
            assert key is not None
            return int(key[0])

        return self.sql.write(job, "storing a trigger")

    def stop(self, number: int) -> Trigger:
        """End a trigger; one that has ended stays as it is.

        Raises:
            UnknownNameError: there is none of this number.
        """
        end = sa.update(trigger).where(trigger.c.id == number, trigger.c.ended.is_(None)).values(ended=time.time())
        self.sql.write(lambda connection: connection.execute(end), "ending a trigger")
        found = [one for one in self.list() if one.id == number]
        if not found:
            raise UnknownNameError(f"no trigger {number}", remedy="adequate trigger --list")
        return found[0]

    def list(self, *, active: bool = False) -> list[Trigger]:
        """All triggers, or those at work, oldest first."""
        with self.sql.reading("reading triggers") as connection:
            return triggers(connection, active=active)


def triggers(connection: sa.Connection, *, active: bool) -> list[Trigger]:
    """As `Triggers.list`, on a connection of the caller's."""
    query = sa.select(trigger).order_by(trigger.c.id)
    rows = connection.execute(query.where(trigger.c.ended.is_(None)) if active else query)
    return [
        Trigger(**dict(row._mapping) | {"card": json.loads(row.card), "weights": np.frombuffer(row.weights, "<f4")})
        for row in rows
    ]
