"""Did the candidate get worse in a test that needs no labels? Both models are put to the very same cases.

A behaviour is tried on gate examples changed alike for both: an envelope at the level that was proven of the baseline
(so that one that shrinks shows), or at the level wanted where none was; and where nothing may change, on the examples
that both answer alike before they are changed. A case that held for the baseline alone is
lost, for the candidate alone won, and `testing.gate` takes it from there; nobody needs to be asked.

Examples are drawn, so their losses may be chance. The cases of templates, suites and must-pass files are all that is
meant: what is lost is lost. What must hold in every case regresses with the first one (so do assertions that block and
allow no violation). Other cases have a target, which says how many may fail: a cell that is at its target has lost
nothing, and one that was, and no longer is, regresses if more than a case and `CARE` are gone. Where neither model is
at the target they are left to chance like the others: there whole templates come and go with every model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from adequate.errors import AdequateError
from adequate.loop.checks import assertions, cases, changes, suites
from adequate.loop.checks.cases import Filled
from adequate.loop.checks.keep import Key, key_of
from adequate.loop.checks.run import examples
from adequate.perturb.operator import as_input
from adequate.testing.behaviours import alike, right
from adequate.testing.cells import Cell
from adequate.testing.gate import CARE, Comparison, decide
from adequate.types import Mask, Metric, Part, Progress, silent

if TYPE_CHECKING:
    from pathlib import Path

    from adequate.loop.checks.examples import Examples
    from adequate.spec.behaviours import Behaviour
    from adequate.spec.project import Project
    from adequate.store import Store
    from adequate.testing.outputs import Subject

PAIRED = 1_000  # gate examples on which two models are compared: a loss of 5 points is then found nearly always
VISIBLE = 1_500  # examples for all tests together, where a candidate is screened ...
FEWEST = 50  # ... and for each at least
NAMED = 60  # characters of a lost case that the reason says


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One test put to both models.

    Args:
        old, new: shape (m,), in which cases it held for the baseline, for the candidate.
        words: what to call each case, where people may read it.
        others: cases beside those m, in which it held for both.
        whole: whether these cases are all that is meant.
    """

    cell: Cell
    old: Mask
    new: Mask
    words: Sequence[str] = ()
    others: int = 0
    whole: bool = False

    @property
    def always(self) -> bool:
        """Whether it must hold in every case."""
        return self.cell.target >= 1 and self.cell.metric in (Metric.MUST_PASS, Metric.ASSERTION)

    @property
    def exact(self) -> bool:
        """Whether the cases are counted, and nothing is left to chance."""
        return self.always or (self.whole and max(self._share(self.old), self._share(self.new)) >= self.cell.target)

    @property
    def broken(self) -> str:
        """What was lost that may not be, whatever chance has to say; "" where nothing was."""
        lost = np.flatnonzero(self.old & ~self.new)
        which = f": {self.words[lost[0]][:NAMED]!r}" if self.words and len(lost) else ""
        more = f" and {len(lost) - 1} more" if len(lost) > 1 else ""
        if self.always and len(lost):
            return f"{self.cell.key} must always hold, and no longer does{which}{more}"
        if self.exact and self._fell():
            counts = f"{self.new.sum()} of {len(self.new)} hold, {self.old.sum()} did"
            return f"{self.cell.key} fell below {self.cell.target:g}: {counts}{which}{more}"
        return ""

    def _fell(self) -> bool:
        """Whether it was at its target and no longer is; a case or `CARE` is let pass where it isn't critical."""
        gone = int(self.old.sum()) - int(self.new.sum())
        slack = 0.0 if self.cell.critical else max(1.0, CARE * len(self.old))
        return self._share(self.new) < self.cell.target and gone > slack

    def _share(self, holds: Mask) -> float:
        return int(holds.sum()) / max(len(holds), 1)


def compared(
    store: Store, project: Project, old: Subject, new: Subject, baseline: str, progress: Progress = silent
) -> Comparison | None:
    """The candidate against the baseline on every test that both can be put to; None where there is none.

    Args:
        old, new: the baseline and the candidate.
        baseline: its id, whose proven levels are kept.
    """
    found = _tried(_tries(store, project, old, new, _proven(store, baseline)), old, new, progress)
    return comparison(found) if found else None


def _proven(store: Store, baseline: str) -> dict[Key, float | None]:
    return {key_of(row): row["value"] for row in store.cells.read(baseline).to_pylist()}


