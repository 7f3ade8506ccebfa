"""Releases change places under load."""

from __future__ import annotations

import asyncio
import shutil
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from adequate.bundles import Bundle, write
from adequate.bundles.written import amend
from adequate.errors import SpecError, StoreError
from adequate.serving import swap
from adequate.serving.app import App
from adequate.serving.limits import Limits, RequestError
from adequate.serving.metrics import Metrics
from adequate.serving.swap import EVERY, Serving, Swap, Wanted, following
from tests.bundles.made import heads, words
from tests.serving.running import JSON, Running, serving


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle of words only, with the same tasks."""
    block = words()
    return write(tmp_path_factory.mktemp("other"), project="mail", text="body", blocks=[block], heads=heads([block]))


@pytest.fixture
def running(opened: Bundle, tmp_path: Path) -> Iterator[tuple[Running, Path]]:
    """A server of what a link names."""
    link = tmp_path / "current"
    link.symlink_to(opened.folder)
    with serving(link, "--threads", "1") as server:
        yield server, link


def point(link: Path, folder: Path) -> None:
    new = link.with_name("new")
    new.symlink_to(folder)
    new.replace(link)


def until(server: Running, release: str) -> None:
    end = time.monotonic() + 60
    while server.release() != release:
        assert time.monotonic() < end
        time.sleep(0.05)


def test_not_one_request_is_dropped(running: tuple[Running, Path], opened: Bundle, other: Path) -> None:
    server, link = running
    over, found, lost = threading.Event(), set(), []

    def client() -> None:
        with closing(server.connect()) as connection:
            while not over.is_set():
                try:
                    connection.request("POST", "/predict", b'{"texts": ["a card", "a loan"]}', JSON)
                    answer = connection.getresponse()
                    assert (answer.status, len(answer.read()) > 0) == (200, True)
                    found.add(answer.headers["x-adequate-release"])
                except Exception as error:  # whatever it is, a request was lost
                    lost.append(error)
                    return

    threads = [threading.Thread(target=client) for _ in range(8)]
    for thread in threads:
        thread.start()
    for folder in (other, opened.folder, other):
        point(link, folder)
        until(server, folder.name)
    over.set()
    for thread in threads:
        thread.join()
    assert not lost
    assert found == {opened.id, other.name}


def test_a_bundle_that_is_broken_changes_nothing_and_is_said(
    running: tuple[Running, Path], opened: Bundle, other: Path, tmp_path: Path
) -> None:
    server, link = running
    broken = shutil.copytree(other, tmp_path / other.name)
    next((broken / "heads").iterdir()).write_bytes(b"no longer")
    point(link, broken)
    end = time.monotonic() + 60
    while not (said := server.ask("GET", "/health").json())["trouble"]:
        assert time.monotonic() < end
    assert said["release"] == opened.id
    assert server.predict(text="a").status == 200
    assert server.count("trouble") == 1
    shutil.rmtree(broken)
    shutil.copytree(other, broken)
    server.process.send_signal(signal.SIGHUP)  # now it is whole: look again
    until(server, other.name)
    assert server.ask("GET", "/health").json()["trouble"] == ""


def test_a_rule_of_abstention_that_is_amended_holds_from_then_on(other: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(other, tmp_path / other.name)
    swap = Swap(following(folder), Metrics())
    swap.start()
    try:
        first = swap.now.all
        assert first.bundle.abstained({}, first.bundle.answer(["a card"]).outputs) == {}
        amend(folder, abstain={"intent": {"threshold": 1.0}})
        while swap.now.all is first:
            time.sleep(0.01)
        new = swap.now.all
        assert new.name == first.name
        assert new.bundle.abstained({}, new.bundle.answer(["a card"]).outputs)["intent"].tolist() == [True]
    finally:
        swap.close()


def test_what_cannot_be_recorded_as_it_says_does_not_serve_and_that_stays_known(opened: Bundle, other: Path) -> None:
    def changed(now: Serving) -> None:
        if now.all.name == other.name:
            raise SpecError("'[' is no pattern")

    folder = [opened.folder]
    swap = Swap(lambda: Wanted(all=folder[0]), Metrics(), changed=changed)
    swap.start()
    try:
        folder[0] = other
        while not swap.trouble:
            time.sleep(0.01)
        time.sleep(3 * EVERY)
        assert (swap.now.all.name, swap.trouble) == (opened.id, "'[' is no pattern")
        folder[0] = opened.folder
        while swap.trouble:
            time.sleep(0.01)
    finally:
        swap.close()


def test_a_body_counts_as_held_until_it_is_answered(opened: Bundle) -> None:
    app = App(Swap(lambda: Wanted(all=opened.folder), Metrics()), Metrics(), limits=Limits(held=100))

    async def received() -> dict[str, Any]:
        return {"type": "http.request", "body": b"x" * 60}

    async def asked() -> None:
        first = await app.body({}, received)
        with pytest.raises(RequestError, match="more waits"):
            await app.body({}, received)
        app.answered(first)
        assert await app.body({}, received) == first

    asyncio.run(asked())


def test_a_share_of_requests_goes_to_another_release_and_a_lost_store_changes_nothing(
    opened: Bundle, other: Path
) -> None:
    away = [False]
    wanted = [Wanted(all=opened.folder)]

    def poll() -> Wanted:
        if away[0]:
            raise StoreError("the store is away")
        return wanted[0]

    swap = Swap(poll, Metrics())
    swap.start()
    try:
        first = swap.now.all
        wanted[0] = Wanted(all=opened.folder, share=(other, 0.25))
        while swap.now.share is None:
            time.sleep(0.01)
        assert swap.now.all is first  # nothing is opened twice
        names = [swap.now.pick(str(i)).name for i in range(2_000)]
        assert names == [swap.now.pick(str(i)).name for i in range(2_000)]
        assert 0.2 < names.count(other.name) / 2_000 < 0.3
        away[0] = True
        while not swap.trouble:
            time.sleep(0.01)
        assert swap.now.share is not None
        away[0] = False
        while swap.trouble:
            time.sleep(0.01)
    finally:
        swap.close()


def test_a_store_that_hangs_is_told_and_keeps_nobody_from_ending(other: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(swap, "LATE", 0.2)
    monkeypatch.setattr(swap, "GRACE", 0.2)
    answers = threading.Event()
    answers.set()

    def poll() -> Wanted:
        answers.wait()
        return Wanted(all=other)

    one = Swap(poll, Metrics())
    one.start()
    answers.clear()
    deadline = time.monotonic() + 10
    while not one.trouble and time.monotonic() < deadline:
        time.sleep(0.02)
    assert "what should serve" in one.trouble
    assert one.now.all.name == Bundle.open(other).id
    began = time.monotonic()
    one.close()
    assert time.monotonic() - began < 5
    answers.set()
