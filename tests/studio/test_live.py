"""The live protocol: operations are acknowledged after their commit, events reach whoever listens, in order."""

from __future__ import annotations

import json
import threading
import time
import uuid
from pathlib import Path
from typing import Any

import pytest

from adequate.store import QueueItem
from adequate.studio.live import pace, sockets
from tests.studio.serving import Served, serving
from tests.studio.tabs import closing, comment, heard, joined, operate, say, until


@pytest.fixture
def items(served: Served) -> list[QueueItem]:
    """What waits to teach the task `intent`."""
    return [item for item in served.studio.store.queue.waiting("intent") if item.part == "teach"]


def test_an_answer_is_acknowledged_with_its_number_and_reaches_whoever_has_the_example_open(
    served: Served, items: list[QueueItem]
) -> None:
    topic = f"example:{items[0].example}"
    with served.live("labeller") as ann, served.live("labeller", "ben") as ben:
        joined(ben, topic)
        answer = operate(ann, "label.set", topic, task="intent", example=items[0].example, value="fee")
        event = until(ben, "ev")
    assert answer["t"] == "ack", answer
    assert (event["seq"], event["by"], event["kind"]) == (answer["seq"], "labeller", "label")
    assert event["body"]["value"] == "fee"
    assert served.studio.store.labels.history(items[0].example)[-1][0] == answer["seq"]


def test_ready_says_who_one_is_and_what_is_served(served: Served) -> None:
    with served.live("reviewer") as ws:
        ready = json.loads(ws.recv(60))
    assert (ready["t"], ready["you"], ready["role"]) == ("ready", "reviewer", "reviewer")
    assert ready["build"]
    assert 0 < ready["seq"] <= served.studio.hub.told


def test_the_same_operation_again_gets_the_same_answer_and_happens_once_also_after_a_restart(root: Path) -> None:
    with serving(root) as served:
        item = served.studio.store.queue.waiting("intent")[0]
        said = {"task": "intent", "example": item.example, "value": "fee"}
        with served.live() as ws:
            topic = f"example:{item.example}"
            first = operate(ws, "label.set", topic, "once", **said)
            assert operate(ws, "label.set", topic, "once", **said) == first
    with serving(root) as served, served.live() as ws:
        before = len(served.studio.store.labels.history(item.example))
        assert operate(ws, "label.set", topic, "once", **said) == first
        assert len(served.studio.store.labels.history(item.example)) == before
        with served.live("reviewer") as other:
            theirs = operate(other, "label.set", topic, "once", **said)
    assert theirs["t"] == "nack"
    assert "somebody else" in theirs["why"]


def test_many_operations_at_once_are_answered_in_the_order_of_each_tab_and_numbered_without_a_gap(
    served: Served, items: list[QueueItem]
) -> None:
    answers: dict[str, list[dict[str, Any]]] = {}

    def work(name: str) -> None:
        with served.live("labeller", name) as ws:
            for i in range(50):
                said = {"task": "intent", "example": items[0].example, "text": f"{name} {i}"}
                say(ws, t="op", op=f"{name}-{i}", kind="comment.add", topic=f"example:{items[0].example}", body=said)
            answers[name] = [until(ws, "ack") for _ in range(50)]

    for name in ("ann", "ben", "cyd", "dan"):
        served.signed_in("labeller", name)
    with served.live() as ws:
        before = _last(served)
        joined(ws, f"example:{items[0].example}")
        workers = [threading.Thread(target=work, args=[name]) for name in ("ann", "ben", "cyd", "dan")]
        for one in workers:
            one.start()
        for one in workers:
            one.join()
        told = [frame for frame in heard(ws) if frame["t"] == "ev"]
    for name, got in answers.items():
        assert [one["op"] for one in got] == [f"{name}-{i}" for i in range(50)]
        seqs = [one["seq"] for one in got]
        assert sorted(seqs) == seqs
    assert [frame["seq"] for frame in told] == list(range(before + 1, before + 201))


def test_one_refused_operation_among_many_leaves_nothing_and_the_others_hold(
    served: Served, items: list[QueueItem]
) -> None:
    topic = f"example:{items[0].example}"
    with served.live() as ws:
        for i in range(20):
            value = "no such label" if i == 7 else "fee"
            body = {"task": "intent", "example": items[i].example, "value": value}
            say(ws, t="op", op=f"o{i}", kind="label.set", topic=topic, body=body)
        answers: dict[str, dict[str, Any]] = {}
        while len(answers) < 20:
            frame = json.loads(ws.recv(10))
            if frame["t"] in ("ack", "nack"):
                answers[frame["op"]] = frame
    assert [op for op, answer in answers.items() if answer["t"] == "nack"] == ["o7"]
    assert answers["o7"]["again"] is False
    assert not [event for _, event in served.studio.store.labels.history(items[7].example) if event.op == "o7"]


