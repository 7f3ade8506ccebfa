"""Behaviours that change examples: invariances with their envelopes, and directions.

The verdict comes from examples of the gate part, which need no labels for it and are shown to nobody. What fails is
shown, mined near and taught from the steer part, tried at the same levels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zlib import crc32

import numpy as np
import pyarrow as pa

from adequate.errors import TestError
from adequate.perturb.operator import as_input, changed
from adequate.spec import source
from adequate.spec.behaviours import Behaviour, Expect
from adequate.spec.slices import EVERYTHING
from adequate.testing.behaviours import confidence, held, said
from adequate.testing.cells import Cell
from adequate.testing.envelope import Envelope, Tried, at_level, search
from adequate.testing.outputs import Output, Subject
from adequate.testing.results import Failing, Result
from adequate.types import Mask, Metric, Rows, State

if TYPE_CHECKING:
    from adequate.store import Store

SHOWN = 200  # failing cases that are kept
MOST = 4_000  # gate examples that are tried at most: as many prove 95 % where 95.6 % hold
TRIED = 400  # steer examples that are tried to show what fails


@dataclass(frozen=True, slots=True, kw_only=True)
class Examples:
    """Examples to change, in the order in which they are tried.

    Args:
        rows: shape (n,), which they are.
        input: the column of the inputs.
    """

    store: Store
    rows: Rows
    input: str

    def at(self, positions: Rows) -> pa.RecordBatch:
        """The user's columns of some of them."""
        table = self.store.examples.take(self.rows[positions]).combine_chunks()
        names = [name for name in table.schema.names if not name.startswith("aq_")]
        (batch,) = table.select(names).to_batches() or [pa.RecordBatch.from_pylist([], table.select(names).schema)]
        return as_input(batch, self.input)


def tested(behaviour: Behaviour, slice_: str, subject: Subject, gate: Examples, steer: Examples, seed: int) -> Result:
    """One behaviour on one slice.

    Args:
        gate: what decides; `steer`: what is shown.
    """
    metric = Metric.ENVELOPE if behaviour.widens else Metric.BEHAVIOUR
    cell = cell_of(behaviour, slice_)
    trial = Trial(behaviour=behaviour, subject=subject, seed=seed)
    size = min(len(gate.rows), MOST)
    if metric is Metric.ENVELOPE:
        found = search(
            lambda level, at: trial.attempt(gate, level, at), size, target=behaviour.target, reach=behaviour.reach
        )
        first, value = found.tried[0], found.level
        edge = next((one.level for one in sorted(found.tried, key=lambda one: one.level) if not one.proven), 1.0)
    else:
        first = at_level(lambda level, at: trial.attempt(gate, level, at), size, 1.0, target=behaviour.target)
        found, value, edge = Envelope(level=0.0, tried=(first,)), first.held / first.n if first.n else 0.0, 1.0
    state = State.ADEQUATE if first.proven else State.INADEQUATE if first.refuted else State.UNKNOWN
    failing = trial.failing(steer, edge if metric is Metric.ENVELOPE else 1.0)
    low, high = bounds(found, first, metric)
    return Result(
        cell=cell,
        n=first.n,
        held=first.held,
        value=value if first.n else None,
        low=low,
        high=high,
        state=state if first.n else State.UNKNOWN,
        failing=failing,
        note="" if first.n else "it changed nothing: no example of the gate part came out other than it went in",
        levels=tuple((one.level, one.n, one.held) for one in found.tried),
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
        before, after, moved = self.changed(examples, level, at)
        return moved, self.judge(before, after)[0]

    def changed(self, examples: Examples, level: float, at: Rows) -> tuple[pa.RecordBatch, pa.RecordBatch, Mask]:
        """The examples as they are, as the behaviour changes them, and which of them it changed.

        Raises:
            TestError: the function fails, or what it returns isn't the batch changed.
        """
        before = examples.at(at)
        rng = np.random.default_rng([self.seed, crc32(self.behaviour.name.encode()), int(at[0]) if len(at) else 0])
        try:
            after = self.behaviour.function(before, level, rng)
        except Exception as error:
            raise TestError(
                f"behaviour {self.behaviour.name!r} raised {type(error).__name__}: {error}",
                remedy="correct it in project.py",
            ) from error
        after = checked(self.behaviour, before, after, examples.input)
        return before, after, changed(before, after)

    def judge(self, before: pa.RecordBatch, after: pa.RecordBatch) -> tuple[Mask, Output, Output]:
        """Which hold, and what was answered before and after."""
        assert isinstance(self.behaviour.expect, Expect)
        was, now = (self.subject.answer(batch)[self.behaviour.task] for batch in (before, after))
        return held(was, now, self.behaviour.expect, self.behaviour.by), was, now

    def failing(self, examples: Examples, level: float) -> list[Failing]:
        """The cases of steer examples that don't hold, those first that the model was surest of."""
        at = np.arange(min(len(examples.rows), TRIED), dtype=np.int64)
        if not len(at):
            return []
        before, after, moved = self.changed(examples, level, at)
        holds, was, now = self.judge(before, after)
        bad = np.flatnonzero(moved & ~holds)
        sure = confidence(now)
        order = bad if sure is None else bad[np.argsort(-sure[bad], kind="stable")]
        texts = [batch.column(examples.input).to_pylist() for batch in (before, after)]
        words = [said(was), said(now)]
        same = self.behaviour.widens
        return [
            Failing(
                text=texts[1][i],
                origin=texts[0][i],
                expected=words[0][i] if same else str(self.behaviour.expect),
                answered=words[1][i],
                row=int(examples.rows[at[i]]),
                level=level,
                confidence=None if sure is None else float(sure[i]),
            )
            for i in order[:SHOWN].tolist()
        ]


def checked(behaviour: Behaviour, before: pa.RecordBatch, after: Any, column: str) -> pa.RecordBatch:
    """What a behaviour returned, if it is the batch with other inputs.

    Raises:
        TestError: it isn't.
    """
    said_ = f"behaviour {behaviour.name!r} ({source.place(behaviour.function)})"
    remedy = "return the batch it was given, with other inputs: the same rows, in the same order"
    if isinstance(after, pa.Table):
        after = after.combine_chunks().to_batches()[0] if len(after) else before.slice(0, 0)
    if isinstance(after, pa.Array | pa.ChunkedArray | list):
        place = before.schema.get_field_index(column)
        if len(after) != len(before):
            raise TestError(f"{said_} returned {len(after)} inputs for {len(before)}", remedy=remedy)
        after = before.set_column(place, before.schema.field(place), pa.array(after, before.schema.field(place).type))
    if not isinstance(after, pa.RecordBatch):
        raise TestError(f"{said_} returned {type(after).__name__}", remedy=remedy)
    if len(after) != len(before):
        raise TestError(f"{said_} returned {len(after)} rows for {len(before)}", remedy=remedy)
    if column not in after.schema.names:
        raise TestError(f"{said_} returned a batch without {column!r}", remedy=remedy)
    return as_input(after, column)
