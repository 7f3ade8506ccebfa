"""Routes of the labels: what each task offers, how much is known of each label, and what a change would change."""

from __future__ import annotations

import json
from collections import Counter
from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import APIRouter, Body

from adequate.labelling import schema
from adequate.loop.renames import carried
from adequate.spec.cells import label_in, spelt
from adequate.store.schema import cell, current_label, model, queue_item
from adequate.studio import far_labels, tasks
from adequate.studio.context import Engineer, Here, Viewer
from adequate.studio.ops import schema as ops
from adequate.types import PARTS, Kind

router = APIRouter(prefix="/api", tags=["schema"])


@router.get("/schema")
def every(here: Here, _: Viewer) -> dict[str, Any]:
    """The tasks, and how many labels each has."""
    with here.store.sql.reading() as connection:
        found = [
            {"task": task.name, "kind": str(task.kind), "labels": len(tasks.labels(connection, here, task, anew=True))}
            for task in here.project.tasks.values()
            if task.kind is not Kind.SCORE
        ]
    return {"tasks": found}


@router.get("/schema/{task}")
def one(here: Here, _: Viewer, task: str) -> dict[str, Any]:
    """A task's labels with what there is of each, and how they were changed."""
    of = tasks.named(here, task)
    with here.store.sql.reading() as connection:
        labels = tasks.labels(connection, here, of, anew=True)
        counts, by_part = _counts(connection, of.name)
        newest = _newest(connection)
        waiting = _waiting(connection, of.name)
        changes = ops.history(connection, of.name)
    shown = ("seq", "by", "at", "why", "change", "said", "n", "undone", "of", "asked")
    standing = [change["seq"] for change in changes if change["change"] != "undo" and not change["undone"]]
    return {
        "task": of.name,
        "kind": str(of.kind),
        "open": of.labels is None,
        "model": newest,
        "rev": max((change["seq"] for change in changes), default=0),
        "undo": standing[-1] if standing else None,
        "labels": [
            {
                "label": label,
                **{str(part): counts.get((label, str(part)), 0) for part in PARTS},
                "waiting": waiting.get(label, 0),
            }
            for label in labels
        ],
        "kept": [  # said by names that are no longer offered
            {"label": label, "n": sum(counts[label, part] for part in map(str, PARTS))}
            for label in sorted({name for name, _ in counts} - set(labels))
        ],
        "total": by_part,
        "renamed": of.renamed or {},
        "history": [{name: change[name] for name in shown if name in change} for change in reversed(changes)],
    }


@router.get("/schema/{task}/predicted")
async def predicted(here: Here, _: Viewer, task: str) -> dict[str, Any]:
    """How often the newest model gives each label to what nobody has labelled."""
    return await here.worker.run(far_labels.predicted, tasks.named(here, task).name)


@router.post("/schema/{task}/preview")
async def preview(here: Here, _: Engineer, task: str, body: Annotated[dict[str, Any], Body()]) -> dict[str, Any]:
    """Exactly what a change would change: `change` says which, the rest is as in the operation."""
    of = tasks.named(here, task)
    kind = str(body.get("change", ""))
    with here.store.sql.reading() as connection:
        labels = tasks.labels(connection, here, of, anew=True)
        change = ops.change_of(of, labels, kind, body)
        read = ops.touched(connection, of.name, change)
        parts = ops.parts_of(connection)
        about = set(change.renamed) - set(of.renamed or {}) | set(change.maps)
        asked = [body["label"]] if kind == "split" else []
        again = ops.with_labels(connection, of.name, asked)
        waiting = _waiting(connection, of.name)
        grown = about | ({body["into"]} if kind == "merge" else set())
        cells = _measured(connection, here, of.name, grown)
        models = [
            row.number
            for row in connection.execute(sa.select(model.c.number, model.c.card))
            if about & _known(row, of.name)
        ]
    doubtful: list[int] = await here.worker.run(far_labels.doubtful, of.name, body["label"]) if asked else []
    gate = PARTS.index("gate")
    return {
        "said": ops.described(change, body),
        "labels": list(change.labels),
        "before": labels,
        "examples": len(read),
        "withdrawn": sum(new is None for _, new in read),
        "by_part": {str(part): n for part, n in zip(PARTS, _by_part(parts, [row.row for row, _ in read]), strict=True)},
        "waiting": sum(waiting.get(name, 0) for name in about),
        "cells": cells,
        "targets": sorted(
            key for key in here.project.targets if label_in(key) in about and key.startswith(f"{of.name}/")
        ),
        "slices": sorted(
            made.name
            for made in here.project.slices.values()
            if made.sql and any(f"'{name}'" in made.sql for name in about)
        ),
        "models": len(models),
        "fixed": of.labels is None and kind in ("add", "split"),
        "ask": {
            "all": len(again),
            "doubtful": doubtful,
            "gate": sum(row.row < len(parts) and parts[row.row] == gate for row in again),
        },
    }


def _counts(connection: sa.Connection, task: str) -> tuple[Counter[tuple[str, str]], dict[str, int]]:
    """Current labels by (label, part), and examples by part."""
    parts = ops.parts_of(connection)
    counts: Counter[tuple[str, str]] = Counter()
    whole: Counter[str] = Counter()
    read: dict[str, list[str]] = {}
    query = sa.select(current_label.c.row, current_label.c.value).where(current_label.c.task == task)
    for row, value in connection.execute(query):
        if row >= len(parts) or parts[row] >= len(PARTS):
            continue
        part = str(PARTS[parts[row]])
        if value not in read:
            read[value] = list(dict.fromkeys(schema.names(json.loads(value))))
        whole[part] += 1
        for name in read[value]:
            counts[name, part] += 1
    return counts, {str(part): whole[str(part)] for part in PARTS}


def _by_part(parts: bytes, rows: list[int]) -> list[int]:
    found = Counter(parts[row] for row in rows if row < len(parts))
    return [found[code] for code in range(len(PARTS))]


def _newest(connection: sa.Connection) -> str | None:
    """The newest model."""
    return connection.execute(sa.select(model.c.id).order_by(model.c.number.desc()).limit(1)).scalar()


def _measured(connection: sa.Connection, here: Here, task: str, labels: set[str]) -> list[str]:
    """The newest model's cells of these labels, by the names that labels have now."""
    query = sa.select(cell).where(cell.c.model == _newest(connection), cell.c.task == task, cell.c.label != "")
    rows = carried([dict(row._mapping) for row in connection.execute(query)], here.project)
    return sorted(
        spelt(row["task"], row["slice"], row["label"], row["metric"]) for row in rows if row["label"] in labels
    )


def _waiting(connection: sa.Connection, task: str) -> Counter[str]:
    """Questions that wait and are meant for a label, or are suggested it."""
    columns = (queue_item.c.cell, queue_item.c.suggestion)
    found: Counter[str] = Counter()
    query = sa.select(*columns).where(queue_item.c.task == task, queue_item.c.state == "waiting")
    for meant, suggestion in connection.execute(query):
        said = schema.names(json.loads(suggestion).get("label")) if suggestion else []
        found.update({meant, *said})
    return found


def _known(row: Any, task: str) -> set[str]:
    return set((json.loads(row.card).get(task) or {}).get("labels") or ())
