"""The board as the studio shows it: `loop.report`'s, with what a screen needs beside it. Runs in the studio's worker.

screen(engine)          every cell, forecast, burn-up
detail(engine, key)     one cell: its curve, what fails, what other targets would mean
count(engine, sql)      how many examples a condition holds, before it becomes a slice
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import sqlalchemy as sa

from adequate.errors import unknown
from adequate.loop.answers import names_of
from adequate.loop.board import MEANING, SIGNS, Board, CellRow
from adequate.loop.pace import as_json, reach, thinned
from adequate.loop.report import Wrong, board, failing_cases, row_of
from adequate.loop.selections import shown_parts
from adequate.spec.slices import condition
from adequate.store.schema import current_label
from adequate.store.schema import event as log
from adequate.testing.cells import declared
from adequate.types import PARTS, Part

if TYPE_CHECKING:
    from adequate.loop.engine import Engine
    from adequate.spec.project import Project
    from adequate.store import Store

FAILING = 12  # examples in a cell's drawer
TARGETS = np.round(np.arange(0.3, 1.0001, 0.01), 2)  # that are tried out


def screen(engine: Engine) -> dict[str, Any]:
    """Everything the board screen draws that doesn't change by the second."""
    with engine.store() as store:
        project = engine.project
        shown = board(store, project, failures=False)
        models = store.models.list()
        baseline = store.models.accepted()
        return {
            "project": shown.project,
            "model": _model(models[-1]) if models else None,
            "baseline": next((_model(model) for model in models if model.id == baseline), None),
            "labels": shown.labels,
            "examples": store.examples.count,
            "tasks": [
                {
                    "name": task.name,
                    "kind": str(task.kind),
                    "sentence": shown.sentences.get(task.name, ""),
                    "learnable": task.learnable,
                }
                for task in project.tasks.values()
            ],
            "slices": shown.slices(),
            "cells": [_cell(cell) for cell in shown.cells],
            "next": shown.next,
            "signs": SIGNS,
            "meaning": MEANING,
            "forecast": as_json(reach(shown.cells)),
            "burn": _burn(store, shown),
        }


def _model(model: Any) -> dict[str, Any]:
    return {"id": model.id, "number": model.number, "at": model.at, "state": model.state}


def _cell(cell: CellRow) -> dict[str, Any]:
    more = ("key", "name", "mark", "sign", "to_go", "critical", "room", "before")
    return cell.to_json() | {key: getattr(cell, key) for key in more}


def _burn(store: Store, shown: Board) -> dict[str, Any]:
    """Labels over time, and adequate cells at each model."""
    query = sa.select(log.c.at).join(current_label, current_label.c.seq == log.c.seq).order_by(log.c.at)
    times = [row.at for row in store.sql.rows(query)]
    labels = thinned([(at, i + 1) for i, at in enumerate(times)])
    cells = store.cells.read().select(["model", "state"])
    pairs = list(zip(cells["model"].to_pylist(), cells["state"].to_pylist(), strict=True))
    total = {model: sum(one == model for one, _ in pairs) for model in {one for one, _ in pairs}}
    adequate = {model: sum(pair == (model, "adequate") for pair in pairs) for model in total}
    return {
        "labels": {"at": [at for at, _ in labels], "count": [count for _, count in labels]},
        "models": [
            {
                "number": model.number,
                "at": model.at,
                "labels": int(np.searchsorted(times, model.at, side="right")),
                "adequate": adequate.get(model.id, 0),
                "cells": total.get(model.id, 0),
            }
            for model in store.models.list()
        ],
        "cells": len(shown.cells),
    }


def detail(engine: Engine, key: str) -> dict[str, Any]:
    """One cell.

    Raises:
        UnknownNameError: there is no such cell.
    """
    with engine.store() as store:
        project = engine.project
        shown = board(store, project, failures=False)
        cells = {cell.key: cell for cell in shown.cells}
        if key not in cells:
            raise unknown("cell", key, cells)
        cell = cells[key]
        failures, failing = _failures(store, project, shown, cell)
        return {
            "cell": _cell(cell),
            "curve": [
                {"labels": labels, "value": value, "low": low, "high": high}
                for labels, value, low, high in shown.curves.get(cell.name, [])
            ],
            "failures": failures,
            "failing": failing,
            "at": _at_targets(store, project, shown, cell),
        }


def _failures(store: Store, project: Project, shown: Board, cell: CellRow) -> tuple[list[dict[str, Any]], int]:
    """The last `steer` examples that fail the cell, and how many there are; of a test the worst cases."""
    names = ("example", "text", "gold", "predicted", "confidence")
    if cell.is_test:
        cases, many = failing_cases(store, shown.model, cell.key, FAILING) if shown.model else ([], 0)
        return [{name: getattr(one, name) for name in names} for one in cases], many
    task = project.tasks[cell.task]
    wrong = Wrong.of(store, task, shown.model, names_of(store, task)) if shown.model else None
    if wrong is None:
        return [], 0
    found = wrong.failing(store, project, cell, FAILING)
    return [{name: getattr(one, name) for name in names} for one in found], len(wrong.at(store, project, cell))


def _at_targets(store: Store, project: Project, shown: Board, cell: CellRow) -> list[dict[str, Any]]:
    """What the counts that are stored say of the cell at other targets; nothing of a test, whose target the project
    says. Nobody looks at the gate for it.
    """
    if cell.is_test:
        return []
    task = project.tasks[cell.task]
    names = {task.name: names_of(store, task)}
    own = next(one for one in declared([task], project.slices.values(), names, project.targets) if one.key == cell.key)
    measured = next(
        (
            row
            for row in (store.cells.read(shown.model).to_pylist() if shown.model else ())
            if (row["task"], row["slice"], row["label"], row["metric"])
            == (cell.task, cell.slice, cell.label or "", cell.metric)
        ),
        None,
    )
    size = int(np.count_nonzero(store.examples.parts() == PARTS.index(Part.GATE)))
    found = []
    for target in sorted({*TARGETS.tolist(), cell.target}):
        row = row_of(
            replace(own, target=target),
            measured,
            shown.curves.get(cell.name, []),
            room=cell.room,
            gate=size - cell.room,
        )
        found.append(
            {"target": target, "mark": row.mark, "sign": row.sign, "to_go": row.to_go, "state": row.state}
            | {"takes": as_json(reach([row]))}
        )
    return found


def count(engine: Engine, sql: str) -> dict[str, Any]:
    """How many examples a condition holds, by part, and some of those that aren't sealed.

    Raises:
        SliceError: it can't be run.
        SpecError: it isn't a condition.
    """
    with engine.store() as store:
        project = engine.project
        rows = store.slices.where("it", condition("it", sql), seconds=5.0)
        parts = store.examples.parts()[rows]
        open_ = rows[shown_parts(parts)]
        some = store.examples.take(open_[:5], ["aq_id", project.text])
        return {
            "examples": len(rows),
            "of": store.examples.count,
            "parts": {str(part): int(np.count_nonzero(parts == code)) for code, part in enumerate(PARTS)},
            "some": [
                {"example": one, "text": (text or "")[:300]}
                for one, text in zip(some["aq_id"].to_pylist(), some[project.text].to_pylist(), strict=True)
            ],
            "columns": [name for name in store.examples.schema.names if not name.startswith("aq_")],
        }
