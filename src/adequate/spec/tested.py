"""What a project declares of tests that need no gold labels: behaviours, suites, assertions, rules for columns.

Kept apart from `project` only for length: `Project` is one of these.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar, overload

from adequate.perturb import Effect, Perturbation
from adequate.spec import assertions, behaviours, candidates, columns, source, suites
from adequate.spec.assertions import Assertion, Kind
from adequate.spec.behaviours import REACH, TARGET, Behaviour, Expect
from adequate.spec.blame import mistake
from adequate.spec.candidates import LEVEL, MOST, Candidates
from adequate.spec.columns import Column
from adequate.spec.slices import EVERYTHING, Slice
from adequate.spec.suites import Suite
from adequate.spec.tasks import Task

Function = TypeVar("Function", bound=Callable[..., Any])
Made = TypeVar("Made", Behaviour, Suite, Assertion, Column)
On = Slice | str | Sequence[Slice | str] | None


class Tested:
    """The part of a project that says how it is tested."""

    tasks: dict[str, Task]
    slices: dict[str, Slice]

    def __init__(self) -> None:
        self.behaviours: dict[str, Behaviour] = {}
        self.suites: dict[str, Suite] = {}
        self.assertions: dict[str, Assertion] = {}
        self.columns: dict[str, Column] = {}
        self.asked: dict[str, Candidates] = {}

    @property
    def has_tests(self) -> bool:
        """Whether any test is declared that needs no gold labels."""
        return bool(self.behaviours or self.suites or self.assertions)

    def behaviour(
        self,
        task: Task | str,
        *,
        expect: Expect | str | None = None,
        target: float = TARGET,
        by: float = 0.0,
        reach: float = REACH,
        on: On = None,
        critical: bool = False,
        teach: bool = True,
        name: str | None = None,
    ) -> Callable[[Function], Function]:
        """Declare a test that needs no gold labels, as the decorator of a function.

        A function `(batch, level, rng)` returns the batch with other inputs: the same rows in the same order. A
        function without arguments yields cases: `aq.cases(...)`, or (text, label).

        Args:
            task: whose answers.
            expect: "same", `aq.rises(label)` or `aq.falls(label)`; of cases, the right label.
            target: share of cases that must hold, a fraction.
            by: how far the probability must move, a fraction.
            reach: with "same", the level in (0, 1] up to which it must hold.
            on: slices on which it must hold; each is a cell.
            critical: no release while it isn't adequate.
            teach: whether what lies just past the model's limit may be taught.

        Raises:
            SpecError: with the line of the call, for whatever makes no sense.
        """
        of = self._task(task)

        def decorate(function: Function) -> Function:
            called = name or getattr(function, "__name__", None)
            made = behaviours.declare(called, of.name, function, expect, target, by, reach, on, critical, teach)
            self._keep_test(made, self.behaviours, "behaviour")
            label = made.expect if isinstance(made.expect, str) else made.expect.label if made.expect else ""
            self._check_label(of, label, f"behaviour {made.name!r}")
            return function

        return decorate

    def candidates(
        self, task: Task | str, change: Perturbation, *, level: float = LEVEL, most: int = MOST
    ) -> Candidates:
        """Declare that people may be asked about changed copies of labelled examples: `adequate test propose`.

        Args:
            task: whose labels are asked.
            change: a perturbation that may change the meaning: aq.perturb.negate.
            level: of the change, in (0, 1].
            most: copies asked at once.

        Raises:
            SpecError: the change leaves the right answer as it is, or is declared twice.
        """
        made = candidates.declare(self._task(task).name, change, level, most)
        if made.name in self.asked:
            raise mistake(f"candidates of {made.name!r} are declared twice", remedy="leave one of them out")
        self.asked[made.name] = made
        return made

    def must_pass(
        self, path: str | Path, task: Task | str | None = None, *, text: str | None = None, expect: str | None = None
    ) -> Suite:
        """Declare a file of examples that must all be answered right, without tolerance.

        Args:
            path: CSV, JSONL or Parquet, relative to the project's folder; its columns are named as the data's are.
            task: whose answers; by default every task that the file has a column of.
            text, expect: columns of the file, where they have other names.
        """
        name = "" if task is None else self._task(task).name
        made = suites.declare(path, name, text=text, expect=expect, target=1.0, exact=True, critical=True)
        return self._keep_test(made, self.suites, "suite")

    def suite(
        self,
        path: str | Path,
        task: Task | str,
        *,
        name: str | None = None,
        text: str | None = None,
        expect: str | None = None,
        per: str | None = None,
        labels: Mapping[str, str] | None = None,
        target: float = TARGET,
        critical: bool = False,
    ) -> Suite:
        """Declare a file of cases that somebody wrote.

        Args:
            path: CSV, JSONL or Parquet, relative to the project's folder.
            text, expect: its columns of inputs and of right answers (default: those of the data).
            per: a column whose values are cells of their own.
            labels: {label in the file: label of the task}, where they differ.
            target: share of cases that must hold, a fraction.
        """
        made = suites.declare(
            path,
            self._task(task).name,
            name=name,
            text=text,
            expect=expect,
            per=per,
            labels=labels,
            target=target,
            critical=critical,
        )
        return self._keep_test(made, self.suites, "suite")

    @overload
    def assertion(self, function: Function, /) -> Function: ...
    @overload
    def assertion(
        self,
        function: None = None,
        /,
        *,
        severity: str = ...,
        most: float = ...,
        task: Task | str | None = ...,
        suggest: Callable[..., Any] | None = ...,
        name: str | None = ...,
    ) -> Callable[[Function], Function]: ...

    def assertion(
        self,
        function: Any = None,
        /,
        *,
        severity: str = "warn",
        most: float = 0.0,
        task: Task | str | None = None,
        suggest: Callable[..., Any] | None = None,
        name: str | None = None,
    ) -> Any:
        """Declare what must hold of every prediction, as the decorator of a function.

        The function takes `inputs` (a RecordBatch of the examples' columns) and `outputs` (one of the same rows: for
        each task a column of its name with the label (a list of labels, for `multilabel`), and `TASK_confidence`, the
        probability of that answer). It returns one boolean a row, true where violated, or one number, 0 where not.

        Args:
            severity: "block": no release with more violations than `most`; "warn": told.
            most: share of predictions that may violate it.
            task: whose labels would mend it: its violations are asked there (default: the only task, or all).
            suggest: (inputs, outputs) -> for each row the label that is likely right, or null.
        """

        def decorate(function: Function) -> Function:
            called = name or getattr(function, "__name__", None)
            of = "" if task is None else self._task(task).name
            self._assert(
                assertions.declare(
                    called,
                    Kind.PREDICATE,
                    task=of,
                    severity=severity,
                    most=most,
                    function=function,
                    suggest=suggest,
                )
            )
            return function

        return decorate if function is None else decorate(function)

    def implication(
        self, name: str, *, when: Mapping[str, str], then: Mapping[str, str], severity: str = "warn", most: float = 0.0
    ) -> Assertion:
        """Declare that an answer of one task demands an answer of another.

        Args:
            when, then: {task: label}, all of which hold.

        >>> from adequate.spec import Project, Target
        >>> mail = Project("mail", text="body")
        >>> for task in ("intent", "urgent"):
        ...     _ = mail.classify(task, labels=["no", "yes"], target=Target(accuracy=0.9))
        >>> mail.implication("theft is urgent", when={"intent": "yes"}, then={"urgent": "yes"}).kind
        <Kind.IMPLICATION: 'implication'>
        """
        for task, label in (*when.items(), *then.items()):
            self._check_label(self._task(task), label, f"implication {name!r}")
        options = {"when": dict(when), "then": dict(then)}
        of = next(iter(then), "")
        return self._assert(
            assertions.declare(name, Kind.IMPLICATION, task=of, severity=severity, most=most, options=options)
        )

    def consistent(
        self, task: Task | str, *, within: str, severity: str = "warn", most: float = 0.0, name: str | None = None
    ) -> Assertion:
        """Declare that examples with one value of a column have one answer.

        Args:
            within: the column that says what belongs together (thread, customer).
        """
        of = self._task(task)
        called = name or f"{of.name} consistent within {within}"
        options = {"within": within}
        return self._assert(
            assertions.declare(called, Kind.CONSISTENCY, task=of.name, severity=severity, most=most, options=options)
        )

    def steady(
        self,
        task: Task | str,
        *,
        within: str,
        by: str | None = None,
        gap: int = 1,
        severity: str = "warn",
        most: float = 0.0,
        name: str | None = None,
    ) -> Assertion:
        """Declare that the answers along an ordered stream don't flicker: A B A with at most `gap` B's is a violation.

        Args:
            within: the column that names the stream.
            by: the column that orders it (default: the project's time column, else the order of the data).
        """
        of = self._task(task)
        called = name or f"{of.name} steady within {within}"
        options = {"within": within, "by": by or getattr(self, "time", None), "gap": int(gap)}
        return self._assert(
            assertions.declare(called, Kind.STEADINESS, task=of.name, severity=severity, most=most, options=options)
        )

    def agreement(
        self,
        task: Task | str,
        *,
        model: str = "baseline",
        severity: str = "warn",
        most: float = 0.0,
        name: str | None = None,
    ) -> Assertion:
        """Declare that the answers are those of another model.

        Args:
            model: id of a model of the project, `baseline`, or as `adequate test` takes them.
        """
        of = self._task(task)
        called = name or f"{of.name} agrees with {model.replace('/', ' ')}"
        return self._assert(
            assertions.declare(
                called, Kind.AGREEMENT, task=of.name, severity=severity, most=most, options={"model": model}
            )
        )

    def invariant(
        self,
        task: Task | str,
        change: Callable[..., Any],
        *,
        level: float = REACH,
        share: float = 0.01,
        severity: str = "warn",
        most: float = 0.05,
        name: str | None = None,
    ) -> Assertion:
        """Declare that a change of the input that must not matter doesn't, tried on a sample of what comes.

        Args:
            change: `(batch, level, rng)`, as of a behaviour: aq.perturb.swap_letters.
            share: of the predictions on which it is tried, a fraction.
        """
        of = self._task(task)
        if isinstance(change, Perturbation) and change.effect is Effect.MAY_CHANGE:
            raise mistake(
                f"{change.name} may change what is right, so the answer needn't stay the same",
                remedy=f"project.candidates({of.name!r}, aq.perturb.{change.name}) asks people what is right",
            )
        called = name or f"{of.name} bears {getattr(change, '__name__', 'a change')}"
        return self._assert(
            assertions.declare(
                called,
                Kind.INVARIANCE,
                task=of.name,
                severity=severity,
                most=most,
                function=change,
                options={"level": float(level), "share": float(share)},
            )
        )

    def rate(
        self,
        task: Task | str,
        label: str,
        *,
        most: float,
        per: str = "hour",
        severity: str = "warn",
        name: str | None = None,
    ) -> Assertion:
        """Declare that a label comes no more often than so many times an hour (day, minute), by the time column.

        Args:
            most: answers in one such stretch.
            per: "minute", "hour" or "day".
        """
        of = self._task(task)
        self._check_label(of, label, "a rate")
        if per not in ("minute", "hour", "day"):
            raise mistake(f"per={per!r} isn't a stretch of time", remedy='per="hour"')
        called = name or f"{of.name} {label.replace('/', ' ')} at most {most:g} {'an' if per == 'hour' else 'a'} {per}"
        options = {"label": label, "most": float(most), "per": per, "by": getattr(self, "time", None)}
        return self._assert(assertions.declare(called, Kind.RATE, task=of.name, severity=severity, options=options))

    def within(
        self,
        column: str,
        *,
        between: tuple[Any, Any] | None = None,
        one_of: Sequence[Any] | None = None,
        task: Task | str | None = None,
        severity: str = "warn",
        most: float = 0.0,
        name: str | None = None,
    ) -> Assertion:
        """Declare what a column may hold beside every prediction: one of the outputs, or else of the inputs.

        Args:
            column: `intent_confidence`, or a column of the data.
            between: least and greatest value, None: open (of text: length in characters).
            one_of: the values that there are.
            task: whose labels would mend it: its violations are asked there; by default nowhere.
        """
        if between is None and one_of is None:
            raise mistake(f"{column!r} may hold anything", remedy="between=(0, 1), or one_of=[...]")
        rule = columns.declare(column, None, None, between, one_of, False, severity)
        of = "" if task is None else self._task(task).name
        options = {"column": rule.name, "between": rule.between, "one_of": rule.one_of}
        called = name or f"{rule.name} within bounds"
        return self._assert(
            assertions.declare(called, Kind.RANGE, task=of, severity=severity, most=most, options=options)
        )

    def contradiction(
        self, task: Task | str, *, severity: str = "warn", most: float = 0.0, name: str | None = None
    ) -> Assertion:
        """Declare that the model doesn't say otherwise than a person said of the same example."""
        of = self._task(task)
        called = name or f"{of.name} as people said"
        return self._assert(assertions.declare(called, Kind.CONTRADICTION, task=of.name, severity=severity, most=most))

    def column(
        self,
        name: str,
        *,
        of: str | None = None,
        nulls: float | None = None,
        between: tuple[Any, Any] | None = None,
        one_of: Sequence[Any] | None = None,
        unique: bool = False,
        severity: str = "warn",
    ) -> Column:
        """Declare what a column of the data may hold; `adequate add` tests it.

        Args:
            of: "text", "number", "whole", "time" or "boolean".
            nulls: share of rows that may have no value.
            between: least and greatest value (of text: length in characters).
            one_of: the values that there are.
            unique: no value twice in one file.
            severity: "block": a file that fails isn't added.
        """
        made = columns.declare(name, of, nulls, between, one_of, unique, severity)
        return self._keep_test(made, self.columns, "column")

    def _task(self, task: object) -> Task:
        name = task.name if isinstance(task, Task) else task
        found = self.tasks.get(name) if isinstance(name, str) else None
        if found is None:
            raise mistake(f"there is no task {name!r}", remedy=f"declare it before; there are: {', '.join(self.tasks)}")
        return found

    def _check_label(self, task: Task, label: str, what: str) -> None:
        if label and task.labels is not None and label not in task.labels:
            raise mistake(f"{what}: task {task.name!r} has no label {label!r}", remedy=", ".join(task.labels[:20]))

    def _assert(self, made: Assertion) -> Assertion:
        return self._keep_test(made, self.assertions, "assertion")

    def _keep_test(self, made: Made, where: dict[str, Made], what: str) -> Made:
        kinds: dict[str, Mapping[str, object]]
        kinds = {"behaviour": self.behaviours, "suite": self.suites, "assertion": self.assertions}
        for kind, there in (
            kinds.items() if what in kinds else {what: where}.items()
        ):  # these three share names of cells
            if made.name in there:
                own = "of its own: name=..., or of a must-pass file that of the file" if what in kinds else "of its own"
                raise mistake(f"{what} {made.name!r} has the name of another {kind}", remedy=f"give each a name {own}")
        where[made.name] = made
        return made

    def _tests(self) -> dict[str, Any]:
        """What is declared here, as JSON has it; nothing where nothing is, so that older projects keep their digest."""
        said: dict[str, Any] = {}
        for kind in ("behaviours", "suites", "assertions", "columns"):
            held = {name: _as_json(made) for name, made in getattr(self, kind).items()}
            if held:
                said["rules" if kind == "columns" else kind] = held  # `columns` are those with a role
        if self.asked:
            said["candidates"] = {name: _as_json(made) for name, made in self.asked.items()}
        return said

    def _finish_tests(self) -> None:
        """Complain about slices that nobody declared."""
        for made in self.behaviours.values():
            for name in made.slices:
                if name != EVERYTHING and name not in self.slices:
                    raise mistake(f"behaviour {made.name!r}: there is no slice {name!r}", remedy="declare the slice")
            source.read(made.function)
        for claim in self.assertions.values():
            if claim.function is not None:
                source.read(claim.function)


def _as_json(made: Any) -> dict[str, Any]:
    """The fields of a declaration, functions as what they mean."""
    found: dict[str, Any] = {}
    for name in made.__slots__:
        value = getattr(made, name)
        if callable(value):
            value = source.read(value).meaning
        elif isinstance(value, Expect):
            value = [value.kind, value.label]
        elif isinstance(value, Mapping):
            value = dict(value)
        found[name] = value
    return found
