"""From what somebody's model returned to answers: labels, probabilities, or both, in any of the usual shapes.

Nothing is guessed that could be wrong unseen. The columns of a matrix are named by `labels=` or `classes_`, never by
their number alone; an answer that isn't one of the task's labels is an error with its row.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from adequate.errors import SubjectError, unknown
from adequate.testing.outputs import Answered, Output
from adequate.types import Codes, Doubles, Floats, Mask

APART = 1e-3  # how far from one the probabilities of a row may sum: what single precision and rounding do
EVEN = 0.5  # the probability from which a label of `multilabel` is given


@dataclass(eq=False, kw_only=True)
class Vocabulary:
    """What a task's answers may be.

    Args:
        task: its name.
        labels: in the order of their codes.
        closed: whether others are refused; else one more is taken in, and keeps its code for good.
        several: whether an example may have more than one.
        columns: the names of the columns of a matrix, in order; () where nobody said.
    """

    task: str
    labels: list[str] = field(default_factory=list)
    closed: bool = True
    several: bool = False
    columns: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self._code = {name: i for i, name in enumerate(self.labels)}

    def code(self, label: str) -> int | None:
        """The code of a label; None where the task has no such label."""
        if label not in self._code and not self.closed:
            self._code[label] = len(self.labels)
            self.labels.append(label)
        return self._code.get(label)

    def named(self, answer: Any) -> str:
        """What one answer is called: itself, or the column that a number means."""
        if isinstance(answer, int | np.integer) and not isinstance(answer, bool) and str(answer) not in self._code:
            return self.columns[answer] if 0 <= answer < len(self.columns) else str(answer)
        return str(answer)

    def strange(self, label: str, row: int) -> SubjectError:
        """The error for an answer that the task doesn't have."""
        error = unknown("label", label, self.labels)
        return SubjectError(
            f"it answered {label!r}: task {self.task!r} has {error.message}",
            remedy=f"{error.remedy}; let the model return these names, or aq.wrap(model, labels=[...]) for numbers",
            row=row,
        )


def read(returned: Any, n: int, tasks: Mapping[str, Vocabulary]) -> Answered:
    """The answers for n inputs.

    Args:
        returned: labels (list, array, Arrow), probabilities (n, k), a dict of these by task, or a table with a column
            a task (and `TASK_confidence`).
        tasks: those that it may be about.

    Raises:
        SubjectError: it can't be answers; has the row where there is one.
    """
    if isinstance(returned, pa.RecordBatch | pa.Table):
        names = returned.schema.names
        by_task = {name: returned.column(name) for name in names if name in tasks}
        sure = {name: returned.column(f"{name}_confidence") for name in by_task if f"{name}_confidence" in names}
    elif isinstance(returned, Mapping):
        names, sure = [str(name) for name in returned], {}
        by_task = {name: returned[name] for name in names if name in tasks}
    elif len(tasks) == 1:
        (task,) = tasks
        return Answered({task: of_task(returned, n, tasks[task])})
    else:
        raise SubjectError(
            f"it isn't said which of {len(tasks)} tasks ({', '.join(list(tasks)[:8])}) it answers",
            remedy="--task TASK, aq.wrap(model, task=...), or return a dict: {task: answers}",
        )
    if not by_task:
        raise SubjectError(
            f"it answered for {', '.join(map(repr, names[:8])) or 'no task'}, and that is no task of the project",
            remedy=f"the project's are: {', '.join(tasks)}",
        )
    return Answered({name: of_task(value, n, tasks[name], sure.get(name)) for name, value in by_task.items()})


def of_task(value: Any, n: int, task: Vocabulary, sure: Any = None) -> Output:
    """The answers of one task."""
    rows = plain(value)
    if len(rows) != n:
        raise SubjectError(
            f"it gave {len(rows):,} answers for {n:,} inputs", remedy="return one for each input, in the same order"
        )
    if isinstance(rows, np.ndarray):
        return flagged(rows, task) if rows.dtype == bool else scored(rows, task, named_columns(rows, task))
    first = next((one for one in rows if one is not None), None)
    if isinstance(first, Mapping):
        return described(rows, task)
    if not task.several and isinstance(first, list | tuple | np.ndarray):
        matrix = rectangle(rows)
        return scored(matrix, task, named_columns(matrix, task))
    return labelled(rows, task, None if sure is None else list(plain(sure)))


