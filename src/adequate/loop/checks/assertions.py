"""What must always hold of predictions, tried on all that a model answered: one pass for all assertions.

Every prediction is looked at, so shares are exact; only an invariance, which is tried on a sample, and a contradiction,
which needs labels, have bounds. Predictions for the gate part count, but which of them violate is told to nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.compute as pc

from adequate.errors import AdequateError, TestError
from adequate.loop.answers import names_of
from adequate.loop.checks.beside import View, view
from adequate.loop.checks.predicted import predicted
from adequate.loop.checks.tally import HELD, NOBODY, Tally, Violating
from adequate.spec.assertions import Assertion, Kind
from adequate.store.predicates import Predicate
from adequate.testing.assertions import SAID, upside_down
from adequate.testing.bounds import clopper_pearson
from adequate.testing.cells import Cell
from adequate.testing.results import ALPHA, KEPT, Failing, Result
from adequate.types import PARTS, Metric, Part, State

if TYPE_CHECKING:
    from adequate.spec.project import Project
    from adequate.store import Store
    from adequate.testing.outputs import Subject


LONG = 2_000  # characters of an example that are kept with a violation: its page has the whole
SAMPLED = (Kind.INVARIANCE, Kind.CONTRADICTION)  # kinds that look at some predictions of all that they are about
LOOKS = {
    Kind.CONSISTENCY: "a group",
    Kind.STEADINESS: "a stream, and a place in it",
    Kind.RATE: "a time",
    Kind.RANGE: "a value in its column",
    Kind.INVARIANCE: "an input in the sample that the change changes; share=1 tries all",
    Kind.CONTRADICTION: "a label that people or files gave and that the model didn't learn from",
    Kind.AGREEMENT: "an answer of the other model",
}
UPSIDE_DOWN = {
    Kind.PREDICATE: "does the function say what holds, instead of what is violated?",
    Kind.IMPLICATION: "does every answer have all of `when`, and none of `then`?",
    Kind.RANGE: "are its bounds in another unit?",
}


@dataclass(slots=True, kw_only=True)
class Pass:
    """All assertions over all that a model answered, at most once."""

    store: Store
    project: Project
    subject: Subject
    seed: int = 0
    held: dict[str, Tally] | None = None

    def tally(self, name: str) -> Tally:
        """What was found of one assertion."""
        if self.held is None:
            self.held = self.run(list(self.project.assertions.values()))
        return self.held[name]

    def run(self, assertions: Sequence[Assertion]) -> dict[str, Tally]:
        """Every prediction, once; an assertion that can't be run stops no other."""
        # One that is of no task is of the only one there is: then the answer shows beside its violations.
        own = [runnable(replace(one, task=cell_of(one, self.project).task)) for one in assertions]
        tallies = {one.name: Tally(assertion=one, text=self.project.text) for one in own}
        gate = self.store.examples.parts() == PARTS.index(Part.GATE)
        views: dict[str, View] = {}
        for name, tally in tallies.items():
            with trying(tally):
                views[name] = view(self.store, self.project, self.subject, tally.assertion, self.seed)
        with trying(*tallies.values()):
            for batch in predicted(self.store, self.project, self.subject):
                for name, tally in tallies.items():
                    if not tally.error:
                        with trying(tally):
                            part, other = views[name](batch)
                            tally.take(part, gate, other)
        for tally in tallies.values():
            if not tally.error:
                with trying(tally):
                    tally.settle(gate)
                    self._check_labels(tally)
        return tallies

    def _check_labels(self, tally: Tally) -> None:
        """Refuse suggestions that the task has no label for."""
        if tally.assertion.suggest is None or not tally.assertion.task:
            return
        task = self.project.tasks[tally.assertion.task]
        known = set(names_of(self.store, task))
        names = pc.unique(tally.found.suggested).drop_null().to_pylist()
        strange = {one for name in names for one in name.split(SAID) if one} - known
        if known and strange:
            raise TestError(
                f"assertion {tally.assertion.name!r} suggests {min(strange)!r}, which is no label of {task.name!r}",
                remedy=f"there are: {', '.join(sorted(known)[:20])}",
            )


