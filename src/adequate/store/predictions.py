"""What each model answers for each example: computed once per (model, example), read many times.

One Lance table a task, appended to model after model. Where a model's answers lie in it is a row in SQL, so reading
them is reading a stretch of rows, not a search through those of every other model.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import sqlalchemy as sa

from adequate.errors import StoreError, UnknownNameError
from adequate.store.schema import prediction
from adequate.store.tables import Tables, table_name
from adequate.types import Rows

if TYPE_CHECKING:
    from lance import LanceDataset


@dataclass(frozen=True, slots=True)
class Predictions:
    """The predictions of a project, by task and model."""

    tables: Tables

    def append(self, task: str, model_id: str, first_row: int, answers: pa.Table | Iterable[pa.RecordBatch]) -> None:
        """Add a model's answers for the next rows, in one commit.

        Args:
            task: of the project.
            model_id: whose answers they are.
            first_row: the example of the first answer; must be `count(task, model_id)`.
            answers: by ascending row, any columns (label, confidence, margin, runner_up ...), as a table or a stream.
        """
        have = self.count(task, model_id)
        if first_row != have:
            raise StoreError(f"answers for row {first_row:,} on were given; the next row of {model_id} is {have:,}")
        source = _Stream(answers.to_batches() if isinstance(answers, pa.Table) else answers)
        if source.schema is None:
            return
        name = _name(task, source.schema)
        start = self.tables.rows(name)

        def change(table: LanceDataset | None, path: str) -> LanceDataset:
            import lance

            reader = pa.RecordBatchReader.from_batches(source.schema, source)
            try:
                if table is None:
                    return lance.write_dataset(reader, path, enable_stable_row_ids=True)
                return lance.write_dataset(reader, table, mode="append")
            except OSError:
                if source.error is not None:  # what failed is the caller's own stream
                    raise source.error from None
                raise

        def also(connection: sa.Connection) -> None:
            place = {"name": name, "start": start, "first_row": first_row, "rows": source.rows}
            connection.execute(sa.insert(prediction).values(task=task, model=model_id, **place))

        self.tables.change(name, change, doing=f"storing the predictions of {task!r}", also=also, rows=start)

    def count(self, task: str, model_id: str) -> int:
        """How many examples, from row 0 on, the model has answered for."""
        total = sa.func.coalesce(sa.func.sum(prediction.c.rows), 0)
        return int(self.tables.sql.value(sa.select(total).where(*_of(task, model_id))) or 0)

    def has(self, task: str, model_id: str) -> bool:
        """Whether the model has answered for any example."""
        return self.count(task, model_id) > 0

    def read(
        self, task: str, model_id: str, rows: Rows | None = None, columns: Sequence[str] | None = None
    ) -> pa.Table:
        """A model's answers, for all examples by ascending row or for these rows in this order.

        Raises:
            UnknownNameError: the model has no answers for this task, or not for such a row.
        """
        if rows is None:
            return pa.Table.from_batches(self.scan(task, model_id, columns))
        stretches = self._stretches(task, model_id)
        wanted = np.asarray(rows, np.int64)
        answered = stretches[-1].first_row + stretches[-1].rows
        if len(wanted) and (wanted.min() < 0 or wanted.max() >= answered):
            raise UnknownNameError(f"{model_id} has no answer for row {wanted.max():,} yet, only for {answered:,} rows")
        # A stretch is one append: take from each what lies in it, then put the answers in the order asked for.
        which = np.searchsorted([s.first_row for s in stretches], wanted, side="right") - 1
        pieces, places = [], []
        for number, stretch in enumerate(stretches):
            mine = np.flatnonzero(which == number)
            if len(mine) or number == 0:
                positions = pa.array(wanted[mine] - stretch.first_row + stretch.start)
                pieces.append(self._take(stretch.name, positions, columns))
                places.append(mine)
        return pa.concat_tables(pieces).take(np.argsort(np.concatenate(places)))

    def scan(
        self, task: str, model_id: str, columns: Sequence[str] | None = None, size: int = 8192
    ) -> Iterator[pa.RecordBatch]:
        """A model's answers by ascending row, in batches of at most `size`."""
        for stretch in self._stretches(task, model_id):
            table = self.tables.get(stretch.name)
            yield from table.to_batches(
                columns=columns, offset=stretch.start, limit=stretch.rows, batch_size=size, scan_in_order=True
            )

    def _take(self, name: str, positions: pa.Array, columns: Sequence[str] | None) -> pa.Table:
        table = self.tables.get(name)
        names = table.schema.names if columns is None else list(columns)
        if len(positions) == 0:
            return pa.schema([table.schema.field(item) for item in names]).empty_table()
        return table.take(positions, columns=names)

    def _stretches(self, task: str, model_id: str) -> list[Any]:
        found = self.tables.sql.rows(sa.select(prediction).where(*_of(task, model_id)).order_by(prediction.c.first_row))
        if not found:
            raise UnknownNameError(f"the model {model_id} has no predictions for {task!r}", remedy="adequate run")
        return found


class _Stream:
    """Counts the rows of a stream that Lance consumes, and keeps the error that Lance would only quote."""

    def __init__(self, batches: Iterable[pa.RecordBatch]) -> None:
        self._batches = iter(batches)
        self._first = next(self._batches, None)
        self.schema = None if self._first is None else self._first.schema
        self.rows = 0
        self.error: Exception | None = None

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        try:
            batch = self._first
            while batch is not None:
                self.rows += len(batch)
                yield batch
                batch = next(self._batches, None)
        except Exception as error:
            self.error = error
            raise


def _of(task: str, model_id: str) -> tuple[sa.ColumnElement[bool], ...]:
    return prediction.c.task == task, prediction.c.model == model_id


def _name(task: str, schema: pa.Schema) -> str:
    """One table for each task and set of columns: a task whose kind changes starts another."""
    shape = blake2b(schema.to_string(show_field_metadata=False).encode(), digest_size=4).hexdigest()
    return f"{table_name('predictions', task)}-{shape}"