def plain(value: Any) -> Sequence[Any] | np.ndarray:
    """A matrix, or a list with one value a row."""
    if isinstance(value, pa.Array | pa.ChunkedArray):
        return list(value.to_pylist())
    if not isinstance(value, list | tuple | np.ndarray) and hasattr(value, "to_numpy"):  # pandas, polars
        value = value.to_numpy()
    if isinstance(value, np.ndarray):
        if value.ndim == 2 and value.dtype.kind in "fbiu":
            return value if value.dtype == bool else value.astype(np.float64)
        if value.ndim == 1:
            return list(value.tolist())
        raise SubjectError(
            f"it returned an array of shape {value.shape} and type {value.dtype}",
            remedy="return (n,) labels or (n, k) probabilities",
        )
    if isinstance(value, list | tuple):
        return value
    raise SubjectError(
        f"it returned {type(value).__name__}", remedy="return a list of labels, or probabilities of shape (n, k)"
    )


def labelled(rows: Sequence[Any], task: Vocabulary, sure: Sequence[Any] | None = None) -> Output:
    """Answers as labels: one a row (None: no answer), or for `multilabel` a list."""
    codes: dict[Any, int] = {None: -1}

    def code(answer: Any, row: int) -> int:
        try:
            known = codes.get(answer)
        except TypeError:
            raise mistyped(answer, task, row) from None
        if known is None:
            known = codes[answer] = _coded(answer, task, row)
        return known

    confident = None if sure is None else fractions(sure)
    if not task.several:
        found: Codes | Mask = np.fromiter((code(one, i) for i, one in enumerate(rows)), np.int32, len(rows))
        return Output(labels=tuple(task.labels), answers=found, sure=confident)
    given = []
    for i, row in enumerate(rows):
        if row is not None and (isinstance(row, str) or not isinstance(row, Iterable)):
            raise mistyped(row, task, i)
        given.append([code(one, i) for one in row or ()])
    found = np.zeros((len(rows), len(task.labels)), bool)
    for i, row in enumerate(given):
        found[i, row] = True
    return Output(labels=tuple(task.labels), answers=found, sure=confident)


def _coded(answer: Any, task: Vocabulary, row: int) -> int:
    if isinstance(answer, float | np.floating):
        said = "NaN" if math.isnan(answer) else f"the number {answer:g}"
        raise SubjectError(f"it answered {said}", remedy="return a label, or probabilities of shape (n, k)", row=row)
    if not isinstance(answer, str | int | np.integer):
        raise mistyped(answer, task, row)
    found = task.code(name := task.named(answer))
    if found is None:
        raise task.strange(name, row)
    return found


def described(rows: Sequence[Any], task: Vocabulary) -> Output:
    """Answers as objects: {"label": ..., "confidence": ...}, or the probability of each label by its name."""
    for i, row in enumerate(rows):
        if not isinstance(row, Mapping):
            raise mistyped(row, task, i)
    if all("label" in row and set(row) <= {"label", "confidence"} for row in rows):
        sure = [row.get("confidence") for row in rows]
        return labelled([row["label"] for row in rows], task, sure if any(one is not None for one in sure) else None)
    names = list(dict.fromkeys(str(name) for row in rows for name in row))
    return scored(rectangle([[row.get(name, 0.0) for name in names] for row in rows]), task, names)


