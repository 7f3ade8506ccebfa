"""Routes of the cycles: the models, what changed between two of them, and what the gate says."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from fastapi import APIRouter

from adequate.errors import UnknownNameError
from adequate.store import Look, Override, schema
from adequate.store.models import Model
from adequate.studio import far, held
from adequate.studio.context import Engineer, Here, Studio, Viewer
from adequate.studio.roles import Can

router = APIRouter(prefix="/api", tags=["cycles"])


@router.get("/cycles")
def cycles(here: Here, who: Viewer) -> dict[str, Any]:
    """Every model with the cycle that made it, the newest first; and cycles that made none."""
    models = here.store.models.list()
    turned = _turned(here)
    made = {one["model"]: one for one in reversed(turned) if one["model"]}  # the first of a model's cycles made it
    numbers = {model.id: model.number for model in models}
    decisions = _decisions(here)
    states = _states(here)
    knew = {model.id: model.label_seq for model in models}
    labels = _labelled(here, [*knew.values()])
    return {
        "baseline": here.store.models.accepted(),
        "models": [
            {
                **_brief(model),
                "parent": model.parent,
                "parent_number": numbers.get(model.parent or ""),
                "labels": labels[model.label_seq],
                "new_labels": labels[model.label_seq] - labels.get(knew.get(model.parent or "", -1), 0),
                "tasks": sorted(model.card),
                "cycle": made.get(model.id),
                "cells": states.get(model.id, {}),
                "decided": decisions.get(model.id),
            }
            for model in reversed(models)
        ],
        "without": [one for one in reversed(turned) if not one["model"]],
        "may": {"decide": who.can(Can.BUILD), "gate": who.can(Can.BUILD)},
    }


@router.get("/cycles/{pair}")
async def cycle(here: Here, who: Viewer, pair: str) -> dict[str, Any]:
    """What changed from A to B, `A..B`: numbers of models, ids, `baseline` or `last`. It looks at nothing sealed."""
    old, new = _pair(here, pair)
    shown: dict[str, Any] = await held.other(here, far.flips, old.id, new.id)
    labels = _labelled(here, [old.label_seq, new.label_seq])
    models = here.store.models.list()
    accepted = here.store.models.accepted()
    turned = {one["model"]: one for one in reversed(_turned(here))}
    return shown | {
        "a": _brief(old),
        "b": _brief(new),
        "new_labels": labels[new.label_seq] - labels[old.label_seq],
        "cycle": turned.get(new.id),
        "looks": [
            {"verdict": look.verdict, "reasons": look.detail.get("reasons", []), "at": look.at, "alpha": look.alpha,
             "by": look.detail.get("by", "cycle"), "gate_labels": look.detail.get("gate_labels")}
            for look in here.store.looks.list(new.id)
            if look.baseline == old.id
        ],
        "attempts": [row for look in here.store.looks.list(new.id) for row in look.detail.get("looks", ())],
        "baseline": accepted,
        "falls_to": _before(here, models, new),
        "decided": _decisions(here).get(new.id),
        "may": {"decide": who.can(Can.BUILD), "gate": who.can(Can.BUILD)},
    }  # fmt: skip


@router.post("/cycles/{pair}/gate")
async def gate(here: Here, _: Engineer, pair: str) -> dict[str, Any]:
    """Ask the gate whether B may take A's place. It is a look at sealed labels: written down before it is shown."""
    old, new = _pair(here, pair)
    said: dict[str, Any] = await here.worker.run(far.verdict, old.id, new.id)
    detail = {"by": "gate", "level": "accept", "reasons": said["reasons"]}
    look = Look(candidate=new.id, baseline=old.id, alpha=far.ALPHA, verdict=said["verdict"], detail=detail)
    here.store.looks.spend(look)
    # Examples of the gate stay sealed: how many labels would decide is told, which they are is not.
    return said | {"ask": {task: len(ids) for task, ids in said["ask"].items()}}


