"""What came of the tests of one model: for people, as JSON, as JUnit, and as an exit code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal
from xml.etree import ElementTree

from adequate.testing.results import Result
from adequate.types import State


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The results of one subject, one a cell."""

    model: str
    results: Sequence[Result]

    @property
    def exit_code(self) -> Literal[0, 1, 2]:
        """0 all adequate, 1 one is inadequate, 2 none is but one is unknown."""
        states = {one.state for one in self.results}
        return 1 if State.INADEQUATE in states else 2 if State.UNKNOWN in states else 0

    def to_json(self) -> dict[str, Any]:
        """Everything, as `test --json` prints it."""
        return {
            "model": self.model,
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
                    "error": one.error,
                    "note": one.note,
                    "levels": [list(level) for level in one.levels],
                    "failing": [asdict(case) for case in one.failing],
                }
                for one in self.results
            ],
        }

    def to_junit(self) -> bytes:
        """A JUnit file: one test case a cell."""
        suite = ElementTree.Element(
            "testsuite",
            name=f"adequate test {self.model}",
            tests=str(len(self.results)),
            failures=str(sum(one.state is State.INADEQUATE for one in self.results)),
            errors=str(sum(bool(one.error) for one in self.results)),
            skipped=str(sum(one.state is State.UNKNOWN and not one.error for one in self.results)),
        )
        for one in self.results:
            case = ElementTree.SubElement(suite, "testcase", classname=str(one.cell.metric), name=one.key)
            if one.error:
                ElementTree.SubElement(case, "error", message=one.error)
            elif one.state is State.INADEQUATE:
                failure = ElementTree.SubElement(case, "failure", message=told(one))
                failure.text = "\n".join(
                    f"{bad.text!r}: {bad.answered!r}, not {bad.expected!r}" for bad in one.failing[:12]
                )
            elif one.state is State.UNKNOWN:
                ElementTree.SubElement(case, "skipped", message=told(one))
        root = ElementTree.Element("testsuites")
        root.append(suite)
        ElementTree.indent(root)
        return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))


def told(one: Result) -> str:
    """A result in a line."""
    if one.value is None:
        return one.note or "nothing was tested"
    if one.cell.metric == "envelope":
        return f"holds up to level {one.value:.2f}, wanted {one.cell.target:.2f} ({one.held:,} of {one.n:,} there)"
    return f"{one.held:,} of {one.n:,} hold ({one.low:.1%} to {one.high:.1%}), wanted {one.cell.target:.1%}"
