"""Tables in, tables out: an Arrow IPC stream as the body of `POST /predict`.

pyarrow is imported by the first such request: a server that speaks JSON needs none of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from adequate.errors import MissingExtraError
from adequate.serving.asked import COLUMNS, Asked, checked, wrong
from adequate.serving.limits import Limits, RequestError
from adequate.serving.said import Abstained, sure
from adequate.testing.outputs import Output, said

TYPE = "application/vnd.apache.arrow.stream"


def parse(body: bytes, *, text: str, limits: Limits, tasks: Sequence[str] | None, probabilities: int) -> Asked:
    """Read a stream: the column `text`, and whatever else it has.

    Raises:
        RequestError: 400: no stream; 422: no such column, no strings in it, or too many.
    """
    try:
        import pyarrow as pa
    except ImportError as error:
        raise MissingExtraError("Arrow bodies need pyarrow", remedy="pip install 'adequate[serve]'") from error

    try:
        batches, n = [], 0
        with pa.ipc.open_stream(body) as reader:
            schema = reader.schema
            for batch in reader:
                batch.validate(full=True)
                n += len(batch)
                batches.append(batch)
                if n > limits.texts:
                    break
        found = pa.Table.from_batches(batches, schema)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise RequestError(
            400, "bad_arrow", f"the body is no Arrow IPC stream: {str(error)[:200]}", remedy="pyarrow.ipc.new_stream"
        ) from error
    if len(set(found.column_names)) < found.num_columns:
        raise wrong("two columns have one name", "rename one")
    if text not in found.column_names:
        raise wrong(f"the table has no column {text!r}", f"it has: {', '.join(found.column_names[:20])}")
    if found.num_columns > COLUMNS:
        raise wrong(f"the table has more than {COLUMNS} columns", "send those that matter")
    values = _texts(found[text], text)
    checked(values, limits)
    rest = {name: found[name].to_pylist() for name in found.column_names if name != text}
    return Asked(texts=values, columns=rest, tasks=tasks, probabilities=probabilities)


def _texts(column: Any, text: str) -> list[Any]:
    import pyarrow as pa

    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type) or column.type == "string_view"):
        raise wrong(f"column {text!r} holds {column.type}, not strings", "cast it to string")
    values: list[Any] = column.to_pylist()
    return values


def reply(release: str, outputs: Mapping[str, Output], abstained: Abstained, *, probabilities: bool) -> bytes:
    """A stream: for each task its answers, `TASK_confidence`, `TASK_abstained` where the release has a threshold, and,
    if asked for, `TASK_probabilities` (k floats).

    Args:
        release: that answered; the schema's metadata name it, and the labels behind the probabilities.
    """
    import orjson
    import pyarrow as pa

    columns: dict[str, Any] = {}
    meta = {"release": release}
    for task, output in outputs.items():
        columns[task] = said(output)
        columns[f"{task}_confidence"] = pa.array(sure(output))
        if task in abstained:
            columns[f"{task}_abstained"] = pa.array(abstained[task])
        if probabilities:
            assert output.probs is not None
            k = len(output.labels)
            columns[f"{task}_probabilities"] = pa.FixedSizeListArray.from_arrays(pa.array(output.probs.ravel()), k)
            meta[f"{task}_labels"] = orjson.dumps(output.labels).decode()
    table = pa.table(columns).replace_schema_metadata(meta)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())
