"""JSON lines posted to a real server, answered while more come."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

import pytest

from adequate.bundles import Bundle
from tests.serving.running import Running, serving

LINES = {"content-type": "application/x-ndjson"}


@pytest.fixture(scope="module")
def server(opened: Bundle) -> Iterator[Running]:
    with serving(opened.folder, "--threads", "1", "--max-waiting", "2000") as running:
        yield running


def posted(server: Running, body: bytes, query: str = "") -> list[dict[str, Any]]:
    answer = server.ask("POST", f"/predict{query}", body, LINES)
    assert (answer.status, answer.headers["content-type"]) == (200, LINES["content-type"])
    return [json.loads(line) for line in answer.body.splitlines()]


def test_every_line_has_its_answer_in_order_and_a_broken_one_stops_nothing(server: Running, opened: Bundle) -> None:
    body = b'{"body": "my card", "id": 7}\n\nno json\n[1]\n{"x": 1}\n{"body": 3}\n{"body": "a loan", "x": [1]}'
    said = posted(server, body, "?tasks=intent")
    assert [one["id"] for one in said] == ["7", "3", "4", "5", "6", "7"]
    assert ["error" in one for one in said] == [False, True, True, True, True, False]
    expected = opened.answer(["my card", "a loan"]).outputs["intent"]
    assert [said[0]["intent"], said[-1]["intent"]] == [expected.labels[code] for code in expected.answers]
    assert said[0]["release"] == opened.id
    assert "urgent" not in said[0]


def test_more_lines_than_may_wait_are_answered_all_the_same(server: Running) -> None:
    lines = [json.dumps({"body": f"card {i}"}) for i in range(5_000)]
    said = posted(server, "\n".join(lines).encode() + b"\n", "?tasks=topics")
    assert [one["body"] for one in said] == [json.loads(line)["body"] for line in lines]
    assert all(isinstance(one["topics"], list) for one in said)


def test_answers_come_while_the_body_goes_on(server: Running) -> None:
    where = urlsplit(server.url)
    with closing(socket.create_connection((where.hostname, where.port), 30)) as sock, sock.makefile("rb") as answers:
        sock.sendall(
            b"POST /predict HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-ndjson\r\n"
            b"transfer-encoding: chunked\r\n\r\n"
        )
        for i in range(3):
            line = b'{"body": "a card", "id": "n%d"}\n' % i
            sock.sendall(b"%x\r\n%s\r\n" % (len(line), line))
            while b'"id":"n%d"' % i not in answers.readline():  # heads and sizes of pieces go by
                pass
        sock.sendall(b"0\r\n\r\n")
        assert any(line == b"0\r\n" for line in answers)  # and the answer ends when the body does


def test_what_is_wrong_with_all_of_it_is_said_at_once(server: Running) -> None:
    unknown = server.ask("POST", "/predict?tasks=intnt", b"{}", LINES)
    assert (unknown.status, unknown.json()["error"]["code"]) == (422, "unknown_task")
    assert server.ask("POST", "/predict?task=intent", b"{}", LINES).status == 422
    assert server.ask("POST", "/predict", b"x" * (5 << 20), LINES).status == 413
    assert posted(server, b"") == []
