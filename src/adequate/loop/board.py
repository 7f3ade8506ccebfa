"""The board: is the project adequate, where not, and what is the next best thing to do?

A value, built from the store by `loop.report`; it prints in the terminal (`cli.board`), as JSON and as one
self-contained HTML page (`loop.page`), and draws itself in a notebook.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from adequate.spec.cells import spelt
from adequate.types import TESTS, Metric

SIGNS = {  # a state is never told by colour alone
    "regressed": "▼",
    "inadequate": "✕",
    "near": "◐",
    "open": "○",
    "few": "…",
    "adequate": "●",
}
MEANING = {
    "adequate": "proven to be at its target",
    "near": "labels to go",
    "open": "no forecast",
    "few": "too few labels to tell",
    "inadequate": "below its target",
    "regressed": "got worse",
}
FEW = 5  # labels of a cell below which nothing can be said of it
CHANGES = {"improved": "▲", "not_regressed": "", "regressed": "▼", "suspect": "▽"}


@dataclass(frozen=True, slots=True, kw_only=True)
class CellRow:
    """One cell as people see it. Fractions in [0, 1]; `need` and `forecast` count labels.

    A test that needs no labels has its name as `label`; of an envelope `value` and `target` are levels.

    Args:
        n: gate labels that speak about this cell.
        value: weighted estimate; None without a label.
        low, high: one-sided bounds, each at the cell's error rate.
        need: further gate labels expected to decide it; None when decided, or when no number would.
        change: against the baseline; None for a first model.
        room: gate examples that have no label yet: `need` may be more than there are.
        before: the baseline's value as it was measured then; None for a first model.
        forecast: further labels expected until it is proven to meet the target: (likely, low, high), or None.
    """

    task: str
    slice: str
    label: str | None
    metric: str
    n: int
    value: float | None
    low: float | None
    high: float | None
    target: float
    state: str
    need: int | None
    change: str | None
    forecast: tuple[int, int, int] | None
    critical: bool = False
    room: int = 0
    before: float | None = None

    @property
    def key(self) -> str:
        """What names the cell in ledgers, overrides and addresses."""
        return spelt(self.task, self.slice, self.label, self.metric)

    @property
    def is_test(self) -> bool:
        """Whether it is a behaviour, a suite or an assertion: measured without labels."""
        return self.metric in TESTS

    @property
    def mark(self) -> str:
        """A key of `SIGNS`: the state, and of one that is unknown what stands in the way."""
        if self.change == "regressed":
            return "regressed"
        if self.state != "unknown":
            return self.state
        if self.is_test:
            return "near" if self.forecast else "open"
        return "few" if self.n < FEW else "open" if self.to_go == "no forecast" else "near"

    @property
    def sign(self) -> str:
        """The mark, drawn."""
        return SIGNS[self.mark]

    @property
    def to_go(self) -> str:
        """What is missing, in labels, as people say it."""
        if self.state == "adequate":
            return ""
        if self.is_test and not self.forecast:
            return "not tested" if self.value is None else "no forecast"
        if not self.is_test and self.low is not None and self.low >= self.target:
            return "due at the next look"
        if self.need and self.need > self.room:
            return f"{self.need:,} to decide; {self.room:,} left to ask"
        if self.need:
            return f"{self.need:,} to decide"
        if self.forecast:
            likely, low, high = self.forecast
            return f"about {likely:,} ({low:,}-{high:,})"
        return "no forecast"

    @property
    def name(self) -> str:
        """As people say it: `intent · refund recall`, `intent × short accuracy`, and of tests
        `intent: survives_typos bears level 0.12 of 0.20`."""
        where = "" if self.slice == "all" else f" × {self.slice}"
        if self.is_test:
            return f"{self.task or 'all tasks'}: {self.label}{where} {self._says}"
        which = f" · {self.label}" if self.label is not None else ""
        return f"{self.task}{where}{which} {self.metric}"

    @property
    def _says(self) -> str:
        """Of a test, what it wants, and what there is."""
        if self.metric == Metric.ENVELOPE:
            level = "no level yet" if self.value is None else f"level {self.value:.2f}"
            return f"bears {level} of {self.target:.2f}"
        return {"must_pass": "must pass", "assertion": "must hold"}.get(self.metric, "holds")

    def to_json(self) -> dict[str, Any]:
        """The documented keys of `board --json`."""
        keys = ["task", "slice", "label", "metric", "n", "value", "low", "high", "target", "state", "need", "change"]
        forecast = None
        if self.forecast:
            forecast = dict(zip(("labels", "low", "high"), self.forecast, strict=True))
        return {key: getattr(self, key) for key in keys} | {"forecast": forecast}


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A `steer` example that the model gets wrong; those of `gate` are never shown."""

    example: str
    text: str
    gold: str
    predicted: str
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """Everything the board shows.

    Args:
        labels: current labels by part.
        next: {"action", "say", "command", "labels", "cells"}: the one next best thing to do.
        sentences: one per task, for whoever reads nothing else.
        curves: per cell name, one point a model: (teaching labels then, value, low, high).
        failures: per cell name, `steer` examples that fail it.
    """

    project: str
    model: str | None
    labels: dict[str, int]
    cells: list[CellRow]
    next: dict[str, Any]
    sentences: dict[str, str] = field(default_factory=dict)
    curves: dict[str, list[tuple[int, float, float, float]]] = field(default_factory=dict)
    failures: dict[str, list[Failure]] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The shape that `board --json` promises."""
        return {
            "project": self.project,
            "model": self.model,
            "labels": self.labels,
            "cells": [cell.to_json() for cell in self.cells],
            "next": self.next,
        }

    def count(self, mark: str, task: str | None = None) -> int:
        """Cells with this mark, of one task or of all."""
        return sum(cell.mark == mark and task in (None, cell.task) for cell in self.cells)

    @property
    def adequate(self) -> bool:
        """True when every declared cell is proven to be at its target."""
        return bool(self.cells) and all(cell.state == "adequate" for cell in self.cells)

    @property
    def has_tests(self) -> bool:
        """Whether anything is tested without labels."""
        return any(cell.is_test for cell in self.cells)

    def tasks(self) -> list[str]:
        """Names of the tasks, in the order declared."""
        return list(dict.fromkeys(cell.task for cell in self.cells if cell.task))

    def slices(self) -> list[str]:
        """Names of the slices on which labels measure something, "all" first."""
        named = dict.fromkeys(cell.slice for cell in self.cells if not cell.is_test)
        return sorted(named, key=lambda name: name != "all")

    def __str__(self) -> str:
        return json.dumps(self.to_json(), indent=2)

    def _repr_html_(self) -> str:
        from adequate.loop.page import embed

        return embed(self)
