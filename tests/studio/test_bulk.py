"""Bulk labels and their undo as inverses of each other, whatever was said before and since."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adequate import store
from adequate.loop import selections
from adequate.loop.engine import Engine
from adequate.store import Event
from adequate.store.events import record
from adequate.store.schema import answer, current_label, queue_item
from adequate.studio import ops
from adequate.studio.context import Studio
from adequate.studio.engine import Engine as Turner
from adequate.studio.live import Hub
from adequate.studio.ops import bulk
from adequate.studio.roles import Person, Role
from adequate.studio.worker import Worker
from adequate.types import Source
from tests.loop.projects import SEVERAL
from tests.made import begun, mail

EVE = Person(id="eve", name="Eve", role=Role.ENGINEER)
LABELS = ("card", "fee", "loan")
TOPICS = (["card"], ["card", "fee"], [], ["loan"])


class _Over(Exception):  # noqa: N818 (nothing went wrong: it takes an example back)
    pass


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    root = tmp_path_factory.mktemp("bulk") / "mail"
    begun(root, mail(120), SEVERAL, with_labels=False)
    ops.load()
    project = Engine.open(root).project
    with store.open(root, verb="studio", text=project.text) as opened:
        yield Studio(root=root, store=opened, project=project, hub=Hub(), worker=Worker(root), engine=Turner(root))


def _perform(connection: sa.Connection, studio: Studio, kind: str, body: dict[str, Any]) -> str:
    op = uuid.uuid4().hex
    frame = {"kind": kind, "topic": "board", "body": body, "rev": None, "person": EVE, "at": 1.0, "studio": studio}
    ops.perform(connection, ops.Ask(op=op, **frame))
    return op


def _state(connection: sa.Connection) -> dict[str, list[Any]]:
    tables = {
        "labels": sa.select(*(c for c in current_label.columns if c.name != "seq")).order_by("task", "row"),
        "answers": sa.select(answer).order_by("task", "row", "actor"),
        "waiting": sa.select(queue_item.c.id, queue_item.c.state).order_by("id"),
    }
    return {name: [tuple(row) for row in connection.execute(query)] for name, query in tables.items()}


def _said(studio: Studio, row: int, task: str, value: Any, source: Source, actor: str) -> Event:
    return Event(
        example=studio.store.examples.ids([row])[0], row=row, task=task, value=value, actor=actor, source=source
    )


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_undoing_a_bulk_brings_back_exactly_what_was(studio: Studio, data: st.DataObject) -> None:
    task = data.draw(st.sampled_from(["intent", "topics"]))
    values = LABELS if task == "intent" else TOPICS
    teach = np.flatnonzero(studio.store.examples.parts() == 0)[:30].tolist()
    rows = data.draw(st.lists(st.sampled_from(teach), min_size=1, max_size=12, unique=True))
    kind = st.tuples(st.sampled_from(rows), st.sampled_from(values), st.sampled_from([Source.IMPORT, Source.MODEL]))
    before = data.draw(st.lists(kind, max_size=12))
    replace = data.draw(st.booleans())
    since = data.draw(st.lists(st.sampled_from(rows), max_size=3, unique=True))
    kept = selections.keep(studio.store, np.array(rows))

    def job(connection: sa.Connection) -> None:
        record(connection, [_said(studio, row, task, value, source, "import") for row, value, source in before])
        was = _state(connection)
        plan = bulk.sorted_out(connection, studio.project.tasks[task], "card", kept, replace=replace)
        if not plan.rows:
            raise _Over
        body = {"selection": kept.key, "task": task, "label": "card", "replace": replace}
        op = _perform(connection, studio, "bulk.label", body | {"audit": dict.fromkeys(plan.ids, True)})
        now = {row[1]: json.loads(row[3]) for row in _state(connection)["labels"] if row[0] == task}
        assert all("card" in now[row] for row in plan.rows)
        others = [_said(studio, row, task, values[1], Source.MODEL, "m") for row in since if row in plan.rows]
        record(connection, others)
        later = {row[1]: row for row in _state(connection)["labels"] if row[0] == task}
        _perform(connection, studio, "bulk.undo", {"of": op})
        after = _state(connection)
        touched = {event.row for event in others}
        expected = [later[row[1]] if row[1] in touched else row for row in was["labels"]]
        expected += [later[row] for row in touched if row not in {one[1] for one in was["labels"]}]
        assert sorted(after["labels"]) == sorted(expected)
        assert after["answers"] == was["answers"]
        assert after["waiting"] == was["waiting"]
        raise _Over

    with pytest.raises(_Over):
        studio.store.sql.write(job)


def test_a_bulk_that_came_twice_is_one(studio: Studio, tmp_path: Path) -> None:
    rows = np.flatnonzero(studio.store.examples.parts() == 0)[30:50]
    kept = selections.keep(studio.store, rows)

    def job(connection: sa.Connection) -> tuple[int, int]:
        plan = bulk.sorted_out(connection, studio.project.tasks["intent"], "fee", kept, replace=False)
        body = {"selection": kept.key, "task": "intent", "label": "fee", "audit": dict.fromkeys(plan.ids[:20], True)}
        frame = {"kind": "bulk.label", "topic": "board", "body": body, "rev": None, "person": EVE, "at": 1.0}
        counts = []
        for _ in range(2):
            ops.perform(connection, ops.Ask(op="once", studio=studio, **frame))
            counts.append(connection.execute(sa.select(sa.func.count()).select_from(current_label)).scalar_one())
        return counts[0], counts[1]

    first, again = studio.store.sql.write(job)
    assert first == again == len(rows)
