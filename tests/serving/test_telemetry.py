"""Spans of a real server, and of one whose spans nobody takes."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from adequate.bundles import Bundle
from tests.serving.running import serving

pytest.importorskip("opentelemetry.exporter.otlp.proto.http", reason="the extra `telemetry` isn't installed")


@pytest.fixture
def collector() -> Iterator[tuple[str, list[bytes]]]:
    """Takes spans: its address, and what it got."""
    got: list[bytes] = []

    class Taken(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with HTTPServer(("127.0.0.1", 0), Taken) as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.05])
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", got
        server.shutdown()
        thread.join()


def test_requests_and_batches_are_spans_sent_before_the_end(opened: Bundle, collector: tuple[str, list[bytes]]) -> None:
    url, got = collector
    plain = {"OTEL_EXPORTER_OTLP_ENDPOINT": url, "OTEL_EXPORTER_OTLP_COMPRESSION": "none"}
    with serving(opened.folder, "--traces", **plain) as running:
        assert running.predict(text="a card").status == 200
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(60) == 0
    spans = b"".join(got)
    assert b"/predict" in spans
    assert b"batch" in spans
    assert opened.id.encode() in spans


def test_where_nobody_takes_spans_requests_are_answered_and_the_end_comes_soon(opened: Bundle) -> None:
    nowhere = "http://127.0.0.1:9"  # discard: nobody listens
    with serving(opened.folder, "--traces", OTEL_EXPORTER_OTLP_ENDPOINT=nowhere) as running:
        assert running.predict(text="a card").status == 200
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(20) == 0  # the exporter alone would try for half a minute
