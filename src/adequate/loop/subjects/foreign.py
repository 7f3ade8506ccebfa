"""Anybody's model as a subject: a function, a scikit-learn estimator, or what a module or a file calls one.

One rule says what a function is given: a list of texts, unless its first argument is called `batch`, or annotated as a
`pyarrow.RecordBatch`, or `takes="batch"` is said; then the examples' columns. What it may return: see `answers`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Literal, TypeAlias

import pyarrow as pa

from adequate.errors import SubjectError
from adequate.loop.subjects.answers import Vocabulary, read
from adequate.loop.subjects.fault import line_of
from adequate.perturb.operator import input_of
from adequate.testing.outputs import Outputs

Takes: TypeAlias = Literal["texts", "batch"]
Labels: TypeAlias = Sequence[Any] | Mapping[str, Sequence[Any]]


@dataclass(eq=False, kw_only=True)
class Foreign:
    """Somebody's model.

    Args:
        name: for people.
        function: (texts or batch) -> answers.
        takes: what it is given.
        task: whose answers they are; None where it returns them by task, or there is only one.
        columns: labels by task ("" for the one task), in the order of the columns of a matrix.
        vocabulary: what the answers of each task may be; made by `among`.
    """

    name: str
    function: Callable[[Any], Any]
    takes: Takes = "texts"
    task: str | None = None
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    vocabulary: Mapping[str, Vocabulary] = field(default_factory=dict)

    def among(self, tasks: Mapping[str, Vocabulary]) -> Foreign:
        """The same model, for the tasks of a project.

        Raises:
            SubjectError: it is said to answer a task that the project lacks.
        """
        for name in [*([self.task] if self.task else []), *(name for name in self.columns if name)]:
            if name not in tasks:
                raise SubjectError(
                    f"the project has no task {name!r}", remedy=f"its tasks are: {', '.join(tasks)}", model=self.name
                )
        mine = {name: tasks[name] for name in ([self.task] if self.task else tasks)}
        said = {name: self.columns.get(name, self.columns.get("", ())) for name in mine}
        return replace(self, vocabulary={name: replace(one, columns=said[name]) for name, one in mine.items()})

    @property
    def tasks(self) -> tuple[str, ...]:
        """Those that it may answer."""
        return tuple(self.vocabulary) or ((self.task,) if self.task else ())

    def answer(self, batch: pa.RecordBatch) -> Outputs:
        """What it answers.

        Raises:
            SubjectError: it raises, or what it returns can't be answers.
        """
        if not self.vocabulary:
            name = self.task or "answer"
            columns = self.columns.get(name, self.columns.get("", ()))
            self.vocabulary = {name: Vocabulary(task=name, labels=list(columns), closed=bool(columns), columns=columns)}
        try:
            returned = self.function(self._given(batch))
        except (Exception, SystemExit) as error:  # a script that ends when it has nothing to do
            raise SubjectError(
                f"it raised {type(error).__name__}: {error}{line_of(error)}",
                remedy="correct it there; it has to take every text that there may be, the empty one too",
                model=self.name,
                row=self._culprit(batch),
            ) from error
        try:
            return read(returned, len(batch), self.vocabulary)
        except SubjectError as error:
            raise error.moved(model=self.name) from error

    def _given(self, batch: pa.RecordBatch) -> Any:
        if self.takes == "batch":
            return batch
        return [text or "" for text in batch.column(input_of(batch)).to_pylist()]

    def _culprit(self, batch: pa.RecordBatch) -> int | None:
        """The first row that fails by itself, found by halves; None where it takes several to fail."""
        low, high = 0, len(batch)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self._fails(batch.slice(low, middle - low)) else (middle, high)
        return low if high > low and self._fails(batch.slice(low, 1)) else None

    def _fails(self, batch: pa.RecordBatch) -> bool:
        try:
            self.function(self._given(batch))
        except (Exception, SystemExit):
            return True
        return False


def wrap(
    model: Any,
    *,
    task: str | None = None,
    labels: Labels | None = None,
    takes: Takes | None = None,
    name: str | None = None,
) -> Foreign:
    """Any model, to be tested as ours are: `aq.open().test(aq.wrap(predict, task="intent"))`.

    Args:
        model: a function, or an object with `predict_proba` and `classes_` (scikit-learn: estimators and pipelines),
            or with `predict`.
        task: whose answers it gives; not needed where the project has one task, or answers come by task.
        labels: the names of the columns of a matrix of probabilities, in order, or of the numbers that it answers;
            of several tasks: {task: names}.
        takes: "texts" (a list of strings) or "batch" (a `pyarrow.RecordBatch` of the examples' columns); by default
            a batch where the first argument is called `batch` or is annotated as one.
        name: for people (default: the function's).

    Returns:
        What `Engine.test` takes; a module may hold it: `adequate test mail.models:wrapped`.

    Raises:
        SubjectError: it can't be called.

    >>> model = wrap(lambda texts: ["fee" if "fee" in text else "card" for text in texts], task="intent")
    >>> model.answer(pa.record_batch({"text": ["a fee", "my card"]}))["intent"].labels
    ('fee', 'card')
    """
    if isinstance(model, Foreign):
        return replace(model, task=task or model.task, columns=columns_of(labels) or model.columns)
    called = name or getattr(model, "__name__", None) or type(model).__name__
    function, found = asked(model)
    if function is None:
        raise SubjectError(
            f"{type(model).__name__} can't be called, and has neither predict_proba nor predict",
            remedy="aq.wrap(lambda texts: ...)",
            model=called,
        )
    if takes not in (None, "texts", "batch"):
        raise SubjectError(f"takes={takes!r}", remedy='takes="texts" or takes="batch"', model=called)
    return Foreign(
        name=called,
        function=function,
        takes=takes or taken(function),
        task=task,
        columns=columns_of(labels) or columns_of(found),
    )


def asked(model: Any) -> tuple[Callable[[Any], Any] | None, Labels | None]:
    """What to call for answers, and the labels that the model knows by itself."""
    classes = getattr(model, "classes_", None)
    for way in ("predict_proba", "predict"):
        try:
            function = getattr(model, way, None)  # scikit-learn raises where an inner part has no such method
        except AttributeError:
            continue
        if callable(function) and (way == "predict" or classes is not None):
            return function, None if way == "predict" else list(classes if classes is not None else ())
    return (model if callable(model) else None), None


def columns_of(labels: Labels | None) -> dict[str, tuple[str, ...]]:
    """Names of columns by task; "" where it isn't said of which."""
    if labels is None:
        return {}
    if isinstance(labels, Mapping):
        return {task: tuple(map(str, names)) for task, names in labels.items()}
    return {"": tuple(map(str, labels))}


def taken(function: Callable[[Any], Any]) -> Takes:
    """What a function wants, by its first argument."""
    while isinstance(function, partial):
        function = function.func
    try:
        first = next(iter(inspect.signature(function).parameters.values()), None)
    except (TypeError, ValueError):  # written in C
        return "texts"
    if first is None:
        raise SubjectError("it takes no argument", remedy="def predict(texts): ...", model=function.__name__)
    said = first.annotation if isinstance(first.annotation, str) else getattr(first.annotation, "__name__", "")
    return "batch" if first.name == "batch" or said.endswith("RecordBatch") else "texts"
