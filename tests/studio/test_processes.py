"""Real server processes: killed while people edit, several on one database, a database that goes away, a full disk."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import sqlalchemy as sa
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from adequate import store
from adequate.store import people
from adequate.store.schema import event as log
from adequate.studio.auth.register import Desk, add, at_desk, sign_in
from adequate.studio.roles import Role
from tests.made import begun, mail
from tests.store.conftest import postgres_url
from tests.store.conftest import served as postgres
from tests.studio.tabs import heard, joined, operate, say, until
from tests.studio.test_webhooks import receiver

__all__ = ["postgres_url"]

AHEAD = 10  # edits on their way at once
SERVE = """
import sys, time
clock = time.time
time.time = lambda: clock() + {ahead}
from adequate.studio import webhooks
webhooks.GATHER = webhooks.LOOK = 0.2
from adequate.cli.main import main
sys.exit(main())
"""
PROJECT = """
import adequate as aq

project = aq.Project("mail", text="body")
project.classify("intent", labels="infer", target=aq.Target(accuracy=0.6))
"""


@dataclass(frozen=True)
class Process:
    """`adequate studio` in a process of its own."""

    process: subprocess.Popen[bytes]
    port: int

    def live(self, cookie: str) -> ClientConnection:
        """A tab of whoever has this cookie."""
        url = f"ws://127.0.0.1:{self.port}/api/live"
        headers = {"Cookie": f"adequate_{self.port}={cookie}"}
        return connect(url, origin=Origin(f"http://127.0.0.1:{self.port}"), additional_headers=headers, open_timeout=60)


@contextmanager
def studio(root: Path, *, ahead: float = 0.0) -> Iterator[Process]:
    """Serve a project until the end.

    Args:
        ahead: seconds by which this server's clock is.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["-c", SERVE.format(ahead=ahead), "studio", "--project", str(root), "--port", str(port)]
    process = subprocess.Popen([sys.executable, *words], stdout=subprocess.DEVNULL, start_new_session=True)
    try:
        while True:
            try:
                httpx.get(f"http://127.0.0.1:{port}/api/session", timeout=60)  # it answers once the project is open
                break
            except httpx.TransportError:
                assert process.poll() is None, "the server ended before it began"
                time.sleep(0.05)
        yield Process(process, port)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)


def signed_in(root: Path, *names: str) -> list[str]:
    """Cookies of some owners."""
    with store.open(root, write=True, shared=True, text="body") as held:

        def join(desk: Desk) -> list[str]:
            for name in names:
                if people.member(desk.connection, name) is None:
                    add(desk, name.title(), Role.OWNER, id=name)
            return [sign_in(desk, name, by="test") for name in names]

        return at_desk(held.sql, "test", join)


def recorded(root: Path) -> list[str]:
    """The names of all operations on record that say something of an example."""
    with store.open(root, write=False, text="body") as held:
        return [row.op for row in held.sql.rows(sa.select(log.c.op).where(log.c.kind == "comment"))]


def test_killed_while_two_people_edit_nothing_acknowledged_is_lost_and_what_is_sent_again_is_there_once(
    root: Path,
) -> None:
    cookies = signed_in(root, "ann", "ben")
    with store.open(root, write=False, text="body") as held:
        example = held.queue.waiting("intent")[0].example
    body = {"task": "intent", "example": example, "text": "an edit"}
    acked: dict[str, list[str]] = {"ann": [], "ben": []}
    ops = {name: [f"{name}-{i}" for i in range(150)] for name in acked}

    def edit(process: Process, name: str, cookie: str, todo: list[str]) -> None:
        try:
            with process.live(cookie) as ws:
                for i in range(len(todo) + AHEAD):
                    if i < len(todo):
                        say(ws, t="op", op=todo[i], kind="comment.add", topic=f"example:{example}", body=body)
                    if i >= AHEAD:
                        acked[name].append(until(ws, "ack")["op"])
                    if name == "ann" and todo is ops[name] and len(acked[name]) == 60:
                        process.process.kill()
        except (ConnectionClosed, OSError):
            pass

    def both(process: Process, todo: dict[str, list[str]]) -> None:
        threads = [
            threading.Thread(target=edit, args=[process, name, cookie, todo[name]])
            for name, cookie in zip(acked, cookies, strict=True)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)

    with studio(root) as first:
        both(first, ops)
        assert first.process.wait(60) == -signal.SIGKILL
    said = [op for some in acked.values() for op in some]
    assert 60 <= len(said) < 300
    assert set(said) <= set(recorded(root)), "an edit that was acknowledged is gone"
    left = {name: [op for op in ops[name] if op not in acked[name]] for name in acked}
    with studio(root) as second:
        both(second, left)
    assert sorted(recorded(root)) == sorted(ops["ann"] + ops["ben"])


