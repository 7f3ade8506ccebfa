"""An example that is erased while people work: it waits its turn, and nothing that the studio keeps holds it."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from adequate.store.lock import locked
from adequate.store.schema import event as log
from adequate.studio.turn import TURNING
from tests.store.test_erase import files_with
from tests.studio.serving import Served
from tests.studio.tabs import joined, operate, until
from tests.studio.test_hostile import _all_read, wide

__all__ = ["wide"]

SAID = "Wolpertinger7741 lives in the attic?"


@pytest.fixture
def apart() -> bool:
    """What a process held goes with it."""
    return True


def _read_everywhere(client: Any, example: str) -> str:
    """All that screens, exports and the audit say, in one text."""
    board = client.get("/api/board", params={"fresh": True}).json()
    said = [str(board)]
    said += [client.get("/api/board/cell", params={"key": cell["key"]}).text for cell in board["cells"]]
    for task in ("intent", "urgent", "topics"):
        said += [client.get(f"/api/queues/{task}/{path}").text for path in ("flagged", "disputed", "practice")]
        said += [client.get(f"/api/guides/{task}.md").text, client.get(f"/api/guides/{task}/questions").text]
        said.append(client.get(f"/api/suspects?task={task}&limit=200").text)
    said.append(client.get("/api/audit/file").text)
    for path in (f"examples/{example}", f"examples/{example}/chip", f"examples/{example}/talk?task=intent"):
        said.append(client.get(f"/api/{path}").text)
    exported = client.post("/api/files/export", json={"format": "jsonl"}).json()
    said.append(client.get(f"/api/files/exports/{exported['id']}").text)
    return "\n".join(said)


def test_nothing_that_a_screen_an_export_or_a_file_held_of_an_erased_example_is_left(wide: Served) -> None:
    store, root = wide.studio.store, wide.studio.root
    labels = store.labels.current("intent")
    steer = [row for row in labels.to_pylist() if row["part"] == "steer"]
    with wide.client() as client, wide.live() as ws:
        key = client.get("/api/board").json()["cells"][0]["key"]
        cell = client.get("/api/board/cell", params={"key": key}).json()
        example = cell["failures"][0]["example"] if cell.get("failures") else steer[0]["example"]
        topic = f"example:{example}"
        text = client.get(f"/api/examples/{example}").json()["text"]
        other = next(row["example"] for row in labels.to_pylist() if row["example"] != example)
        client.get(f"/api/examples/{other}")
        comment = operate(ws, "comment.add", topic, task="intent", example=example, text=SAID)["seq"]
        for kind, body in {
            "flag.set": {"task": "intent", "example": example, "on": True, "reason": SAID},
            "guide.answer": {"task": "intent", "of": comment, "text": "no"},
            "pair.put": {"task": "anger", "a": example, "b": other, "winner": "a"},
        }.items():
            assert operate(ws, kind, topic, **body)["t"] == "ack", kind
        assert text in _read_everywhere(client, example)
        assert files_with(root, text)
        queue = client.post("/api/board/mine", json={"cell": key, "n": 5}).json()
        erased = client.post(f"/api/examples/{example}/erase", json={"confirm": example})
        assert erased.status_code == 200, erased.text
        said = _read_everywhere(client, example)
        assert text not in said
        assert "Wolpertinger" not in said
        assert operate(ws, "queue.fill", "queue:intent", picks=queue["picks"])["t"] == "nack", "it may hold the text"
        _all_read(client, other)
    assert files_with(root, text) == []
    assert files_with(root, "Wolpertinger7741") == []


def test_erasing_waits_for_nobody_and_is_refused_while_a_cycle_turns(wide: Served) -> None:
    example = wide.studio.store.queue.waiting("intent")[0].example
    studio = wide.studio
    with wide.client() as client:
        with locked(studio.root / ".adequate" / TURNING, "studio (its engine)"):  # as another server's does
            refused = client.post(f"/api/examples/{example}/erase", json={"confirm": example})
        assert refused.status_code == 503
        assert "wait" in refused.json()["remedy"]
        assert client.post(f"/api/examples/{example}/erase", json={"confirm": example}).status_code == 200


def test_what_was_erased_is_told_and_numbers_go_on(wide: Served) -> None:
    example, other = (item.example for item in wide.studio.store.queue.waiting("intent")[:2])
    with wide.client() as client, wide.live("reviewer") as ws:
        joined(ws, f"example:{example}", f"example:{other}")
        before = wide.studio.hub.told
        assert client.post(f"/api/examples/{example}/erase", json={"confirm": example}).status_code == 200
        told = until(ws, "ev", kind="erase")
        after = operate(ws, "comment.add", f"example:{other}", task="intent", example=other, text="next")
        assert before < told["seq"] < after["seq"]
        seqs = [row.seq for row in wide.studio.store.sql.rows(sa.select(log.c.seq).order_by(log.c.seq))]
    assert seqs == list(range(1, after["seq"] + 1))