def _pair(here: Studio, pair: str) -> tuple[Model, Model]:
    first, dots, second = pair.partition("..")
    if not dots:
        raise UnknownNameError(f"{pair!r} names no two models", remedy="such as 12..13, or baseline..last")
    return _named(here, first), _named(here, second)


def _named(here: Studio, name: str) -> Model:
    """A model by its number, or as the command line names it."""
    if name.isdecimal() and len(name) < 8:
        found = next((model for model in here.store.models.list() if model.number == int(name)), None)
        if found is not None:
            return found
    return here.store.models.get(name)


def _brief(model: Model) -> dict[str, Any]:
    return {"id": model.id, "number": model.number, "state": model.state, "at": model.at}


def _labelled(here: Studio, seqs: Sequence[int]) -> dict[int, int]:
    """How many labels there were at each of these moments of the log: of one example and task the last one counts."""
    log = schema.event
    given = sa.case((log.c.value.is_not(None), 1), else_=0)
    before = sa.func.lag(given, 1, 0).over(partition_by=(log.c.task, log.c.row), order_by=log.c.seq)
    told = sa.select(log.c.seq, (given - before).label("more")).where(log.c.kind == "label", log.c.row >= 0).subquery()
    moments, total = [0], [0]
    for row in here.store.sql.rows(sa.select(told).where(told.c.more != 0).order_by(told.c.seq)):
        moments.append(row.seq)
        total.append(total[-1] + row.more)
    return {seq: total[bisect_right(moments, seq) - 1] for seq in seqs}


def _before(here: Studio, models: list[Model], new: Model) -> dict[str, Any] | None:
    """Which model would be the baseline if this one were rejected."""
    table = schema.model
    others = sa.select(table.c.id).where(table.c.accepted.is_not(None), table.c.id != new.id)
    then = here.store.sql.value(others.order_by(table.c.accepted.desc()).limit(1))
    return next((_brief(model) for model in models if model.id == then), None)


def _turned(here: Studio) -> list[dict[str, Any]]:
    """Each cycle: when, how long, what came of it, oldest first. Its last step's state says."""
    last = sa.select(schema.step.c.cycle, sa.func.max(schema.step.c.seq).label("seq")).group_by(schema.step.c.cycle)
    newest = last.subquery()
    query = (
        sa.select(schema.cycle.c.id, schema.cycle.c.started, schema.cycle.c.ended, schema.step.c.state)
        .join(newest, newest.c.cycle == schema.cycle.c.id)
        .join(schema.step, sa.and_(schema.step.c.cycle == newest.c.cycle, schema.step.c.seq == newest.c.seq))
        .order_by(schema.cycle.c.id)
    )
    found = []
    for row in here.store.sql.rows(query):
        state = json.loads(row.state)
        found.append(
            {
                "cycle": row.id,
                "started": row.started,
                "seconds": row.ended - row.started if row.ended is not None else None,
                "model": state.get("model"),
                "outcome": state.get("outcome"),
                "reasons": list(state.get("reasons", ())),
                "asked": state.get("asked", 0),
            }
        )
    return found


def _states(here: Studio) -> dict[str, dict[str, int]]:
    """How many cells of each model are in each state."""
    cell = schema.cell
    query = sa.select(cell.c.model, cell.c.state, sa.func.count()).group_by(cell.c.model, cell.c.state)
    found: dict[str, dict[str, int]] = {}
    for model, state, many in here.store.sql.rows(query):
        found.setdefault(model, {})[state] = many
    return found


def _decisions(here: Studio) -> dict[str, dict[str, Any]]:
    """What people decided of models, the last word of each."""
    rows: list[Override] = [one for one in here.store.overrides.list() if one.what.startswith("gate:")]
    return {
        one.what.removeprefix("gate:"): {"to": one.value, "who": one.who, "why": one.why, "at": one.at} for one in rows
    }
