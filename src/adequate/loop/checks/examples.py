"""The examples that a behaviour changes: read once, and answered once as they are, for every behaviour and level."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from adequate.loop.checks.returned import ROW
from adequate.loop.subjects.trained import Trained
from adequate.perturb.operator import as_input
from adequate.testing.outputs import Output, Outputs, Subject
from adequate.types import Rows

if TYPE_CHECKING:
    from adequate.store import Store

BLOCK = 64  # examples that are changed together
READ = 1024  # examples read at once: a read costs as much as some hundred of them


@dataclass(eq=False, kw_only=True)
class Examples:
    """Examples to change, in the order in which they are tried. What was read or answered is held: some thousands.

    Args:
        rows: shape (n,), which they are.
        input: the column of the inputs.
    """

    store: Store
    rows: Rows
    input: str
    _read: pa.Table | None = field(default=None, repr=False)
    _answered: dict[int, tuple[Subject, int, Outputs]] = field(default_factory=dict, repr=False)

    def at(self, positions: Rows) -> pa.RecordBatch:
        """The user's columns of some of them."""
        table = self._upto(int(positions.max()) + 1 if len(positions) else 0).drop_columns([ROW])
        if len(positions) and (np.diff(positions) == 1).all():  # as examples are tried: nothing is copied
            return _batch(table.slice(int(positions[0]), len(positions)), self.input)
        return _batch(table.take(pa.array(positions)), self.input)

    def block(self, number: int) -> pa.RecordBatch:
        """The examples of one block, and their rows in a column of ours."""
        return _batch(self._upto((number + 1) * BLOCK).slice(number * BLOCK, BLOCK), self.input)

    def answered(self, subject: Subject, task: str, positions: Rows) -> Output:
        """What a subject answers for some of them as they are."""
        _, done, outputs = self._answered.get(id(subject), (subject, 0, {}))
        wanted = min(_whole(int(positions.max()) + 1 if len(positions) else 1), len(self.rows))
        if wanted > done:
            batch = self.at(np.arange(done, wanted, dtype=np.int64))
            if isinstance(subject, Trained):
                subject.learn(self.store, self.rows[done:wanted], batch.column(self.input))
            more = subject.answer(batch)
            outputs = {name: _together(outputs[name], one) if done else one for name, one in more.items()}
            self._answered[id(subject)] = (subject, wanted, outputs)
        found = outputs[task]
        probs = None if found.probs is None else found.probs[positions]
        return Output(labels=found.labels, answers=found.answers[positions], probs=probs)

    def _upto(self, n: int) -> pa.Table:
        """The first n at least."""
        done = 0 if self._read is None else len(self._read)
        n = min(_whole(n), len(self.rows))
        if self._read is None or n > done:
            rows = self.rows[done : max(n, done + READ)]
            table = self.store.examples.take(rows)
            table = table.select([name for name in table.column_names if not name.startswith("aq_")])
            table = table.append_column(ROW, pa.array(rows))
            self._read = (table if self._read is None else pa.concat_tables([self._read, table])).combine_chunks()
        return self._read


def _whole(n: int) -> int:
    """So many, and those that complete the last block."""
    return -(-n // BLOCK) * BLOCK


def _together(first: Output, second: Output) -> Output:
    probs = None
    if first.probs is not None and second.probs is not None:
        probs = np.concatenate([first.probs, second.probs])
    return Output(labels=first.labels, answers=np.concatenate([first.answers, second.answers]), probs=probs)


def _batch(table: pa.Table, column: str) -> pa.RecordBatch:
    (batch,) = table.combine_chunks().to_batches() or [pa.RecordBatch.from_pylist([], table.schema)]
    return as_input(batch, column)
