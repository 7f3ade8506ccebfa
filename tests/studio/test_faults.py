"""What fails below and beside: locks, full disks, broken declarations, receivers that talk nonsense."""

from __future__ import annotations

import socket
import sqlite3
import threading
import time
from pathlib import Path

import httpx
import pytest

from adequate import store as stores
from adequate.store import Override, sql
from adequate.studio import webhooks
from adequate.studio.live import pump
from tests.studio.serving import Served, serving
from tests.studio.tabs import comment, operate
from tests.studio.test_processes import limit, signed_in, studio


def test_while_another_program_holds_the_database_answers_wait_then_are_refused_and_taken_when_sent_again(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sql, "PATIENCE", 2.0)
    with serving(root) as served, served.live() as ws, served.client() as client:
        item = served.studio.store.queue.waiting("intent")[0]
        body = {"task": "intent", "example": item.example, "text": "hello"}
        topic = f"example:{item.example}"
        other = sqlite3.connect(root / ".adequate" / "store.sqlite", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        refused = operate(ws, "comment.add", topic, "meanwhile", **body)
        assert (refused["t"], refused["again"]) == ("nack", True)
        assert "held the database" in refused["why"]
        assert client.get("/api/queues").status_code == 200, "reading goes on"
        leasing = client.post("/api/queues/intent/next")
        assert leasing.status_code == 503
        assert "held the database" in leasing.json()["message"]
        other.execute("ROLLBACK")
        other.close()
        assert operate(ws, "comment.add", topic, "meanwhile", **body)["t"] == "ack"


def test_an_upload_on_a_full_disk_is_refused_with_the_reason_and_leaves_nothing(root: Path) -> None:
    (cookie,) = signed_in(root, "ann")
    rows = b"body\n" + b"a text of some length that is new\n" * 40_000
    with studio(root) as process:
        headers = {"Cookie": f"adequate_{process.port}={cookie}", "Sec-Fetch-Site": "same-origin"}
        with httpx.Client(base_url=f"http://127.0.0.1:{process.port}", headers=headers, timeout=60) as client:
            limit(process.process.pid, 100_000)
            refused = client.post("/api/files/import", params={"name": "new.csv"}, content=rows)
            limit(process.process.pid, -1)
            assert refused.status_code == 507, refused.text
            assert "no space" in refused.json()["message"]
            assert refused.json()["remedy"]
            assert list((root / ".adequate" / "incoming").iterdir()) == []
            assert client.post("/api/files/import", params={"name": "new.csv"}, content=rows[:400]).status_code == 202


def test_a_declaration_that_is_being_edited_stops_nobody_and_what_held_before_holds(served: Served, root: Path) -> None:
    file = root / "project.py"
    good = file.read_text()
    with served.live("engineer") as ws:
        file.write_text(good + "\nproject.classify(")
        said = operate(ws, "target.set", "board", cell="intent/all/accuracy", value=0.7, why="for a while")
        assert said["t"] == "ack", said
        assert set(served.studio.project.tasks) == {"intent", "urgent", "topics"}
        file.write_text(good)
        assert operate(ws, "target.set", "board", cell="intent/all/accuracy", value=0.8, why="now")["t"] == "ack"
        assert operate(ws, "comment.add", "board", task="intent", example=_example(served), text="x")["t"] == "ack"


def test_who_was_passed_by_very_many_events_of_another_process_reads_the_declaration_anew(
    served: Served, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pump, "TOO_MANY", 5)
    monkeypatch.setattr(pump, "TOGETHER", 5)
    change = Override(what="slice:mine", value={"sql": "true", "target": None, "critical": False}, who="a", why="b")
    with served.client() as client:
        assert "mine" not in served.studio.project.slices
        with stores.open(root, beside=True, text="body") as other:
            other.overrides.put(change)
            other.labels.record([comment(served.studio.store.queue.waiting("intent")[0], str(n)) for n in range(9)])
        end = time.monotonic() + 60
        while "mine" not in served.studio.project.slices:
            assert time.monotonic() < end, "it was never read anew"
            time.sleep(0.05)
        assert client.get("/api/session").json()["project"]["slices"] == ["mine"]


def test_a_receiver_that_talks_nonsense_gets_it_again(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "GATHER", 0.05)
    monkeypatch.setattr(webhooks, "AGAIN", 0.05)
    heard = []
    with socket.create_server(("127.0.0.1", 0)) as door, served.client() as client, served.live() as ws:

        def answer() -> None:
            for said in (b"this is not HTTP\r\n\r\n", b"", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"):
                line, _ = door.accept()
                heard.append(line.recv(65536))
                line.sendall(said)
                line.close()

        thread = threading.Thread(target=answer)
        thread.start()
        url = f"http://127.0.0.1:{door.getsockname()[1]}/hook"
        client.post("/api/webhooks", json={"url": url, "events": ["label"]})
        item = served.studio.store.queue.waiting("intent")[0]
        assert operate(ws, "answer.submit", "board", item=item.id, value="fee")["t"] == "ack"
        thread.join(60)
    assert len(heard) == 3


def _example(served: Served) -> str:
    return served.studio.store.queue.waiting("intent")[0].example
