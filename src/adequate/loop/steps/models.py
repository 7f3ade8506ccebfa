"""From labels to a model: embed, train, predict."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from adequate.loop.turn import Survey, split
from adequate.store import Model
from adequate.training import save
from adequate.types import Kind, Part

if TYPE_CHECKING:
    from adequate.loop.cycle import Cycle
    from adequate.loop.state import State
    from adequate.spec.tasks import Task

CHUNK = 1 << 16  # predictions written at once


def embed(cycle: Cycle, state: State) -> State:
    """Vectors for the examples that have none."""
    return state.but(rows=len(cycle.world))


def train(cycle: Cycle, state: State) -> State:
    """A head for every task that has something to learn."""
    tasks = cycle.teachable()
    if not tasks:
        return state.but(model=None)
    name = cycle.identity()
    store = cycle.store
    if not store.models.folder(name).exists():
        with store.models.writing(name) as folder:
            for task in tasks:
                save(cycle.learned(task).head, folder / task.name)
            if cycle.encoders is not None and cycle.encoders.lexical.idf is not None:
                # A head on n-grams is no model without the weights that the pool of its day gave them.
                np.save(folder / "idf.npy", cycle.encoders.lexical.idf, allow_pickle=False)
    card = {
        task.name: {"taught": len(split(cycle.labels(task), cycle.world, Part.TEACH)), "labels": cycle.names[task.name]}
        | _by_tests(cycle, task, name)
        for task in tasks
    }
    baseline = store.models.accepted()
    store.models.put(
        Model(
            id=name,
            data=f"{state.rows}",
            label_seq=state.seq,
            project=cycle.project.digest(),
            seed=cycle.seed,
            code=cycle.recipe,
            parent=baseline,
            card=card,
        )
    )
    return state.but(model=name, baseline=baseline if baseline != name else None)


def _by_tests(cycle: Cycle, task: Task, model: str) -> dict[str, object]:
    """What the tests had to say in making a task's head: which was taken, and what copies at the edge taught it."""
    if task.name not in cycle.settled:  # the model is there already: so is what its record says
        known = {one.id: one.card for one in cycle.store.models.list()}.get(model, {}).get(task.name, {})
        return {name: known[name] for name in ("settled", "edge") if name in known}
    said: dict[str, object] = {}
    if (settled := cycle.settled[task.name]).short:
        said["settled"] = {"short": settled.short, "why": settled.why}
    if (made := cycle.edges.get(task.name)) is not None and made.copies:
        said["edge"] = {name: getattr(made, name) for name in ("copies", "before", "after", "kept", "why")}
    return said


def predict(cycle: Cycle, state: State) -> State:
    """What the model answers for every example, kept for whoever asks later."""
    if state.model is None:
        return state
    for task in cycle.teachable():
        if cycle.store.predictions.count(task.name, state.model) < state.rows:
            answers = _answers(cycle, task, cycle.seen(task), cycle.store.predictions.count(task.name, state.model))
            first = cycle.store.predictions.count(task.name, state.model)
            cycle.store.predictions.append(task.name, state.model, first, answers)
    return state


def _answers(cycle: Cycle, task: Task, seen: Survey, first: int) -> Iterator[pa.RecordBatch]:
    names = pa.array(cycle.names[task.name])
    for start in range(first, len(cycle.world), CHUNK):
        rows = np.arange(start, min(start + CHUNK, len(cycle.world)))
        if task.kind is Kind.MULTILABEL:
            chosen = np.asarray(seen.answers(rows), bool)
            ends = np.concatenate([[0], np.cumsum(chosen.sum(axis=1))]).astype(np.int32)
            label = pa.ListArray.from_arrays(ends, names.take(pa.array(np.nonzero(chosen)[1])))
        else:
            label = names.take(pa.array(seen.look.top[rows]))
        columns = {
            "label": label,
            "confidence": pa.array(seen.sure[rows]),
            "margin": pa.array(seen.look.margin[rows]),
            "runner_up": names.take(pa.array(seen.look.second[rows])),
        }
        yield pa.record_batch(list(columns.values()), names=list(columns))
