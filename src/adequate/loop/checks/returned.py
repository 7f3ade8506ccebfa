"""Is what a behaviour returned the batch that it was given, with other inputs? Where not: which function, line and row.

The batch that it is given has a column more, `aq_row`, which must come back as it went in: so that rows that were left
out, doubled or put in another order show.
"""

from __future__ import annotations

import traceback
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from adequate.errors import TestError
from adequate.perturb.operator import as_input
from adequate.spec import source
from adequate.spec.behaviours import Behaviour
from adequate.spec.blame import short

ROW = "aq_row"
REMEDY = "return the batch it was given, with other inputs: the same rows, in the same order"
SHUFFLED = 8  # inputs that all stand in another's place: fewer may have come about by chance


def where(behaviour: Behaviour, error: BaseException | None = None) -> str:
    """A behaviour for people: its name, and the line of the project's file that raised, or where it begins."""
    function = behaviour.function
    place = source.place(function)
    file = getattr(getattr(function, "__code__", None), "co_filename", None)
    if error is not None and file is not None:
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
        place = f"{short(file)}:{lines[-1]}" if lines else place
    return f"behaviour {behaviour.name!r} ({place})"


def returned(behaviour: Behaviour, before: pa.RecordBatch, after: Any, column: str) -> pa.RecordBatch:
    """The batch, without our column.

    Args:
        before: as the behaviour got it, with or without our column.
        after: what it returned: a batch or table, or only the inputs, as an array or a list.
        column: of the inputs.

    Raises:
        TestError: it isn't the batch with other inputs.
    """
    said = where(behaviour)
    if isinstance(after, pa.Table):
        after = pa.record_batch([one.combine_chunks() for one in after.columns], schema=after.schema)
    if isinstance(after, pa.Array | pa.ChunkedArray | np.ndarray | list | tuple):
        _as_many(said, len(after), before)
        place = before.schema.get_field_index(column)
        after = before.set_column(place, before.schema.field(place), _inputs(said, after, before, column))
    if not isinstance(after, pa.RecordBatch):
        raise TestError(f"{said} returned {type(after).__name__}", remedy=REMEDY)
    _as_many(said, len(after), before)
    if column not in after.schema.names:
        raise TestError(f"{said} returned a batch without {column!r}", remedy=REMEDY)
    place = after.schema.get_field_index(column)
    after = after.set_column(place, before.schema.field(column), _inputs(said, after.column(place), before, column))
    _in_order(said, before, after, column)
    if ROW in after.schema.names:
        after = after.drop_columns([ROW])
    return as_input(after, column)


def _as_many(said: str, n: int, before: pa.RecordBatch) -> None:
    if n != len(before):
        raise TestError(f"{said} returned {n} rows for the {len(before)} from {row(before, 0)} on", remedy=REMEDY)


def _inputs(said: str, made: Any, before: pa.RecordBatch, column: str) -> pa.Array:
    """The inputs as an array of the type that they had."""
    kind = before.schema.field(column).type
    values = made.combine_chunks() if isinstance(made, pa.ChunkedArray) else made
    if not isinstance(values, pa.Array):
        values = values.tolist() if isinstance(values, np.ndarray) else list(values)
        if pa.types.is_string(kind) or pa.types.is_large_string(kind):
            for i, one in enumerate(values):
                if one is not None and not isinstance(one, str):
                    raise TestError(f"{said} returned {one!r} as the input of {row(before, i)}", remedy=REMEDY)
    try:
        found = pa.array(values, kind) if isinstance(values, list) else values
        alike = pa.types.is_string(found.type) or pa.types.is_large_string(found.type) or found.type == kind
        if not alike and not pa.types.is_dictionary(found.type):
            raise TestError(f"{said} returned inputs of type {found.type}, not {kind}", remedy=REMEDY)
        found = found.cast(kind)
    except pa.ArrowException as error:
        raise TestError(f"{said} returned inputs that aren't {kind}: {error}", remedy=REMEDY) from error
    lost = pc.and_(pc.is_null(found), pc.is_valid(before.column(column)))
    if pc.any(lost).as_py():
        at = row(before, pc.index(lost, True).as_py())
        raise TestError(f"{said} returned no input for {at}", remedy=REMEDY)
    return found


def _in_order(said: str, before: pa.RecordBatch, after: pa.RecordBatch, column: str) -> None:
    """Our column tells, where it came back; and so do inputs that are the same ones in other places."""
    moved = ~np.asarray(pc.equal(before.column(column), after.column(column)).fill_null(True))
    moved &= bool(moved.sum() >= SHUFFLED and _counted(before.column(column)) == _counted(after.column(column)))
    if ROW in before.schema.names and ROW in after.schema.names:
        moved |= ~np.asarray(pc.equal(before.column(ROW), after.column(ROW)).fill_null(False))
    if moved.any():
        raise TestError(f"{said} changed the order of rows, from {row(before, int(moved.argmax()))} on", remedy=REMEDY)


def _counted(inputs: pa.Array) -> dict[Any, int]:
    values, counts = pc.value_counts(inputs).flatten()
    return dict(zip(values.to_pylist(), counts.to_pylist(), strict=True))


def row(batch: pa.RecordBatch, i: int) -> str:
    """What a row of a batch is called: by its number among the examples, where that is known."""
    known = ROW in batch.schema.names and i < len(batch)
    return f"row {batch.column(ROW)[i].as_py() if known else i}"
