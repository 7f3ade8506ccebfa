"""Two servers of one project on PostgreSQL, one with a clock that is five minutes ahead: as one, for whoever labels."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import sqlalchemy as sa

from adequate import store
from adequate.loop.engine import Engine
from adequate.store import Override, QueueItem, Store
from adequate.store.schema import event as log
from adequate.store.schema import lease
from tests.loop.projects import SEVERAL
from tests.made import begun, mail, without_weights
from tests.store.conftest import postgres_url
from tests.store.test_erase import files_with
from tests.studio.conftest import partly
from tests.studio.tabs import heard, joined, operate, say, until
from tests.studio.test_processes import Process, signed_in, studio
from tests.studio.test_webhooks import receiver

__all__ = ["postgres_url", "without_weights"]

AHEAD = 300.0  # seconds
PEOPLE = [f"p{n}" for n in range(16)]


@dataclass(frozen=True)
class Pair:
    """Both servers, and the cookies of people that both know."""

    root: Path
    servers: tuple[Process, Process]
    cookies: dict[str, str]
    clients: tuple[httpx.Client, httpx.Client]

    def post(self, server: int, who: str, path: str, **sent: Any) -> httpx.Response:
        """Somebody asks one of them."""
        port = self.servers[server].port
        headers = {"Cookie": f"adequate_{port}={self.cookies[who]}", "Sec-Fetch-Site": "same-origin"}
        return self.clients[server].post(path, headers=headers, json=sent)

    def next(self, server: int, who: str, n: int = 1) -> dict[str, Any]:
        """The next questions for somebody."""
        answer = self.post(server, who, f"/api/queues/intent/next?n={n}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def live(self, server: int, who: str) -> Any:
        """A tab."""
        return self.servers[server].live(self.cookies[who])

    def store(self, *, write: bool = False) -> Store:
        """What both work on."""
        return store.open(self.root, write=write, beside=write, text="body")


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory, postgres_url: str) -> Iterator[Pair]:
    root = tmp_path_factory.mktemp("servers") / "mail"
    begun(root, partly(mail(400)), SEVERAL, db=postgres_url)
    Engine.open(root).run(cycles=1)
    with store.open(root, write=True, text="body") as held:
        held.overrides.put(Override(what="setting:refit_after", value=10**9, who="ann", why="only when asked"))
        rows = np.arange(held.examples.count)
        named = zip(rows.tolist(), held.examples.ids(rows), strict=True)
        held.queue.put([QueueItem(task="intent", row=row, example=name, part="teach") for row, name in named])
    cookies = dict(zip(PEOPLE, signed_in(root, *PEOPLE), strict=True))
    with studio(root) as one, studio(root, ahead=AHEAD) as other, ExitStack() as held_open:
        urls = [f"http://127.0.0.1:{server.port}" for server in (one, other)]
        first, second = (held_open.enter_context(httpx.Client(base_url=url, timeout=60)) for url in urls)
        yield Pair(root, (one, other), cookies, (first, second))


def test_sixteen_who_press_next_together_never_hold_the_same_and_what_is_given_back_is_free_at_both(pair: Pair) -> None:
    def press(n: int, turn: int) -> dict[str, Any]:
        return pair.next((n + turn) % 2, PEOPLE[n], 3)

    def give_back(n: int, turn: int, held: dict[str, Any]) -> httpx.Response:
        ids = [item["id"] for item in held["items"]]
        other = (n + turn + 1) % 2
        return pair.post(other, PEOPLE[n], "/api/queues/give-back", items=ids, until=held["until"])

    seen = []
    with ThreadPoolExecutor(16) as people:
        for turn in range(20):
            handed = list(people.map(press, range(16), [turn] * 16))
            ids = [item["id"] for answer in handed for item in answer["items"]]
            assert len(ids) == len(set(ids)) == 48, "a question was before two people"
            ends = [answer["until"] - time.time() for answer in handed]
            assert min(ends) > 100, "a lease ends by the database's clock"
            assert max(ends) < 121, "whichever server gave it"
            seen.append(set(ids))
            given = people.map(give_back, range(16), [turn] * 16, handed)
            assert {answer.status_code for answer in given} == {204}
    assert all(ids == seen[0] for ids in seen), "all came back"


def test_a_lease_that_has_run_out_is_somebody_elses_at_the_other_server_and_not_before(pair: Pair) -> None:
    (mine,) = pair.next(0, "p0")["items"]
    (theirs,) = pair.next(1, "p1")["items"]
    assert mine["id"] != theirs["id"], "by the other server's clock it has run out long ago"
    assert pair.next(1, "p0")["items"][0]["id"] == mine["id"], "wherever I ask, I hold what I hold"
    with pair.store(write=True) as held:
        held.sql.write(lambda c: c.execute(sa.update(lease).where(lease.c.actor == "p0").values(until=time.time() - 1)))
    held_on = pair.post(1, "p0", "/api/queues/hold", items=[mine["id"]])
    assert held_on.status_code == 200
    assert pair.next(1, "p2")["items"][0]["id"] == mine["id"], "what has run out is not held on to"
    for who in ("p0", "p1", "p2"):
        pair.post(0, who, "/api/queues/give-back", items=[mine["id"], theirs["id"]])


def test_an_answer_counts_at_the_other_server_and_carries_the_databases_time(pair: Pair) -> None:
    items = pair.next(1, "p3", 6)["items"]
    seqs = []
    with pair.live(0, "p3") as here, pair.live(1, "p4") as there:
        joined(there, "queue:intent", f"example:{items[0]['example']}")
        for n, item in enumerate(items):
            ws = (here, there)[n % 2] if n else here
            topic = f"example:{item['example']}"
            answer = operate(ws, "answer.submit", topic, item=item["id"], value="fee", at=1.0)
            assert answer["t"] == "ack", answer
            seqs.append(answer["seq"])
    assert not {item["id"] for item in items} & {item["id"] for item in pair.next(1, "p5", 20)["items"]}
    with pair.store() as held:
        rows = held.sql.rows(sa.select(log.c.at).where(log.c.seq.in_(seqs)).order_by(log.c.seq))
    times = [row.at for row in rows]
    assert all(0 <= late - early < 30 for early, late in pairwise(times)), "in the order in which they were recorded"
    assert abs(times[-1] - time.time()) < 30


def test_an_operation_that_is_sent_to_both_at_once_is_done_once(pair: Pair) -> None:
    with pair.store() as held:
        example = held.examples.ids([0])[0]
    topic, body = f"example:{example}", {"task": "intent", "example": example, "text": "hello"}
    with pair.live(0, "p6") as here, pair.live(1, "p6") as there:
        for n in range(30):
            for ws in (here, there):
                say(ws, t="op", op=f"both{n}", kind="comment.add", topic=topic, body=body)
        answers = [[until(ws, "ack", "nack", op=f"both{n}") for n in range(30)] for ws in (here, there)]
    assert answers[0] == answers[1]
    assert {answer["t"] for answer in answers[0]} == {"ack"}
    with pair.store() as held:
        said = held.sql.value(sa.select(sa.func.count()).where(log.c.op.startswith("both")))
    assert said == 30


def test_who_changes_servers_while_others_write_gets_everything_once_and_in_order(pair: Pair) -> None:
    with pair.store() as held:
        example = held.examples.ids([1])[0]
    topic, body = f"example:{example}", {"task": "intent", "example": example, "text": "hello"}
    with pair.live(0, "p7") as ws:
        since = int(until(ws, "ready")["seq"])
    done = threading.Event()
    acked: list[int] = []

    def write(server: int) -> None:
        with pair.live(server, f"p{8 + server}") as ws:
            for _ in range(60):
                acked.append(operate(ws, "comment.add", topic, **body)["seq"])
                time.sleep(0.02)

    got: list[int] = []
    writers = [threading.Thread(target=write, args=[server]) for server in (0, 1)]
    for one in writers:
        one.start()
    server = 0
    while not done.is_set():
        if not any(one.is_alive() for one in writers):
            done.set()  # once more, for what is left
        with pair.live(server, "p7") as ws:
            say(ws, t="sub", topics=[topic], since={topic: got[-1] if got else since})
            for frame in _for(ws, 0.3):
                assert frame["t"] != "resync"
                if frame["t"] == "ev":
                    got.append(frame["seq"])
        server = 1 - server
    assert len(acked) == 120
    assert got == sorted(acked), "each once, in order"


def test_erasing_waits_for_the_other_servers_cycle_and_nothing_comes_back_and_webhooks_tell_of_the_cycle(
    pair: Pair,
) -> None:
    with pair.store(write=True) as held:
        asked = Override(what="target:intent/all/accuracy", value=1.0, who="ann", why="so that a cell turns")
        held.overrides.put(asked)
        steer = next(row for row in held.labels.current("intent").to_pylist() if row["part"] == "steer")
        example, row = steer["example"], steer["row"]
    text = _get(pair, 1, f"/api/examples/{example}").json()["text"]
    with receiver() as (url, got), pair.live(1, "p0") as board:
        joined(board, "board")
        assert pair.post(0, "p0", "/api/webhooks", url=url, events=["cycle", "cell"]).status_code == 201
        item = pair.next(1, "p0")["items"][0]
        assert operate(board, "answer.submit", "queue:intent", item=item["id"], value="fee")["t"] == "ack"
        assert pair.post(1, "p0", "/api/run").status_code == 200
        until(board, "ev", kind="turn", timeout=60)
        _until(lambda: (pair.root / ".adequate" / "turning").exists())
        refused = 0
        while (erased := pair.post(0, "p0", f"/api/examples/{example}/erase", confirm=example)).status_code == 503:
            refused += 1
            assert "wait" in erased.json()["remedy"]
            time.sleep(0.5)
        assert erased.status_code == 200, erased.text
        assert refused, "the other server was turning a cycle"
        turned = until(board, "ev", kind="turned", timeout=120)
        _until(lambda: _get(pair, 1, f"/api/examples/{example}").status_code == 404)
        _until(lambda: _told(got, "cycle"))
        _until(lambda: len(_told(got, "cell")) == len(turned["body"]["cells"]))
    assert files_with(pair.root, text) == []
    with pair.store() as held:
        assert held.examples.take([row])["body"].to_pylist() == [""]
        assert not [one for one in held.queue.waiting() if one.example == example]
    assert [said["cycle"] for said in _told(got, "cycle")] == [turned["body"]["cycle"]]
    assert turned["body"]["cells"], "a cell is in another state now"
    names = turned["body"]["cells"][0]
    assert [{name: said[name] for name in names} for said in _told(got, "cell")] == turned["body"]["cells"]


def _for(ws: Any, seconds: float) -> Iterator[dict[str, Any]]:
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        try:
            yield json.loads(ws.recv(left))
        except TimeoutError:
            return
    yield from heard(ws)


def _told(got: Any, event: str) -> list[dict[str, Any]]:
    bodies = [json.loads(body) for headers, body in got if headers["X-Adequate-Event"] == event]
    return [item for body in bodies for item in body["items"]]


def _get(pair: Pair, server: int, path: str) -> httpx.Response:
    headers = {"Cookie": f"adequate_{pair.servers[server].port}={pair.cookies['p0']}"}
    return pair.clients[server].get(path, headers=headers)


def _until(true: Callable[[], object], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.1)
