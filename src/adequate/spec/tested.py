"""What a project declares of tests that need no gold labels: behaviours, suites, assertions, rules for columns.

Kept apart from `project` only for length: `Project` is one of these.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from adequate.perturb import Perturbation
from adequate.spec import behaviours, candidates, columns, source, suites
from adequate.spec.asserted import Asserted
from adequate.spec.behaviours import REACH, TARGET, Expect
from adequate.spec.blame import mistake
from adequate.spec.candidates import LEVEL, MOST, Candidates
from adequate.spec.columns import Column
from adequate.spec.slices import EVERYTHING, Slice
from adequate.spec.suites import Suite
from adequate.spec.tasks import Task

Function = TypeVar("Function", bound=Callable[..., Any])
On = Slice | str | Sequence[Slice | str] | None


class Tested(Asserted):
    """The part of a project that says how it is tested."""

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
