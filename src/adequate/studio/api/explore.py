"""Routes of explore: search, the confusion map, labels that look wrong, selections and what is done with them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import APIRouter
from fastapi import Query as Asked
from fastapi.responses import Response
from pydantic import BaseModel, Field

from adequate.errors import AccessError, DataError, NotEnoughDataError, unknown
from adequate.labelling import policy
from adequate.loop import query
from adequate.store.schema import current_label, event
from adequate.studio import seek
from adequate.studio.context import Engineer, Here, Reviewer, Studio, Viewer
from adequate.studio.ops.targets import tried
from adequate.studio.roles import Can, Person

router = APIRouter(prefix="/api", tags=["explore"])

LONGEST = 8000  # code points of a query: SQL may be long
ABOUT_LABELS = ("label", "pred", "second", "pair", "conf", "margin", "is", "source", "by")
Q = Annotated[str, Asked(max_length=LONGEST)]


@router.get("/search")
async def search(
    here: Here, who: Viewer, q: Q = "", after: str = "", limit: Annotated[int, Asked(ge=1, le=200)] = 50
) -> dict[str, Any]:
    """Examples that a query finds, a page at a time; `after` is the cursor that the page before ended with."""
    asked = query.parse(q)
    hidden = _checked(here, who, asked)
    page = await here.worker.run(seek.page, q, after, limit)
    page["hits"] = [_seen(hit, hidden) for hit in page["hits"]]
    return {"q": str(asked), "terms": [asdict(term) for term in asked.terms], **page}


@router.get("/search/names")
async def names(here: Here, _: Viewer) -> dict[str, Any]:
    """What a query may be made of: keys with what they are for, and the values of each."""
    found = await here.worker.run(seek.names)
    actors = sa.select(event.c.actor).join(current_label, current_label.c.seq == event.c.seq).distinct().limit(200)
    return {
        **found,
        "keys": dict(query.KEYS),
        "choices": {key: list(values) for key, values in query.CHOICES.items()},
        "people": sorted(row.actor for row in here.store.sql.rows(actors)),
    }


@router.get("/search/rows")
async def rows(here: Here, who: Viewer, q: Q = "") -> Response:
    """Row numbers of all that a query finds: uint32, little-endian; for marking points on the map."""
    _checked(here, who, query.parse(q))
    return Response(await here.worker.run(seek.rows, q), media_type="application/octet-stream")


@router.get("/search/sql")
async def condition(here: Here, who: Engineer, q: Q) -> dict[str, Any]:
    """A query as the condition of a slice; where SQL can't say it, the ids that it finds now."""
    _checked(here, who, query.parse(q))
    found = await here.worker.run(seek.condition, q)
    tried(here.extra).add(found["sql"])  # `slice.put` takes what has been looked at
    return found


@router.get("/hits")
async def hits(here: Here, who: Viewer, rows: Annotated[str, Asked(max_length=4000)]) -> list[dict[str, Any]]:
    """What there is to show of some rows, numbers with commas between; nothing of the gate."""
    try:
        wanted = [int(row) for row in rows.split(",") if row][:200]
    except ValueError:
        raise DataError(f"rows={rows[:40]!r} aren't row numbers", remedy="rows=12,4711") from None
    hidden = _hidden(here, who)
    return [_seen(hit, hidden) for hit in await here.worker.run(seek.hits, wanted)]


@router.get("/map")
async def drawn(here: Here, who: Viewer, task: str | None = None, pair: str | None = None) -> Response:
    """The points of a task's map, as `loop.map.Points.to_bytes` lays them out; `pair=A,B` fits the axes to two labels.

    A label with a comma in it stands in quotes, as in a query.
    """
    of = _task(here, who, task)
    both = None
    if pair is not None:
        values = query.parse(f"pair:{pair}").terms[0].values
        both = (values[0], values[1])
    return Response(await here.worker.run(seek.drawn, of, both), media_type="application/octet-stream")


