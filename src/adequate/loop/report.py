"""The board, from what the store has: cells of the newest model, their curves, what fails, and what to do next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from adequate.loop.answers import answered, in_words, labels_of, names_of
from adequate.loop.board import Board, CellRow, Failure
from adequate.loop.checks.cells import cells as tests_of
from adequate.loop.checks.keep import key_of
from adequate.loop.cycle import slice_of
from adequate.loop.production.asked import in_words as raised
from adequate.loop.renames import carried
from adequate.loop.turn import dried_up
from adequate.store.queue import BY_PEOPLE
from adequate.testing.cells import Cell, declared
from adequate.testing.forecast import forecast
from adequate.testing.retarget import Standing, retarget
from adequate.types import BY_LABELS, PARTS, Codes, Mask, Metric, Part, State

if TYPE_CHECKING:
    from adequate.spec.project import Project
    from adequate.spec.tasks import Task
    from adequate.store import QueueItem, Store

SHOWN = 5  # failing examples a cell
OPENED = 40  # cells whose failures are shown
ASKED = "every example that could help has its label"
UNASKED = "project.py declares no task yet: say there what the model must put out, as its comment shows"


def board(store: Store, project: Project, *, failures: bool = True) -> Board:
    """The project as it stands. Before the first model every declared cell is unknown.

    Args:
        failures: also read the examples that fail.
    """
    newest = _newest(store)
    names = {task.name: names_of(store, task) for task in project.learnable.values()}
    cells = declared(project.learnable.values(), project.slices.values(), names, project.targets)
    cells += tests_of(store, project)
    history = carried(store.cells.read().to_pylist(), project)
    measured = {key_of(row): row for row in history if row["model"] == newest}
    parent = store.models.get(newest).parent if newest else None
    before = {key_of(row): row["value"] for row in history if row["model"] == parent}
    curves = _curves(history)
    given = {task: _by_part(store, task) for task in project.learnable}
    size = int(np.count_nonzero(store.examples.parts() == PARTS.index(Part.GATE)))
    gate = {task: counts.get(str(Part.GATE), 0) for task, counts in given.items()}
    rows = [
        row_of(
            cell,
            measured.get(_key_of(cell)),
            curves.get(_key_of(cell), []),
            room=size - gate[cell.task] if cell.metric in BY_LABELS else 0,
            gate=gate[cell.task] if cell.metric in BY_LABELS else 0,
            before=before.get(_key_of(cell)),
        )
        for cell in cells
    ]
    labels = {str(part): sum(counts.get(str(part), 0) for counts in given.values()) for part in PARTS}
    return Board(
        project=project.name,
        model=newest,
        labels=labels,
        cells=rows,
        next=_next(store, project, rows, newest),
        sentences={
            task.name: _sentence(task.name, [row for row in rows if row.task == task.name])
            + _gone(store, task, names[task.name])
            for task in project.learnable.values()
        },
        curves={row.name: curves[key] for row, key in zip(rows, map(_key_of, cells), strict=True) if key in curves},
        failures=_failures(store, project, newest, names, rows) | _cases(store, newest, rows)
        if newest and failures
        else {},
    )


def _newest(store: Store) -> str | None:
    models = store.models.list()
    return models[-1].id if models else None


def _key_of(cell: Cell) -> tuple[str, str, str, str]:
    return cell.task, cell.slice, cell.label or "", str(cell.metric)


def _by_part(store: Store, task: str) -> dict[str, int]:
    counts = store.labels.current(task)["part"].value_counts().to_pylist()
    return {entry["values"]: entry["counts"] for entry in counts}


Curves = dict[tuple[str, str, str, str], list[tuple[int, float, float, float]]]


def _curves(history: list[dict[str, Any]]) -> Curves:
    """Of each cell, a point a model: (teaching labels, value, low, high); of equal labels the last."""
    found: dict[tuple[str, str, str, str], dict[int, tuple[int, float, float, float]]] = {}
    for row in history:
        if row["value"] is not None and row["n"] > 0:
            found.setdefault(key_of(row), {})[row["labels"]] = (row["labels"], row["value"], row["low"], row["high"])
    return {key: [points[labels] for labels in sorted(points)] for key, points in found.items()}


def row_of(
    cell: Cell,
    row: dict[str, Any] | None,
    points: list[tuple[int, float, float, float]],
    *,
    room: int,
    gate: int,
    before: float | None = None,
) -> CellRow:
    """One cell as people see it, at the target that it has today.

    Args:
        row: what was measured of it, as the store keeps it; None where nothing was.
        points: its curve.
        room, gate: examples of the gate without a label of its task, and with one.
        before: its value in the baseline.
    """
    state, need = standing(cell, row, gate) if row else (State.UNKNOWN, None)
    return CellRow(
        task=cell.task,
        slice=cell.slice,
        label=cell.label,
        metric=str(cell.metric),
        target=cell.target,
        critical=cell.critical,
        n=row["n"] if row else 0,
        value=row["value"] if row else None,
        low=row["low"] if row else 0.0,
        high=row["high"] if row else 1.0,
        state=str(state),
        need=need,
        change=row["change"] if row else None,
        forecast=_ahead(cell, row, points, gate) if row and state is not State.ADEQUATE else None,
        room=room,
        before=before,
    )


def standing(cell: Cell, row: dict[str, Any], gate: int) -> tuple[State, int | None]:
    """State and need as they were measured, or, where its target was changed since, what those counts say of it."""
    if cell.metric not in BY_LABELS:
        if row["target"] == cell.target or row["value"] is None:
            return State(row["state"]), None
        good, bad = row["low"] >= cell.target, row["high"] < cell.target
        return State.ADEQUATE if good else State.INADEQUATE if bad else State.UNKNOWN, None
    held = Standing(
        n=row["n"],
        right=round((row["value"] or 0.0) * row["n"]),
        drawn=gate if cell.metric is Metric.RECALL else row["n"],
        low=row["low"],
        high=row["high"],
        target=row["target"],
        state=State(row["state"]),
        need=row["need"],
    )
    return retarget(held, cell.target)


def _ahead(
    cell: Cell, row: dict[str, Any], points: list[tuple[int, float, float, float]], gate: int
) -> tuple[int, int, int] | None:
    """Labels until the cell is proven to be at its target, from its own curve; None where that can't tell.

    A test takes no labels to prove. Of an envelope the share of the way is what grows; all cases of a test, or the
    whole way, is told from a case less than that by no curve: half a case is.
    """
    if row["n"] == 0:
        return None
    if cell.metric not in BY_LABELS:
        whole = cell.target if cell.metric is Metric.ENVELOPE else 1.0
        values = [min(point[1] / whole, 1.0) for point in points]
        target = min(cell.target / whole, 1 - 0.5 / (row["n"] + 1))
        found = forecast([point[0] for point in points], values, target, each=0.0)
        return (found.labels, found.low, found.high) if found is not None else None
    found = forecast(
        [point[0] for point in points],
        [point[1] for point in points],
        cell.target,
        measured=row["n"],
        each=1.0 if cell.label is None else max(1.0, gate / row["n"]),
    )
    return (found.labels, found.low, found.high) if found is not None else None


def _sentence(task: str, rows: list[CellRow]) -> str:
    """For whoever reads nothing else."""
    if not rows:
        return f"{task} has no cell yet: it has no labels."
    adequate = sum(row.state == "adequate" for row in rows)
    if adequate == len(rows):
        return f"{task} is adequate: all {len(rows)} cells are proven to be at their target."
    off = [(row.value - row.target, row.name, row) for row in rows if row.value is not None and not row.is_test]
    worst = min(off)[2] if off else None
    said = f"{adequate} of {len(rows)} cells are adequate"
    below = sum(row.state == "inadequate" for row in rows)
    said += f", {below} are below their target" if below else ""
    if worst is not None and worst.value is not None and worst.value < worst.target:
        said += f"; furthest off: {worst.name}, {100 * worst.value:.0f} of {100 * worst.target:.0f} %"
    tests = [row for row in rows if row.is_test]
    if short := [row for row in tests if row.state != "adequate"]:
        said += f"; {len(short)} of {len(tests)} tests don't pass"
    return said + "."


def _gone(store: Store, task: Task, names: tuple[str, ...]) -> str:
    """What the miner gave up looking for, as a sentence; "" where nothing."""
    gone = dried_up(labels_of(store, task, names), names, store.queue.sought(task.name))
    if not gone:
        return ""
    shown = ", ".join(names[code] for code in sorted(gone)[:8]) + (", ..." if len(gone) > 8 else "")
    more = f"adequate trigger '{task.name}/all/{names[min(gone)]}/{Metric.RECALL}'"
    return (
        f" Not in this pool, as far as can be told: more of {shown}; add data that has them, or ask production: {more}."
    )


def _from_production(waiting: Sequence[QueueItem]) -> str:
    """How many of these questions production raised, in words; "" where it raised none."""
    counts = Counter(item.policy for item in waiting if item.cycle == BY_PEOPLE)  # not what a cycle picked
    said = raised(counts)
    return f"; from production: {said}" if said else ""


def where_asked(project: Project, tasks: Iterable[str]) -> str:
    """The command that answers questions of these tasks: a terminal can't mark spans or compare."""
    known = [project.tasks[name] for name in tasks if name in project.tasks]
    return "adequate studio" if known and not any(task.learnable for task in known) else "adequate label"


