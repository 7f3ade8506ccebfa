"""Operations of the board: targets, slices, how questions are asked, what work costs: dated rows, each with a reason.

target.set    {cell, value, why}                      a cell's target; value null takes the change back
slice.put     {name, sql, target, critical, why}      a slice; sql null takes it away. The SQL must have been tried
queue.policy  {task, overlap, blind, suggestions, gold, why}
setting.put   {name, value, why}                      `money_per_hour`: {amount, currency}
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from adequate.errors import DataError, SliceError, unknown
from adequate.labelling import policy
from adequate.spec import slices
from adequate.spec.targets import fraction
from adequate.store import Event
from adequate.studio import golden, tasks
from adequate.studio.ops import Ask, operation
from adequate.studio.roles import Can

SETTINGS = ("money_per_hour",)
_WHAT = "a change of what counts"


@operation("target.set", needs=Can.BUILD)
def set_target(connection: sa.Connection, ask: Ask) -> Sequence[Event]:
    """Give a cell another target, or the one back that is declared."""
    asked = str(ask.body.get("cell", ""))
    cell = ask.studio.project.cell(asked)
    if cell is None:
        raise unknown("cell", asked, ask.studio.project.tasks)
    value = ask.body.get("value")
    if value is not None:
        value = fraction("target", value)
    return _decided(connection, ask, f"target:{cell}", value, kind="target", task=cell.partition("/")[0])


@operation("slice.put", needs=Can.BUILD)
def put_slice(connection: sa.Connection, ask: Ask) -> Sequence[Event]:
    """Add a slice, change it, or take it away."""
    body = ask.body
    name = slices.named(body.get("name"))
    if body.get("sql") is None:
        if name not in ask.studio.project.slices:
            raise unknown("slice", name, ask.studio.project.slices)
        return _decided(connection, ask, f"slice:{name}", None, kind="slice")
    made = slices.declare(name, body["sql"], None, body.get("target"), body.get("critical", False))
    if made.sql not in tried(ask.studio.extra):
        raise SliceError(f"the condition of {name!r} was not tried yet", remedy="look at its examples first")
    value = {"sql": made.sql, "target": made.target, "critical": made.critical}
    return _decided(connection, ask, f"slice:{name}", value, kind="slice")


def tried(extra: dict[str, Any]) -> set[str]:
    """Conditions that the worker has run: a slice that can't be run would stop the loop."""
    found: set[str] = extra.setdefault("tried", set())
    return found


@operation("queue.policy", needs=Can.BUILD)
def set_policy(connection: sa.Connection, ask: Ask) -> Sequence[Event]:
    """Change how a task's questions are asked."""
    body = dict(ask.body)
    task, why = tasks.named(ask.studio, body.pop("task", "")).name, ask.reason(_WHAT)
    del body["why"]
    asked = policy.read(body)
    policy.change(connection, task, asked, who=ask.person.id, why=why)
    if asked.gold:
        golden.soon(ask.studio, task)
    return [_event(ask, "policy", f"queue:{task}", body, task=task, why=why)]


@operation("setting.put", needs=Can.BUILD)
def put_setting(connection: sa.Connection, ask: Ask) -> Sequence[Event]:
    """Change what the board reckons with."""
    name, value = str(ask.body.get("name", "")), ask.body.get("value")
    if name not in SETTINGS:
        raise unknown("setting", name, SETTINGS)
    value = value if isinstance(value, dict) else {}
    amount = value.get("amount")
    if isinstance(amount, bool) or not isinstance(amount, int | float) or not 0 <= amount < 1e6:
        raise DataError(f"{amount!r} is no price of an hour", remedy='{"amount": 30, "currency": "EUR"}')
    currency = str(value.get("currency", ""))[:8]
    return _decided(connection, ask, f"setting:{name}", {"amount": amount, "currency": currency}, kind="setting")


def _decided(
    connection: sa.Connection, ask: Ask, what: str, value: Any, *, kind: str, task: str = ""
) -> Sequence[Event]:
    why = ask.reason(_WHAT) if kind != "setting" else str(ask.body.get("why", ""))
    ask.decide(connection, what, value, why)
    return [_event(ask, kind, what, value, task=task, why=why)]


def _event(ask: Ask, kind: str, what: str, value: Any, *, task: str, why: str) -> Event:
    return ask.event(kind, topic="board", task=task, why=why, body={"what": what, "to": value})
