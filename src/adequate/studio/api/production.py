"""Routes of the screen Live: what production does, and the triggers that seek more in it."""

from __future__ import annotations

import asyncio
from typing import Any

import sqlalchemy as sa
from fastapi import APIRouter
from pydantic import BaseModel

from adequate.store.schema import queue_item, recorded
from adequate.studio import production
from adequate.studio.api.releases import listed
from adequate.studio.context import Engineer, Here, Studio, Viewer
from adequate.studio.roles import Can

router = APIRouter(prefix="/api/production", tags=["production"])
REASONS = ("audit", "assertion", "abstained", "trigger", "shadow")  # why a recorded row is asked: policies of the queue


@router.get("")
async def overview(here: Here, who: Viewer) -> dict[str, Any]:
    """What production does, as of a few seconds ago; who may do what about it.

    `watch`: as `adequate watch --json` has it, of each task the labels that moved or come most. `releases`: as
    `GET /api/releases`. `waiting`: by task, how many recorded rows wait to be labelled, by reason. `triggers`: every
    one that is at work, by its number, with what it is for and what a day it may ask.
    """
    seen = await production.watched(here)
    return {"watch": seen, **await asyncio.to_thread(_beside, here), "may": {"promote": who.can(Can.BUILD)}}


class Stop(BaseModel):
    """Which trigger, by its number."""

    trigger: int


@router.post("/stop-trigger")
async def stop_trigger(here: Here, _: Engineer, which: Stop) -> dict[str, Any]:
    """End a trigger; servers hear of it within a second."""
    ended = await asyncio.to_thread(here.store.triggers.stop, which.trigger)
    production.forget(here)
    return {"id": ended.id, "cell": ended.cell, "ended": ended.ended}


def _beside(here: Studio) -> dict[str, Any]:
    item = queue_item.c
    kept = sa.select(recorded.c.id).where(recorded.c.example == item.example)  # the loop has an audit of its own
    query = (
        sa.select(item.task, item.policy, sa.func.count())
        .where(item.state == "waiting", item.policy.in_(REASONS), kept.exists())
        .group_by(item.task, item.policy)
    )
    waiting: dict[str, dict[str, int]] = {}
    for task, policy, many in here.store.sql.rows(query):
        waiting.setdefault(task, {})[policy] = many
    working = [
        {"id": one.id, "cell": one.cell, "per_day": one.per_day, "who": one.who, "why": one.why, "at": one.at}
        for one in here.store.triggers.list(active=True)
    ]
    return {"releases": listed(here), "waiting": waiting, "triggers": working}
