"""Routes of webhooks: who is told of labels, cycles and cells, and how the last delivery went."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from adequate.studio.context import Here, Owner
from adequate.studio.webhooks import Hook

router = APIRouter(prefix="/api", tags=["webhooks"])


class New(BaseModel):
    """A receiver."""

    url: Annotated[str, Field(max_length=2000)]
    events: list[str]


@router.get("/webhooks")
def webhooks(here: Here, _: Owner) -> list[dict[str, Any]]:
    """All of them, without their secrets."""
    return [_shown(hook) for hook in here.webhooks.all()]


@router.post("/webhooks", status_code=201)
async def add(new: New, here: Here, person: Owner) -> dict[str, Any]:
    """A new one. `secret`, with which its deliveries are signed, is told this once."""
    hook = await here.webhooks.add(new.url, new.events, person.id)
    return _shown(hook) | {"secret": hook.secret}


@router.delete("/webhooks/{id}", status_code=204)
async def remove(id: str, here: Here, _: Owner) -> None:  # noqa: A002 (as the path says)
    """Tell it nothing more."""
    await here.webhooks.remove(id)


def _shown(hook: Hook) -> dict[str, Any]:
    return {"id": hook.id, "url": hook.url, "events": hook.events, "by": hook.actor, "at": hook.at, "last": hook.last}
