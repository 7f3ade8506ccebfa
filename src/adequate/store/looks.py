"""Two ledgers of the gate: every look at the sealed part, and every decision of a person against it."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from adequate.store.schema import look, override
from adequate.store.sql import Sql


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One verdict that came out of the sealed part.

    Args:
        candidate, baseline: the models compared; `baseline` is None for the first model.
        alpha: the chance of error spent, a fraction.
        verdict: what came out.
        detail: JSON, for people.
        at: seconds since 1970.
        id: given by the store.
    """

    candidate: str
    baseline: str | None
    alpha: float
    verdict: str
    detail: Mapping[str, Any] = field(default_factory=dict)
    at: float = field(default_factory=time.time)
    id: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """A person's decision against the gate or the declaration.

    Args:
        what: what it is about, such as `gate:MODEL` or `target:intent/all`.
        value: JSON, what holds instead.
        who, why: always given.
        until: seconds since 1970 when it ends; None: when somebody takes it back.
        at: seconds since 1970.
        id: given by the store.
    """

    what: str
    value: Any
    who: str
    why: str
    until: float | None = None
    at: float = field(default_factory=time.time)
    id: int = 0


@dataclass(frozen=True, slots=True)
class Looks:
    """The ledger of looks."""

    sql: Sql

    def spend(self, entry: Look) -> int:
        """Write a look down, before its verdict is shown: what was seen has been spent. Returns its number."""
        return _insert(self.sql, look, entry, detail=json.dumps(entry.detail, ensure_ascii=False))

    def list(self, candidate: str | None = None) -> list[Look]:
        """All looks, or those at one candidate, oldest first."""
        query = sa.select(look).order_by(look.c.id)
        rows = self.sql.rows(query if candidate is None else query.where(look.c.candidate == candidate))
        return [Look(**{**row._mapping, "detail": json.loads(row.detail)}) for row in rows]

    def spent(self) -> float:
        """The alpha of all looks together."""
        return self.sql.value(sa.select(sa.func.sum(look.c.alpha))) or 0.0


@dataclass(frozen=True, slots=True)
class Overrides:
    """The ledger of overrides."""

    sql: Sql

    def put(self, entry: Override) -> int:
        """Write an override down; returns its number."""
        return _insert(self.sql, override, entry, value=json.dumps(entry.value, ensure_ascii=False))

    def list(self, *, now: float | None = None) -> list[Override]:
        """All overrides, or those in force at a time, oldest first."""
        query = sa.select(override).order_by(override.c.id)
        if now is not None:
            query = query.where(sa.or_(override.c.until.is_(None), override.c.until > now))
        return [Override(**{**row._mapping, "value": json.loads(row.value)}) for row in self.sql.rows(query)]


def decide(connection: sa.Connection, entry: Override) -> int:
    """Write an override down inside a transaction of the caller's; returns its number."""
    return _write(connection, override, entry, value=json.dumps(entry.value, ensure_ascii=False))


def _insert(sql: Sql, table: sa.Table, entry: Look | Override, **as_json: str) -> int:
    return sql.write(lambda connection: _write(connection, table, entry, **as_json))


def _write(connection: sa.Connection, table: sa.Table, entry: Look | Override, **as_json: str) -> int:
    names = [column.name for column in table.columns if column.name != "id"]
    values = {name: getattr(entry, name) for name in names} | as_json
    key = connection.execute(sa.insert(table).values(values)).inserted_primary_key
    assert key is not None
    return int(key[0])
