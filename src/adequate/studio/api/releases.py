"""Routes of the releases: which there are, which answer, the search that made them; letting one answer, and back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, Literal

import sqlalchemy as sa
from fastapi import APIRouter
from pydantic import BaseModel, Field

from adequate.errors import ConflictError, DataError
from adequate.loop import promote as steps
from adequate.spec.cells import spelt
from adequate.store import schema
from adequate.store.releases import Release
from adequate.studio import far_production, production
from adequate.studio.context import Engineer, Here, Studio, Viewer
from adequate.studio.roles import Can

router = APIRouter(prefix="/api/releases", tags=["releases"])


@router.get("")
async def overview(here: Here, who: Viewer) -> dict[str, Any]:
    """Every release, the newest first, and the last search.

    Of a release: size in bytes, `seconds` a text in batches and `alone`, its state and every step with who and why,
    what the gate said (`verdict`, `reasons`, labels `lost` and `won`), the cell in which it measures worst against the
    model that it was made from (`worst`; null where none was measured on the same labels), and `refused`: why it may
    not answer now, null where it may. `search`: as `loop.ship.last` has it; null where there was none.
    """
    search = await here.worker.run(far_production.search)
    return {
        "releases": await asyncio.to_thread(listed, here),
        "search": search,
        "may": {"promote": who.can(Can.BUILD)},
    }


class Promotion(BaseModel):
    """Which release, to what, and why.

    Args:
        to: asked beside and not heard, a share of requests, or all of them.
        share: of requests, where `to` is `share`.
    """

    release: str = Field(max_length=100)
    to: Literal["shadow", "share", "all"]
    share: float = Field(0.05, gt=0, lt=1)
    why: str = Field("", max_length=2000)


@router.post("/promote")
async def promote(here: Here, who: Engineer, wanted: Promotion) -> dict[str, Any]:
    """Let a release answer; what the gate didn't pass is refused, but as a shadow."""
    why = _reason(wanted.why)
    share = wanted.share if wanted.to == "share" else 1.0
    return await _taken(
        here,
        lambda: steps.promote(
            here.store, wanted.release, who=who.name, why=why, share=share, shadow=wanted.to == "shadow"
        ),
    )


class Back(BaseModel):
    """Why; and to which release, where not to the one before."""

    why: str = Field("", max_length=2000)
    to: str | None = Field(None, max_length=100)


@router.post("/rollback")
async def rollback(here: Here, who: Engineer, wanted: Back) -> dict[str, Any]:
    """End a share, else put back the release that answered before."""
    why = _reason(wanted.why)
    return await _taken(here, lambda: steps.rollback(here.store, who=who.name, why=why, to=wanted.to))


def _reason(why: str) -> str:
    if not why.strip():
        raise DataError("a step of a release needs a reason", remedy="say why: it stays beside the step")
    return why.strip()


async def _taken(here: Studio, step: Callable[[], steps.Promoted]) -> dict[str, Any]:
    done = await asyncio.to_thread(step)
    production.forget(here)
    one = done.release
    here.hub.tell("board", "release", {"release": one.id, "state": one.state})
    return {"release": one.id, "state": one.state, "share": one.share, "before": done.before, "changed": done.changed}


def listed(here: Studio) -> list[dict[str, Any]]:
    """Every release as JSON, the newest first."""
    store = here.store
    taken: dict[str, list[dict[str, Any]]] = {}
    for step in reversed(store.releases.steps()):
        taken.setdefault(step.release, []).append(asdict(step))
    looks = {look.candidate: look for look in store.looks.list()}
    models = {model.id: model.number for model in store.models.list()}
    worst = _worst(here)
    found = []
    for one in reversed(store.releases.list()):
        look, sizes = looks.get(one.id), one.card.get("sizes", {})
        found.append(
            {
                **{name: getattr(one, name) for name in ("id", "number", "bytes", "seconds", "state", "share", "at")},
                "alone": sizes.get("seconds alone"),
                "made": next(iter(one.card.get("edits", ())), ""),
                "model": {"id": one.model, "number": models.get(one.model)},
                "verdict": look.verdict if look is not None else None,
                "reasons": list(look.detail.get("reasons", ())) if look is not None else [],
                "lost": look.detail.get("lost") if look is not None else None,
                "won": look.detail.get("won") if look is not None else None,
                "worst": worst.get(one.id),
                "refused": _refused(here, one),
                "steps": taken.get(one.id, []),
            }
        )
    return found


def _refused(here: Studio, one: Release) -> str | None:
    try:
        steps.check(here.store, one)
    except ConflictError as error:
        return error.message
    return None


def _worst(here: Studio) -> dict[str, dict[str, Any]]:
    """By release, the cell that measures worst against its model's, of those measured on as many examples."""
    was, now, release = schema.cell.alias(), schema.cell.alias(), schema.release.c
    names = [now.c[name] for name in ("task", "slice", "label", "metric")]
    change = now.c.value - was.c.value  # of what wasn't measured it is null
    place = sa.func.row_number().over(partition_by=release.id, order_by=(change, *names))
    same = [was.c[name.name] == name for name in (*names, now.c.n)]
    query = sa.select(release.id, *names, change.label("change"), place.label("place"))
    found = query.join(now, now.c.model == release.id).join(was, sa.and_(was.c.model == release.model, *same))
    each = found.where(change.is_not(None)).subquery()
    rows = here.store.sql.rows(sa.select(each).where(each.c.place == 1))
    return {row.id: {"cell": spelt(row.task, row.slice, row.label, row.metric), "change": row.change} for row in rows}
