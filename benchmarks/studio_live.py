"""The live server under load: latency, durable submits, CPU a submit, start, memory; beside what the machine can do.

    python benchmarks/studio_live.py [--seconds 8] [--project FOLDER]

The server is `adequate studio` in a process of its own over a project of 10,000 texts; the clients share this process.
The limits are measured in the same run: a WebSocket server (the same uvicorn) that sends back what it gets, and SQLite
commits of one row each, with the same settings. On a busy or a small machine compare the ratios, not the figures.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pyarrow as pa
from websockets.asyncio.client import ClientConnection, connect

HERE = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(HERE))

TEXTS = 10_000
SOCKETS, TOPICS, EDITS = 100, 20, 500
WRITERS, FEW = 16, 4
MANY = 100_000  # questions that wait for a task of their own
ECHO = """
import sys, uvicorn
async def app(scope, receive, send):
    if scope["type"] == "http":
        body = (await receive())["body"]
        length = (b"content-length", str(len(body)).encode())
        await send({"type": "http.response.start", "status": 200, "headers": [length]})
        return await send({"type": "http.response.body", "body": body})
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": message["text"]})
uvicorn.run(app, port=int(sys.argv[1]), log_level="error", ws_per_message_deflate=False, lifespan="off")
"""


def main() -> None:
    """Run all of it, and print."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--seconds", type=float, default=8.0)
    asked.add_argument("--project", type=Path, help="where to make the project; kept, and used again")
    args = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = (args.project or Path(folder)) / "mail"
        made = made_of(root)
        commits = raw_commits(Path(folder), 2.0)
        with Echo() as echo:
            plain = asyncio.run(echoes(echo, args.seconds))
            for rate, how in ((0.0, "as fast as they go"), (300.0, "300 a second, asleep between them")):
                took = asyncio.run(answers(echo, rate, args.seconds / 4))
                line(f"limit: CPU of an empty POST, {how}", took.cpu_ms, "ms", None, "", f"{took.rate:,.0f}/s")
        with Studio(root) as studio:
            line("start to first page", studio.started, "s", 2.0, "at most")
            line("idle memory (RSS)", studio.memory(made.cookies[0]), "MB", 150, "at most")
            asyncio.run(measure(studio, made, args.seconds, commits, plain))


@dataclass(frozen=True)
class Made:
    """A project to label: cookies of people, and (item, example) of what waits."""

    cookies: list[str]
    items: list[tuple[int, str]]


@dataclass(frozen=True)
class Took:
    """What some operations took: seconds each, seconds in all, CPU seconds of the server."""

    each: list[float]
    seconds: float
    cpu: float

    @property
    def rate(self) -> float:
        """A second."""
        return len(self.each) / self.seconds

    @property
    def cpu_ms(self) -> float:
        """Of each."""
        return 1000 * self.cpu / len(self.each)

    def ms(self, share: float) -> float:
        """That this share took at most."""
        return float(1000 * np.quantile(self.each, share))


async def measure(studio: Studio, made: Made, seconds: float, commits: float, plain: Took) -> None:
    """Edits at a pace, edits as fast as they go, answers by either way."""
    examples = [example for _, example in made.items]

    def comment(i: int) -> dict[str, Any]:
        example = examples[i % TOPICS]
        body = {"task": "intent", "example": example, "text": f"edit {i}"}
        return {"kind": "comment.add", "topic": f"example:{example}", "body": body}

    for task, waiting in (("intent", TEXTS), ("topic", MANY)):
        for n in (1, 10):
            took = await handed(studio, made.cookies[:FEW], task, n, seconds / 4)
            beside = f"p99 {took.ms(0.99):.1f} ms"
            line(f"server CPU of next {n}, {waiting:,} waiting", took.cpu_ms, "ms", 1.0, "at most", beside)

    tabs = [await joined(studio, made.cookies[i], f"example:{examples[i % TOPICS]}") for i in range(SOCKETS)]
    took = await paced(studio.process.pid, tabs, comment, seconds)
    what = f"{SOCKETS} sockets, {EDITS} edits/s each told to 5"
    line(f"{what}: p50", took.ms(0.5), "ms", None, "")
    line(f"{what}: p99", took.ms(0.99), "ms", 50, "at most", f"{took.ms(0.99) / plain.ms(0.99):.1f}x of an echo")
    took = await pressed(studio.process.pid, tabs, comment, seconds)
    line("the same as fast as they go", took.rate, "/s", None, "", f"{took.rate / plain.rate:.2f}x of an echo")
    for tab in tabs:
        await tab.close()

    left = iter(made.items)

    def answer(_: int) -> dict[str, Any]:
        item, _example = next(left)
        return {"kind": "answer.submit", "topic": "queue:intent", "body": {"item": item, "value": "fee"}}

    tabs = [await joined(studio, cookie, "queue:intent", "board") for cookie in made.cookies[:WRITERS]]
    took = await pressed(studio.process.pid, tabs, answer, seconds / 2, most=4000)
    beside = f"{took.rate / commits:.2f}x of single commits"
    line(f"{WRITERS} people submit (WebSocket)", took.rate, "/s", 300, "at least", beside)
    line("server CPU a submit (WebSocket)", took.cpu_ms, "ms", 0.6, "at most", f"an echo {plain.cpu_ms:.3f} ms")
    for tab in tabs:
        await tab.close()
    took = await posted(studio, made.cookies[:WRITERS], answer, seconds / 2, most=4000)
    beside = f"{took.rate / commits:.2f}x of single commits"
    line(f"{WRITERS} people submit (POST /api/ops)", took.rate, "/s", 300, "at least", beside)
    line("server CPU a submit (POST /api/ops)", took.cpu_ms, "ms", 0.6, "at most", f"an echo {plain.cpu_ms:.3f} ms")


