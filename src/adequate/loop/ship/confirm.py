"""The gate for candidates: the very comparison that every model passes, and what its verdicts cost when there are many.

Candidates are chosen by visible data alone; the gate only confirms, the smallest first, and each look is a row in the
ledger before its verdict is told. Trying until one passes would turn red into green by patience, so:

- one bundle is one look: asked again on the same labels, it gets the verdict that it had;
- after a refusal only a candidate that is expected to lose less, by visible data, is put to the gate;
- every refusal raises the level of the pooled tests by as much again (twice after the first, three times after the
  second, ...): a later candidate has to look better, never just luckier;
- a cell of a release is called adequate at a share of alpha that holds for all looks together;
- after `MOST` looks on the same gate labels nothing more is tried: label more, or accept a better model.

Cells that were never proven of the model stay unproven of the release: it spends nothing of what a cell may spend
(`testing.looks`), and can't make it green. A cell that was proven and is refuted of the bundle blocks it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from adequate.bundles import Bundle
from adequate.encoders.lexical import texts_of
from adequate.loop.answers import answered as stored
from adequate.loop.answers import labels_of
from adequate.loop.chances import Chances
from adequate.loop.checks import gate as tests
from adequate.loop.checks.keep import keep, key_of
from adequate.loop.checks.run import run as put_to
from adequate.loop.cycle import slices
from adequate.loop.ship.screen import MEMBERS, answered
from adequate.loop.steps.cells import measured
from adequate.loop.subjects import Trained
from adequate.loop.subjects.cached import Cached
from adequate.loop.subjects.shipped import Shipped
from adequate.loop.turn import Ground, sealed, split
from adequate.spec.cells import spelt
from adequate.store import Cell as Measured
from adequate.store import Look
from adequate.testing.cells import Cell, count, declared
from adequate.testing.gate import ALPHA, POOLED, Comparison, Outcome, compare, decide
from adequate.testing.sampling import Sample, uniforms
from adequate.testing.states import ALPHA as CELLS
from adequate.testing.states import judge
from adequate.types import Change, Mask, Part, Progress, Rows, State, silent

if TYPE_CHECKING:
    from adequate.spec.project import Project
    from adequate.spec.tasks import Task
    from adequate.store import Store
    from adequate.testing.cells import Answers

MOST = 12  # bundles of one model that the same gate labels judge
BY = "ship"


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """A cell that got worse: by how many of its labelled members."""

    cell: str
    members: int
    lost: int
    won: int

    @property
    def points(self) -> float:
        """A fraction."""
        return (self.lost - self.won) / max(self.members, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed:
    """What the gate says of a bundle.

    Args:
        bundle: its id.
        outcome: passed, blocked or needs_labels.
        reasons: worst first; empty where passed.
        lost, won: gate labels that only the model, only the bundle got right, of all tasks.
        worst: cells that regressed, or else the one that lost most.
        ask: labels that would likely decide.
        cells: of the bundle, as the store keeps them.
    """

    bundle: str
    outcome: Outcome
    reasons: tuple[str, ...]
    lost: int
    won: int
    worst: tuple[Loss, ...]
    ask: int = 0
    cells: tuple[Measured, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether it is adequate."""
        return self.outcome == "passed"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sealed:
    """One task's gate part, and what the model answered there."""

    task: Task
    names: tuple[str, ...]
    cells: tuple[Cell, ...]
    rows: Rows
    gold: Answers
    sample: Sample
    model: Answers
    taught: int