def _next(store: Store, project: Project, rows: list[CellRow], newest: str | None) -> dict[str, Any]:
    """The one next best thing to do."""
    if not project.tasks:
        say = f"{UNASKED}."
        return {"action": "declare", "say": say, "command": "", "labels": 0, "cells": []}
    waiting = store.queue.waiting()
    last = store.journal.last()
    cells = sorted({item.cell for item in waiting if item.cell})
    if rows and all(row.state == "adequate" for row in rows) and last is not None and last.ended:
        if last.state.get("outcome") == "blocked":
            say = "every cell is adequate, but the newest model got worse than the one before, which stays."
            command = "adequate gate baseline last"
            return {"action": "gate", "say": say, "command": command, "labels": 0, "cells": []}
        return {"action": "done", "say": "every cell is adequate.", "command": "", "labels": 0, "cells": []}
    if last is not None and not last.ended:
        say = f"cycle {last.cycle} was interrupted after {last.step or 'its start'}; go on."
        return {"action": "run", "say": say, "command": "adequate run", "labels": 0, "cells": []}
    if waiting:
        short = "1 cell short of its target" if len(cells) == 1 else f"{len(cells)} cells short of their target"
        questions = "1 question" if len(waiting) == 1 else f"{len(waiting):,} questions"
        say = f"answer {questions}{f', for {short}' if cells else ''}{_from_production(waiting)}."
        return {
            "action": "label",
            "say": say,
            "command": where_asked(project, {item.task for item in waiting}),
            "labels": len(waiting),
            "cells": cells,
        }
    if store.examples.count == 0:
        say = "there are no examples yet."
        return {"action": "add", "say": say, "command": "adequate add DATA", "labels": 0, "cells": []}
    if last is not None and (last.state["rows"], last.state["seq"]) == (store.examples.count, store.labels.last_seq()):
        say = f"{ASKED}: add more data, or change what is asked for."
        return {"action": "add", "say": say, "command": "adequate add DATA", "labels": 0, "cells": []}
    say = "train and test on the labels there are." if newest is None else "turn the next cycle."
    return {"action": "run", "say": say, "command": "adequate run", "labels": 0, "cells": []}