async def joined(studio: Studio, cookie: str, *topics: str) -> ClientConnection:
    """A tab that listens."""
    url = f"ws://127.0.0.1:{studio.port}/api/live"
    headers = {"Cookie": f"adequate_{studio.port}={cookie}"}
    ws = await connect(url, origin=studio.url, additional_headers=headers, compression=None)  # type: ignore[arg-type]
    await ws.send(json.dumps({"t": "sub", "topics": topics}))
    while json.loads(await ws.recv())["t"] != "subbed":
        pass
    return ws


Asked = Callable[[int], dict[str, Any]]


async def paced(pid: int, tabs: list[ClientConnection], asked: Asked, seconds: float) -> Took:
    """So many edits a second, evenly; how long until each is acknowledged."""
    sent: dict[str, float] = {}
    took: list[float] = []
    readers = [asyncio.create_task(_acks(tab, sent, took)) for tab in tabs]
    cpu, begun = cpu_of(pid), time.perf_counter()
    for i in range(int(EDITS * seconds)):
        await asyncio.sleep(max(0.0, begun + i / EDITS - time.perf_counter()))
        op = uuid.uuid4().hex
        text = json.dumps({"t": "op", "op": op, **asked(i)})
        sent[op] = time.perf_counter()
        await tabs[i % len(tabs)].send(text)
    while sent:
        await asyncio.sleep(0.01)
    done = Took(took, time.perf_counter() - begun, cpu_of(pid) - cpu)
    for reader in readers:
        reader.cancel()
    await asyncio.gather(*readers, return_exceptions=True)
    return done


async def _acks(tab: ClientConnection, sent: dict[str, float], took: list[float]) -> None:
    async for text in tab:
        frame = json.loads(text)
        if frame["t"] == "ack":
            took.append(time.perf_counter() - sent.pop(frame["op"]))
        elif frame["t"] == "nack":
            raise SystemExit(f"refused: {frame['why']}")


async def pressed(pid: int, tabs: list[ClientConnection], asked: Asked, seconds: float, most: int = 10**9) -> Took:
    """Each tab asks again as soon as it is answered."""
    count = 0

    async def ask(tab: ClientConnection) -> list[float]:
        nonlocal count
        took = []
        while time.perf_counter() - begun < seconds and count < most:
            count += 1
            op = uuid.uuid4().hex
            at = time.perf_counter()
            await tab.send(json.dumps({"t": "op", "op": op, **asked(count)}))
            while True:
                frame = json.loads(await tab.recv())
                if frame["t"] == "ack" and frame["op"] == op:
                    break
                if frame["t"] == "nack":
                    raise SystemExit(f"refused: {frame['why']}")
            took.append(time.perf_counter() - at)
        return took

    return await _together(pid, [partial(ask, tab) for tab in tabs], begun := time.perf_counter())


