"""What is told first."""

from __future__ import annotations

from adequate.loop.checks.report import Report, ordered
from adequate.testing.cells import Cell
from adequate.testing.results import Result
from adequate.types import State


def result(name: str, state: State, error: str = "") -> Result:
    return Result(cell=Cell(task="t", label=name, target=0.9), state=state, error=error, need=70)


def test_what_needs_somebody_comes_first() -> None:
    found = [
        result("good", State.ADEQUATE),
        result("few", State.UNKNOWN),
        result("broken", State.UNKNOWN, "it raised"),
        result("bad", State.INADEQUATE),
        result("new", State.INADEQUATE),
    ]
    newly = frozenset({found[-1].key})
    first = ordered(found, newly)
    assert [one.cell.label for one in first] == ["new", "bad", "broken", "few", "good"]
    said = Report(model="m", results=first, newly=newly).to_json()["cells"]
    assert [(one["newly"], one["need"]) for one in said[:2]] == [(True, 70), (False, 70)]
