"""Routes beside the WebSocket: operations and events over HTTP, for programs; and turning the loop by hand."""

from __future__ import annotations

import json
from typing import Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from adequate.errors import DataError
from adequate.studio.context import Engineer, Here, Viewer, asking
from adequate.studio.live import frames
from adequate.studio.roles import Can

router = APIRouter(prefix="/api", tags=["live"])

TOGETHER = 500  # operations in one request

_OPERATION = {
    "type": "object",
    "required": ["op", "kind", "topic"],
    "properties": {
        "op": {"type": "string", "description": "names it; asked again, it is the same one"},
        "kind": {"type": "string"},
        "topic": {"type": "string"},
        "body": {"type": "object"},
        "rev": {"type": ["integer", "null"]},
    },
}
_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"oneOf": [_OPERATION, {"type": "array", "items": _OPERATION}]}}},
    }
}


@router.post("/ops", openapi_extra=_BODY)
async def perform(request: Request) -> Response:
    """Perform an operation, or several in order: the `ack` or `nack` of each, after its commit. Always status 200."""
    person, here = asking(request, Can.LOOK), request.app.state.studio
    try:
        raw = (await request.body()).decode()
        asked = json.loads(raw)
        if (why := frames.unfit(raw, asked)) is not None:
            raise DataError(why, remedy="plain text, and numbers of 15 digits at most")
        several = isinstance(asked, list)
        some = asked if several else [asked]
        if len(some) > TOGETHER:
            raise DataError(f"{len(some):,} operations in one request", remedy=f"send at most {TOGETHER} at once")
        size = len(raw.encode()) if not several else 0
        checked = [frames.operation_of(frame, size or len(json.dumps(frame))) for frame in some if _is_object(frame)]
    except (ValueError, RecursionError):
        raise DataError("the body is not JSON", remedy="see /api/openapi.json") from None
    except frames.MalformedError as error:
        raise DataError(error.why, remedy="see /api/openapi.json") from None
    answers = await here.hub.perform_all(person, checked)
    return Response(frames.encoded(answers if several else answers[0]), media_type="application/json")


@router.get("/events")
async def events(
    here: Here, person: Viewer, topic: str, since: int = Query(0, ge=0), limit: int = Query(500, ge=1, le=500)
) -> dict[str, Any]:
    """What was told of a topic after the event `since`, as whoever asks may see it.

    `seq`: up to where this goes; ask again from there. `more`: there is more at once. `resync`: `since` is of another
    life of the database: read the topic anew.
    """
    if not frames.is_topic(topic):
        raise DataError(f"no topic {topic[:100]!r}", remedy="such as board, example:ID, queue:TASK")
    return await here.hub.page(person, topic, since, limit)


@router.get("/run")
def running(here: Here, _: Viewer) -> dict[str, Any]:
    """Is a cycle being turned, how far is it, and after how many new labels does the next begin?"""
    return here.engine.state()


@router.post("/run")
async def run(here: Here, _: Engineer) -> dict[str, Any]:
    """Turn a cycle now."""
    return here.engine.ask()


def _is_object(frame: object) -> bool:
    if not isinstance(frame, dict):
        raise DataError("an operation is an object", remedy="see /api/openapi.json")
    return True