class Asker:
    """A connection that is kept open. One of `httpx` takes longer to ask than the server takes to answer."""

    def __init__(self, port: int, cookie: str = "") -> None:
        self.port = port
        self.headers = f"Host: 127.0.0.1:{port}\r\nCookie: adequate_{port}={cookie}\r\nSec-Fetch-Site: same-origin\r\n"
        self.headers += (
            "Accept: */*\r\nAccept-Encoding: gzip\r\nUser-Agent: bench\r\nContent-Type: application/json\r\n"
        )

    async def open(self) -> Asker:
        """Connect."""
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        return self

    async def post(self, path: str, body: bytes = b"") -> Any:
        """Post, and read the answer."""
        head = f"POST {path} HTTP/1.1\r\n{self.headers}Content-Length: {len(body)}\r\n\r\n"
        self.writer.write(head.encode() + body)
        answer = (await self.reader.readuntil(b"\r\n\r\n")).lower()
        length = int(answer.partition(b"content-length:")[2].partition(b"\r\n")[0])
        said = await self.reader.readexactly(length)
        if b" 200 " not in answer[:20]:
            raise SystemExit(f"refused: {said.decode()}")
        return json.loads(said)


async def posted(studio: Studio, cookies: list[str], asked: Asked, seconds: float, most: int) -> Took:
    """The same over HTTP."""
    count = 0

    async def ask(asker: Asker) -> list[float]:
        nonlocal count
        took = []
        while time.perf_counter() - begun < seconds and count < most:
            count += 1
            at = time.perf_counter()
            answer = await asker.post("/api/ops", json.dumps({"op": uuid.uuid4().hex, **asked(count)}).encode())
            if answer["t"] != "ack":
                raise SystemExit(f"refused: {answer}")
            took.append(time.perf_counter() - at)
        return took

    askers = [await Asker(studio.port, cookie).open() for cookie in cookies]
    return await _together(studio.process.pid, [partial(ask, asker) for asker in askers], begun := time.perf_counter())


async def handed(studio: Studio, cookies: list[str], task: str, n: int, seconds: float) -> Took:
    """The next items, over HTTP."""

    async def ask(asker: Asker) -> list[float]:
        took = []
        while time.perf_counter() - begun < seconds:
            at = time.perf_counter()
            answer = await asker.post(f"/api/queues/{task}/next?n={n}")
            if len(answer["items"]) != n:
                raise SystemExit(f"not {n} items: {answer}")
            took.append(time.perf_counter() - at)
        return took

    askers = [await Asker(studio.port, cookie).open() for cookie in cookies]
    return await _together(studio.process.pid, [partial(ask, asker) for asker in askers], begun := time.perf_counter())


async def answers(echo: Echo, rate: float, seconds: float) -> Took:
    """Requests as large as an operation, to a server that does nothing else: as fast as they go, or at a pace."""
    askers = [await Asker(echo.port).open() for _ in range(WRITERS)]
    body = json.dumps({"op": uuid.uuid4().hex, "kind": "comment.add", "body": {"text": "x" * 60}}).encode()

    async def ask(i: int) -> list[float]:
        took = []
        while (at := time.perf_counter()) - begun < seconds:
            await askers[i].post("/", body)
            took.append(time.perf_counter() - at)
            if rate:
                await asyncio.sleep(max(0.0, begun + (len(took) * WRITERS + i) / rate - time.perf_counter()))
        return took

    return await _together(echo.process.pid, [partial(ask, i) for i in range(WRITERS)], begun := time.perf_counter())


async def _together(pid: int, asks: list[Callable[[], Awaitable[list[float]]]], begun: float) -> Took:
    cpu = cpu_of(pid)
    each = await asyncio.gather(*(ask() for ask in asks))
    return Took([one for some in each for one in some], time.perf_counter() - begun, cpu_of(pid) - cpu)


async def echoes(echo: Echo, seconds: float) -> Took:
    """Frames as large as an operation, sent back by a server that does nothing else."""
    tabs = [await connect(f"ws://127.0.0.1:{echo.port}", compression=None) for _ in range(SOCKETS)]
    text = json.dumps({"t": "op", "op": uuid.uuid4().hex, "kind": "comment.add", "body": {"text": "x" * 60}})

    async def ask(tab: ClientConnection) -> list[float]:
        took = []
        while time.perf_counter() - begun < seconds / 2:
            at = time.perf_counter()
            await tab.send(text)
            await tab.recv()
            took.append(time.perf_counter() - at)
        return took

    return await _together(echo.process.pid, [partial(ask, tab) for tab in tabs], begun := time.perf_counter())


def raw_commits(folder: Path, seconds: float) -> float:
    """Durable commits of one row each, a second."""
    connection = sqlite3.connect(folder / "raw.sqlite", isolation_level=None)
    connection.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE t (x TEXT)")
    begun, n = time.perf_counter(), 0
    while time.perf_counter() - begun < seconds:
        connection.execute("INSERT INTO t VALUES (?)", ("x" * 300,))
        n += 1
    connection.close()
    rate = n / (time.perf_counter() - begun)
    line("limit: SQLite commits of one row", rate, "/s", None, "")
    return rate


