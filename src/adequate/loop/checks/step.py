"""The tests as steps of a cycle: put to the new model, compared with the baseline, and handed to the miner."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from adequate.errors import NotEnoughDataError
from adequate.loop.checks import gate
from adequate.loop.checks.assertions import cell_of, violating
from adequate.loop.checks.keep import keep, key_of
from adequate.loop.checks.run import run
from adequate.loop.checks.suggested import rates, unlabelled
from adequate.loop.checks.tally import Violating
from adequate.loop.subjects import Trained
from adequate.loop.turn import split
from adequate.mining import Shortfall
from adequate.mining.failures import LOOKED_NEAR
from adequate.spec.assertions import Kind
from adequate.spec.cells import spelt
from adequate.types import TESTS, Floats, Metric, Part, State

if TYPE_CHECKING:
    from adequate.loop.cycle import Cycle
    from adequate.spec.tasks import Task
    from adequate.store import Failure
    from adequate.testing.gate import Comparison


def tested(cycle: Cycle, model: str) -> None:
    """Put the new model to all tests; cells and failing cases are kept. One that can't be run is told, and unknown."""
    if not cycle.project.has_tests:
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
    if not cycle.project.has_tests:
        return None
    try:
        old = Trained.of(cycle.store, cycle.project, baseline)
    except NotEnoughDataError as error:
        cycle.notice(f"the tests of the new model aren't compared with those of the one before: {error.message}")
        return None
    new = subject(cycle, model)
    return gate.compared(cycle.store, cycle.project, old, new, baseline, progress=cycle.progress)


def behind(cycle: Cycle, task: Task, model: str) -> float:
    """How far the model is from the targets of a task's tests, altogether."""
    return sum(target - value for value, target in map(_way, _short(cycle, task, model)))


def violated(cycle: Cycle, task: Task, model: str) -> dict[str, Violating]:
    """By cell, which of the pool violate the task's assertions that are violated too often, the worst first."""
    made = {cell_of(one, cycle.project).key: one for one in cycle.project.assertions.values()}
    rows = _short(cycle, task, model)
    often = [row for row in rows if row["metric"] == Metric.ASSERTION and row["state"] == State.INADEQUATE]
    short = {key: made[key] for key in (spelt(*key_of(row)) for row in often) if key in made}
    if not short:
        return {}
    found = violating(cycle.store, cycle.project, subject(cycle, model), list(short.values()), cycle.seed)
    return {key: unlabelled(cycle.store, task, found[one.name]) for key, one in short.items()}


def shortfalls(cycle: Cycle, task: Task, model: str, asked: Mapping[str, Violating]) -> tuple[Shortfall, ...]:
    """The tests of a task that the model isn't adequate in, with what to ask of the pool, or to look near in it.

    Args:
        asked: what `violated` found.
    """
    found = []
    for row in _short(cycle, task, model):
        value, target = _way(row)
        short = Shortfall(
            cell=spelt(*key_of(row)),
            label=None,
            value=value,
            target=target,
            examples=int(row["n"]),
            critical=bool(row["critical"]),
        )
        if row["metric"] != Metric.ASSERTION:
            found.append(_near(cycle, short, model))
        elif short.cell in asked:
            fired = rates(cycle.store, cell_of(cycle.project.assertions[str(row["label"])], cycle.project))
            found.append(replace(short, failures=asked[short.cell].rows, rates=fired))
    return tuple(found)


def _short(cycle: Cycle, task: Task, model: str) -> list[dict[str, Any]]:
    """The stored cells of a task's tests that the model isn't adequate in; none that no label would mend."""
    if not cycle.project.has_tests:
        return []
    inputs = {one.name for one in cycle.project.assertions.values() if one.kind is Kind.RANGE and not one.task}
    return [
        row
        for row in cycle.store.cells.read(model).to_pylist()
        if row["metric"] in TESTS
        and row["state"] != State.ADEQUATE
        and row["task"] in (task.name, "")
        and row["value"] is not None
        and not (row["metric"] == Metric.ASSERTION and row["label"] in inputs)
    ]


def _way(row: Mapping[str, Any]) -> tuple[float, float]:
    """Value and target of a stored cell; of an envelope, whose value is a level, as the share of the way."""
    value, target = float(row["value"]), float(row["target"])
    return (min(value / target, 1.0), 1.0) if row["metric"] == Metric.ENVELOPE else (value, target)


def _near(cycle: Cycle, short: Shortfall, model: str) -> Shortfall:
    """With the failing cases to look near."""
    found = [one for _, one in cycle.store.failures.read(model, short.cell, limit=LOOKED_NEAR)]
    rows = np.array([one.row for one in found], np.int64)
    queries, cases = _queries(cycle, found)
    return replace(short, failures=np.unique(rows[rows >= 0]), queries=queries, cases=cases)


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
