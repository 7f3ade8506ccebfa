"""Cycle after cycle: until every cell is adequate, the budget is spent, or people have to answer first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import pyarrow as pa

from adequate.labelling import answer_all
from adequate.loop.answers import answers_for
from adequate.loop.checks.cells import cells as tests_of
from adequate.loop.checks.keep import key_of
from adequate.loop.cycle import Cycle
from adequate.loop.report import ASKED, UNASKED, where_asked
from adequate.loop.state import State
from adequate.loop.steps import STEPS
from adequate.loop.strange import check_names
from adequate.types import BY_LABELS, Progress, Source, silent

if TYPE_CHECKING:
    from adequate.spec.project import Project
    from adequate.store import Store

TOGETHER = 100  # answers of an oracle in one transaction

Ending = Literal["adequate", "waiting", "out of budget", "exhausted", "blocked"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a run ended.

    Args:
        ending: adequate; waiting (for people); out of budget; exhausted (nothing is left that could be asked); blocked
            (as exhausted, and the last candidate got worse, so the model before it stays).
        cycles: how many were turned.
        labels: how many answers this run brought.
        model: the last candidate.
        waiting: how many questions wait.
        say: one sentence for people.
    """

    ending: Ending
    cycles: int
    labels: int
    model: str | None
    waiting: int
    say: str


def run(
    store: Store,
    project: Project,
    *,
    labels: int | None = None,
    cycles: int | None = None,
    oracle: Mapping[str, pa.Table] | None = None,
    seed: int = 0,
    batch: int | None = None,
    progress: Progress = silent,
    notice: Callable[[str], None] = lambda _text: None,
    turned: Callable[[State], None] = lambda _state: None,
) -> Outcome:
    """Turn the loop.

    Args:
        labels: the most answers to take from the oracle in this run.
        cycles: the most cycles to turn.
        oracle: answers by task (`answers.read_labels`), for trials; they are recorded with source `import`.
        seed: of every random choice.
        batch: labels that teach to ask for in each cycle; None: a fifth of those there are, at least 50.
        turned: called with the state after each cycle.
    """
    done, taken, encoders, world = 0, 0, None, None
    said = {name: answers_for(oracle, name) for name in project.learnable} if oracle is not None else {}
    for name, answers in said.items():
        values = {one for value in answers.values() for one in ([value] if isinstance(value, str) else value)}
        check_names(project.tasks[name], sorted(values), "the oracle")
    last = store.journal.last()
    if last is not None and last.ended:  # an oracle that was interrupted first says the rest: the course stays the same
        taken += _ask(store, said, labels, progress)
    while True:
        cycle = _next(store, project, seed, batch, progress, notice)
        if cycle is None:
            state = _last(store)
        else:
            cycle.encoders = encoders
            if world is not None and len(world) == cycle.state.rows:  # no label changes it: slices, numbers, blocks
                cycle.world = world
            state = _turn(cycle)
            encoders, world = cycle.encoders, cycle.world
            done += 1
            turned(state)
        items = store.queue.waiting()
        waiting, how = len(items), where_asked(project, {item.task for item in items})
        if not project.tasks:
            return _ended("exhausted", done, taken, state, waiting, UNASKED)
        if state.model is not None and state.outcome == "passed" and _adequate(store, project, state.model):
            return _ended("adequate", done, taken, state, waiting)
        if oracle is None:
            return _ended("waiting" if waiting else "exhausted", done, taken, state, waiting, how if waiting else ASKED)
        room = None if labels is None else labels - taken
        if (room is not None and room <= 0) or (cycles is not None and done >= cycles):
            return _ended("out of budget", done, taken, state, waiting)
        many = _ask(store, said, room, progress)
        taken += many
        if many == 0:
            more = how if waiting else f"{ASKED}, or the oracle knows no more"
            return _ended("exhausted" if not waiting else "waiting", done, taken, state, waiting, more)


def _next(
    store: Store,
    project: Project,
    seed: int,
    batch: int | None,
    progress: Progress,
    notice: Callable[[str], None],
) -> Cycle | None:
    """The cycle to turn: one that was interrupted, or a new one if there is anything new to turn it on.

    An interrupted cycle that would see something else by now is left as it is: what its finished steps made belongs to
    other data than what the rest would see.
    """
    last = store.journal.last()
    state = State(rows=store.examples.count, seq=store.labels.last_seq(), project=project.digest(), seed=seed)
    begun = Cycle(store=store, project=project, number=0, state=state, seed=seed, batch=batch)
    if last is not None and State.of(last.state).same_inputs(state):
        if last.ended:
            return None
        begun.number, begun.state = last.cycle, State.of(last.state)
    else:
        if last is not None and not last.ended:
            store.journal.end(last.cycle)
        begun.number = store.journal.begin(state.to_json())
    begun.progress, begun.notice = progress, notice
    return begun


def _turn(cycle: Cycle) -> State:
    """All steps that are not done yet."""
    entry = cycle.store.journal.last()
    names = [step.__name__ for step in STEPS]
    first = names.index(entry.step) + 1 if entry is not None and entry.step is not None else 0
    for step in STEPS[first:]:
        cycle.progress(f"cycle {cycle.number}: {step.__name__}", 0, None)
        cycle.state = step(cycle, cycle.state)
        cycle.store.journal.done(cycle.number, step.__name__, cycle.state.to_json())
    cycle.store.journal.end(cycle.number)
    return cycle.state


def _last(store: Store) -> State:
    entry = store.journal.last()
    return State.of(entry.state) if entry is not None else State()


def _adequate(store: Store, project: Project, model: str) -> bool:
    """Whether every cell is, those of tests included; one that is declared and wasn't tested isn't."""
    rows = {key_of(row): row["state"] for row in store.cells.read(model).to_pylist()}
    tests = {(cell.task, cell.slice, cell.label or "", str(cell.metric)) for cell in tests_of(store, project)}
    by_labels = {key for key in rows if key[3] in BY_LABELS}
    if {key[0] for key in by_labels} != set(project.learnable):
        return False
    return all(rows.get(key) == "adequate" for key in by_labels | tests)


def _ask(store: Store, said: Mapping[str, Mapping[str, str | list[str]]], room: int | None, progress: Progress) -> int:
    """Answer what waits from the oracle; returns how many it could."""
    items = [item for item in store.queue.waiting() if item.example in said.get(item.task, {})]
    items = items if room is None else items[:room]
    for start in range(0, len(items), TOGETHER):
        some = [(item, said[item.task][item.example]) for item in items[start : start + TOGETHER]]
        answer_all(store, some, actor="oracle", source=Source.IMPORT)
        progress("asking the oracle", start + len(some), len(items))
    return len(items)


def _ended(ending: Ending, cycles: int, labels: int, state: State, waiting: int, more: str = "") -> Outcome:
    """What came of the run, in a sentence; `more` says where the questions are answered, or why there are none."""
    if ending == "exhausted" and state.outcome == "blocked":
        ending = "blocked"
    say = {
        "adequate": "every cell is adequate",
        "waiting": f"{waiting:,} questions wait for people: {more}",
        "out of budget": f"the budget of this run is spent; {waiting:,} questions wait",
        "exhausted": f"nothing is left to ask: {more}",
        "blocked": f"the last model got worse, so the one before it stays ({'; '.join(state.reasons[:1])}); nothing is "
        "left to ask: look at the labels that came since, adequate show labels",
    }[ending]
    since = "" if cycles or labels else "nothing is new since the last run: "
    return Outcome(ending=ending, cycles=cycles, labels=labels, model=state.model, waiting=waiting, say=since + say)