def runnable(made: Assertion) -> Assertion:
    """The same, able to run here: SQL as DuckDB answers it."""
    return replace(made, function=Predicate(made.name, made.options["sql"])) if "sql" in made.options else made


@contextmanager
def trying(*tallies: Tally) -> Iterator[None]:
    """Remember why assertions can't be run; they aren't tried further."""
    try:
        yield
    except AdequateError as error:
        for tally in tallies:
            tally.error = tally.error or str(error)


def checks(
    store: Store, project: Project, subject: Subject, seed: int = 0
) -> Iterator[tuple[Cell, Callable[[], Result]]]:
    """The cells of the assertions that a project declares, and what tests each; all share one pass."""
    every = Pass(store=store, project=project, subject=subject, seed=seed)
    for assertion in project.assertions.values():
        cell = cell_of(assertion, project)
        yield cell, partial(tested, cell, assertion, every)


def violating(
    store: Store, project: Project, subject: Subject, assertions: Sequence[Assertion], seed: int = 0
) -> dict[str, Violating]:
    """The violations of assertions outside the gate part, as they are asked; none of one that can't be run."""
    found = Pass(store=store, project=project, subject=subject, seed=seed).run(assertions)
    return {name: NOBODY if one.error else one.found.worst(HELD, surest=False) for name, one in found.items()}


def cell_of(assertion: Assertion, project: Project) -> Cell:
    """The cell of an assertion: of its task, or of the only one there is."""
    task = assertion.task or (next(iter(project.learnable)) if len(project.learnable) == 1 else "")
    return Cell(
        task=task,
        slice=assertion.slice,
        label=assertion.name,
        metric=Metric.ASSERTION,
        target=1 - assertion.most,
        critical=assertion.severity == "block",
    )


def tested(cell: Cell, assertion: Assertion, every: Pass) -> Result:
    """One assertion.

    Raises:
        TestError: it can't be run as it stands.
    """
    tally = every.tally(assertion.name)
    if tally.error:
        raise TestError(tally.error)
    n, held = tally.n, tally.n - tally.violated
    failing = shown(every.store, every.project, tally.found.worst(KEPT))
    if n == 0:
        what = LOOKS.get(assertion.kind, "a place in its slice")
        return Result(cell=cell, note=f"no prediction has what it looks at: {what}")
    if upside_down(assertion, n, tally.violated):
        return Result(
            cell=cell,
            n=n,
            held=held,
            value=held / n,
            failing=failing,
            note=f"it is violated by {tally.violated:,} of {n:,} predictions: {UPSIDE_DOWN[assertion.kind]}",
        )
    low = high = held / n
    proven = tally.violated <= assertion.most * n + 1e-9  # a target of 1 - 0.1 isn't quite 0.9
    refuted = not proven
    if assertion.kind in SAMPLED:
        low, high = map(float, clopper_pearson(held, n, ALPHA))
        proven, refuted = low >= cell.target, high < cell.target
    return Result(
        cell=cell,
        n=n,
        held=held,
        value=held / n,
        low=low,
        high=high,
        state=State.ADEQUATE if proven else State.INADEQUATE if refuted else State.UNKNOWN,
        failing=failing,
    )


def shown(store: Store, project: Project, found: Violating) -> list[Failing]:
    """Violations with their texts, for people."""
    whole = store.examples.take(found.rows, [project.text]).column(0)
    originals = pc.utf8_slice_codeunits(whole, 0, LONG).to_pylist()
    return [
        Failing(
            text=(text if changed is None else changed) or "",
            origin=None if changed is None else text,
            expected=plain(other),
            answered=plain(said),
            row=row,
            confidence=None if np.isnan(sure) else sure,
            severity=severity,
            suggested=None if right is None else plain(right),
        )
        for text, changed, other, said, row, sure, severity, right in zip(
            originals,
            found.texts.to_pylist(),
            found.expected.to_pylist(),
            found.answered.to_pylist(),
            found.rows.tolist(),
            found.confidence.tolist(),
            found.severity.tolist(),
            found.suggested.to_pylist(),
            strict=True,
        )
    ]


def plain(said: str | None) -> str:
    """An answer in words, for people."""
    return (said or "").replace(SAID, ", ")
