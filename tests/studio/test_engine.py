"""The loop beside the server: it turns when it is due, says what it does, takes nothing from under anybody."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from adequate.loop.engine import Engine
from adequate.store import Override
from tests.studio.serving import serving
from tests.studio.tabs import joined, operate, until


def test_after_enough_labels_a_cycle_turns_by_itself_and_the_board_is_told(root: Path) -> None:
    with Engine.open(root).store(write=True) as store:
        store.overrides.put(Override(what="setting:refit_after", value=3, who="ann", why="to see it"))
    with serving(root, automatic=True) as served, served.live() as ws:
        before = len(served.studio.store.models.list())
        joined(ws, "board")
        items = served.studio.store.queue.next("intent", "owner", 3)
        for item in items:
            assert operate(ws, "answer.submit", "board", item=item.id, value="fee")["t"] == "ack"
        step = until(ws, "ev", kind="turn", timeout=60)
        turned = until(ws, "ev", kind="turned", timeout=120)
        with served.client() as client:
            state = client.get("/api/run").json()
    assert step["body"]["running"] is True
    assert turned["by"] == "engine"
    assert turned["seq"] > 0
    assert turned["body"]["outcome"] in ("passed", "blocked", "needs_labels")
    assert (state["fresh"], state["failure"]) == (0, None)
    with Engine.open(root).store() as store:
        assert len(store.models.list()) == before + 1


def test_what_somebody_holds_stays_theirs_while_the_queue_is_filled_anew(root: Path) -> None:
    with serving(root) as served, served.live() as ws, served.client() as client:
        queue = served.studio.store.queue
        held = queue.next("intent", "owner", 4)
        rest = {item.id for item in queue.waiting("intent")} - {item.id for item in held}
        joined(ws, "board")
        assert operate(ws, "answer.submit", "board", item=held[0].id, value="fee")["t"] == "ack"
        assert client.post("/api/run").is_success
        assert client.post("/api/run").status_code == 503
        until(ws, "ev", kind="turned", timeout=120)
        waiting = {item.id: item.example for item in queue.waiting("intent")}
        assert {item.id: item.example for item in held[1:]}.items() <= waiting.items()
        assert rest - waiting.keys(), "of the rest some were withdrawn"
        assert not {item.id for item in queue.next("intent", "ben", 500)} & {item.id for item in held}
        assert operate(ws, "answer.submit", "board", item=held[1].id, value="fee")["t"] == "ack"


def test_a_cycle_that_fails_is_said_and_not_tried_again_at_once(root: Path) -> None:
    with serving(root, automatic=True) as served, served.live() as ws, served.client() as client:
        joined(ws, "board")
        (root / "project.py").write_text("import nowhere_to_be_found\n")
        served.studio.engine.ask()
        failed = until(ws, "ev", kind="turn", timeout=60)
        while failed["body"]["failure"] is None:
            failed = until(ws, "ev", kind="turn", timeout=60)
        state = client.get("/api/run").json()
    assert "nowhere_to_be_found" in failed["body"]["failure"]["message"]
    assert state["running"] is False


def test_a_cycle_ends_with_the_server_and_is_taken_up_again(root: Path) -> None:
    with Engine.open(root).store(write=True) as store:
        item = store.queue.waiting("intent")[0]
        _label(store, item)
        begun = store.journal.last()
    command = [sys.executable, "-m", "adequate.studio.turn", str(root)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdin is not None
    for line in process.stdout:
        if '"step": "predict"' in line:
            break
    process.stdin.close()  # as when the server dies
    assert process.wait(60) == 3
    process.stdout.close()
    with Engine.open(root).store() as store:
        half = store.journal.last()
    assert begun is not None
    assert half is not None
    assert half.cycle == begun.cycle + 1
    assert not half.ended
    with serving(root, automatic=True) as served, served.live() as ws:
        joined(ws, "board")
        turned = until(ws, "ev", kind="turned", timeout=120)
    assert turned["body"]["cycle"] == half.cycle


def test_two_cycles_never_turn_at_once(root: Path) -> None:
    command = [sys.executable, "-m", "adequate.studio.turn", str(root)]
    with Engine.open(root).store(write=True) as store:
        _label(store, store.queue.waiting("intent")[0])
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    first = subprocess.Popen(command, **pipes)  # type: ignore[call-overload]
    first.stdout.readline()
    os.kill(first.pid, signal.SIGSTOP)  # at work, however long the second takes to start
    second = subprocess.Popen(command, **pipes)  # type: ignore[call-overload]
    said = second.stdout.read()
    assert second.wait(60) == 1
    assert "BusyError" in said
    os.kill(first.pid, signal.SIGKILL)
    for process in (first, second):
        process.wait()
        process.stdin.close()
        process.stdout.close()


def _label(store: object, item: object) -> None:
    from adequate.store import Event
    from adequate.types import Source

    event = Event(
        example=item.example,  # type: ignore[attr-defined]
        row=item.row,  # type: ignore[attr-defined]
        task="intent",
        value="fee",
        actor="ann",
        source=Source.HUMAN,
        at=time.time(),
    )
    store.labels.record([event])  # type: ignore[attr-defined]
