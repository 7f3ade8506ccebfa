"""The tests as steps of a cycle: put to the new model, compared with the baseline, and handed to the miner."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from adequate.errors import NotEnoughDataError
from adequate.loop.checks import gate
from adequate.loop.checks.cells import any_declared
from adequate.loop.checks.keep import keep
from adequate.loop.checks.run import run
from adequate.loop.subjects import Trained
from adequate.loop.turn import split
from adequate.mining import Shortfall
from adequate.types import BY_LABELS, Floats, Metric, Part, State

if TYPE_CHECKING:
    from adequate.loop.cycle import Cycle
    from adequate.spec.tasks import Task
    from adequate.store import Failure
    from adequate.testing.gate import Comparison

LOOKED_NEAR = 64  # failing cases of a cell whose neighbours are looked for: the worst


def tested(cycle: Cycle, model: str) -> None:
    """Put the new model to all tests; cells and failing cases are kept. One that can't be run is told, and unknown."""
    if not any_declared(cycle.project):
        return
    found = run(cycle.store, cycle.project, subject(cycle, model), progress=cycle.progress)
    for one in found:
        if one.error:
            cycle.notice(f"{one.key} is unknown: {one.error}")
    learnable = cycle.project.learnable.values()
    taught = {task.name: len(split(cycle.labels(task), cycle.world, Part.TEACH)) for task in learnable}
    keep(cycle.store, model, found, taught)


def subject(cycle: Cycle, model: str) -> Trained:
    """The new model, from what this cycle learned."""
    return cycle.subject({task.name: cycle.learned(task).head for task in cycle.teachable()}, model)


def compared(cycle: Cycle, model: str, baseline: str) -> Comparison | None:
    """The new model against the baseline on every test; None where there is none, or the baseline is gone."""
    if not any_declared(cycle.project):
        return None
    try:
        old = Trained.of(cycle.store, cycle.project, baseline)
    except NotEnoughDataError as error:
        cycle.notice(f"the tests of the new model aren't compared with those of the one before: {error.message}")
        return None
    new = subject(cycle, model)
    return gate.compared(cycle.store, cycle.project, old, new, baseline, progress=cycle.progress)


def shortfalls(cycle: Cycle, task: Task, model: str) -> tuple[Shortfall, ...]:
    """The tests of a task that the model isn't adequate in, with what to look near in the pool."""
    if not any_declared(cycle.project):
        return ()
    rows = cycle.store.cells.read(model).to_pylist()
    kinds = {str(metric) for metric in BY_LABELS}
    short = [
        row
        for row in rows
        if row["metric"] not in kinds and row["state"] != State.ADEQUATE and row["task"] in (task.name, "")
    ]
    return tuple(_shortfall(cycle, row, model) for row in short if row["value"] is not None)


def _shortfall(cycle: Cycle, row: dict[str, object], model: str) -> Shortfall:
    key = "/".join((str(row["task"]), str(row["slice"]), str(row["label"]), str(row["metric"])))
    violating = row["metric"] == Metric.ASSERTION
    most = None if violating else LOOKED_NEAR
    found = [one for _, one in cycle.store.failures.read(model, key, limit=most)]
    value, target = float(row["value"]), float(row["target"])  # type: ignore[arg-type]
    if row["metric"] == Metric.ENVELOPE:  # a level: told as the share of the way
        value, target = min(value / target, 1.0), 1.0
    rows = np.array([one.row for one in found], np.int64)
    queries, cases = (None, ()) if violating else _queries(cycle, found)
    return Shortfall(
        cell=key,
        label=None,
        value=value,
        target=target,
        examples=int(row["n"]),  # type: ignore[call-overload]
        failures=np.unique(rows[rows >= 0]),
        critical=bool(row["critical"]),
        queries=queries,
        cases=cases,
        violates=violating,
    )


def _queries(cycle: Cycle, found: list[Failure]) -> tuple[Floats, tuple[str, ...]]:
    """Vectors of the failing cases and of what they were changed from, with words for both; none where none is kept."""
    assert cycle.encoders is not None
    if not found:
        return np.zeros((0, cycle.encoders.dense.width), np.float32), ()
    texts = [text for one in found for text in dict.fromkeys((one.text, one.origin or one.text))]
    said = tuple(one.text for one in found for _ in dict.fromkeys((one.text, one.origin or one.text)))
    subject_ = cycle.subject({})
    vectors = next(iter(subject_.dense.values()), None)
    made = vectors.of(texts) if vectors is not None else cycle.encoders.dense.encode(texts)
    return np.asarray(made, np.float32), said