def test_two_servers_on_one_database_tell_each_other_at_once_and_number_without_a_gap(
    tmp_path: Path, postgres_url: str
) -> None:
    root = tmp_path / "mail"
    begun(root, mail(60), PROJECT, db=postgres_url)
    cookies = signed_in(root, "ann", "ben")
    with store.open(root, write=False, text="body") as held:
        example = held.examples.ids([0])[0]
    topic, body = f"example:{example}", {"task": "intent", "example": example, "text": "hello"}
    with studio(root) as one, studio(root) as other, one.live(cookies[0]) as ann, other.live(cookies[1]) as ben:
        joined(ann, topic)
        joined(ben, topic)
        begun_at = time.monotonic()
        first = operate(ann, "comment.add", topic, **body)
        assert first["t"] == "ack", first
        told = until(ben, "ev")
        assert time.monotonic() - begun_at < 0.9, "it was told, not found by looking"
        assert told["seq"] == first["seq"]
        heard(ann)
        for i in range(20):
            say(ann, t="op", op=f"a{i}", kind="comment.add", topic=topic, body=body)
            say(ben, t="op", op=f"b{i}", kind="comment.add", topic=topic, body=body)
        seqs = {ws: [until(ws, "ev")["seq"] for _ in range(40)] for ws in (ann, ben)}
    assert seqs[ann] == seqs[ben] == list(range(first["seq"] + 1, first["seq"] + 41))


def test_while_the_disk_is_full_everything_is_refused_with_the_reason_and_later_taken(root: Path) -> None:
    (cookie,) = signed_in(root, "ann")
    with store.open(root, write=False, text="body") as held:
        example = held.queue.waiting("intent")[0].example
    topic, body = f"example:{example}", {"task": "intent", "example": example, "text": "x" * 3000}
    with studio(root) as process, process.live(cookie) as ws:
        assert operate(ws, "comment.add", topic, "before", **body)["t"] == "ack"
        limit(process.process.pid, 4096)  # no file may grow beyond this: what a full disk says, too
        refused = operate(ws, "comment.add", topic, "meanwhile", **body)
        assert refused["t"] == "nack"
        assert refused["again"] is True
        assert "no space" in refused["why"]
        assert refused["remedy"]
        limit(process.process.pid, -1)
        assert operate(ws, "comment.add", topic, "meanwhile", **body)["t"] == "ack"
    assert recorded(root) == ["before", "meanwhile"]


def limit(pid: int, size: int) -> None:
    """No file of a process may grow beyond so many bytes; -1: as large as it likes."""
    import resource

    hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)[1]
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard if size < 0 else size, hard))


def test_while_the_database_is_away_everything_is_refused_and_afterwards_taken(
    tmp_path: Path, postgres_url: str
) -> None:
    root = tmp_path / "mail"
    begun(root, mail(60), PROJECT, db=postgres_url)
    (cookie,) = signed_in(root, "ann")
    with store.open(root, write=False, text="body") as held:
        example = held.examples.ids([0])[0]
    topic, body = f"example:{example}", {"task": "intent", "example": example, "text": "hello"}
    url = sa.make_url(postgres_url).set(drivername="postgresql+psycopg")
    door = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with studio(root) as process, process.live(cookie) as ws:
        assert operate(ws, "comment.add", topic, "before", **body)["t"] == "ack"
        with door.connect() as connection:  # who asks is cut off, and nobody new is let in
            name = connection.engine.url.database
            connection.execute(sa.text(f'ALTER DATABASE "{name}" CONNECTION LIMIT 0'))
            others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
            connection.execute(sa.text(f"{others} AND backend_type = 'client backend'"))
            answer = operate(ws, "comment.add", topic, "meanwhile", **body)
            connection.execute(sa.text(f'ALTER DATABASE "{name}" CONNECTION LIMIT -1'))
        assert answer["t"] in ("ack", "nack"), answer
        if answer["t"] == "nack":  # a superuser is let in all the same
            assert answer["again"] is True
            assert operate(ws, "comment.add", topic, "meanwhile", **body)["t"] == "ack"
    door.dispose()
    assert recorded(root) == ["before", "meanwhile"]


