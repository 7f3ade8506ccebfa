"""What came of the tests of one model: for people, as JSON, as JUnit, and as an exit code."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from adequate.loop import junit
from adequate.loop.checks.words import case, told
from adequate.testing.results import Result
from adequate.types import State

LISTED = 12  # failing cases in the text of a failure


def ordered(results: Iterable[Result], newly: frozenset[str] = frozenset()) -> list[Result]:
    """What needs somebody first: newly failing, failing, impossible to run, not yet known; then what is adequate."""
    states = [State.INADEQUATE, State.UNKNOWN, State.ADEQUATE]
    return sorted(results, key=lambda one: (states.index(one.state), one.key not in newly, not one.error))


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The results of one subject, one a cell.

    Args:
        model: its name.
        newly: keys of cells that are inadequate, and were adequate for the model that was measured before.
        standing: of a model of the project, whether it is the one in use.
    """

    model: str
    results: Sequence[Result]
    newly: frozenset[str] = frozenset()
    standing: str = ""

    @property
    def exit_code(self) -> Literal[0, 1, 2]:
        """0 all adequate, 1 one is inadequate, 2 none is but one is unknown, or nothing was tested."""
        states = {one.state for one in self.results}
        return 1 if State.INADEQUATE in states else 0 if states == {State.ADEQUATE} else 2

    def to_json(self) -> dict[str, Any]:
        """Everything, as `test --json` prints it."""
        return {
            "model": self.model,
            "standing": self.standing,
            "exit": self.exit_code,
            "cells": [
                {
                    "cell": one.key,
                    "task": one.cell.task,
                    "slice": one.cell.slice,
                    "test": one.cell.label,
                    "metric": str(one.cell.metric),
                    "target": one.cell.target,
                    "critical": one.cell.critical,
                    "n": one.n,
                    "held": one.held,
                    "value": one.value,
                    "low": one.low,
                    "high": one.high,
                    "state": str(one.state),
                    "newly": one.key in self.newly,
                    "error": one.error,
                    "note": one.note,
                    "levels": [list(level) for level in one.levels],
                    "need": one.need,
                    "seconds": round(one.seconds, 3),
                    "failing": [asdict(case) for case in one.failing],
                }
                for one in self.results
            ],
        }

    def to_junit(self) -> bytes:
        """A JUnit file: one test case a cell.

        Inadequate is a failure, with its first failing cases as text; one that can't be tested is an error; unknown is
        skipped, with the reason.
        """
        cases = [_case(one) for one in self.results]
        return junit.written(f"adequate test {self.model}", cases, {"model": self.model})


def _case(one: Result) -> junit.Case:
    cell = one.cell
    made = junit.Case(
        group=".".join(("adequate", cell.task or "all", cell.slice, str(cell.metric))),
        name=one.key,
        seconds=one.seconds,
    )
    if one.error:
        first, _, rest = one.error.partition("\n")
        return replace(made, outcome="error", kind="error", message=first, text=rest.strip() or first)
    if one.state is State.INADEQUATE:
        text = "\n".join([told(one), *map(case, one.failing[:LISTED])])
        return replace(made, outcome="failure", kind="inadequate", message=told(one), text=text)
    return made if one.state is State.ADEQUATE else replace(made, outcome="skipped", message=told(one))
