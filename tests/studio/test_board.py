"""The board's routes and operations: the same numbers as the terminal, and changes that carry a reason."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from adequate.loop.engine import Engine
from adequate.studio import held
from tests.studio.serving import Served, serving

CELL = "intent/all/accuracy"


def operate(client: httpx.Client, kind: str, body: dict[str, Any], topic: str = "board") -> dict[str, Any]:
    """Perform one operation: its `ack` or `nack`."""
    frame = {"op": uuid4().hex, "kind": kind, "topic": topic, "body": body}
    answer: dict[str, Any] = client.post("/api/ops", json=frame).raise_for_status().json()
    return answer


def cell_of(client: httpx.Client, key: str = CELL) -> dict[str, Any]:
    """A cell as the board has it at this moment."""
    cells = client.get("/api/board", params={"fresh": True}).raise_for_status().json()["cells"]
    return next(cell for cell in cells if cell["key"] == key)


def test_the_numbers_and_words_are_those_of_the_terminal(served: Served, root: Path) -> None:
    said = json.loads(str(Engine.open(root).board()))
    with served.client() as client:
        shown = client.get("/api/board").json()
    mine = {cell["key"]: cell for cell in shown["cells"]}
    assert len(mine) == len(said["cells"]) > 10
    for cell in said["cells"]:
        label = [] if cell["label"] is None else [cell["label"]]
        other = mine["/".join((cell["task"], cell["slice"], *label, cell["metric"]))]
        assert cell == {name: other[name] for name in cell}
    assert (shown["labels"], shown["next"]) == (said["labels"], said["next"])
    words = {cell.key: (cell.to_go, cell.sign) for cell in Engine.open(root).board().cells}
    assert words == {key: (cell["to_go"], cell["sign"]) for key, cell in mine.items()}


def test_the_first_page_after_a_start_is_what_was_true_before(root: Path) -> None:
    with serving(root) as served, served.client() as client:
        before = client.get("/api/board").json()
    with serving(root) as served, served.client() as client:
        assert held.of(served.studio).board is not None
        assert client.get("/api/board").json()["cells"] == before["cells"]


def test_a_board_that_fell_behind_is_shown_at_once_and_caught_up(served: Served) -> None:
    with served.client() as client, served.live() as live:
        client.get("/api/board").raise_for_status()
        live.send(json.dumps({"t": "sub", "topics": ["board"]}))
        operate(client, "setting.put", {"name": "money_per_hour", "value": {"amount": 30, "currency": "EUR"}})
        shown = client.get("/api/board").json()
        assert shown["current"] is False
        assert shown["money"]["amount"] == 30
        kinds = (json.loads(live.recv(timeout=60)).get("kind") for _ in range(30))
        assert "board" in kinds
        assert client.get("/api/board").json()["current"] is True


def test_a_viewer_sees_everything_and_changes_nothing(served: Served) -> None:
    with served.client("viewer") as client:
        assert client.get("/api/board").json()["may"] == {"change": False, "mine": False, "label": False}
        assert client.get("/api/board/cell", params={"key": CELL}).status_code == 200
        for kind, body in (
            ("target.set", {"cell": CELL, "value": 0.5, "why": "easier"}),
            ("slice.put", {"name": "app", "sql": "channel = 'app'", "why": "new"}),
            ("queue.policy", {"task": "intent", "overlap": 2, "why": "to be sure"}),
            ("setting.put", {"name": "money_per_hour", "value": {"amount": 1}}),
            ("queue.fill", {"picks": "x"}),
        ):
            assert operate(client, kind, body)["t"] == "nack"
        assert client.post("/api/board/mine", json={"cell": CELL}).status_code == 403
        assert client.post("/api/slices/preview", json={"sql": "true"}).status_code == 403
    assert served.studio.store.overrides.list() == []


def test_a_target_takes_a_reason_holds_everywhere_and_can_be_taken_back(served: Served, root: Path) -> None:
    with served.client("engineer") as client:
        declared = cell_of(client)["target"]
        assert "reason" in operate(client, "target.set", {"cell": CELL, "value": 0.99})["why"]
        assert operate(client, "target.set", {"cell": CELL, "value": 0.99, "why": "the client asks"})["t"] == "ack"
        raised = cell_of(client)
        assert raised["target"] == 0.99
        assert raised["state"] != "adequate"
        assert next(cell.target for cell in Engine.open(root).board().cells if cell.key == CELL) == 0.99
        changes = client.get("/api/board/cell", params={"key": CELL}).json()["changes"]
        assert [(one["value"], one["who"], one["why"]) for one in changes] == [(0.99, "engineer", "the client asks")]
        assert operate(client, "target.set", {"cell": CELL, "value": None, "why": "taken back"})["t"] == "ack"
        assert cell_of(client)["target"] == declared
    with served.client() as client:
        gone = operate(client, "target.set", {"cell": "intent/gone/accuracy", "value": 0.5, "why": "x"})
        assert "no cell" in gone["why"]
        assert operate(client, "target.set", {"cell": CELL, "value": 90, "why": "x"})["t"] == "nack"


def test_the_drawer_says_what_another_target_would_mean_and_shows_nothing_sealed(served: Served, root: Path) -> None:
    with served.client() as client:
        shown = client.get("/api/board/cell", params={"key": CELL}).json()
        assert client.get("/api/board/cell", params={"key": "intent/gone/accuracy"}).status_code == 404
    now = next(one for one in shown["at"] if one["target"] == shown["cell"]["target"])
    assert now["to_go"] == shown["cell"]["to_go"]
    states = [one["state"] for one in shown["at"]]
    assert states == sorted(states, key=["adequate", "unknown", "inadequate"].index)  # harder is never easier
    assert len(served.studio.store.looks.list()) == len(before_looks(root))
    with Engine.open(root).store() as store:
        table = store.examples.take(range(store.examples.count), ["aq_id", "aq_part"]).to_pylist()
    sealed = {row["aq_id"] for row in table if row["aq_part"] == 2}
    assert shown["failures"]
    assert not sealed & {one["example"] for one in shown["failures"]}


def before_looks(root: Path) -> list[Any]:
    """The looks in the ledger, as another reader sees them."""
    with Engine.open(root).store() as store:
        return list(store.looks.list())


def test_a_slice_has_to_be_tried_first_and_bad_sql_says_why(served: Served, root: Path) -> None:
    body = {"name": "by app", "sql": "channel = 'app'", "target": 0.7, "why": "they complain"}
    with served.client("engineer") as client:
        assert "not tried" in operate(client, "slice.put", body)["why"]
        wrong = client.post("/api/slices/preview", json={"sql": "chanel = 'app'"})
        assert wrong.status_code == 422
        assert "chanel" in wrong.json()["message"]
        assert client.post("/api/slices/preview", json={"sql": "true); DROP TABLE examples"}).status_code == 422
        found = client.post("/api/slices/preview", json={"sql": body["sql"]}).json()
        assert 0 < found["examples"] == sum(found["parts"].values()) < found["of"]
        assert operate(client, "slice.put", body)["t"] == "ack"
        assert cell_of(client, "intent/by app/accuracy")["target"] == 0.7
        assert "by app" in Engine.open(root).board().slices()
        assert operate(client, "slice.put", {"name": "by app", "sql": None, "why": "enough"})["t"] == "ack"
        assert "by app" not in client.get("/api/board", params={"fresh": True}).json()["slices"]


def test_how_a_task_is_asked_is_a_dated_row(served: Served) -> None:
    with served.client("engineer") as client:
        assert operate(client, "queue.policy", {"task": "intent", "overlap": 0, "why": "x"})["t"] == "nack"
        asked = {"task": "intent", "overlap": 2, "blind": True, "gold": 0.1, "why": "they disagree"}
        assert operate(client, "queue.policy", asked)["t"] == "ack"
        shown = client.get("/api/board").json()["policies"]["intent"]
    assert shown == {"overlap": 2, "blind": True, "suggestions": True, "gold": 0.1}
    row = served.studio.store.overrides.list()[-1]
    assert (row.what, row.who, row.why) == ("queue:intent", "engineer", "they disagree")


@pytest.mark.parametrize("key", [CELL, "urgent/all/yes/recall", "topics/all/fee/precision"])
def test_fifty_more_for_a_cell_come_first_each_with_a_reason_and_none_is_sealed(served: Served, key: str) -> None:
    task = key.partition("/")[0]
    with served.client("reviewer") as client:
        found = client.post("/api/board/mine", json={"cell": key, "n": 20}).raise_for_status().json()
        assert 0 < found["found"] <= 20
        assert operate(client, "queue.fill", {"picks": found["picks"]}, f"queue:{task}")["t"] == "ack"
        again = operate(client, "queue.fill", {"picks": found["picks"]}, f"queue:{task}")
        assert again["t"] == "nack"
        assert client.get("/api/board/cell", params={"key": key}).json()["waiting"] == found["found"]
    store = served.studio.store
    first = store.queue.waiting(task)[: found["found"]]
    assert {item.cell for item in first} == {key}
    assert {item.part for item in first} == {"teach"}
    assert all("asked for" in item.why for item in first)
    assert not {item.row for item in first} & set(store.labels.current(task)["row"].to_pylist())
