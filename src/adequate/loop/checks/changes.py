"""Behaviours that change examples: invariances with their envelopes, and directions.

The verdict comes from examples of the gate part, which need no labels for it and are shown to nobody. What fails is
shown, mined near and taught from the steer part, tried at the same levels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from zlib import crc32

import numpy as np
import pyarrow as pa

from adequate.errors import TestError
from adequate.loop.checks.examples import BLOCK, Examples
from adequate.loop.checks.returned import ROW, returned, row, where
from adequate.perturb.operator import changed
from adequate.spec.behaviours import Behaviour, Expect
from adequate.spec.slices import EVERYTHING
from adequate.testing.behaviours import held, of_label, said, surest
from adequate.testing.bounds import more_to_decide
from adequate.testing.cells import Cell
from adequate.testing.envelope import FIRST, LEVELS, Envelope, Tried, at_level, search
from adequate.testing.outputs import Output, Subject, confidence
from adequate.testing.results import ALPHA, KEPT, Failing, Result
from adequate.types import Mask, Metric, Rows, State

MOST = 4_000  # gate examples that are tried at most: as many prove 95 % where 96.2 % hold
TRIED = 400  # steer examples that are tried to show what fails


def tested(behaviour: Behaviour, slice_: str, subject: Subject, gate: Examples, steer: Examples, seed: int) -> Result:
    """One behaviour on one slice.

    Args:
        gate: what decides; `steer`: what is shown.

    Raises:
        TestError: the behaviour can't be run as it stands.
        SubjectError: the model can't answer.
    """
    cell = cell_of(behaviour, slice_)
    trial = Trial(behaviour=behaviour, subject=subject, seed=seed)
    size = min(len(gate.rows), MOST)
    if size == 0:
        return Result(cell=cell, note="no example of the gate part is in this slice")
    trial.rehearse(gate, behaviour.reach if behaviour.widens else 1.0)
    if behaviour.widens:
        found = search(
            lambda level, at: trial.attempt(gate, level, at), size, target=behaviour.target, reach=behaviour.reach
        )
        first, value = found.tried[0], found.level
        edge = next((one.level for one in sorted(found.tried, key=lambda one: one.level) if not one.proven), 1.0)
    else:
        first = at_level(lambda level, at: trial.attempt(gate, level, at), size, 1.0, target=behaviour.target)
        found, value, edge = Envelope(level=0.0, tried=(first,)), first.held / max(first.n, 1), 1.0
    state = State.ADEQUATE if first.proven else State.INADEQUATE if first.refuted else State.UNKNOWN
    need = more(first, behaviour.target, ALPHA / LEVELS if behaviour.widens else ALPHA)
    low, high = bounds(found, first, cell.metric)
    return Result(
        cell=cell,
        n=first.n,
        held=first.held,
        value=value if first.n else None,
        low=low,
        high=high,
        state=state,
        failing=trial.failing(steer, edge),
        note=noted(first, behaviour, size, need) or (short(found, behaviour.target) if behaviour.widens else ""),
        levels=tuple((one.level, one.n, one.held) for one in found.tried),
        need=need,
    )


def more(one: Tried, target: float, alpha: float) -> int | None:
    """How many more changed examples would decide, were the share that holds as it looks; None: no number would."""
    if one.proven or one.refuted or one.n == 0 or target >= 1:
        return 0 if one.proven or one.refuted else None
    need = more_to_decide(one.held, one.n, target, alpha)
    return None if need is None else max(need, FIRST)


def noted(one: Tried, behaviour: Behaviour, size: int, need: int | None) -> str:
    """What a person should know of a behaviour that was tried on up to `size` examples."""
    if one.n == 0:
        return (
            f"it changed nothing: none of {size:,} examples of the gate part came out other than it went in; "
            "look at whether it uses `level`, and at what the examples hold"
        )
    if one.proven or one.refuted:
        return ""
    if behaviour.target >= 1:
        return "no number of examples proves that all hold; a target of 0.99 can be proven"
    if need is None:
        return f"too close to the target to tell: {one.n:,} of {size:,} examples were changed"
    changed = f"it changed {one.n:,} of the {size:,} examples of the gate part, and all were tried"
    return f"{changed}; about {need:,} more like these (adequate add) would decide; they need no labels"


def short(found: Envelope, target: float) -> str:
    """Of an envelope that is short of its reach: the share that holds at each level, and how much of it is proven."""
    if found.tried[0].proven:
        return ""
    tried = sorted((one for one in found.tried if one.n), key=lambda one: one.level)
    shares = ", ".join(f"{one.held / one.n:.0%} at {one.level:.2g} ({int(100 * one.low)}%)" for one in tried)
    told = f"of changed examples hold, by level (and proven): {shares}"
    if found.level or tried[0].held >= target * tried[0].n:
        return told
    # Only rows that changed count, so that the share needn't rise to 1 as the level falls.
    return (
        f"{told}; even the least change breaks too many for target={target:g}: lower it, or let cycles teach the change"
    )


def cell_of(behaviour: Behaviour, slice_: str = EVERYTHING) -> Cell:
    """The cell of a behaviour on a slice; of an envelope the target is the level that it must reach."""
    widens = behaviour.widens
    return Cell(
        task=behaviour.task,
        slice=slice_,
        label=behaviour.name,
        metric=Metric.ENVELOPE if widens else Metric.BEHAVIOUR,
        target=behaviour.reach if widens else behaviour.target,
        critical=behaviour.critical,
    )


def bounds(found: Envelope, first: Tried, metric: Metric) -> tuple[float, float]:
    """Of a share, its own; of an envelope, the largest level proven and the smallest one refuted."""
    if metric is Metric.BEHAVIOUR:
        return first.low, first.high
    return found.level, min((one.level for one in found.tried if one.refuted), default=1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A behaviour put to a subject."""

    behaviour: Behaviour
    subject: Subject
    seed: int

    def attempt(self, examples: Examples, level: float, at: Rows) -> tuple[Mask, Mask]:
        """Which of these count (they were changed), and which hold."""
        _, after, moved = self.changed(examples, level, at)
        holds = np.zeros(len(at), bool)
        holds[moved] = self._judged(examples, after, at, moved)[0]
        return moved, holds

    def _judged(self, examples: Examples, after: pa.RecordBatch, at: Rows, moved: Mask) -> tuple[Mask, Output, Output]:
        """Of those that were changed: which hold, and the answers before and after."""
        assert isinstance(self.behaviour.expect, Expect)
        was = examples.answered(self.subject, self.behaviour.task, at[moved])
        if not moved.any():
            return np.zeros(0, bool), was, was
        now = self.subject.answer(after.filter(pa.array(moved)))[self.behaviour.task]
        return held(was, now, self.behaviour.expect, self.behaviour.by), was, now

    def judge(self, before: pa.RecordBatch, after: pa.RecordBatch) -> tuple[Mask, Output, Output]:
        """Which hold, and what was answered before and after."""
        assert isinstance(self.behaviour.expect, Expect)
        was, now = (self.subject.answer(batch)[self.behaviour.task] for batch in (before, after))
        return held(was, now, self.behaviour.expect, self.behaviour.by), was, now

    def changed(self, examples: Examples, level: float, at: Rows) -> tuple[pa.RecordBatch, pa.RecordBatch, Mask]:
        """The examples as they are, as the behaviour changes them, and which of them it changed.

        Examples are changed by whole blocks of fixed places, each with a seed of its own: so that one comes out the
        same whichever others are asked for with it, at every level and for every model.

        Raises:
            TestError: the function fails, or what it returns isn't the batch changed.
        """
        before = examples.at(at)
        blocks, of = np.unique(at // BLOCK, return_inverse=True)
        pieces = []
        for i, block in enumerate(blocks.tolist()):
            piece, places = self.block(examples, level, block), at[of == i] - block * BLOCK
            whole = np.array_equal(places, np.arange(len(piece)))
            pieces.append(piece if whole else piece.take(pa.array(places)))
        table = pa.Table.from_batches(pieces, pieces[0].schema if pieces else before.schema)
        (after,) = table.combine_chunks().to_batches() or [before]
        return before, after, changed(before, after)

    def block(self, examples: Examples, level: float, block: int) -> pa.RecordBatch:
        """One block of examples, changed."""
        given = examples.block(block)
        try:
            made = self._called(given, level, block)
        except (Exception, SystemExit) as error:
            raise self._failed(error, given, level, block) from error
        return returned(self.behaviour, given, made, examples.input)

    def rehearse(self, examples: Examples, level: float) -> None:
        """Change one block twice.

        Raises:
            TestError: the two differ though their seed is the same.
        """
        once, again = (self.block(examples, level, 0) for _ in range(2))
        differs = np.flatnonzero(changed(once, again))
        if len(differs):
            first = row(examples.block(0), int(differs[0]))
            raise TestError(
                f"{where(self.behaviour)} isn't the same twice under one seed: {first} differs",
                remedy="draw all that is random from `rng`, the third argument",
            )

    def _called(self, given: pa.RecordBatch, level: float, block: int) -> Any:
        rng = np.random.default_rng([self.seed, crc32(self.behaviour.name.encode()), block])
        return self.behaviour.function(given, level, rng)

    def _failed(self, error: BaseException, given: pa.RecordBatch, level: float, block: int) -> TestError:
        """What was raised, with the line, and the first row alone that raises it."""
        at = ""
        for i in range(len(given)):
            try:
                self._called(given.slice(i, 1), level, block)
            except (Exception, SystemExit):
                at = f" at {row(given, i)}"
                break
        told = getattr(error, "message", None) or f"{type(error).__name__}: {error}"
        remedy = getattr(error, "remedy", "")
        if isinstance(error, KeyError):
            names = [name for name in given.schema.names if name != ROW]
            at, remedy = "", f"the examples have the columns {', '.join(names)}"
        return TestError(f"{where(self.behaviour, error)} failed{at}: {told}", remedy=remedy or "correct it")

    def failing(self, examples: Examples, level: float) -> list[Failing]:
        """The cases of steer examples that don't hold, those first that the model was surest of."""
        at = np.arange(min(len(examples.rows), TRIED), dtype=np.int64)
        if not len(at):  # a slice may have no steering example
            return []
        before, after, moved = self.changed(examples, level, at)
        holds, was, now = self._judged(examples, after, at, moved)
        bad = np.flatnonzero(~holds)
        sure = confidence(now)
        order = surest(sure, bad, KEPT)
        place = np.flatnonzero(moved)[order]
        origins, texts = (batch.column(examples.input).take(pa.array(place)).to_pylist() for batch in (before, after))
        words = [said(output.at(order)) for output in (was, now)]
        expected = self._expected(was.at(order), now.at(order)) or words[0]
        return [
            Failing(
                text=texts[i] or "",
                origin=origins[i],
                expected=expected[i],
                answered=words[1][i],
                row=int(examples.rows[at[place[i]]]),
                level=level,
                confidence=None if sure is None else float(sure[j]),
            )
            for i, j in enumerate(order.tolist())
        ]

    def _expected(self, was: Output, now: Output) -> list[str]:
        """Of a direction: where the probability should have gone, and where it went; nothing of an invariance."""
        expect, by = self.behaviour.expect, self.behaviour.by
        if not isinstance(expect, Expect) or expect.kind == "same":
            return []
        way, other = ("rise", "fall") if expect.kind == "rises" else ("fall", "rise")
        aim = f"{expect.label!r} to {way} by {by:g}" if by else f"{expect.label!r} not to {other}"
        moves = zip(of_label(was, expect.label).tolist(), of_label(now, expect.label).tolist(), strict=True)
        return [f"{aim}: {before:.3g} before, {after:.3g} now" for before, after in moves]
