"""Routes of the label screen: what waits, the next items, holding them, giving them back, a long text.

`next` is what everybody waits for, so it reads SQL alone; the browser asks thirty items ahead.
"""

from __future__ import annotations

import asyncio
import json
from functools import cache
from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from adequate.errors import AccessError, DataError, UnknownNameError
from adequate.labelling import policy
from adequate.labelling.pace import pauses, typical
from adequate.store import QueueItem, quick
from adequate.store import queue as store
from adequate.store.events import LABEL
from adequate.store.schema import answer, lease, queue_item
from adequate.store.schema import event as log
from adequate.store.sql import now
from adequate.studio import items, tasks
from adequate.studio.api import review
from adequate.studio.api.review import disputed, texts
from adequate.studio.context import Here, Labeller, Studio, Viewer, asking
from adequate.studio.live.frames import encoded
from adequate.studio.live.policies import Seen
from adequate.studio.ops.answers import last_label
from adequate.studio.ops.comments import COMMENT, RESOLVED
from adequate.studio.roles import Can, Person
from adequate.types import Kind, Part

router = APIRouter(prefix="/api", tags=["label"])
router.include_router(review.router)

MODES = {Kind.CLASSIFY: "choose", Kind.MULTILABEL: "multi", Kind.SPAN: "spans", Kind.SCORE: "pairs"}
AHEAD = 50  # items that one request leases at most


# Built once: to build a statement takes longer than to run it.
# That they look at few kinds of events is said of what is counted, not of what is looked through: by its kind a
# database finds an event among all there are.
@cache
def _revs(dialect: str) -> sa.Select[Any]:
    last = sa.func.max(sa.case((log.c.kind == LABEL, log.c.seq), else_=0))
    some = quick.one_of(dialect, log.c.row, "rows")
    return sa.select(log.c.row, last).where(log.c.task == sa.bindparam("of"), some).group_by(log.c.row)


@cache
def _talk(dialect: str) -> sa.Select[Any]:
    open_ = sa.func.sum(sa.case((log.c.kind == COMMENT, 1), (log.c.kind == RESOLVED, -1), else_=0))
    return sa.select(log.c.example, open_).where(quick.one_of(dialect, log.c.example, "some")).group_by(log.c.example)


class Held(BaseModel):
    """Items of the queue, by number."""

    items: Annotated[list[int], Field(max_length=1000)] = []
    until: float | None = None  # as `next` and `hold` said it last


@router.get("/queues")
def queues(here: Here, person: Viewer) -> dict[str, Any]:
    """What waits, by task: how much, how it is answered, its labels, and how far each cell's questions are."""
    with here.store.sql.reading() as connection:
        return {"tasks": [_task(connection, here, person, name) for name in here.project.tasks]}


def _task(connection: sa.Connection, here: Any, person: Person, name: str) -> dict[str, Any]:
    task = here.project.tasks[name]
    newest = sa.select(sa.func.max(queue_item.c.cycle)).where(queue_item.c.task == name).scalar_subquery()
    # To whoever asks: of what several answer, or of what is known, it is theirs alone that counts.
    mine = sa.and_(lease.c.item == queue_item.c.id, lease.c.actor == person.id, lease.c.done)
    same = (answer.c.task == name, answer.c.row == queue_item.c.row, answer.c.item == queue_item.c.id)
    theirs = sa.and_(*same, answer.c.actor == person.id)
    state = sa.case(
        (~sa.exists().where(mine), queue_item.c.state), (sa.exists().where(theirs), store.ANSWERED), else_=store.SKIPPED
    ).label("state")
    by = (queue_item.c.cell, state)
    query = sa.select(*by, sa.func.count().label("items")).where(queue_item.c.task == name)
    query = query.where(sa.or_(queue_item.c.state == "waiting", queue_item.c.cycle == newest)).group_by(*by)
    cells: dict[str, dict[str, int]] = {}
    for cell, state, count in connection.execute(query):
        if state in ("waiting", "answered"):
            cells.setdefault(cell, {"waiting": 0, "answered": 0})[state] = count
    rules = policy.of(here.store.overrides, name)
    said = sa.select(log.c.at).where(log.c.actor == person.id, log.c.task == name, log.c.kind.in_(("label", "answer")))
    times = connection.scalars(said.order_by(log.c.seq.desc()).limit(50)).all()
    return {
        "task": name,
        "kind": str(task.kind),
        "mode": MODES[task.kind],
        "labels": tasks.labels(connection, here, task, anew=True),
        "open": task.labels is None,
        "waiting": sum(counts["waiting"] for counts in cells.values()),
        "cells": [{"cell": cell, **counts} for cell, counts in sorted(cells.items())],
        "pace": typical(pauses(times)),
        "blind": rules.blind,
        "overlap": rules.overlap,
        "suggestions": rules.suggestions,
        "disputed": disputed(connection, name) if person.can(Can.REVIEW) else 0,
    }


