"""What to ask people next: what the gate needs to decide, else what teaches, steers and measures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from adequate.labelling import spread
from adequate.loop.candidates import copied
from adequate.loop.checks import step as tests
from adequate.loop.checks.suggested import beside
from adequate.loop.measuring import Measuring, measuring
from adequate.loop.steps.cells import judge
from adequate.loop.steps.gating import comparisons, sealed_of
from adequate.loop.steps.questions import as_asked, questions, together
from adequate.loop.turn import dried_up, know, split
from adequate.mining import batch_size, select, share_out
from adequate.store import QueueItem
from adequate.testing.gate import decide, raised
from adequate.types import Part

if TYPE_CHECKING:
    from adequate.loop.cycle import Cycle
    from adequate.loop.state import State
    from adequate.spec.tasks import Task

EVER = 0.01  # a task that is where it should be still gets a share of labels this large
START = 100  # labels of the first round, before there is a model


def mine(cycle: Cycle, state: State) -> State:
    """Fill the queue: what the gate needs to decide comes alone; else what teaches, steers and measures next."""
    if state.outcome == "needs_labels":
        items = _disagreements(cycle, state)
    else:
        batches = _batches(cycle, state)
        items = [
            item for task, batch in batches.items() for item in _picks(cycle, state, cycle.project.tasks[task], batch)
        ]
    items += [item for task in cycle.project.tasks.values() if not task.learnable for item in _collect(cycle, task)]
    cycle.store.queue.clear()
    cycle.store.queue.put(as_asked(cycle, together(spread(items))))
    return state.but(asked=len(items))


def _batches(cycle: Cycle, state: State) -> dict[str, int]:
    """How many teaching labels to ask for, by task: a fifth of those there are, moved to tasks that are further off."""
    usual, short = {}, []
    for task in cycle.project.learnable.values():
        taught = len(split(cycle.labels(task), cycle.world, Part.TEACH))
        usual[task.name] = cycle.batch or (batch_size(taught) if taught else START)
        far = 1.0
        if state.model is not None and task in cycle.teachable():
            judged = judge(cycle, task, state.model)
            targets = np.array([cell.target for cell in judged.cells])
            far = float(np.maximum(targets - judged.belief, 0).mean()) if len(targets) else 0.0
            far += tests.behind(cycle, task, state.model) / max(len(targets), 1)
        short.append(far + EVER)
    if len(usual) < 2:
        return usual
    return dict(zip(usual, share_out(short, sum(usual.values())), strict=True))


def _disagreements(cycle: Cycle, state: State) -> list[QueueItem]:
    """The gate examples on which suspects would be decided."""
    compared = comparisons(cycle, state)
    verdict = decide([comparison for _, comparison in compared])
    found = []
    for (task, comparison), asked in zip(compared, verdict.ask, strict=True):
        if task is None:  # tests need no labels
            continue
        rows, _, sample = sealed_of(cycle, task)
        chance = raised(comparison, asked, sample)
        cycle.chances.raise_to(task.name, chance)
        why = "measures: the new model and the one before disagree on it"
        found += questions(cycle, task, rows[asked], Part.GATE, [why] * len(asked), [""] * len(asked), chance[asked])
    return found


def _picks(cycle: Cycle, state: State, task: Task, batch: int) -> list[QueueItem]:
    """What to ask of one task: `batch` examples that teach, and what steers and measures beside them."""
    names, labels = cycle.names[task.name], cycle.labels(task)
    ready = state.model is not None and task.name in {one.name for one in cycle.teachable()}
    learned, seen = (cycle.learned(task), cycle.seen(task)) if ready else (None, None)
    judged = judge(cycle, task, state.model) if ready and state.model is not None else None
    violated = tests.violated(cycle, task, state.model) if ready and state.model is not None else {}
    failing = tests.shortfalls(cycle, task, state.model, violated) if ready and state.model is not None else ()
    if judged is not None and judged.states.adequate().all() and not failing:
        return []
    world = cycle.world  # a cycle that goes on here has no encoders before it
    assert cycle.encoders is not None
    phrases = cycle.encoders.phrases(names) if cycle.encoders.meaning else None
    gone = dried_up(labels, names, cycle.store.queue.sought(task.name))
    knowledge = know(world, task, names, labels, learned, seen, cycle.cells[task.name], phrases, gone, failing)
    taught = len(knowledge.taught)
    picks = select("adequate", batch, knowledge, np.random.default_rng([cycle.seed, taught]))
    chance = np.where(np.isfinite(picks.probability), picks.probability, 1.0)
    found = questions(cycle, task, picks.rows, Part.TEACH, picks.reason, picks.cell, chance, picks.policy)
    found = beside(found, violated, task)
    if judged is not None and seen is not None:
        more = measuring(world, task, names, labels, cycle.chance(task), judged, seen, batch=batch)
        found += _measuring(cycle, task, more)
    return found


def _collect(cycle: Cycle, task: Task) -> list[QueueItem]:
    """Questions of a task that no head is trained for: drawn evenly, so that whoever trains one has a fair sample."""
    cycle.notice(f"{task.name}: the loop doesn't train a {task.kind} task; it collects labels for it")
    pool = np.setdiff1d(cycle.world.rows(Part.TEACH), cycle.store.labels.current(task.name)["row"].to_numpy())
    pool = np.setdiff1d(pool, copied(cycle.store))
    rng = np.random.default_rng([cycle.seed, len(pool)])
    rows = rng.choice(pool, min(START, len(pool)), replace=False)
    return questions(
        cycle,
        task,
        rows,
        Part.TEACH,
        ["drawn evenly from the pool"] * len(rows),
        [""] * len(rows),
        np.full(len(rows), len(rows) / max(len(pool), 1)),
        ["even"] * len(rows),
    )


def _measuring(cycle: Cycle, task: Task, more: Measuring) -> list[QueueItem]:
    cycle.chances.raise_to(task.name, more.probability)
    gate_rows = cycle.world.rows(Part.GATE)
    chance = more.probability[np.searchsorted(gate_rows, more.gate)]
    why = [f"measures: would decide {cell}" if cell else "measures: drawn evenly" for cell in more.why]
    steer = ["steers: shows where the model fails"] * len(more.steer)
    return [
        *questions(cycle, task, more.steer, Part.STEER, steer, [""] * len(steer), np.ones(len(steer))),
        *questions(cycle, task, more.gate, Part.GATE, why, more.why, chance),
    ]