def test_a_tab_that_comes_back_gets_what_it_missed_in_order_then_what_is_new(
    served: Served, items: list[QueueItem]
) -> None:
    topic = f"example:{items[0].example}"
    with served.live() as ws:
        for text in "abc":
            operate(ws, "comment.add", topic, task="intent", example=items[0].example, text=text)
        first = served.studio.store.labels.history(items[0].example)[-3][0]
        with served.live("reviewer") as back:
            say(back, t="sub", topics=[topic], since={topic: first})
            operate(ws, "comment.add", topic, task="intent", example=items[0].example, text="d")
            got = [until(back, "ev")["body"]["value"]["text"] for _ in range(3)]
    assert got == ["b", "c", "d"]


def test_who_missed_too_much_is_told_to_read_anew(served: Served, items: list[QueueItem]) -> None:
    topic = f"example:{items[0].example}"
    served.studio.store.labels.record([comment(items[0], str(i)) for i in range(501)])
    with served.live() as ws:
        time.sleep(1.5)  # until the server has found what another program wrote
        say(ws, t="sub", topics=[topic], since={topic: 0})
        frames = [json.loads(ws.recv(60)) for _ in range(2)]
        assert until(ws, "subbed")
    assert {"t": "resync", "topic": topic} in frames


def test_events_that_another_process_recorded_are_told_too(served: Served, items: list[QueueItem]) -> None:
    with served.live() as ws:
        joined(ws, f"example:{items[0].example}")
        served.studio.store.labels.record([comment(items[0], "from elsewhere")])
        assert until(ws, "ev")["body"]["value"] == {"text": "from elsewhere"}


def test_presence_is_told_to_those_who_are_there_and_ends_with_the_tab(served: Served, items: list[QueueItem]) -> None:
    topic = f"example:{items[0].example}"
    with served.live("owner") as ann:
        joined(ann, topic)
        with served.live("reviewer") as ben:
            say(ben, t="seen", at={"example": items[0].example, "range": [3, 9]})
            who = until(ann, "presence", topic=topic)["who"]
            while not who:
                who = until(ann, "presence", topic=topic)["who"]
            assert who == [{"id": "reviewer", "name": "Reviewer", "at": {"example": items[0].example, "range": [3, 9]}}]
        before = _last(served)
        assert until(ann, "presence", topic=topic, who=[])
    assert _last(served) == before  # nothing of it was stored


def test_presence_of_a_hand_that_never_rests_is_told_ten_times_a_second_at_most(
    served: Served, items: list[QueueItem]
) -> None:
    topic = f"example:{items[0].example}"
    with served.live("owner") as ann, served.live("reviewer") as ben:
        joined(ann, topic)
        heard(ann)
        for i in range(300):
            say(ben, t="seen", at={"example": items[0].example, "range": [0, i]})
            time.sleep(1 / 300)
        until(ann, "presence", who=[{"id": "reviewer", "name": "Reviewer", "at": {**_at(items[0]), "range": [0, 299]}}])
        assert len(heard(ann)) <= 1
        # the frames before the last one were passed over by `until`; the ticks bound them


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("not json", 4400),
        ("[1]", 4400),
        ('{"t": "fly"}', 4400),
        ('{"t": "sub", "topics": ["nonsense"]}', 4400),
        ('{"t": "sub", "topics": ["board"], "since": {"board": -1}}', 4400),
        ('{"t": "op", "kind": "comment.add"}', 4400),
        ("[" * 100_000, 4400),
        ('{"t": "ping", "x": "' + "x" * 1_100_000 + '"}', 1009),
    ],
)
def test_a_frame_that_is_not_of_the_protocol_ends_the_socket_with_a_reason(
    served: Served, text: str, code: int
) -> None:
    with served.live() as ws:
        ws.send(text)
        assert closing(ws) == code


