"""Webhooks: signed, in order, again after a failure, and nobody waits for them."""

from __future__ import annotations

import hmac
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from adequate.store import Event
from adequate.studio import webhooks
from adequate.studio.live.past import Told
from adequate.types import Source
from tests.studio.serving import Served, serving
from tests.studio.tabs import operate

Got = list[tuple[dict[str, str], bytes]]


@contextmanager
def receiver(*statuses: int) -> Iterator[tuple[str, Got]]:
    """A web server that notes what it gets, and answers with these, then with 200."""
    got: Got = []
    left = list(statuses)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append((dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(left.pop(0) if left else 200)
            self.send_header("Location", "http://127.0.0.1:9/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=[0.05])
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hook", got
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "GATHER", 0.05)
    monkeypatch.setattr(webhooks, "AGAIN", 0.05)


def test_labels_are_delivered_signed_and_the_delivery_is_noted(served: Served) -> None:
    with receiver() as (url, got), served.client() as client, served.live() as ws:
        made = client.post("/api/webhooks", json={"url": url, "events": ["label"]}).json()
        seq = _label(served, ws)
        _until(lambda: got)
        _until(lambda: client.get("/api/webhooks").json()[0]["last"].get("status") == "delivered")
        (shown,) = client.get("/api/webhooks").json()
        assert "secret" not in shown
        assert client.delete(f"/api/webhooks/{made['id']}").status_code == 204
        assert client.delete(f"/api/webhooks/{made['id']}").status_code == 404
    headers, body = got[0]
    expected = "sha256=" + hmac.new(made["secret"].encode(), body, "sha256").hexdigest()
    assert headers["X-Adequate-Signature"] == expected
    said = json.loads(body)
    assert (said["event"], said["project"], [item["seq"] for item in said["items"]]) == ("label", "mail", [seq])


def test_what_a_receiver_refuses_is_sent_again_until_it_is_taken(served: Served) -> None:
    with receiver(500, 302, 404) as (url, got), served.client() as client, served.live() as ws:
        client.post("/api/webhooks", json={"url": url, "events": ["label"]})
        _label(served, ws)
        _until(lambda: len(got) == 4)
    assert len({headers["X-Adequate-Delivery"] for headers, _ in got}) == 1


def test_what_came_while_the_server_was_away_is_delivered_after_its_start(root: Path) -> None:
    with receiver() as (url, got):
        with serving(root) as served, served.client() as client:
            client.post("/api/webhooks", json={"url": url, "events": ["label", "cycle"]})
            item = served.studio.store.queue.waiting("intent")[0]
        from adequate import store

        with store.open(root, text="body") as held:
            event = Event(
                example=item.example, row=item.row, task="intent", value="fee", actor="ann", source=Source.HUMAN
            )
            held.labels.record([event])
        assert not got
        with serving(root):
            _until(lambda: got)


@pytest.mark.parametrize(
    "url", ["ftp://x/y", "file:///etc/passwd", "http://", "https://me:you@example.org/", "nonsense", "http://[x/"]
)
def test_an_address_that_is_none_of_a_web_server_is_refused(served: Served, url: str) -> None:
    with served.client() as client:
        assert client.post("/api/webhooks", json={"url": url, "events": ["label"]}).status_code == 422
    with served.client("engineer") as client:
        assert client.get("/api/webhooks").status_code == 403


def test_a_cycle_is_told_with_its_outcome_and_each_cell_that_changed() -> None:
    cell = {"task": "intent", "slice": "all", "label": "", "metric": "accuracy", "was": "unknown", "state": "adequate"}
    body = {"cycle": 3, "model": "abc", "outcome": "passed", "cells": [cell]}
    turned = Event(
        example="", row=-1, task="", value=None, actor="engine", source=Source.MODEL, kind="turned", body=body, at=1.0
    )
    found: list[Told] = [(7, turned)]
    sent = webhooks.payloads(found, ("cycle", "cell"))
    assert sent["cycle"] == [{"seq": 7, "at": 1.0, "cycle": 3, "model": "abc", "outcome": "passed"}]
    assert sent["cell"] == [{"seq": 7, "at": 1.0, **cell}]
    assert webhooks.payloads(found, ("label",)) == {}


def _label(served: Served, ws: Any) -> int:
    item = served.studio.store.queue.waiting("intent")[0]
    answer = operate(ws, "answer.submit", "board", item=item.id, value="fee")
    assert answer["t"] == "ack", answer
    return int(answer["seq"])


def _until(true: Any, seconds: float = 15) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.02)
