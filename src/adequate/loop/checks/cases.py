"""Behaviours that bring their own cases: each has an answer that is right.

The cases are all that is meant, so what is measured is exact: the bounds are the value, unless a template had more
combinations than were tried. Suites, whose cases lie in files, are read by `suites` and tried here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from adequate.errors import AdequateError, TestError, unknown
from adequate.loop.checks.returned import where
from adequate.perturb.operator import as_input
from adequate.spec.behaviours import Behaviour
from adequate.spec.cases import Case, Cases
from adequate.testing.behaviours import right, said, surest
from adequate.testing.bounds import clopper_pearson, more_to_decide
from adequate.testing.cells import Cell
from adequate.testing.outputs import Output, Subject, confidence
from adequate.testing.results import ALPHA, KEPT, Failing, Result
from adequate.types import Metric, State

MOST = 100_000  # cases of one behaviour


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """Cases to try.

    Args:
        cases: in order.
        origin: what they come from, for people: the behaviour and its line, or the suite and its file.
        left: combinations that weren't drawn; 0: the cases are all that is meant, else a sample.
        rows: of each case, the row of the file that it stands in; none where there is no file.
        note: what a person should know of them.
        fault: why they can't be tried; there are then none.
    """

    cases: Sequence[Case]
    origin: str = ""
    left: int = 0
    rows: Sequence[int] = ()
    note: str = ""
    fault: AdequateError | None = None

    @property
    def whole(self) -> bool:
        """Whether they are all that is meant."""
        return not self.left

    def place(self, i: int) -> str:
        """Where a case stands."""
        return f"{self.origin}, row {self.rows[i]}" if self.rows else f"{self.origin}, case {self.cases[i].text!r}"


def filled(behaviour: Behaviour) -> Filled:
    """The cases that a behaviour yields.

    Raises:
        TestError: it fails, yields nothing, or something that is no case.
    """
    origin = where(behaviour)
    cases: list[Case] = []
    try:
        for one in _yielded(behaviour):
            found = list(one) if isinstance(one, Cases) else [_case(one, origin, len(cases))]
            wanted = behaviour.expect if isinstance(behaviour.expect, str) else ""
            cases += [case if case.expect else replace(case, expect=wanted) for case in found]
            if len(cases) > MOST:
                raise TestError(
                    f"{origin} yields more than {MOST:,} cases", remedy="yield fewer: aq.cases(..., n=1000)"
                )
    except TestError:
        raise
    except AdequateError as error:
        raise TestError(f"{where(behaviour, error)}: {error.message}", remedy=error.remedy) from error
    except (Exception, SystemExit) as error:
        after = "1 case" if len(cases) == 1 else f"{len(cases):,} cases"
        at = f"{where(behaviour, error)} raised {type(error).__name__} after {after}: {error}"
        raise TestError(at, remedy="correct it in project.py") from error
    if not cases:
        raise TestError(f"{origin} yields no case", remedy='yield from aq.cases("...", expect="LABEL")')
    for case in cases:
        if not case.text.strip():
            raise TestError(f"{origin}: a case of {case.template!r} has no text", remedy="say more around its slots")
        if not case.expect:
            raise TestError(
                f"{origin}: it isn't said what is right for {case.text!r}", remedy='aq.cases(..., expect="LABEL")'
            )
    drawn = [case for case in cases if case.of]
    size = sum({case.template: case.of for case in drawn}.values())
    note = f"{len(drawn):,} of {size:,} combinations were drawn" if drawn else ""
    return Filled(cases=cases, origin=origin, left=size - len(drawn), note=note)


def _yielded(behaviour: Behaviour) -> Iterable[Any]:
    """What the function yields; or, where it returns one template, that."""
    made = behaviour.function()
    if made is None:
        return ()
    return (made,) if isinstance(made, str | Cases) or not isinstance(made, Iterable) else made


def _case(one: Any, origin: str, before: int) -> Case:
    if isinstance(one, Case):
        return one
    if isinstance(one, str):
        return Case(text=one, expect="")
    if isinstance(one, tuple) and len(one) == 2 and all(isinstance(part, str) for part in one):
        return Case(text=one[0], expect=one[1])
    raise TestError(
        f"{origin}, number {before + 1:,}: {one!r} is no case",
        remedy="yield from aq.cases(...), or yield (text, label)",
    )


def tested(cell: Cell, found: Filled, subject: Subject, column: str, labels: Sequence[str]) -> Result:
    """One cell's cases, put to a subject.

    Args:
        column: what the inputs are called.
        labels: that the task declares; one that the subject doesn't know is then wrong, else a mistake.

    Raises:
        TestError: a case expects a label that nobody knows, or they can't be tried.
    """
    if found.fault is not None:
        raise found.fault
    wanted = [case.expect for case in found.cases]
    batch = as_input(pa.record_batch({column: pa.array([case.text for case in found.cases], pa.string())}), column)
    output = subject.answer(batch)[cell.task]
    _known(found, {*output.labels, *labels}, labels or output.labels)
    holds = right(output, wanted)
    n, good = len(holds), int(holds.sum())
    low, high = (good / n, good / n) if not found.left else map(float, clopper_pearson(good, n, ALPHA))
    state = State.ADEQUATE if low >= cell.target else State.INADEQUATE if high < cell.target else State.UNKNOWN
    need = more_to_decide(good, n, cell.target, ALPHA) if state is State.UNKNOWN else 0
    need = found.left if need is None else min(need, found.left)  # all that there are leave nothing to chance
    notes = [found.note, _twice(found.cases), f"aq.cases(..., n={n + need}) would decide" if need else ""]
    return Result(
        cell=cell,
        n=n,
        held=good,
        value=good / n,
        low=low,
        high=high,
        state=state,
        failing=_failing(found, output, np.flatnonzero(~holds)),
        note="; ".join(note for note in notes if note),
        need=need,
    )


def _known(found: Filled, known: set[str], shown: Sequence[str]) -> None:
    for i, case in enumerate(found.cases):
        for label in case.labels:
            if label not in known:
                error = unknown("label", label, shown)
                raise TestError(f"{found.place(i)}: {error.message}", remedy=error.remedy)


def _twice(cases: Sequence[Case]) -> str:
    """Texts of which not all cases can hold."""
    answers: dict[str, set[object]] = {}
    for case in cases:
        answers.setdefault(case.text, set()).add(case.expect)
    torn = [text for text, said_ in answers.items() if len(said_) > 1]
    return f"{len(torn)} texts have two right answers, such as {torn[0]!r}" if torn else ""


def _failing(found: Filled, output: Output, bad: np.ndarray) -> list[Failing]:
    """Those first that the model was surest of."""
    sure = confidence(output)
    order = surest(sure, bad, KEPT).tolist()
    words = said(output.at(np.array(order, np.int64)))
    return [
        Failing(
            text=case.text,
            expected=", ".join(case.labels),
            answered=words[at],
            confidence=None if sure is None else float(sure[i]),
            suggested=case.expect if isinstance(case.expect, str) else None,
            detail=({"template": case.template, **case.filled} if case.template else {})
            | ({"row": found.rows[i]} if found.rows else {}),
        )
        for at, (i, case) in enumerate((i, found.cases[i]) for i in order)
    ]


def cell_of(behaviour: Behaviour) -> Cell:
    """The cell of a behaviour that yields cases."""
    return Cell(
        task=behaviour.task,
        label=behaviour.name,
        metric=Metric.BEHAVIOUR,
        target=behaviour.target,
        critical=behaviour.critical,
    )