def _failures(
    store: Store, project: Project, model: str, names: dict[str, tuple[str, ...]], rows: list[CellRow]
) -> dict[str, list[Failure]]:
    """`steer` examples that fail each cell that is not adequate; never those of `gate`."""
    found: dict[str, list[Failure]] = {}
    for task in project.learnable.values():
        wrong = Wrong.of(store, task, model, names[task.name])
        for row in rows:
            other = row.task != task.name or row.is_test
            if wrong is None or other or row.state == "adequate" or len(found) >= OPENED:
                continue
            if shown := wrong.failing(store, project, row):
                found[row.name] = shown
    return found


def _cases(store: Store, model: str, rows: list[CellRow]) -> dict[str, list[Failure]]:
    """The worst cases that fail each test that isn't adequate."""
    found = {}
    for row in [row for row in rows if row.is_test and row.state != "adequate"][:OPENED]:
        shown, _ = failing_cases(store, model, row.key, SHOWN)
        if shown:
            found[row.name] = shown
    return found


def failing_cases(store: Store, model: str, key: str, limit: int) -> tuple[list[Failure], int]:
    """The worst cases that fail a test, as kept of a model, and how many; none of an example that measures."""
    rows = store.failures.rows(model, key)
    sealed = PARTS.index(Part.GATE)
    places = np.flatnonzero((rows < 0) | (store.examples.parts()[np.maximum(rows, 0)] != sealed))
    kept = [one for _, one in store.failures.read(model, key, places=places[:limit].tolist())]
    cases = [
        Failure(
            example=one.example,
            text=one.text,
            gold=one.expected,
            predicted=one.answered,
            confidence=one.confidence or 0.0,
        )
        for one in kept
    ]
    return cases, len(places)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    """What a model answers for the labelled examples of `steer`, and where that is wrong.

    Args:
        rows, gold, told: of the `steer` examples with a label: which, what they are, what the model says.
    """

    task: Task
    model: str
    names: tuple[str, ...]
    rows: np.ndarray
    gold: Codes | Mask
    told: Codes | Mask

    @classmethod
    def of(cls, store: Store, task: Task, model: str, names: tuple[str, ...]) -> Wrong | None:
        """None where the model has no answers for the task."""
        if not store.predictions.has(task.name, model):
            return None
        labels = labels_of(store, task, names)
        steer = labels.at(store.examples.parts()[labels.rows] == PARTS.index(Part.STEER))
        steer = steer.at(steer.rows < store.predictions.count(task.name, model))
        told = answered(store, task, model, steer.rows, names)
        return cls(task=task, model=model, names=names, rows=steer.rows, gold=steer.gold, told=told)

    def failing(self, store: Store, project: Project, cell: CellRow, limit: int = SHOWN) -> list[Failure]:
        """Those that a cell is about."""
        here = self.at(store, project, cell)[:limit]
        if not len(here):
            return []
        return _shown(store, project, self.task, self.model, self.rows[here], self.gold[here], self.told[here])

    def at(self, store: Store, project: Project, cell: CellRow) -> np.ndarray:
        """Their positions in `rows`."""
        differs = np.asarray(self.gold != self.told)
        wrong = differs if differs.ndim == 1 else np.asarray(differs.any(axis=1))
        return np.flatnonzero(wrong & _about(store, project, cell, self.rows, self.gold, self.told, self.names))


def _about(
    store: Store,
    project: Project,
    cell: CellRow,
    rows: np.ndarray,
    gold: Codes | Mask,
    told: Codes | Mask,
    names: tuple[str, ...],
) -> Mask:
    """Which of these examples a cell is about."""
    if cell.label is not None:
        of = gold if cell.metric == "recall" else told
        code = names.index(cell.label)
        return np.asarray(of == code if of.ndim == 1 else of[:, code])
    made = project.slices.get(cell.slice)
    if made is None:
        return np.ones(len(rows), bool)
    return slice_of(store, made, rows)


def _shown(
    store: Store,
    project: Project,
    task: Task,
    model: str,
    rows: np.ndarray,
    gold: Codes | Mask,
    told: Codes | Mask,
) -> list[Failure]:
    say = in_words(task, names_of(store, task))
    examples = store.examples.take(rows, ["aq_id", project.text])
    sure = store.predictions.read(task.name, model, rows, ["confidence"])["confidence"].to_pylist()
    return [
        Failure(example=example, text=text, gold=say(gold[i]), predicted=say(told[i]), confidence=float(sure[i]))
        for i, (example, text) in enumerate(
            zip(examples["aq_id"].to_pylist(), examples[project.text].to_pylist(), strict=True)
        )
    ]