_NEXT = {
    "parameters": [
        {"name": "task", "in": "path", "required": True, "schema": {"type": "string"}},
        {"name": "n", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": AHEAD, "default": 10}},
        {"name": "cell", "in": "query", "schema": {"type": "string"}},
        {"name": "label", "in": "query", "schema": {"type": "string"}},
    ]
}


@router.post("/queues/{task}/next", openapi_extra=_NEXT)
async def following(request: Request) -> Response:
    """Lease the next items to whoever asks, those included that they hold already: `n`, only those that are for `cell`,
    or only those of which the model says `label` (a sweep; never sealed or blind ones)."""
    person, here = asking(request, Can.LABEL), request.app.state.studio
    asked = request.query_params
    n, cell, label = asked.get("n", "10"), asked.get("cell"), asked.get("label")
    if not (n.isascii() and n.isdigit() and len(n) < 3 and 1 <= int(n) <= AHEAD):
        raise DataError(f"n is {n!r}", remedy=f"a whole number from 1 to {AHEAD}")
    of = tasks.named(here, request.path_params["task"])
    seen = here.hub.policies.of(of.name)

    def job(connection: sa.Connection) -> dict[str, Any]:
        leased = (
            store.hand_out(connection, of.name, person.id, int(n), cell=cell)
            if label is None
            else items.swept(connection, of.name, person.id, int(n), label, shared=_shared(here, of.name))
        )
        until = now(connection) + store.LEASE_SECONDS
        return {"items": shown(connection, person, of.name, leased, seen), "until": until}

    # After a power cut nobody waits for what they were handed: it is asked again in two minutes anyway.
    answer = await asyncio.wrap_future(here.store.sql.submit(job, "leasing items", lasting=False))
    return Response(encoded(answer), media_type="application/json")


def shown(
    connection: sa.Connection, person: Person, task: str, leased: list[QueueItem], seen: Seen
) -> list[dict[str, Any]]:
    """Items as a labeller may see them: no suggestion where it would sway a measurement, and never the gold, nor what
    it could be told by: what others said of it before."""
    rows, examples = [item.row for item in leased], [item.example for item in leased]
    dialect = connection.dialect.name
    revs = dict(quick.rows(connection, _revs(dialect), {"of": task, "rows": quick.listed(connection, rows)}))
    talk = dict(quick.rows(connection, _talk(dialect), {"some": quick.listed(connection, examples)}))
    found = []
    for item in leased:
        alone = (item.blind or seen.blind) and not person.can(Can.REVIEW)
        several = item.overlap > 1  # everybody answers for themselves: nothing of what others said is compared
        one: dict[str, Any] = {
            "id": item.id,
            "example": item.example,
            "text": item.text,
            "why": item.why,
            "cell": item.cell,
            "comments": 0 if alone else talk.get(item.example, 0),
            "rev": 0 if several or alone else revs.get(item.row, 0),
            "alone": alone,
        }
        if item.part == Part.GATE:
            one["part"] = item.part
        elif item.suggestion is not None and seen.suggestions and not (item.blind and alone):
            one["suggestion"] = json.loads(item.suggestion)
        found.append(one)
    return found


@router.get("/queues/{task}/predicted")
def predicted(here: Here, person: Labeller, task: str) -> dict[str, Any]:
    """What the model says of the questions that can be swept: labels, most first."""
    of = tasks.named(here, task)
    with here.store.sql.reading() as connection:
        counts = items.predicted(connection, of.name, person.id, shared=_shared(here, of.name))
    return {"labels": [{"label": label, "n": n} for label, n in counts]}


def _shared(here: Studio, task: str) -> bool:
    return policy.of(here.store.overrides, task).overlap > 1


@router.post("/queues/hold")
def hold(here: Here, person: Labeller, held: Held) -> dict[str, float]:
    """Hold these items for two more minutes; ask every thirty seconds."""
    until = here.store.sql.write(lambda connection: items.hold(connection, held.items, person.id), "holding items")
    return {"until": until}


@router.post("/queues/give-back", status_code=204)
def give_back(here: Here, person: Labeller, held: Held) -> None:
    """Let others have these items at once."""
    here.store.sql.write(
        lambda connection: items.give_back(connection, held.items, person.id, held.until), "giving items back"
    )


@router.get("/texts/{example}")
async def text(here: Here, _: Labeller, example: str) -> dict[str, Any]:
    """The whole text of an example that a queue's item was too short for."""
    found = await texts(here, [example])
    if example not in found:
        raise UnknownNameError(f"no example {example!r}")
    return {"example": example, "text": found[example]}


@router.get("/label/{task}/{example}")
async def one(here: Here, person: Labeller, task: str, example: str) -> dict[str, Any]:
    """One example, opened by its address, as an item to label.

    Raises:
        UnknownNameError: there is no such example.
        AccessError: it is sealed or blind, and was not asked of this person.
    """
    of = tasks.named(here, task)
    found = await texts(here, [example])
    if example not in found:
        raise UnknownNameError(f"no example {example!r}", remedy="examples are found in Explore")
    with here.store.sql.reading() as connection:
        row, part = here.extra["opened"][example]
        mine = sa.select(queue_item.c.id).where(queue_item.c.task == of.name, queue_item.c.row == row)
        held = connection.scalar(mine.order_by(queue_item.c.id.desc()).limit(1))
        item = (
            store.find(connection, held)[0]
            if held is not None
            else QueueItem(task=of.name, row=row, example=example, part="", why="opened by its address")
        )
        here.hub.policies.read(connection)
        shows = shown(connection, person, of.name, [item], here.hub.policies.of(of.name))[0] | {"text": found[example]}
        if shows["alone"] or (part == Part.GATE and not person.can(Can.REVIEW)):
            raise AccessError("this example comes to you when it is your turn", remedy=f"label {of.name}")
        last = last_label(connection, of.name, row)
        if last is not None and last.value is not None:
            shows["value"], shows["by"], shows["at"] = json.loads(last.value), last.actor, last.at
    return {"task": of.name, "item": shows}
