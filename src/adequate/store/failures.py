"""The cases that don't hold, of each model and cell: what people look at, and what the miner looks near."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import sqlalchemy as sa

from adequate.store.schema import failure
from adequate.store.sql import Sql
from adequate.types import Rows

TOGETHER = 500  # rows in one statement


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One case that doesn't hold; the fields as of `testing.results.Failing`.

    Args:
        example: id of the example, "" where it is none of the project's.
        source: `test`, `batch` or `live`.
    """

    row: int = -1
    example: str = ""
    text: str
    origin: str | None = None
    expected: str = ""
    answered: str = ""
    level: float | None = None
    confidence: float | None = None
    severity: float = 1.0
    suggested: str | None = None
    detail: dict[str, Any] = field(default_factory=dict)
    source: str = "test"
    at: float = 0.0


@dataclass(frozen=True, slots=True)
class Failures:
    """Of all models."""

    sql: Sql

    def put(self, model: str, cell: str, found: Iterable[Failure]) -> None:
        """Store those of one cell, the worst first; what was there of that cell goes."""
        now = time.time()
        rows = [
            {"model": model, "cell": cell, "place": i}
            | asdict(one)
            | {"detail": json.dumps(one.detail, ensure_ascii=False), "at": one.at or now}
            for i, one in enumerate(found)
        ]

        def write(connection: sa.Connection) -> None:
            gone = sa.delete(failure).where(failure.c.model == model, failure.c.cell == cell)
            connection.execute(gone)
            for start in range(0, len(rows), TOGETHER):
                connection.execute(sa.insert(failure), rows[start : start + TOGETHER])

        self.sql.write(write, f"storing {len(rows):,} failing cases")

    def rows(self, model: str, cell: str) -> Rows:
        """Of each case that fails a cell, by its place, the example that it is or was changed from; -1: of none."""
        query = sa.select(failure.c.row).where(failure.c.model == model, failure.c.cell == cell)
        return np.array([row for (row,) in self.sql.rows(query.order_by(failure.c.place))], np.int64)

    def trim(self, whole: Iterable[str], most: int) -> None:
        """Of every other model keep only so many cases of a cell, the worst."""
        gone = sa.delete(failure).where(failure.c.place >= most, failure.c.model.not_in(list(whole)))
        self.sql.write(lambda connection: connection.execute(gone), "trimming failing cases")

    def read(
        self, model: str, cell: str | None = None, *, limit: int | None = None, places: Sequence[int] | None = None
    ) -> list[tuple[str, Failure]]:
        """(cell, failure) of a model, cell by cell, the worst first.

        Args:
            places: only these of each cell.
        """
        query = sa.select(failure).where(failure.c.model == model)
        if cell is not None:
            query = query.where(failure.c.cell == cell)
        if places is not None:
            query = query.where(failure.c.place.in_(places))
        query = query.order_by(failure.c.cell, failure.c.place).limit(limit)
        names = [column.name for column in failure.columns]
        found = []
        for row in self.sql.rows(query):
            held = dict(zip(names, row, strict=True))
            of = held.pop("cell")
            del held["model"], held["place"]
            found.append((of, Failure(**held | {"detail": json.loads(held["detail"])})))
        return found