@dataclass(eq=False, kw_only=True)
class Gate:
    """The gate of one accepted model, for its bundles.

    Args:
        store: open for writing: looks are written down.
        model: the accepted model.
    """

    store: Store
    project: Project
    model: Trained
    progress: Progress = silent

    def __post_init__(self) -> None:
        parts = self.store.examples.parts()
        uniform = np.ones(len(parts))
        self._ground = Ground(parts=parts, slices=slices(self.store, self.project), uniform=uniform)
        self._rows = self._ground.rows(Part.GATE)
        uniform[self._rows] = uniforms(self.store.examples.ids(self._rows))
        self._texts = texts_of(self.store.examples.take(self._rows, [self.project.text]).column(0))
        self._tasks = [self._sealed(self.project.learnable[name]) for name in self.model.tasks]
        self._model = Cached(subject=self.model)
        self._was = {key_of(row): row for row in self.store.cells.read(self.model.name).to_pylist()}

    def _sealed(self, task: Task) -> _Sealed:
        names = self.model.heads[task.name].labels
        labels = labels_of(self.store, task, names)
        rows, gold, sample = sealed(
            self._ground,
            task.kind,
            split(labels, self._ground, Part.GATE),
            Chances(self.store.root).read(task.name, len(self._rows)),
        )
        cells = declared([task], self.project.slices.values(), {task.name: names}, self.project.targets)
        seen = rows[rows < self.store.predictions.count(task.name, self.model.name)]
        return _Sealed(
            task=task,
            names=names,
            cells=tuple(cells),
            rows=rows,
            gold=gold,
            sample=sample,
            model=stored(self.store, task, self.model.name, seen, names),
            taught=len(split(labels, self._ground, Part.TEACH)),
        )

    @property
    def searched(self) -> str:
        """The model, and the tests that candidates are screened with: where they change, a search begins anew."""
        said = self.project.declared()
        written: list[Any] = [said[kind] for kind in ("behaviours", "suites") if kind in said]
        files = [self.store.root / suite.path for suite in self.project.suites.values()]
        written += [hashlib.sha256(file.read_bytes()).hexdigest() for file in files if file.is_file()]
        return self.model.name + (json.dumps(written, sort_keys=True) if written else "")

    @property
    def labels(self) -> dict[str, int]:
        """By task, how many labels the gate has."""
        return {one.task.name: int(np.count_nonzero(one.sample.known)) for one in self._tasks}

    @property
    def cells(self) -> dict[str, tuple[Cell, ...]]:
        """By task, its cells."""
        return {one.task.name: one.cells for one in self._tasks}

    def looks(self) -> list[Look]:
        """Those at bundles of this model on these labels, a bundle once."""
        mine = [
            look
            for look in self.store.looks.list()
            if look.baseline == self.model.name
            and look.detail.get("by") == BY
            and look.detail.get("gate_labels") == self.labels
        ]
        return list({look.candidate: look for look in mine}.values())

    def known(self, bundle: str) -> Look | None:
        """The look at this bundle on these labels, if there was one."""
        return next((look for look in self.looks() if look.candidate == bundle), None)

    def refused(self) -> int:
        """Bundles that these labels refused."""
        return sum(look.verdict != "passed" for look in self.looks())

    def left(self) -> int:
        """How many more bundles may be looked at."""
        return MOST - len(self.looks())

    def confirm(self, bundle: Bundle) -> Confirmed:
        """Look at a bundle, and write the look down before its verdict is told.

        O(gate texts), and the project's tests. A bundle that was looked at on the same labels has its verdict.
        """
        before = self.known(bundle.id)
        answers = answered(bundle, self._texts)
        compared = [(one, self._compared(one, answers[one.task.name])) for one in self._tasks]
        comparisons = [comparison for _, comparison in compared]
        if (tested := self._tested(bundle)) is not None:
            comparisons.append(tested)
        level = POOLED * (1 + (before.detail["refused"] if before else self.refused()))
        verdict = decide(comparisons, pooled=min(level, 0.5))
        changes = {
            (cell.task, cell.slice, cell.label or "", str(cell.metric)): str(changed)
            for comparison, changed_ in zip(comparisons, verdict.changes, strict=True)
            for cell, changed in zip(comparison.cells, changed_, strict=True)
        }
        cells = [cell for one, _ in compared for cell in self._measured(one, answers[one.task.name], changes)]
        sunk = [
            f"{spelt(*key)} is inadequate: {row.value:.3f}, below {row.target:g}; the model's isn't"
            for row in cells
            if row.state == State.INADEQUATE
            and (key := (row.task, row.slice, row.label, row.metric))
            and self._was.get(key, {}).get("state") == State.ADEQUATE
        ]
        outcome: Outcome = "blocked" if sunk else verdict.outcome
        found = Confirmed(
            bundle=bundle.id,
            outcome=outcome,
            reasons=(*sunk, *verdict.reasons),
            lost=sum(one.pooled[0] for one in comparisons if one.pooled),
            won=sum(one.pooled[1] for one in comparisons if one.pooled),
            worst=_worst(cells, comparisons, verdict.changes),
            ask=verdict.expected,
            cells=tuple(cells),
        )
        if before is None:
            self.store.looks.spend(self._entry(found))
        return found

    def _compared(self, one: _Sealed, answers: Answers) -> Comparison:
        old = answers.copy()  # examples that came after the model have no answer of it: they count as agreed on
        old[: len(one.model)] = one.model
        return compare(one.cells, one.names, one.gold, answers, old, self._ground.sliced(one.rows), sample=one.sample)

    def _tested(self, bundle: Bundle) -> Comparison | None:
        if not self.project.has_tests:
            return None
        new = Cached(subject=Shipped(bundle))
        return tests.compared(self.store, self.project, self.model, new, self.model.name, progress=self.progress)

    def broken(self, bundle: Bundle) -> list[str]:
        """What it breaks of the project's tests, by cases of which nothing is sealed: that is no look."""
        new = Cached(subject=Shipped(bundle))
        return tests.broken(self.store, self.project, self._model, new, self.model.name)

    def _measured(self, one: _Sealed, answers: Answers, changes: Mapping[Any, str]) -> list[Measured]:
        """Value, bounds and state of every cell; adequate only where the model's is, and at a share of alpha."""
        counts = count(one.cells, one.names, one.gold, answers, self._ground.sliced(one.rows), sample=one.sample)
        keys = [(cell.task, cell.slice, cell.label or "", str(cell.metric)) for cell in one.cells]
        green: Mask = np.array([self._was.get(key, {}).get("state") == State.ADEQUATE for key in keys], bool)
        states = judge(counts, [cell.target for cell in one.cells], CELLS / MOST, look=green)
        found = measured(one.cells, counts, states, one.taught)
        return [replace(row, change=changes.get(key), need=None) for row, key in zip(found, keys, strict=True)]

    def _entry(self, found: Confirmed) -> Look:
        detail = {
            "by": BY,
            "reasons": list(found.reasons),
            "gate_labels": self.labels,
            "refused": self.refused(),
            "lost": found.lost,
            "won": found.won,
        }
        return Look(candidate=found.bundle, baseline=self.model.name, alpha=ALPHA, verdict=found.outcome, detail=detail)

    def keep(self, bundle: Bundle, found: Confirmed) -> None:
        """Store the cells of a release under its id, and what the project's tests make of it."""
        self.store.cells.put(bundle.id, found.cells)
        if self.project.has_tests:
            subject = Cached(subject=Shipped(bundle))
            results = put_to(self.store, self.project, subject, progress=self.progress)
            keep(self.store, bundle.id, results, {one.task.name: one.taught for one in self._tasks})


def _worst(
    cells: Sequence[Measured], comparisons: Sequence[Comparison], changes: Sequence[Sequence[Any]]
) -> tuple[Loss, ...]:
    """Cells that regressed, or are suspect, the greatest loss first; where none is: the one that lost most."""
    size = {key_of(asdict(cell)): cell.n for cell in cells}
    bad: list[Loss] = []
    other: list[Loss] = []
    for comparison, changed in zip(comparisons, changes, strict=True):
        for i, cell in enumerate(comparison.cells):
            lost, won = int(comparison.lost[i]), int(comparison.won[i])
            members = size.get((cell.task, cell.slice, cell.label or "", str(cell.metric)), lost + won)
            loss = Loss(cell=cell.key, members=members, lost=lost, won=won)
            if lost > won and str(changed[i]) in (Change.REGRESSED, Change.SUSPECT):
                bad.append(loss)
            elif lost > won and members >= MEMBERS:  # one of two is no share worth naming
                other.append(loss)
    return tuple(sorted(bad or other, key=lambda loss: -loss.points)[: None if bad else 1])
