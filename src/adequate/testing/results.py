"""What a test that needs no gold labels found: a cell, and the cases that failed it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from adequate.testing.cells import Cell
from adequate.types import State

ALPHA = 0.05  # the chance that what a test says of a cell isn't so
KEPT = 10_000  # failing cases of a cell that are kept: the worst


@dataclass(frozen=True, slots=True, kw_only=True)
class Failing:
    """One case that doesn't hold.

    Args:
        text: the input that the model was given.
        origin: what it was changed from; None where it is as somebody wrote it.
        expected: the right answer, or what should have held.
        answered: what the model said.
        row: of the example that it is, or was changed from; -1 where it is none of the project's.
        level: at which it was changed; None where it wasn't.
        confidence: probability of `answered`; None where the model says none.
        severity: how badly, above 0.
        suggested: the label that is likely right; None where the test doesn't say.
        detail: what else there is to see: the template, the slots, the columns that were read.
    """

    text: str
    origin: str | None = None
    expected: str = ""
    answered: str = ""
    row: int = -1
    level: float | None = None
    confidence: float | None = None
    severity: float = 1.0
    suggested: str | None = None
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One cell, tested.

    Args:
        cell: which; its target is a share that must hold, or of an envelope the level that it must reach.
        n: cases that count; rows that a change left as they were don't.
        held: those that hold.
        value: the share that holds, or of an envelope the largest level proven; None where nothing was tested.
        low, high: bounds of `value`; equal to it where every case that there is was tested.
        state: against the target.
        failing: the worst of the cases that don't hold; `n - held` says how many there are.
        error: why it couldn't be tested: function, line and row. Its state is then unknown.
        note: what a person should know though it was tested.
        levels: of an envelope, what was tried: (level, cases, held).
        need: where the state is unknown, about how many more cases would decide it; they need no labels. None where no
            number would, or nobody can say.
        seconds: that it took.
    """

    cell: Cell
    n: int = 0
    held: int = 0
    value: float | None = None
    low: float = 0.0
    high: float = 1.0
    state: State = State.UNKNOWN
    failing: Sequence[Failing] = ()
    error: str = ""
    note: str = ""
    levels: Sequence[tuple[float, int, int]] = ()
    need: int | None = None
    seconds: float = 0.0

    @property
    def key(self) -> str:
        """What names the cell."""
        return self.cell.key
