"""`adequate serve` in a process of its own, and a client for it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

JSON = {"content-type": "application/json"}


@dataclass(frozen=True)
class Answer:
    """Of one request."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Running:
    """A server."""

    process: subprocess.Popen[str]
    url: str

    def connect(self) -> HTTPConnection:
        """A connection that stays."""
        return HTTPConnection(urlsplit(self.url).netloc, timeout=60)

    def ask(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] = JSON) -> Answer:
        """One request, over a connection of its own; anything but bytes goes as JSON."""
        connection = self.connect()
        try:
            data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
            connection.request(method, path, data, dict(headers))
            found = connection.getresponse()
            return Answer(found.status, {name.lower(): value for name, value in found.getheaders()}, found.read())
        finally:
            connection.close()

    def predict(self, **body: Any) -> Answer:
        """`POST /predict`."""
        return self.ask("POST", "/predict", body)

    def release(self) -> str:
        """What serves."""
        found: str = self.ask("GET", "/health").json()["release"]
        return found

    def count(self, name: str) -> float:
        """A number of /metrics."""
        page = self.ask("GET", "/metrics").body.decode()
        return float(next(line for line in page.splitlines() if line.startswith(f"adequate_{name} ")).split()[-1])


@contextmanager
def serving(bundle: Path, *options: str, **environment: str) -> Iterator[Running]:
    """Start one, and end it and whatever it left behind."""
    command = [sys.executable, "-m", "adequate.cli.main", "serve", str(bundle), "--port", "0", *options]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"} | environment,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        first = process.stdout.readline()
        assert "http://" in first, first + process.stdout.read()
        yield Running(process, "http://" + first.split("http://")[1].split()[0])
    finally:
        if process.poll() is None or alive(process.pid):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(60)
        if process.stdout is not None:
            process.stdout.close()


def alive(group: int) -> bool:
    """Whether any process of a group is left."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