class Server:
    """A server in a process of its own."""

    def __init__(self, *words: str, page: str = "") -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        begun = time.perf_counter()
        command = [sys.executable, *(word.replace("{port}", str(self.port)) for word in words)]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        while True:
            try:
                if page:
                    urllib.request.urlopen(self.url + page).read()
                else:
                    socket.create_connection(("127.0.0.1", self.port)).close()
                break
            except OSError:
                if self.process.poll() is not None:
                    raise SystemExit("the server ended before it began") from None
                time.sleep(0.01)
        self.started = time.perf_counter() - begun

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGINT)
        self.process.wait(20)


class Studio(Server):
    """`adequate studio`."""

    def __init__(self, root: Path) -> None:
        super().__init__("-m", "adequate.cli.main", "studio", "--project", str(root), "--port", "{port}", page="/")

    def memory(self, cookie: str) -> float:
        """Megabytes, some seconds after the first page and the board."""
        headers = {"Cookie": f"adequate_{self.port}={cookie}"}
        with httpx.Client(base_url=self.url, headers=headers, timeout=60) as client:
            for page in ("/", "/api/session", "/api/board", "/api/queues"):
                client.get(page).raise_for_status()
        time.sleep(4)
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) / 1024


class Echo(Server):
    """A WebSocket server that sends back what it gets."""

    def __init__(self) -> None:
        super().__init__("-c", ECHO, "{port}")


def cpu_of(pid: int) -> float:
    """CPU seconds that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def made_of(root: Path) -> Made:
    """A project of so many texts, a model, all of the pool in the queue, and people who are signed in."""
    from tests.made import begun, mail

    from adequate import store
    from adequate.loop.engine import Engine
    from adequate.store import Override, QueueItem, people
    from adequate.studio.auth.register import Desk, add, at_desk, sign_in
    from adequate.studio.roles import Role

    os.environ |= {"ADEQUATE_RESOURCES": str(root / "none"), "PIP_NO_INDEX": "1", "HF_HUB_OFFLINE": "1"}
    if not root.exists():
        root.parent.mkdir(parents=True, exist_ok=True)
        table = mail(TEXTS)
        some = [name if i % 20 == 0 else "" for i, name in enumerate(table["intent"].to_pylist())]
        begun(root, table.set_column(1, "intent", pa.array(some)), PROJECT)
        Engine.open(root).run(cycles=1)
    (root / "project.py").write_text(PROJECT + TOPIC)
    with store.open(root, write=True, text="body") as held:
        held.overrides.put(Override(what="setting:refit_after", value=10**9, who="bench", why="it would be in the way"))
        rows = np.arange(held.examples.count)
        ids = held.examples.ids(rows)
        pool = zip(rows.tolist(), ids, strict=True)
        held.queue.put([QueueItem(task="intent", row=row, example=example, part="teach") for row, example in pool])
        items = [(item.id, item.example) for item in held.queue.waiting("intent")]
        text = "Where is my card? I ordered it a week ago."
        numbers = range(MANY)
        held.queue.put([QueueItem(task="topic", row=n, example=f"{n:032x}", part="teach", text=text) for n in numbers])

        def join(desk: Desk) -> list[str]:
            found = []
            for name in (f"p{i}" for i in range(SOCKETS)):
                if people.member(desk.connection, name) is None:
                    add(desk, name, Role.REVIEWER if name != "p0" else Role.OWNER, id=name)
                found.append(sign_in(desk, name, by="bench"))
            return found

        return Made(at_desk(held.sql, "bench", join), items)


PROJECT = """
import adequate as aq

project = aq.Project("mail", text="body")
project.classify("intent", labels="infer", target=aq.Target(accuracy=0.9))
"""
TOPIC = 'project.classify("topic", labels=["card", "fee"], target=aq.Target(accuracy=0.9))\n'


def line(what: str, value: float, unit: str, goal: float | None, sense: str, beside: str = "") -> None:
    """One figure, beside its goal."""
    said = "" if goal is None else f"(goal: {sense} {goal:g}{'' if unit.startswith('/') else ' '}{unit}) "
    missed = goal is not None and (value > goal if sense == "at most" else value < goal)
    mark = "MISSED" if missed else "ok" if goal is not None else ""
    print(f"{what:55s} {value:9.2f} {unit:4s} {said:30s} {mark:7s} {beside}", flush=True)


if __name__ == "__main__":
    main()
