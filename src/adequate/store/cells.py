"""What was measured of each model: one row a cell. Read for one model it is the board, for all of them the curves."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass

import pyarrow as pa
import sqlalchemy as sa

from adequate.store.schema import cell, model
from adequate.store.sql import Sql, upsert

_KINDS = {"TEXT": pa.string(), "BIGINT": pa.int64(), "DOUBLE": pa.float64(), "BOOLEAN": pa.bool_()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """The measurement of one cell on one model. `value`, `low` and `high` are fractions.

    Args:
        task, slice, label, metric, target, critical: which cell; `label` is "" where it is of no single label.
        n, n_eff: examples it was measured on, and how many equally weighted ones they are worth.
        value, low, high: the estimate and its bounds; None where nothing could be estimated.
        state, change: as `types.State` and `types.Change`; `change` is None without a baseline.
        need: labels that would decide the state; None where that can't be said.
        labels: spent on the task when this was measured.
        forecast, forecast_low, forecast_high: labels until it is adequate; None where there is no forecast.
    """

    task: str
    slice: str
    label: str = ""
    metric: str
    target: float
    critical: bool = False
    n: int
    n_eff: float
    value: float | None
    low: float
    high: float
    state: str
    change: str | None = None
    need: int | None = None
    labels: int = 0
    forecast: float | None = None
    forecast_low: float | None = None
    forecast_high: float | None = None


@dataclass(frozen=True, slots=True)
class Cells:
    """The measurements of a project."""

    sql: Sql

    def put(self, model_id: str, rows: Iterable[Cell]) -> None:
        """Store a model's measurements; one that is there already is replaced."""
        values = [{"model": model_id, **asdict(row)} for row in rows]
        self.sql.write(lambda connection: upsert(connection, cell, values), f"storing {len(values):,} cells")

    def read(self, model_id: str | None = None) -> pa.Table:
        """The cells of one model, or of all, oldest first: `model`, the fields of `Cell`, the model's `number`.

        A release has cells too; asked for by its id they are found, and among all models they are no point.
        """
        query = sa.select(cell, model.c.number)
        if model_id is None:
            query = query.join(model, model.c.id == cell.c.model)
        else:
            query = query.outerjoin(model, model.c.id == cell.c.model).where(cell.c.model == model_id)
        order = (model.c.number, cell.c.task, cell.c.slice, cell.c.label, cell.c.metric)
        rows = self.sql.rows(query.order_by(*order))
        schema = pa.schema(
            [(column.name, _KINDS[str(column.type)]) for column in cell.columns] + [("number", pa.int64())]
        )
        columns = list(zip(*rows, strict=True)) or [()] * len(schema)
        return pa.table(
            [pa.array(column, kind) for column, kind in zip(columns, schema.types, strict=True)], schema=schema
        )
