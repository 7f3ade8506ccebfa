"""Which predictions violate an assertion in SQL: an expression over inputs and outputs, answered by DuckDB.

It is parsed and fenced as a slice's predicate is (`store.slices`): one expression, nothing to read but the batch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from adequate.errors import SliceError, TestError
from adequate.store.slices import holds

if TYPE_CHECKING:
    import pyarrow as pa

    from adequate.types import Mask


@dataclass(frozen=True, slots=True)
class Predicate:
    """An assertion's SQL, to be called as its function would be.

    Args:
        name: of the assertion, for the message.
        sql: true where it is violated.
    """

    name: str
    sql: str

    def __call__(self, inputs: pa.RecordBatch, outputs: pa.RecordBatch) -> Mask:
        """Shape (n,). 0.1 s, whatever n is.

        Raises:
            TestError: it isn't one valid expression over these columns, or takes too long.
        """
        if not len(outputs):
            return np.zeros(0, np.bool_)
        try:
            return holds(self.name, self.sql, table(inputs, outputs))
        except SliceError as error:
            said = error.message.replace(f"slice {self.name!r}", f"assertion {self.name!r}", 1)
            raise TestError(said, remedy=error.remedy) from error


def table(inputs: pa.RecordBatch, outputs: pa.RecordBatch) -> pa.Table:
    """Inputs and outputs side by side; of two columns with one name, in any case, the output's."""
    import pyarrow as pa

    said = {name.lower() for name in outputs.schema.names}
    columns = {name: inputs.column(name) for name in inputs.schema.names if name.lower() not in said}
    return pa.table(columns | {name: outputs.column(name) for name in outputs.schema.names})
