"""A tool that `label_studio.py` compares: a server in a process of its own, spoken to over HTTP.

Each person has a connection that is kept open. CPU and memory are those of the server and of all processes it starts.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

LABELS = ("card", "fee", "login", "loan", "refund", "transfer")
PATIENCE = 900.0  # seconds, for a server to start or to answer
IDLE = 2.0  # seconds after which a connection is opened anew: servers close those that nobody uses


class RefusedError(Exception):
    """The server answered with an error."""


class Caller:
    """Somebody's connection, kept open; for one thread at a time."""

    def __init__(self, port: int, authorization: str) -> None:
        self._line = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        self._headers = {"Authorization": authorization}
        self._used = 0.0

    def ask(self, method: str, path: str, body: Any = None, form: str = "application/json") -> bytes:
        """What the server answers; `body`: bytes as they are, anything else as JSON."""
        sent = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        if time.perf_counter() - self._used > IDLE:
            self._line.close()
        try:
            self._line.request(method, path, sent, self._headers | {"Content-Type": form})
            answer = self._line.getresponse()
            content = answer.read()
        except (http.client.HTTPException, OSError) as error:
            self._line.close()  # the next question opens it again
            raise RefusedError(f"{method} {path}: {error!r}") from error
        self._used = time.perf_counter()
        if answer.status >= 400:
            raise RefusedError(f"{method} {path}: {answer.status} {content[:300]!r}")
        return content


class Side(ABC):
    """One of the two. A context manager: whatever happens, no process of it stays.

    Args:
        folder: for all that it writes; empty.
        people: how many label.
    """

    name: str
    first: str  # the page whose answer says that it has started

    def __init__(self, folder: Path, people: int) -> None:
        folder.mkdir(parents=True)
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        lead, *labellers = self.prepare(people)
        self.lead = Caller(self.port, lead)
        self.people = [Caller(self.port, one) for one in labellers]
        begun = time.perf_counter()
        self._log = folder / "server.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                self.command(), env=self.environment(), cwd=folder, stdout=log, stderr=log, start_new_session=True
            )
        try:
            self._wait(begun + PATIENCE)
        except BaseException:
            self.end()
            raise
        self.started = time.perf_counter() - begun

    @abstractmethod
    def prepare(self, people: int) -> list[str]:
        """Make the database and the people; the value of `Authorization` of an owner, then of each labeller."""

    @abstractmethod
    def command(self) -> Sequence[str | Path]:
        """That starts the server."""

    def environment(self) -> Mapping[str, str]:
        """Of the server."""
        return os.environ

    @abstractmethod
    def bring(self, texts: Sequence[str]) -> float:
        """Import texts so that all of them wait to be labelled; CPU seconds of it that were not the server's."""

    @abstractmethod
    def next(self, who: Caller) -> int:
        """The number of what they are to label now."""

    @abstractmethod
    def submit(self, who: Caller, item: int, label: str) -> None:
        """Their answer."""

    @abstractmethod
    def export(self) -> int:
        """All texts with their labels, to the last byte; how many texts there were."""

    def cpu(self) -> float:
        """CPU seconds that its processes have used, those that have ended included."""
        ticks = sum(sum(map(int, fields[11:15])) for fields in tree(self._process.pid).values())
        return ticks / os.sysconf("SC_CLK_TCK")

    def memory(self) -> float:
        """Resident MB of all its processes; what they share counts for each."""
        pages = sum(int(fields[21]) for fields in tree(self._process.pid).values())
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

    def end(self) -> None:
        """Ask it to end, and see to it."""
        left = tree(self._process.pid)
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(15)
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait()

    def __enter__(self) -> Side:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def _wait(self, until: float) -> None:
        while time.perf_counter() < until:
            if self._process.poll() is not None:
                raise SystemExit(f"{self.name} ended before it began:\n{self._log.read_text()[-3000:]}")
            with suppress(RefusedError):
                self.lead.ask("GET", self.first)
                return
            time.sleep(0.05)
        raise SystemExit(f"{self.name} doesn't answer:\n{self._log.read_text()[-3000:]}")


def tree(root: int) -> dict[int, list[str]]:
    """A process and all that it has started: /proc/PID/stat after the name, by pid."""
    found: dict[int, list[str]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has just ended
            found[int(path.parent.name)] = path.read_text().rpartition(")")[2].split()
    kept = [root] if root in found else []
    for pid in kept:
        kept += [child for child, fields in found.items() if int(fields[1]) == pid]
    return {pid: found[pid] for pid in kept}
