"""Routes of the board: every cell, one cell, what a slice would hold, what the miner finds for a cell."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from adequate.labelling import policy
from adequate.loop.pace import pace
from adequate.store import schema
from adequate.studio import far, held, picks
from adequate.studio.context import Engineer, Here, Reviewer, Studio, Viewer
from adequate.studio.ops.targets import tried
from adequate.studio.roles import Can

router = APIRouter(prefix="/api", tags=["board"])


@router.get("/board")
async def board(here: Here, who: Viewer, fresh: bool = False) -> dict[str, Any]:
    """Every cell, forecast and burn-up; `fresh=false` may be a moment old, and says so."""
    shown, now = await held.board(here, fresh=fresh)
    waiting = _waiting(here)
    return shown | {
        "current": now,
        "waiting": waiting,
        "pace": asdict(pace(here.store.sql, time.time())),
        "money": _money(here),
        "policies": {task: asdict(policy.of(here.store.overrides, task)) for task in here.project.tasks},
        "may": {"change": who.can(Can.BUILD), "mine": who.can(Can.REVIEW), "label": who.can(Can.LABEL)},
    }


@router.get("/board/cell")
async def cell(here: Here, _: Viewer, key: Annotated[str, Query(max_length=2000)]) -> dict[str, Any]:
    """One cell: its curve, the `steer` examples that fail it, what other targets would mean, who changed its own."""
    shown: dict[str, Any] = await held.other(here, far.cell, key)
    changes = [one for one in here.store.overrides.list() if one.what == f"target:{key}"]
    return shown | {
        "changes": [{"value": one.value, "who": one.who, "why": one.why, "at": one.at} for one in changes],
        "waiting": _waiting_for(here, key, shown["cell"]["label"]),
    }


class Condition(BaseModel):
    """What would follow WHERE."""

    sql: str = Field(max_length=4000)


@router.post("/slices/preview")
async def preview(here: Here, _: Engineer, asked: Condition) -> dict[str, Any]:
    """How many examples a condition holds; one that ran may become a slice."""
    found: dict[str, Any] = await here.worker.run(far.holds, asked.sql)
    tried(here.extra).add(asked.sql.strip())
    return found


class Wanted(BaseModel):
    """Which cell, and how many examples for it."""

    cell: str = Field(max_length=2000)
    n: int = Field(50, ge=1, le=500)


@router.post("/board/mine")
async def mine(here: Here, _: Reviewer, wanted: Wanted) -> dict[str, Any]:
    """What the miner finds in the pool for one cell; `queue.fill` with `picks` asks for it."""
    return picks.keep(here, wanted.cell, await here.worker.run(far.mined, wanted.cell, wanted.n))


def _waiting(here: Studio) -> dict[str, int]:
    item = schema.queue_item
    query = sa.select(item.c.task, sa.func.count().label("many")).where(item.c.state == "waiting").group_by(item.c.task)
    return {row.task: row.many for row in here.store.sql.rows(query)}


def _waiting_for(here: Studio, key: str, label: str | None) -> int:
    item = schema.queue_item
    meant = (key,) if label is None else (key, label)
    query = sa.select(sa.func.count()).where(item.c.state == "waiting", item.c.cell.in_(meant))
    return int(here.store.sql.value(query.where(item.c.task == key.partition("/")[0])) or 0)


def _money(here: Studio) -> dict[str, Any] | None:
    """What an hour of labelling costs, as it was last set; None where nobody said."""
    table = schema.override
    query = sa.select(table).where(table.c.what == "setting:money_per_hour").order_by(table.c.id.desc()).limit(1)
    rows = here.store.sql.rows(query)
    if not rows:
        return None
    said: dict[str, Any] = json.loads(rows[0].value)
    return said | {"who": rows[0].who, "at": rows[0].at}
