"""What is posted goes where a person said, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any
from urllib.error import HTTPError

import pytest

from adequate.errors import DataError, StorageFullError
from adequate.net.listen import url
from adequate.net.post import check, post
from adequate.serving.streams.http import Posted
from adequate.serving.streams.protocol import Piece


class Elsewhere(BaseHTTPRequestHandler):
    """Sends whoever posts to another page, and lets that be read."""

    asked: list[str]

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(302)
        self.send_header("Location", "/elsewhere")
        self.end_headers()

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@pytest.fixture
def address() -> Iterator[str]:
    Elsewhere.asked = []
    with HTTPServer(("127.0.0.1", 0), Elsewhere) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield url(server.socket)
        server.shutdown()
        thread.join()


def test_a_redirect_is_not_followed(address: str) -> None:
    with pytest.raises(HTTPError, match="302"):
        post(address, b"{}", {}, seconds=5)
    assert Elsewhere.asked == []


def test_answers_of_a_stream_that_are_sent_elsewhere_are_refused_not_lost(address: str) -> None:
    with pytest.raises(StorageFullError, match="302"):
        Posted(address).put([{"id": "m1"}], "-", Piece(ids=["m1"], rows=[{}]))


@pytest.mark.parametrize(
    "said", ["", "file:///etc/passwd", "http://", "http://me:secret@host/", "http://[", "http://a\nb"]
)
def test_what_is_no_address_is_refused(said: str) -> None:
    with pytest.raises(DataError, match="no address"):
        check(said)
