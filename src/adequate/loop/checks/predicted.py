"""What a model answered for every example of a project, as assertions see it: batches of inputs and outputs.

Of a model of ours the stored answers are read; any other model is asked. A batch at a time: memory doesn't grow with
the data.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from adequate.errors import NotEnoughDataError
from adequate.perturb.operator import as_input
from adequate.testing.outputs import Outputs, confidence, said
from adequate.types import RESERVED, Rows

if TYPE_CHECKING:
    from adequate.spec.project import Project
    from adequate.spec.tasks import Task
    from adequate.store import Store
    from adequate.testing.outputs import Subject

SIZE = 4096  # predictions looked at together
KEPT = ["label", "confidence"]  # columns of a stored answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Predicted:
    """A batch of predictions.

    Args:
        rows: shape (n,), the examples, ascending.
        inputs: the user's columns of them.
        outputs: TASK and TASK_confidence for each task, as `Project.assertion` describes them.
    """

    rows: Rows
    inputs: pa.RecordBatch
    outputs: pa.RecordBatch


def predicted(store: Store, project: Project, subject: Subject) -> Iterator[Predicted]:
    """Every example that the model answered for, in order.

    Raises:
        NotEnoughDataError: there is none.
        SubjectError: a model that isn't ours fails.
    """
    tasks = stored_tasks(store, project, subject.name)
    columns = columns_of(store)
    streams = [even(store.examples.scan(columns), SIZE)]
    streams += [even(store.predictions.scan(task.name, subject.name, KEPT), SIZE) for task in tasks]
    first = 0
    # A model that is older than some examples has no answer for them: the shortest of the streams ends.
    for inputs, *answers in zip(*streams, strict=False):
        n = min(len(inputs), *(len(one) for one in answers)) if answers else len(inputs)
        given = as_input(inputs.slice(0, n), project.text)
        if tasks:
            outputs = of_stored({task: one.slice(0, n) for task, one in zip(tasks, answers, strict=True)})
        else:
            outputs = of_answers(subject.answer(given))
        yield Predicted(rows=np.arange(first, first + n), inputs=given, outputs=outputs)
        first += n
    if first == 0:
        raise NotEnoughDataError(f"{subject.name} has answered for no example", remedy="adequate run")


def answered_for(store: Store, project: Project, model: str, rows: Rows) -> Predicted:
    """What a model of ours answered for some examples; those that it didn't see are left out."""
    tasks = stored_tasks(store, project, model)
    known = min((store.predictions.count(task.name, model) for task in tasks), default=0)
    rows = rows[rows < known]
    inputs = batch_of(store.examples.take(rows, columns_of(store)))
    stored = {task: batch_of(store.predictions.read(task.name, model, rows, KEPT)) for task in tasks}
    return Predicted(rows=rows, inputs=as_input(inputs, project.text), outputs=of_stored(stored))


def columns_of(store: Store) -> list[str]:
    """The user's columns of the examples."""
    return [name for name in store.examples.schema.names if not name.startswith(RESERVED)]


def stored_tasks(store: Store, project: Project, model: str) -> list[Task]:
    """The tasks for which a model's answers are stored; none of a model that isn't ours."""
    return [task for task in project.learnable.values() if store.predictions.has(task.name, model)]


def of_stored(answers: dict[Task, pa.RecordBatch]) -> pa.RecordBatch:
    """Stored answers under the tasks' names, labels by their present ones."""
    columns: dict[str, pa.Array] = {}
    for task, one in answers.items():
        columns[task.name] = present(one["label"], task)
        columns[f"{task.name}_confidence"] = one["confidence"].cast(pa.float32())
    return pa.record_batch(columns)


def of_answers(answers: Outputs) -> pa.RecordBatch:
    """What a model answered just now, in the same shape."""
    columns: dict[str, pa.Array] = {}
    for task, output in answers.items():
        columns[task] = said(output)
        sure = confidence(output)
        nothing = pa.nulls(len(output), pa.float32())
        columns[f"{task}_confidence"] = nothing if sure is None else pa.array(sure.astype(np.float32))
    return pa.record_batch(columns)


def present(labels: pa.Array, task: Task) -> pa.Array:
    """Labels by the names that they have now; a label that was retired is no answer."""
    if not task.renamed:
        return labels
    if pa.types.is_list(labels.type):
        flat = present(labels.flatten(), task)
        kept = np.concatenate([[0], np.cumsum(flat.is_valid().to_numpy(zero_copy_only=False))])
        ends = np.concatenate([[0], np.cumsum(pc.list_value_length(labels).fill_null(0).to_numpy())])
        return pa.ListArray.from_arrays(kept[ends].astype(np.int32), flat.drop_null())
    encoded = labels.dictionary_encode()
    return pa.array([task.now(name) for name in encoded.dictionary.to_pylist()], pa.string()).take(encoded.indices)


def even(batches: Iterable[pa.RecordBatch], size: int) -> Iterator[pa.RecordBatch]:
    """The same rows in batches of exactly `size`, the last one less."""
    held: list[pa.RecordBatch] = []
    many = 0
    for batch in batches:
        while len(batch):
            piece = batch.slice(0, size - many)
            held.append(piece)
            many += len(piece)
            batch = batch.slice(len(piece))
            if many == size:
                yield together(held)
                held, many = [], 0
    if held:
        yield together(held)


def batch_of(table: pa.Table) -> pa.RecordBatch:
    """A table as one batch."""
    return pa.record_batch([one.combine_chunks() for one in table.columns], schema=table.schema)


def together(batches: list[pa.RecordBatch]) -> pa.RecordBatch:
    """Several batches as one."""
    return batches[0] if len(batches) == 1 else pa.concat_batches(batches)