@router.get("/confusion")
async def confusion(here: Here, who: Viewer, task: str | None = None) -> dict[str, Any]:
    """The pairs of labels that are mixed up most: wrong among the labelled, undecided in the pool."""
    return await here.worker.run(seek.confusion, _task(here, who, task))


@router.get("/suspects")
async def suspects(
    here: Here,
    who: Viewer,
    task: str | None = None,
    after: Annotated[int, Asked(ge=0)] = 0,
    limit: Annotated[int, Asked(ge=1, le=200)] = 50,
) -> dict[str, Any]:
    """Labels that look wrong, most suspicious first."""
    return await here.worker.run(seek.suspects, _task(here, who, task), after, limit)


class Picked(BaseModel):
    """What to select: all that a query finds, or some rows."""

    q: str | None = Field(default=None, max_length=LONGEST)
    rows: list[int] = Field(default=[], max_length=200_000)


@router.post("/selections")
async def select(here: Here, who: Viewer, picked: Picked) -> dict[str, Any]:
    """Keep examples as a selection: `in:KEY` in queries, and what bulk operations are about."""
    if picked.q is not None:
        _checked(here, who, query.parse(picked.q))
    return await here.worker.run(seek.keep, picked.q, picked.rows)


@router.get("/selections/{key}/bulk")
async def bulk(here: Here, _: Engineer, key: str, task: str, label: str, replace: bool = False) -> dict[str, Any]:
    """What labelling a selection would do, and the random sample of it to look at first."""
    if task not in here.project.learnable:
        raise unknown("task", task, here.project.learnable)
    return await here.worker.run(seek.sampled, key, task, label, replace)


@router.post("/selections/{key}/questions")
async def questions(here: Here, _: Reviewer, key: str, task: str) -> dict[str, Any]:
    """Make questions of a selection, for `selection.queue` to ask."""
    if task not in here.project.tasks:
        raise unknown("task", task, here.project.tasks)
    made = await here.worker.run(seek.questions, key, task)
    if not made:
        raise NotEnoughDataError("the selection is empty", remedy="select something first")
    kept: dict[str, Any] = here.extra.setdefault("questions", {})
    kept[f"{key} {task}"] = made
    while len(kept) > 20:
        kept.pop(next(iter(kept)))
    return {"asked": len(made)}


def _hidden(here: Studio, who: Person) -> set[str]:
    """The tasks of which this person sees neither labels nor answers: they label them blind."""
    if who.can(Can.REVIEW):
        return set()
    return {task for task in here.project.tasks if policy.of(here.store.overrides, task).apart}


def _task(here: Studio, who: Person, task: str | None) -> str | None:
    """The task of a map or a list; nobody gets one that they label blind."""
    if task is not None and task not in here.project.tasks:
        raise unknown("task", task, here.project.tasks)
    hidden = _hidden(here, who)
    if task is None:
        task = next((name for name in here.project.tasks if name not in hidden), None)
    if task in hidden or (task is None and hidden):
        raise AccessError(f"{task or 'every task'} is labelled blind", remedy="ask a reviewer to look")
    return task


def _checked(here: Studio, who: Person, asked: query.Query) -> set[str]:
    """The tasks that are hidden from whoever asks.

    Raises:
        AccessError: they search by labels or answers, which would show what they are not to see.
    """
    hidden = _hidden(here, who)
    about = asked.of(*ABOUT_LABELS) + [term for term in asked.of("sort") if term.value in ("conf", "margin")]
    named = asked.only("task")
    if hidden and about and (named is None or named in hidden):
        raise AccessError(
            f"{', '.join(sorted(hidden))} is labelled blind", remedy="search by words, or name another task"
        )
    return hidden


def _seen(hit: dict[str, Any], hidden: set[str]) -> dict[str, Any]:
    if not hidden:
        return hit
    shown = {
        name: {task: v for task, v in hit[name].items() if task not in hidden} for name in ("labels", "predictions")
    }
    return hit | shown