def broken(store: Store, project: Project, old: Subject, new: Subject, baseline: str) -> list[str]:
    """What the candidate lost, and may not, by tests of which nothing is sealed: those whose cases stand in the
    project, and those that change examples, tried on some that no model learns from and no gate keeps. In words; it may
    be asked as often as one likes.

    Args:
        old, new, baseline: as for `compared`.
    """
    written = _tried(_declared(store.root, project, old, new), old, new)
    if lost := [said for one in written if (said := one.broken)]:
        return lost
    proven = _proven(store, baseline)
    many = sum(len(one.slices) for one in project.behaviours.values() if one.form != "cases")
    cases = max(FEWEST, VISIBLE // max(many, 1))
    changed = _tried(_changes(store, project, old, new, proven, Part.STEER, cases), old, new)
    return list(decide([comparison(changed)]).reasons) if changed else []


def _tried(
    tries: Iterable[tuple[Cell, partial[list[Held]]]], old: Subject, new: Subject, progress: Progress = silent
) -> list[Held]:
    both = {"", *(set(old.tasks) & set(new.tasks))}
    mine = [attempt for cell, attempt in tries if cell.task in both]
    found = []
    for i, attempt in enumerate(mine):
        progress("comparing the tests", i, len(mine))
        try:
            found += attempt()
        except AdequateError:  # the cell is unknown, and whoever tested it has said why
            continue
    return found


def comparison(found: Sequence[Held]) -> Comparison:
    """As the gate takes it: no labels to ask for, and nothing for the pooled tests, which go by labels."""
    lost = np.array([np.count_nonzero(one.old & ~one.new) for one in found], np.int64)
    won = np.array([np.count_nonzero(one.new & ~one.old) for one in found], np.int64)
    size = np.array([max(len(one.old) + one.others, 1) for one in found])
    return Comparison.of(
        [one.cell for one in found],
        lost,
        won,
        (lost + won) / size,
        None,
        lambda _: np.zeros(0, np.int64),
        exact=np.array([one.exact for one in found]),
        broken={i: said for i, one in enumerate(found) if (said := one.broken)},
    )


def _tries(
    store: Store, project: Project, old: Subject, new: Subject, proven: Mapping[Key, float | None]
) -> Iterator[tuple[Cell, partial[list[Held]]]]:
    yield from _declared(store.root, project, old, new)
    yield from _changes(store, project, old, new, proven, Part.GATE, PAIRED)
    passes = [assertions.Pass(store=store, project=project, subject=subject) for subject in (old, new)]
    for assertion in project.assertions.values():
        if assertion.severity != "block":  # one that warns blocks nothing
            continue
        cell = assertions.cell_of(assertion, project)
        yield cell, partial(_asserted, store, project, cell, assertion.name, passes)


def _changes(
    store: Store,
    project: Project,
    old: Subject,
    new: Subject,
    proven: Mapping[Key, float | None],
    part: Part,
    most: int,
) -> Iterator[tuple[Cell, partial[list[Held]]]]:
    """Tests that change examples of a part, so many of a slice at most."""
    for behaviour in project.behaviours.values():
        for name in behaviour.slices if behaviour.form != "cases" else ():
            cell = changes.cell_of(behaviour, name)
            level = proven.get((cell.task, cell.slice, cell.label or "", str(cell.metric)))
            level = (level or behaviour.reach) if behaviour.widens else 1.0
            some = partial(examples, store, project, part, cell.slice)
            yield cell, partial(_changed, some, behaviour, cell, level, old, new, most)


def _declared(root: Path, project: Project, old: Subject, new: Subject) -> Iterator[tuple[Cell, partial[list[Held]]]]:
    """Tests whose cases are written in the project, so that no example is read."""
    for behaviour in project.behaviours.values():
        if behaviour.form == "cases":
            yield (
                cases.cell_of(behaviour),
                partial(_yielded, cases.cell_of(behaviour), behaviour, old, new, project.text),
            )
    for suite in project.suites.values():
        try:
            for cell, filled in suites.of_suite(suite, project, root):
                yield cell, partial(_answered, cell, filled, old, new, project.text)
        except AdequateError:  # as in `compared`
            continue


def _changed(
    some: Callable[[], Examples],
    behaviour: Behaviour,
    cell: Cell,
    level: float,
    old: Subject,
    new: Subject,
    most: int,
) -> list[Held]:
    found = some()
    at = np.arange(min(len(found.rows), most), dtype=np.int64)
    trials = [changes.Trial(behaviour=behaviour, subject=subject, seed=0) for subject in (old, new)]
    before, after, moved = trials[0].changed(found, level, at)
    (was, old_said, _), (now, new_said, _) = (trial.judge(before, after) for trial in trials)
    # A model that says one thing of everything bears any change: that it is given up for better answers is no loss.
    counts = moved & alike(old_said, new_said) if behaviour.widens else moved
    return [Held(cell=cell, old=was[counts], new=now[counts])]


def _yielded(cell: Cell, behaviour: Behaviour, old: Subject, new: Subject, column: str) -> list[Held]:
    return _answered(cell, cases.filled(behaviour), old, new, column)


def _answered(cell: Cell, found: Filled, old: Subject, new: Subject, column: str) -> list[Held]:
    if found.fault is not None:
        raise found.fault
    texts = [case.text for case in found.cases]
    wanted = [case.expect for case in found.cases]
    batch = as_input(pa.record_batch({column: pa.array(texts, pa.string())}), column)
    was, now = (right(subject.answer(batch)[cell.task], wanted) for subject in (old, new))
    return [Held(cell=cell, old=was, new=now, words=texts, whole=found.whole)]


def _asserted(store: Store, project: Project, cell: Cell, name: str, passes: Sequence[assertions.Pass]) -> list[Held]:
    """By the predictions outside the gate part, whose violations may be named."""
    tallies = [one.tally(name) for one in passes]
    if any(one.error for one in tallies):
        return []
    models = [one.subject.name for one in passes]
    counts = [store.predictions.count(task, model) for model in models for task in project.learnable]
    first = min([count for count in counts if count] or [0])
    bad = [one.found.rows[one.found.rows < first] for one in tallies]
    rows = np.union1d(*bad)
    was, now = (~np.isin(rows, one) for one in bad)
    words = (
        [text or "" for text in store.examples.take(rows, [project.text]).column(0).to_pylist()] if len(rows) else []
    )
    return [Held(cell=cell, old=was, new=now, words=words, others=max(0, tallies[1].n - len(rows)))]
