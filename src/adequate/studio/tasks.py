"""What may be said for a task, as the server knows it: from the declaration and SQL alone.

Labels that are left to the data (`labels="infer"`) are those in use; they are read once and again whenever somebody
says one that isn't among them.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from adequate import labelling
from adequate.errors import LabelError, unknown
from adequate.labelling import schema
from adequate.labelling.spans import spans
from adequate.store.schema import current_label
from adequate.types import Kind

if TYPE_CHECKING:
    from adequate.spec.tasks import Task
    from adequate.studio.context import Studio


def named(studio: Studio, name: object) -> Task:
    """A task of the project.

    Raises:
        UnknownNameError: there is none of that name.
    """
    task = studio.project.tasks.get(str(name))
    if task is None:
        raise unknown("task", str(name), studio.project.tasks)
    return task


def labels(connection: sa.Connection, studio: Studio, task: Task, *, anew: bool = False) -> list[str]:
    """The labels of a task, in its order: as declared, or those in use."""
    if task.labels is not None:
        return list(task.labels)
    key = f"labels:{task.name}"
    if anew or key not in studio.extra:
        values = connection.scalars(
            sa.select(current_label.c.value).where(current_label.c.task == task.name).distinct()
        )
        studio.extra[key] = schema.used(task, map(json.loads, values))
    found: list[str] = studio.extra[key]
    return found


def checked(
    connection: sa.Connection, studio: Studio, task: Task, value: Any, *, new: bool = False, length: int | None = None
) -> Any:
    """An answer as it is kept.

    Args:
        new: whether it may bring labels of its own; only where they are left to the data.
        length: of the text, in code points, where it is known.

    Raises:
        LabelError: not of the task's kind, or a label that isn't there.
    """
    if task.kind is Kind.SCORE:
        raise LabelError(f"task {task.name!r} is answered by comparing two examples", remedy="pair.put")
    known = labels(connection, studio, task)
    if task.renamed:  # who was offline while a label was renamed still says the old name
        value = schema.rewritten(value, {old: now for old in task.renamed if (now := task.now(old)) is not None})
    if task.labels is None:
        said = schema.names(value)
        if not set(said) <= set(known):
            known = labels(connection, studio, task, anew=True)
        if new:
            known = [*known, *(schema.named(name) for name in said if name not in known)]
    if task.kind is Kind.SPAN:
        return spans(value, task=task.name, labels=known, length=length)
    if not isinstance(value, str) and not (isinstance(value, list) and all(isinstance(one, str) for one in value)):
        raise LabelError(f"task {task.name!r}: {value!r} is no label", remedy="a label, or a list of labels")
    return labelling.check(value, task=task.name, kind=task.kind, labels=known)
