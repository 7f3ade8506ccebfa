"""What a project declares of every answer: assertions, of the nine kinds that there are.

Each is a method of `Project`, which is one of these; what a kind means is in `spec.assertions`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar, overload

from adequate.perturb import Effect, Perturbation
from adequate.spec import assertions, columns
from adequate.spec.assertions import Assertion, Kind
from adequate.spec.behaviours import REACH
from adequate.spec.blame import mistake
from adequate.spec.keeping import Keeping
from adequate.spec.tasks import Task

Function = TypeVar("Function", bound=Callable[..., Any])


class Asserted(Keeping):
    """The part of a project that says what must hold of every answer."""

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
    @overload
    def assertion(
        self,
        function: None = None,
        /,
        *,
        sql: str,
        name: str,
        severity: str = ...,
        most: float = ...,
        task: Task | str | None = ...,
        suggest: Callable[..., Any] | None = ...,
    ) -> Assertion: ...

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
        sql: str | None = None,
    ) -> Any:
        """Declare what must hold of every prediction, as the decorator of a function, or in SQL.

        The function takes `inputs` (a RecordBatch of the examples' columns) and `outputs` (one of the same rows: for
        each task a column of its name with the label (a list of labels, for `multilabel`), and `TASK_confidence`, the
        probability of that answer). It returns one boolean a row, true where violated, or one number, 0 where not.

        A server has no functions of yours: what it is to watch as well, say in SQL.

        Args:
            sql: true where it is violated: an expression over the examples' columns, and for each task TASK and
                TASK_confidence; where a column has a task's name, the answer is meant. Null counts as no.
            severity: "block": no release with more violations than `most`; "warn": told.
            most: share of predictions that may violate it.
            task: whose labels would mend it: its violations are asked there (default: the only task, or all).
            suggest: (inputs, outputs) -> for each row the label that is likely right, or null.
        """

        def declared(called: str | None, function: Any, options: Mapping[str, Any]) -> Assertion:
            of = "" if task is None else self._task(task).name
            made = assertions.declare(
                called,
                Kind.PREDICATE,
                task=of,
                severity=severity,
                most=most,
                function=function,
                suggest=suggest,
                options=options,
            )
            return self._assert(made)

        def decorate(function: Function) -> Function:
            declared(name or getattr(function, "__name__", None), function, {})
            return function

        if sql is not None:
            return declared(name, function, {"sql": sql})
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

    def _assert(self, made: Assertion) -> Assertion:
        return self._keep_test(made, self.assertions, "assertion")
