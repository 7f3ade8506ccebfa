"""What to ask for one cell, when somebody wants more of exactly that. Runs in the studio's worker."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from adequate.errors import NotEnoughDataError, unknown
from adequate.loop.answers import labels_of, names_of
from adequate.loop.cycle import slice_of
from adequate.loop.unseen import dense, newest, unseen
from adequate.mining.single import single
from adequate.store import QueueItem
from adequate.testing.cells import ALL, Cell, declared
from adequate.types import PARTS, Kind, Mask, Metric, Part, Rows

if TYPE_CHECKING:
    from adequate.loop.engine import Engine
    from adequate.spec.project import Project
    from adequate.spec.tasks import Task
    from adequate.store import Store

SHOWN = 2_000  # characters of a text that a question carries along
FIRST = -1_000_000.0  # rank: before all that waits
COLUMNS = ["label", "confidence", "margin", "runner_up"]


def dig(engine: Engine, key: str, count: int) -> list[dict[str, Any]]:
    """Items for the queue, as JSON has them.

    Raises:
        UnknownNameError: there is no such cell.
        NotEnoughDataError: there is no model yet, so nothing fails.
    """
    with engine.store() as store:
        project = engine.project
        cell, task = cell_named(store, project, key)
        model = newest(store, task.name)
        if model is None:
            raise NotEnoughDataError(f"{key} has no model yet", remedy="label what waits; the first cycle makes one")
        names = names_of(store, task)
        pool = free(store, task.name, store.predictions.count(task.name, model))
        said = store.predictions.read(task.name, model, pool, COLUMNS)
        failures, known = examples_of(store, project, task, cell, names)
        found = single(
            dense(store, project, model),
            pool,
            count,
            failures=failures,
            known=known,
            near=_near(store, project, cell, pool, said),
            margin=said["margin"].to_numpy().astype(np.float32),
            rng=np.random.default_rng(len(pool)),
        )
        return _items(store, project, task, cell, model, pool, said, found)


def cell_named(store: Store, project: Project, key: str) -> tuple[Cell, Task]:
    """A declared cell by its key, and its task.

    Raises:
        UnknownNameError: there is no such cell.
    """
    tasks = project.learnable
    names = {task.name: names_of(store, task) for task in tasks.values()}
    cells = {cell.key: cell for cell in declared(tasks.values(), project.slices.values(), names, project.targets)}
    if key not in cells:
        raise unknown("cell", key, cells)
    return cells[key], tasks[cells[key].task]


def free(store: Store, task: str, answered: int) -> Rows:
    """Teaching rows that have no label, and aren't asked already, of the first `answered`."""
    open_ = store.examples.parts()[:answered] == PARTS.index(Part.TEACH)
    taken = np.array(store.labels.current(task)["row"].to_pylist(), np.int64)
    asked = np.array([item.row for item in store.queue.waiting(task)], np.int64)
    for rows in (taken, asked):
        open_[rows[rows < answered]] = False
    return np.flatnonzero(open_).astype(np.int64)


def examples_of(store: Store, project: Project, task: Task, cell: Cell, names: tuple[str, ...]) -> tuple[Rows, Rows]:
    """Labelled rows outside the gate that the cell gets wrong, and all that it is about."""
    told = unseen(store, project, task)
    if told is None:
        labels = labels_of(store, task, names)
        taught = labels.at(store.examples.parts()[labels.rows] == PARTS.index(Part.TEACH))
        mine = _has(taught.gold, names.index(cell.label)) if cell.label else np.ones(len(taught), bool)
        return np.zeros(0, np.int64), taught.rows[mine]
    if cell.label is None:
        about = _members(store, project, cell, told.rows)
    else:
        of = told.gold if cell.metric is Metric.RECALL else told.answers
        about = _has(of, names.index(cell.label))
    return told.rows[about & told.wrong], told.rows[about]


def _has(of: np.ndarray, code: int) -> Mask:
    return np.asarray(of == code if of.ndim == 1 else of[:, code], bool)


def _members(store: Store, project: Project, cell: Cell, rows: Rows) -> Mask:
    return np.ones(len(rows), bool) if cell.slice == ALL else slice_of(store, project.slices[cell.slice], rows)


def _near(store: Store, project: Project, cell: Cell, pool: Rows, said: pa.Table) -> Mask:
    """Which of the pool the cell is likely about: its slice; or what is, or nearly is, given its label."""
    if cell.label is None:
        return _members(store, project, cell, pool)
    second = pc.equal(said["runner_up"], cell.label).to_numpy()
    label = said["label"].combine_chunks()
    if pa.types.is_list(label.type):
        given = np.zeros(len(pool), bool)
        given[pc.list_parent_indices(label).filter(pc.equal(label.flatten(), cell.label)).to_numpy()] = True
    else:
        given = pc.equal(label, cell.label).to_numpy(zero_copy_only=False)
    return np.asarray(given if cell.metric is Metric.PRECISION else given | second, bool)


def _items(
    store: Store,
    project: Project,
    task: Task,
    cell: Cell,
    model: str,
    pool: Rows,
    said: pa.Table,
    found: tuple[Rows, Rows],
) -> list[dict[str, Any]]:
    alike, doubt = found
    places = np.concatenate([alike, doubt])
    if len(places) == 0:
        return []
    rows = pool[places]
    examples = store.examples.take(rows, ["aq_id", project.text])
    items = []
    for i, (row, example, text, told) in enumerate(
        zip(
            rows.tolist(),
            examples["aq_id"].to_pylist(),
            examples[project.text].to_pylist(),
            said.take(pa.array(places)).to_pylist(),
            strict=True,
        )
    ):
        near = i < len(alike)
        item = QueueItem(
            task=task.name,
            row=row,
            example=example,
            part=str(Part.TEACH),
            cell=cell.key,
            policy="failures" if near else "doubt",
            why=f"asked for {_said(cell)}: {_why(told, near=near, several=task.kind is Kind.MULTILABEL)}",
            rank=FIRST + i,
            text=text if text is not None and len(text) <= SHOWN else None,
            suggestion=json.dumps(suggestion(told, model), ensure_ascii=False),
        )
        items.append(asdict(item))
    return items


def _said(cell: Cell) -> str:
    where = cell.label if cell.label is not None else cell.slice if cell.slice != ALL else cell.task
    return f"{where} {cell.metric}"


def _why(told: dict[str, Any], *, near: bool, several: bool) -> str:
    if near:
        return "resembles examples that it gets wrong"
    if several or not told["runner_up"]:
        return "close, as mistakes are weighed"
    return f"{told['label']} or {told['runner_up']} is close, as mistakes are weighed"


def suggestion(told: dict[str, Any], model: str) -> dict[str, Any]:
    """What a model says of an example, as a question carries it along."""
    return {
        "label": told["label"],
        "confidence": round(told["confidence"], 4),
        "second": told["runner_up"],
        "model": model,
    }