def test_a_server_brings_no_engine_of_data_or_models_with_it(root: Path) -> None:
    code = f"""
import sys
from pathlib import Path
from adequate.studio.app import make
from adequate.studio.server import opened
with opened(Path({str(root)!r})) as studio:
    make(studio)
    print([name for name in ("lance", "duckdb", "matplotlib", "onnx", "onnxruntime", "torch") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


AWAY = 6.0  # seconds


def test_the_database_goes_and_comes_back_while_two_people_edit_and_nothing_is_lost(tmp_path: Path) -> None:
    with postgres() as server:
        root = tmp_path / "mail"
        begun(root, mail(60), PROJECT, db=server.get_uri())
        cookies = signed_in(root, "ann", "ben")
        with store.open(root, write=False, text="body") as held:
            example = held.examples.ids([0])[0]
        topic, body = f"example:{example}", {"task": "intent", "example": example, "text": "hello"}
        ops = {name: [f"{name}-{i}" for i in range(20)] for name in ("ann", "ben")}
        refused: list[str] = []

        def edit(process: Process, name: str, cookie: str) -> None:
            """As the page does it: what isn't acknowledged is sent again, by the same name."""
            for op in ops[name]:
                while True:
                    try:
                        with process.live(cookie) as ws:
                            answer = operate(ws, "comment.add", topic, op, **body)
                    except (ConnectionClosed, InvalidStatus, OSError, TimeoutError):
                        answer = {"t": "nack", "again": True, "why": "closed"}
                    if answer["t"] == "ack":
                        break
                    assert answer["again"] is True, answer
                    refused.append(answer["why"])
                    time.sleep(0.2)
                time.sleep(0.05)

        with studio(root) as process:
            people_ = [
                threading.Thread(target=edit, args=[process, name, cookie])
                for name, cookie in zip(ops, cookies, strict=True)
            ]
            with process.live(cookies[0]) as open_before:
                heard(open_before)
                for one in people_:
                    one.start()
                time.sleep(1)
                os.kill(server.get_pid(), signal.SIGINT)  # those who are connected are cut off
                time.sleep(AWAY)
                said = operate(open_before, "comment.add", topic, "early", **body)
                assert (said["t"], said["again"]) == ("nack", True), said
                assert "database" in said["why"]
                assert said["remedy"]
                headers = {"Cookie": f"adequate_{process.port}={cookies[1]}"}
                asked = httpx.get(f"http://127.0.0.1:{process.port}/api/session", headers=headers, timeout=60)
                assert asked.status_code == 503, "who is signed in stays so"
                uri = server.get_uri()
                server.ensure_postgres_running()
                assert server.get_uri() == uri
                for one in people_:
                    one.join(60)
                assert operate(open_before, "comment.add", topic, "early", **body)["t"] == "ack"
            assert process.process.poll() is None
        assert refused
        assert sorted(recorded(root)) == sorted([*ops["ann"], *ops["ben"], "early"])


def test_of_two_servers_one_tells_a_webhook_whichever_was_asked_and_neither_once_it_is_removed(
    tmp_path: Path, postgres_url: str
) -> None:
    root = tmp_path / "mail"
    begun(root, mail(60), PROJECT, db=postgres_url)
    (cookie,) = signed_in(root, "ann")
    with store.open(root, write=False, text="body") as held:
        example = held.examples.ids([0])[0]
    topic = f"example:{example}"

    def at(process: Process, method: str, path: str, **sent: object) -> httpx.Response:
        headers = {"Cookie": f"adequate_{process.port}={cookie}", "Sec-Fetch-Site": "same-origin"}
        return httpx.request(method, f"http://127.0.0.1:{process.port}{path}", headers=headers, json=sent, timeout=60)

    def label(process: Process, value: str) -> None:
        with process.live(cookie) as ws:
            said = operate(ws, "label.set", topic, task="intent", example=example, value=value, new=True)
            assert said["t"] == "ack", said

    with receiver() as (url, got), studio(root) as one, studio(root) as other:
        made = at(other, "POST", "/api/webhooks", url=url, events=["label"])
        assert made.status_code == 201, made.text
        assert at(one, "GET", f"/api/examples/{example}").status_code == 200
        time.sleep(1)
        label(one, "first")
        end = time.monotonic() + 60
        while not got:
            assert time.monotonic() < end, "nobody told it"
            time.sleep(0.05)
        time.sleep(1)
        assert len(got) == 1
        assert at(one, "DELETE", f"/api/webhooks/{made.json()['id']}").status_code == 204
        time.sleep(1)
        label(one, "second")
        time.sleep(1)
        assert len(got) == 1
