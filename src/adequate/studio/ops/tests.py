"""Operations of tests.

test.put   {made, why}                   what `POST /api/tests/make` made of a selection is a test from now on
test.aim   {what, target, reach, why}    one that was made in the studio asks for more, or less
test.drop  {what, why}                   it is no test any more; its file stays
test.back  {what}                        it is one again, as it was last

`what` is as in the overlay: `suite:NAME` or `behaviour:NAME`. What stands in `project.py` is changed there.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from adequate.errors import ConflictError, unknown
from adequate.spec.behaviours import REACH, TARGET
from adequate.spec.overlay import fresh
from adequate.spec.targets import fraction
from adequate.store import Event
from adequate.store.schema import override
from adequate.studio.context import Studio
from adequate.studio.ops import Ask, operation
from adequate.studio.roles import Can

MADE = ("suite:", "behaviour:")  # in the overlay
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
    return _decided(connection, ask, rows, why, task)


@operation("test.aim", needs=Can.BUILD)
def aim(connection: sa.Connection, ask: Ask) -> Sequence[Event]:
    """Change what must hold: the share of cases, or at each level up to `reach`."""
    why, what = ask.reason("another target"), str(ask.body.get("what", ""))
    value, target = dict(_now(ask, what)), fraction("target", ask.body.get("target", TARGET))
    if what.startswith("suite:"):  # one that asks for every case blocks a release while one fails
        value |= {"target": target, "exact": target == 1, "critical": target == 1}
    else:
        value |= {"target": target, "reach": fraction("reach", ask.body.get("reach", value.get("reach", REACH)))}
    return _decided(connection, ask, {what: value}, why)


@operation("test.drop", needs=Can.BUILD)
def drop(connection: sa.Connection, ask: Ask) -> Sequence[Event]:
    """Take away a test that was made in the studio."""
    why, what = ask.reason("taking a test away"), str(ask.body.get("what", ""))
    _now(ask, what)
    return _decided(connection, ask, {what: None}, why)


@operation("test.back", needs=Can.BUILD)
def back(connection: sa.Connection, ask: Ask) -> Sequence[Event]:
    """Have a test again that was taken away."""
    what = str(ask.body.get("what", ""))
    query = sa.select(override.c.value).where(override.c.what == what, override.c.value != "null")
    last = connection.execute(query.order_by(override.c.id.desc()).limit(1)).scalar()
    if last is None or not what.startswith(MADE):
        raise unknown("test that was taken away", what, [])
    if what in _ours(ask):
        raise ConflictError("it is a test already", remedy="nothing to take back")
    rows = {what: json.loads(last)}
    fresh(ask.studio.project, rows)
    return _decided(connection, ask, rows, "taken away by mistake")


def _now(ask: Ask, what: str) -> dict[str, Any]:
    """What a test that was made in the studio is now.

    Raises:
        UnknownNameError: there is none of this name.
    """
    known = _ours(ask)
    if what not in known:
        raise unknown("test that was made in the studio", what, known)
    return known[what]


def _ours(ask: Ask) -> dict[str, dict[str, Any]]:
    """The tests that were made in the studio, as the overlay has them."""
    return {one.what: one.value for one in ask.studio.project.changes if one.what.startswith(MADE) and one.value}


def _decided(
    connection: sa.Connection, ask: Ask, rows: dict[str, Any], why: str, task: str | None = None
) -> Sequence[Event]:
    events: list[Event] = []
    for what, value in rows.items():
        ask.decide(connection, what, value, why)
        body = {"what": what, "to": value}
        of = str((value or {}).get("task") or "") if task is None else task
        events.append(ask.event("test", i=len(events), topic="board", task=of, why=why, body=body))
    return events


def made(studio: Studio) -> dict[str, tuple[str, dict[str, Any]]]:
    """Tests that were made: the task and the overrides of each, by the name that `test.put` is given."""
    found: dict[str, tuple[str, dict[str, Any]]] = studio.extra.setdefault("made", {})
    return found