@pytest.mark.parametrize(
    ("frame", "why"),
    [
        ({"kind": "comment.add", "topic": "board", "body": {"text": "x" * 70_000}}, "64,000 bytes"),
        ({"kind": "no.such", "topic": "board", "body": {}}, "no operation 'no.such'"),
        ({"kind": "comment.add", "topic": "elsewhere", "body": {}}, "one of the topics"),
        ({"kind": "comment.add", "topic": "board", "body": [1]}, "object"),
        ({"kind": "comment.add", "topic": "board", "body": {}, "rev": "now"}, "rev"),
    ],
)
def test_an_operation_that_can_not_be_is_refused_by_its_name_so_that_nobody_sends_it_for_ever(
    served: Served, frame: dict[str, object], why: str
) -> None:
    with served.live() as ws:
        say(ws, t="op", op="bad", **frame)
        answer = until(ws, "nack", op="bad")
        heard(ws)  # the socket lives: else this raises
    assert why in answer["why"]
    assert answer["again"] is False


def test_who_asks_too_fast_for_too_long_is_slowed_down(
    served: Served, items: list[QueueItem], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "AT_ONCE", 20.0)
    monkeypatch.setattr(pace, "A_SECOND", 0.001)
    body = {"task": "intent", "example": items[0].example, "text": "x"}
    with served.live("labeller") as ws:
        for i in range(30):
            say(ws, t="op", op=f"n{i}", kind="comment.add", topic="board", body=body)
        answers: list[dict[str, Any]] = []
        while len(answers) < 30:
            frame = json.loads(ws.recv(20))
            answers += [frame] if frame["t"] in ("ack", "nack") else []
    slow = [frame for frame in answers if frame["t"] == "nack"]
    assert len(slow) == 10
    assert "slow down" in slow[0]["why"]
    assert slow[0]["again"] is True


def test_a_tab_that_does_not_read_is_let_go_and_holds_up_nobody(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "BEHIND", 50)
    hub = served.studio.hub
    with served.live("reviewer", max_queue=1) as slow, served.live() as ws:
        joined(slow, "run")
        joined(ws, "board")
        for _ in range(200):
            hub.loop.call_soon_threadsafe(hub.tell, "run", "much", {"text": "x" * 100_000})
        assert until(ws, "ev", kind="counts")
        assert closing(slow) == 4008


def test_who_loses_their_role_is_told_so_and_let_go(served: Served) -> None:
    with served.live("labeller") as ws, served.client() as owner:
        heard(ws)
        assert owner.put("/api/people/labeller/role", json={"role": "viewer"}).is_success
        assert until(ws, "bye")["why"]
        assert closing(ws) == 4401


def test_the_board_counts_labels_and_what_waits(served: Served, items: list[QueueItem]) -> None:
    store = served.studio.store
    with served.live() as ws:
        joined(ws, "board")
        before = until(ws, "ev", kind="counts")["body"]
        answer = operate(ws, "answer.submit", "queue:intent", item=items[0].id, value="fee")
        assert answer["t"] == "ack", answer
        after = until(ws, "ev", kind="counts")["body"]
    assert after["labels"]["intent"] == before["labels"]["intent"] + 1 == store.labels.current("intent").num_rows
    assert after["waiting"]["intent"] == before["waiting"]["intent"] - 1


def test_operations_and_events_are_had_over_http_too(served: Served, items: list[QueueItem]) -> None:
    topic = f"example:{items[0].example}"
    said = {"task": "intent", "example": items[0].example, "text": "hello"}
    frame = {"op": uuid.uuid4().hex, "kind": "comment.add", "topic": topic, "body": said}
    with served.client() as client:
        answer = client.post("/api/ops", json=frame)
        assert answer.is_success, answer.text
        ack = answer.json()
        assert client.post("/api/ops", json=frame).json() == ack
        several = client.post("/api/ops", json=[frame, {**frame, "op": "x", "kind": "no.such"}]).json()
        page = client.get("/api/events", params={"topic": topic, "since": ack["seq"] - 1}).json()
        wrong = client.post("/api/ops", content=b"{")
    assert [one["t"] for one in several] == ["ack", "nack"]
    assert [event["op"] for event in page["events"]] == [frame["op"]]
    assert (page["seq"], page["more"], page["resync"]) == (served.studio.hub.told, False, False)
    assert wrong.status_code == 422


def _at(item: QueueItem) -> dict[str, str]:
    return {"example": item.example}


def _last(served: Served) -> int:
    from adequate.studio.live import past

    with served.studio.store.sql.reading() as connection:
        return past.last(connection)
