"""What must the model do, and how good is good enough?

A project is a value: names of columns, tasks and slices, each checked at the line that declares it. Declaring runs
nothing and touches no file. Everything that stands on it is named by its `digest`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, overload

from adequate.spec import python, slices, source, tasks
from adequate.spec.blame import caller, mistake
from adequate.spec.cells import spelt
from adequate.spec.costs import Priced
from adequate.spec.recording import Recorded
from adequate.spec.slices import EVERYTHING, Slice
from adequate.spec.targets import Target, fraction
from adequate.spec.tasks import Task
from adequate.spec.tested import Tested
from adequate.types import BY_LABELS, RESERVED, Kind, Metric

if TYPE_CHECKING:
    from adequate.spec.overlay import Change
    from adequate.spec.slices import Member


class Project(Priced, Tested, Recorded):
    """Columns, tasks, slices, how they are tested (`Tested`), what serving costs (`Priced`) and what
    servers keep (`Recorded`).

    Args:
        name: for people: titles, reports.
        text: the column that holds the input.
        group: the column whose equal values belong together (thread, author): never split between parts.
        time: the column that says when.
        id: the column that names an example; without it the hash of its content does.

    >>> project = Project("support-mail", text="body", group="thread_id")
    >>> urgent = project.classify("urgent", labels=["no", "yes"], target=Target(recall=0.95, on="yes"))
    >>> fees = project.slice("fees", sql="body ILIKE '%fee%'", target=0.95, critical=True)
    >>> list(project.tasks), list(project.slices)
    (['urgent'], ['fees'])
    """

    def __init__(
        self,
        name: str,
        *,
        text: str,
        group: str | None = None,
        time: str | None = None,
        id: str | None = None,  # noqa: A002
    ) -> None:
        if not isinstance(name, str) or not name.strip() or not name.isprintable():
            raise mistake(f"{name!r} can't name a project", remedy='a few words: aq.Project("support-mail", ...)')
        columns = {"text": text, "group": group, "time": time, "id": id}
        for role, column in columns.items():
            if column is None and role != "text":
                continue
            if not isinstance(column, str) or not column or column.startswith(RESERVED):
                raise mistake(
                    f"{role}={column!r} isn't the name of a column", remedy=f'a column of your data: {role}="..."'
                )
            if column == text and role != "text":
                raise mistake(f"{role}={column!r} is the text itself", remedy=f"leave out {role}")
        super().__init__()
        self.name = name
        self.text = text
        self.group = group
        self.time = time
        self.id = id
        self.tasks: dict[str, Task] = {}
        self.slices: dict[str, Slice] = {}
        self.targets: dict[str, float] = {}  # of single cells, by the name each has on the board
        self.changes: tuple[Change, ...] = ()  # made in the studio and laid over the file, by `overlay`
        self.declared_at = caller()
        self._awaited: dict[str, tuple[str, int]] = {}  # slices whose decorator has no function yet

    def __repr__(self) -> str:
        return f"Project({self.name!r}, tasks: {', '.join(self.tasks) or 'none'}; {len(self.slices)} slices)"

    def classify(
        self,
        name: str,
        *,
        labels: str | Sequence[str] = "infer",
        target: Target | None = None,
        cost: Mapping[str, float] | None = None,
        column: str | None = None,
        normalise: bool = False,
        renamed: Mapping[str, str | None] | None = None,
    ) -> Task:
        """Declare a task with exactly one label an example.

        Args:
            labels: their names in order, or "infer": those that the data has.
            target: required; how good is good enough.
            cost: of a `miss` and an `alarm` of the label that the target is `on`, relative to each other.
            column: of the data, where it holds given labels (default: the name of the task).
            normalise: read labels in lower case with single spaces.
            renamed: names that older data and models use, and what each is called now; None where it was retired.

        Raises:
            SpecError: with the line of the call, for whatever makes no sense.
        """
        return self._add(tasks.declare(name, Kind.CLASSIFY, labels, target, cost, column, None, normalise, renamed))

    def multilabel(
        self,
        name: str,
        *,
        labels: str | Sequence[str] = "infer",
        target: Target | None = None,
        cost: Mapping[str, float] | None = None,
        column: str | None = None,
        separator: str | None = None,
        normalise: bool = False,
        renamed: Mapping[str, str | None] | None = None,
    ) -> Task:
        """Declare a task with any number of labels an example, none included.

        Args:
            separator: between labels where the column is text (`fees;cards`); not needed for lists.

        The rest as in `classify`; `cost` is of each label.
        """
        kind = Kind.MULTILABEL
        return self._add(tasks.declare(name, kind, labels, target, cost, column, separator, normalise, renamed))

    def span(
        self,
        name: str,
        *,
        labels: str | Sequence[str] = "infer",
        target: Target | None = None,
        column: str | None = None,
    ) -> Task:
        """Declare a task that marks stretches of the text, each with a label; they may overlap.

        Its labels are collected in the studio; the loop doesn't train it.

        Args:
            column: of the data, where it holds given spans (default: the name of the task): a JSON list of objects
                with `start`, `end` (code points) and `label`.
            target: may be left out.

        The rest as in `classify`.
        """
        return self._add(tasks.declare(name, Kind.SPAN, labels, target, None, column, None, False))

    def score(self, name: str, *, target: Target | None = None, column: str | None = None) -> Task:
        """Declare a task that gives each example a number; people compare two examples at a time.

        Its labels are collected in the studio; the loop doesn't train it.

        Args:
            target: its `accuracy` is of pairs, those put in the right order.
            column: of the data, where it holds given scores (default: the name of the task).
        """
        return self._add(tasks.declare(name, Kind.SCORE, "infer", target, None, column, None, False))

    @property
    def learnable(self) -> dict[str, Task]:
        """The tasks that the loop trains, tests and mines for; of the others it only collects labels."""
        return {name: task for name, task in self.tasks.items() if task.learnable}

    def _add(self, task: Task) -> Task:
        if task.name in self.tasks:
            raise mistake(f"there is a task {task.name!r} already", remedy="give each task a name of its own")
        if task.column == self.text:
            raise mistake(f"task {task.name!r} reads its labels from the text, {self.text!r}", remedy='column="..."')
        self.tasks[task.name] = task
        return task

    @overload
    def slice(self, name: Member, /) -> Member: ...
    @overload
    def slice(self, name: str, function: Member, *, target: float | None = ..., critical: bool = ...) -> Slice: ...
    @overload
    def slice(self, name: str, *, sql: str, target: float | None = ..., critical: bool = ...) -> Slice: ...
    @overload
    def slice(
        self, name: str | None = None, *, target: float | None = ..., critical: bool = ...
    ) -> Callable[[Member], Member]: ...

    def slice(
        self,
        name: Any = None,
        function: Any = None,
        *,
        sql: str | None = None,
        target: float | None = None,
        critical: bool = False,
    ) -> Any:
        """Declare a named subset: by SQL, by a function over a batch, or as that function's decorator.

        Args:
            sql: a condition over the columns of an example; `text` is the text column whatever its name.
            function: takes a `pyarrow.RecordBatch`, returns one boolean a row.
            target: accuracy to reach on it, a fraction; None: as on all examples.
            critical: a release is blocked whatever else it gains if this gets worse.

        Returns:
            The slice; as a decorator, the function unchanged.

        Raises:
            SpecError: with the line of the call, for whatever makes no sense.

        >>> project = Project("mail", text="body")
        >>> @project.slice(critical=True)
        ... def shouted(batch):
        ...     return [text.isupper() for text in batch["body"].to_pylist()]
        >>> project.slices["shouted"].critical
        True
        """
        if callable(name):  # @project.slice
            self._keep(slices.declare(getattr(name, "__name__", None), None, name, target, critical))
            return name
        if sql is not None or function is not None:
            return self._keep(slices.declare(name, sql, function, target, critical))
        place = caller()
        if name is not None:
            self._awaited[slices.named(name)] = place

        def decorate(function: Member) -> Member:
            self._awaited.pop(name, None)
            self._keep(slices.declare(name or getattr(function, "__name__", None), None, function, target, critical))
            return function

        return decorate

    def _keep(self, made: Slice) -> Slice:
        if made.name in self.slices:
            raise mistake(f"there is a slice {made.name!r} already", remedy="give each slice a name of its own")
        self.slices[made.name] = made
        return made

    def target(self, cell: str, least: float) -> None:
        """Give one cell a target of its own.

        Args:
            cell: as the board names it: `TASK/SLICE/accuracy` or `TASK/SLICE/LABEL/recall`.
            least: the fraction it must reach.

        Raises:
            SpecError: there is no such cell, or that isn't a fraction.

        >>> project = Project("mail", text="body")
        >>> topic = project.classify("topic", labels=["a", "b"], target=Target(accuracy=0.9, recall=0.8))
        >>> project.target("topic/all/b/recall", 0.7)
        """
        found = self.cell(cell) if isinstance(cell, str) else None
        if found is None:
            raise mistake(f"there is no cell {cell!r}", remedy='"TASK/SLICE/accuracy" or "TASK/SLICE/LABEL/recall"')
        self.targets[found] = fraction("least", least)

    def cell(self, key: str) -> str | None:
        """The cell that `TASK/SLICE/LABEL/METRIC` (or `TASK/SLICE/accuracy`) means today; None where there is none.

        >>> Project("mail", text="body").cell("topic/all/accuracy") is None
        True
        """
        name, _, rest = key.partition("/")
        part, _, rest = rest.partition("/")
        label, _, metric = rest.rpartition("/")
        task = self.tasks.get(name)
        if task is None or (part != EVERYTHING and part not in self.slices) or metric not in BY_LABELS:
            return None
        if (label == "") != (metric == Metric.ACCURACY):
            return None
        now = task.now(label) if label else ""
        if now is None or (now and task.labels is not None and now not in task.labels):
            return None
        return spelt(name, part, now, metric)

    def finish(self) -> Project:
        """The project itself, once nothing in it waits for more.

        Raises:
            SpecError: a slice was named, but given neither SQL nor a function.
        """
        for name, place in self._awaited.items():
            raise mistake(f"slice {name!r} has neither SQL nor a function", remedy="add sql='...'", at=place)
        for made in self.slices.values():
            if made.function:
                source.read(made.function)  # now, while the file is as it was run
        self._finish_tests()
        return self

    def digest(self) -> str:
        """A hash of what is declared, 64 hex digits; layout and comments of the file don't change it."""
        return hashlib.sha256(json.dumps(self.declared(), sort_keys=True).encode()).hexdigest()

    def declared(self) -> dict[str, Any]:
        """Everything that is declared, as JSON has it; functions as what they mean."""
        said: dict[str, Any] = {"targets": self.targets} if self.targets else {}  # older projects keep their digest
        return (
            said
            | self._tests()
            | {
                "name": self.name,
                "columns": {"text": self.text, "group": self.group, "time": self.time, "id": self.id},
                "tasks": {name: as_json(task) for name, task in self.tasks.items()},
                "slices": {
                    name: as_json(made) | {"function": made.function and source.read(made.function).meaning}
                    for name, made in self.slices.items()
                },
            }
        )

    def as_python(self) -> str:
        """The source of a `project.py` that declares the same."""
        return python.written(self)


def as_json(value: Any) -> dict[str, Any]:
    """The fields of a declaration, functions left out."""
    fields = {name: getattr(value, name) for name in value.__slots__ if name != "function"}
    if fields.get("renamed") is None:
        fields.pop("renamed", None)  # so that what was declared before there were renames has the digest it had
    return {
        name: as_json(field) if isinstance(field, Target) else dict(field) if isinstance(field, Mapping) else field
        for name, field in fields.items()
    }
