"""Operations of tests.

test.put  {made, why}      what `POST /api/tests/make` made of a selection is a test of the project from now on
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from adequate.errors import ConflictError
from adequate.spec.overlay import fresh
from adequate.store import Event
from adequate.studio.context import Studio
from adequate.studio.ops import Ask, operation
from adequate.studio.roles import Can

KEPT = 20  # tests that were made and wait to be recorded


@operation("test.put", needs=Can.BUILD)
def put(connection: sa.Connection, ask: Ask) -> Sequence[Event]:
    """Lay a test that was made over what `project.py` declares: the next run tests it."""
    why = ask.reason("a test")
    found = made(ask.studio).pop(str(ask.body.get("made", "")), None)
    if found is None:
        raise ConflictError("this test was recorded already, or is no longer known", remedy="make it again")
    task, rows = found
    fresh(ask.studio.project, rows)
    events: list[Event] = []
    for what, value in rows.items():
        ask.decide(connection, what, value, why)
        body = {"what": what, "to": value}
        events.append(ask.event("test", i=len(events), topic="board", task=task, why=why, body=body))
    return events


def made(studio: Studio) -> dict[str, tuple[str, dict[str, Any]]]:
    """Tests that were made: the task and the overrides of each, by the name that `test.put` is given."""
    found: dict[str, tuple[str, dict[str, Any]]] = studio.extra.setdefault("made", {})
    return found
