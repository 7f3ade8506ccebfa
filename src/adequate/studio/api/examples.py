"""Routes of one example: what it says, what was said of it and by whom, what each model answered; erasing it for good.

Of a sealed example (the `gate` part) nobody sees the text here, nor what models answer: only that it is there, and who
has labelled it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from fastapi import APIRouter
from pydantic import BaseModel

from adequate.errors import DataError, unknown
from adequate.store.events import SCHEMA
from adequate.store.schema import current_label, queue_item
from adequate.studio import erased, far_examples, tasks
from adequate.studio.context import Here, Owner, Viewer
from adequate.studio.roles import Can

if TYPE_CHECKING:
    from adequate.studio.roles import Person

router = APIRouter(prefix="/api", tags=["examples"])

WHOLE = 32  # characters of an id


class Confirmed(BaseModel):
    """What whoever erases something types: its id."""

    confirm: str


@router.get("/examples/{example}/chip")
async def chip(here: Here, person: Viewer, example: str, task: str | None = None) -> dict[str, Any]:
    """An example in a line, with its current labels; a sealed one says only that it is sealed."""
    found = await here.worker.run(far_examples.chip, _named(example))
    labels = {} if found["sealed"] else _labels(here, person, found["row"])
    return found | {"labels": labels if task is None else {name: labels[name] for name in (task,) if name in labels}}


@router.get("/examples/{example}")
async def one(here: Here, person: Viewer, example: str) -> dict[str, Any]:
    """All there is of an example that whoever asks may see."""
    found = await here.worker.run(far_examples.page, _named(example))
    here.extra.setdefault("opened", {})[found["id"]] = found["row"], found["part"]
    labels = _labels(here, person, found["row"])
    if found["sealed"]:
        labels = {task: said | {"value": None} for task, said in labels.items()}
    found["predictions"] = [said for said in found["predictions"] if _open(here, person, said["task"])]
    return found | {
        "labels": labels,
        "tasks": _tasks(here),
        "history": _history(here, person, found["id"], sealed=found["sealed"]),
        "waiting": [item for item in _waiting(here, found["row"]) if _open(here, person, item["task"])],
    }


@router.get("/examples/{example}/near")
async def near(here: Here, _: Viewer, example: str) -> dict[str, Any]:
    """The examples that are most like one; none for a sealed one."""
    found = await here.worker.run(far_examples.chip, _named(example))
    return {"near": [] if found["sealed"] else await here.worker.run(far_examples.near, found["id"])}


@router.post("/examples/{example}/erase")
async def erase(here: Here, person: Owner, example: str, typed: Confirmed) -> dict[str, Any]:
    """Erase an example for good, with all that was made from it. Whoever asks types its id."""
    name = _named(example)
    if len(name) < WHOLE:
        name = (await here.worker.run(far_examples.chip, name))["id"]
    if typed.confirm != name:
        raise DataError("what was typed isn't the example's id", remedy=f"type {name}")
    await erased.erase(here, name, person.id)
    return {"erased": name}


def _named(example: str) -> str:
    """The id, or the beginning of one, without the sign that it has in a guide."""
    name = example.removeprefix("#")
    if not name or len(name) > 100 or not name.isalnum():
        raise unknown("example", name[:100], [])
    return name


def _labels(here: Here, person: Person, row: int) -> dict[str, dict[str, Any]]:
    """The current label of each task; none of a blind task for those who label it."""
    query = sa.select(current_label).where(current_label.c.row == row)
    with here.store.sql.reading() as connection:
        here.hub.policies.read(connection, row)
        rows = connection.execute(query.where(current_label.c.task.in_(list(here.project.tasks)))).all()
    return {
        one.task: {"value": json.loads(one.value), "source": one.source, "seq": one.seq}
        for one in rows
        if _open(here, person, one.task)
    }


def _open(here: Here, person: Person, task: str) -> bool:
    """Whether what others and the model say for a task may be seen: not by those who label it blind."""
    return person.can(Can.REVIEW) or not here.hub.policies.of(task).blind


def _tasks(here: Here) -> list[dict[str, Any]]:
    with here.store.sql.reading() as connection:
        return [
            {"task": task.name, "kind": str(task.kind), "labels": tasks.labels(connection, here, task)}
            for task in here.project.tasks.values()
        ]


def _history(here: Here, person: Person, example: str, *, sealed: bool) -> list[dict[str, Any]]:
    """Who said what, when, why, seeing which suggestion and which revision of the guide; oldest first."""
    said = here.store.labels.history(example)
    with here.store.sql.reading() as connection:
        here.hub.policies.read(connection, max((event.row for _, event in said), default=-1))
    secrets = person.can(Can.REVIEW)
    found = []
    for seq, event in said:
        if not here.hub.may_see(event, person):
            continue
        shown = here.hub.frame(seq, event, secrets=secrets)
        one = {"seq": seq, "by": event.actor, "at": event.at, "kind": shown["kind"], "task": event.task}
        one |= {"source": str(event.source), "why": event.why, "policy": event.policy, "guide": event.guide}
        one |= {"value": event.value, "saw": event.saw if secrets else None, "body": shown["body"]}
        if sealed:  # that somebody labelled it, not what it is
            one |= {"value": None, "saw": None, "body": {}, "why": "" if event.policy == SCHEMA else event.why}
        found.append(one)
    return found


def _waiting(here: Here, row: int) -> list[dict[str, Any]]:
    columns = ("id", "task", "why", "policy", "at")
    query = sa.select(*(queue_item.c[name] for name in columns)).where(queue_item.c.row == row)
    rows = here.store.sql.rows(query.where(queue_item.c.state == "waiting", queue_item.c.gold.is_(None)))
    return [dict(one._mapping) for one in rows]
