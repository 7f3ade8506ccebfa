"""Are the labels of a file those of the project, and if not: which rows hold the others?

Names are checked in one pass; only a file that is refused is read again, for the rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from adequate.encoders.lexical import texts_of
from adequate.errors import LabelError
from adequate.labelling.spans import spans
from adequate.spec.tasks import Task, confusable
from adequate.spec.values import given
from adequate.types import Rows

if TYPE_CHECKING:
    from adequate.store.formats import Data

LABELS = 5  # labels that are told
ROWS = 3  # rows that are told of each


def check_names(task: Task, values: Sequence[str], where: str, file: Data | None = None) -> None:
    """Refuse labels that the task doesn't declare, and names that differ only in case or spaces.

    Args:
        values: names, those the project has already included.
        where: they come from, for people.
        file: where they come from, to name its rows; None: it can't be read again.

    Raises:
        LabelError: with the names, their rows in the file, and what to do.
    """
    strange = [] if task.labels is None else sorted(set(values) - set(task.labels))
    if strange:
        near = _near(task, strange[0])
        old = f", or say what it is called now: renamed={{{strange[0]!r}: {near!r}}}" if near else ""
        raise LabelError(
            f"{where} labels {task.name!r} with names that project.py doesn't declare: "
            f"{'; '.join(_told(task, strange, file))}",
            remedy=f"correct the rows, or add the label to those of {task.name!r} in project.py{old}",
        )
    for same in confusable(sorted(set(values))):
        raise LabelError(
            f"{where}: labels of {task.name!r} differ only in case or spaces: {'; '.join(_told(task, same, file))}",
            remedy="give one meaning one name, or declare the task with normalise=True",
        )


def check_places(task: Task, texts: pa.Array, values: pa.Array) -> None:
    """Refuse spans that don't lie in their text.

    Raises:
        LabelError: which, and how long the text is.
    """
    for text, value in zip(texts_of(texts), values.to_pylist(), strict=True):
        if value:
            spans(value, task=task.name, labels=None, length=len(text))


def _told(task: Task, labels: Sequence[str], file: Data | None) -> Iterator[str]:
    """Each label with its rows: `'fees' in rows 3, 17, 20 and 5 more`."""
    at = {} if file is None else _rows(task, labels[:LABELS], file)
    for label in labels[:LABELS]:
        many, first = at.get(label, (0, []))
        more = f" and {many - len(first):,} more" if many > len(first) else ""
        rows = f" in {'row' if many == 1 else 'rows'} {', '.join(map(str, first))}{more}" if many else ""
        near = _near(task, label)
        yield f"{label!r}{rows}" + (f" (did you mean {near!r}?)" if near else "")
    if len(labels) > LABELS:
        yield f"and {len(labels) - LABELS:,} more"


def _near(task: Task, label: str) -> str | None:
    """The declared label that is most like another one; None where none is, or it is declared itself."""
    near = get_close_matches(label, task.labels or (), n=1)
    return near[0] if near and near[0] != label else None


def _rows(task: Task, labels: Sequence[str], file: Data) -> dict[str, tuple[int, list[int]]]:
    """How many rows of a file hold each of some labels, and the first of them, numbered as in the file."""
    found: dict[str, tuple[int, list[int]]] = dict.fromkeys(labels, (0, []))
    for numbers, batch in file.numbered():
        for label, rows in _holding(given(batch[task.column], task), labels, numbers):
            many, first = found[label]
            found[label] = many + len(rows), [*first, *rows[: ROWS - len(first)].tolist()]
    return found


def _holding(values: pa.Array, labels: Sequence[str], numbers: Rows) -> Iterator[tuple[str, Rows]]:
    """The rows of a batch that hold each label, once where it comes twice in a row."""
    several = pa.types.is_list(values.type)
    at = numbers[pc.list_parent_indices(values).to_numpy()] if several else numbers
    flat = values.flatten() if several else values
    flat = pc.struct_field(flat, "label") if pa.types.is_struct(flat.type) else flat
    for label in labels:
        yield label, np.unique(at[pc.equal(flat, label).fill_null(False).to_numpy(zero_copy_only=False)])