def scored(matrix: np.ndarray, task: Vocabulary, columns: Sequence[str]) -> Output:
    """Answers as probabilities: the likeliest label, or for `multilabel` those that are likelier than not."""
    _check(~np.isfinite(matrix).all(axis=1), lambda i: f"it said {_words(matrix[i])} as probabilities")
    _check(
        (matrix < -APART).any(axis=1) | (matrix > 1 + APART).any(axis=1),
        lambda i: f"a probability of {matrix[i][np.argmax(np.abs(matrix[i] - 0.5))]:.4g} isn't in [0, 1]",
    )
    if not task.several:
        sums = matrix.sum(axis=1)
        _check(np.abs(sums - 1) > APART, lambda i: f"its probabilities sum to {sums[i]:.4g}, not to one")
    codes = np.array([-1 if (code := task.code(name)) is None else code for name in columns], np.int32)
    probs: Floats = np.zeros((len(matrix), len(task.labels)), np.float32)
    probs[:, codes[codes >= 0]] = matrix[:, codes >= 0]
    labels = tuple(task.labels)
    if task.several:
        return Output(labels=labels, answers=probs >= EVEN, probs=probs)
    best = matrix.argmax(axis=1)
    for i in np.flatnonzero(codes[best] < 0)[:1].tolist():
        raise task.strange(columns[best[i]], i)
    return Output(labels=labels, answers=codes[best], probs=probs)


def flagged(matrix: np.ndarray, task: Vocabulary) -> Output:
    """Answers of `multilabel` as truth values, one a label."""
    columns = named_columns(matrix, task)
    if not task.several:
        raise SubjectError(
            f"it returned truth values, and task {task.task!r} has one label an input",
            remedy="return labels, or probabilities of shape (n, k)",
        )
    return labelled([[columns[k] for k in np.flatnonzero(row).tolist()] for row in matrix], task)


def named_columns(matrix: np.ndarray, task: Vocabulary) -> Sequence[str]:
    """The labels of the columns of a matrix."""
    if not task.columns:
        raise SubjectError(
            f"it returned {matrix.shape[1]} numbers for each input, and which label each is of isn't known",
            remedy="aq.wrap(model, labels=[...]) in the order of the columns, or return {label: probability}",
        )
    if len(task.columns) != matrix.shape[1]:
        raise SubjectError(
            f"it returned {matrix.shape[1]} numbers for each input, and has {len(task.columns)} labels",
            remedy="aq.wrap(model, labels=[...]) in the order of the columns",
        )
    return task.columns


def rectangle(rows: Sequence[Any]) -> Doubles:
    """Rows of numbers as a matrix."""
    width = next(len(row) for row in rows if row is not None)
    for i, row in enumerate(rows):
        if row is None or isinstance(row, str | Mapping) or not hasattr(row, "__len__") or len(row) != width:
            raise SubjectError(
                f"it returned {short(row)} where others have {width} numbers",
                remedy="return as many probabilities for each input, one a label",
                row=i,
            )
        if not all(isinstance(one, int | float | np.number) for one in row):
            raise SubjectError(
                f"it returned {short(row)}, which aren't probabilities",
                remedy="return labels (a string each), or numbers",
                row=i,
            )
    return np.asarray(rows, np.float64)


def fractions(values: Sequence[Any]) -> Floats:
    """Confidences, one a row; one that isn't said is not a number."""
    for i, value in enumerate(values):
        if value is not None and not (isinstance(value, int | float | np.number) and 0 <= value <= 1 + APART):
            raise SubjectError(
                f"a confidence of {short(value)} isn't in [0, 1]", remedy="the probability of the answer", row=i
            )
    return np.array([np.nan if value is None else value for value in values], np.float32)


def mistyped(answer: Any, task: Vocabulary, row: int) -> SubjectError:
    """The error for one answer that is none."""
    wanted = "a list of labels" if task.several else "a label (a string)"
    return SubjectError(
        f"it answered {short(answer)}, a {type(answer).__name__}",
        remedy=f"for task {task.task!r} return {wanted} for each input, or probabilities of shape (n, k)",
        row=row,
    )


def short(value: Any) -> str:
    """A value as a message shows it."""
    said = repr(value)
    return said if len(said) <= 60 else said[:59] + "…"


def _words(row: np.ndarray) -> str:
    odd = row[~np.isfinite(row)][0]
    return "NaN" if np.isnan(odd) else f"{odd}"


def _check(bad: Any, message: Callable[[int], str]) -> None:
    for i in np.flatnonzero(bad)[:1].tolist():
        raise SubjectError(
            message(i), remedy="return a probability for each label, such as the softmax of scores", row=i
        )
