"""Together: agreement, skill and disputes as they are in the store."""

from __future__ import annotations

import time

from adequate.store import Event
from adequate.store.queue import QueueItem
from adequate.types import Source
from tests.studio.serving import Served


def _say(served: Served, row: int, actor: str, value: str, item: int | None = None) -> None:
    store = served.studio.store
    example = store.examples.ids([row])[0]
    store.labels.record(
        [
            Event(
                example=example,
                row=row,
                task="intent",
                value=value,
                actor=actor,
                source=Source.HUMAN,
                at=time.time(),
                kind="answer",
                item=item,
            )
        ]
    )


def test_agreement_follows_answer_by_answer(served: Served) -> None:
    for row in range(20):
        _say(served, row, "ann", "card" if row % 2 else "fee")
        _say(served, row, "bo", "card" if row % 2 else "fee")
    with served.client("reviewer") as client:
        before = client.get("/api/together/intent").json()
        assert (before["alpha"], before["shared"]) == (1.0, 20)
        _say(served, 0, "bo", "card")
        after = client.get("/api/together/intent").json()
    assert 0.8 < after["alpha"] < 1.0
    assert {one["id"]: one["answers"] for one in after["people"]} == {"ann": 20, "bo": 20}
    assert after["pairs"][0]["same"] == 0.95


def test_gold_questions_say_who_is_right_how_often(served: Served) -> None:
    store = served.studio.store
    ids = store.examples.ids(list(range(4)))
    store.queue.put(
        [QueueItem(task="intent", row=row, example=ids[row], part="teach", gold='"card"') for row in range(4)]
    )
    numbers = {of.row: of.id for of in store.queue.next("intent", "ann", 50)}
    for row, said in enumerate(["card", "card", "card", "fee"]):
        _say(served, row, "bo", "card")  # not to a gold question: it made the known answer, and measures nobody
        _say(served, row, "ann", said, item=numbers[row])
    with served.client("reviewer") as client:
        people = {one["id"]: one for one in client.get("/api/together/intent").json()["people"]}
    ann = people["ann"]
    assert people["bo"]["gold"]["asked"] == 0
    assert (ann["gold"]["right"], ann["gold"]["asked"]) == (3, 4)
    assert 0 < ann["gold"]["low"] < 0.75 < ann["gold"]["high"] < 1


def test_only_reviewers_see_who_said_what(served: Served) -> None:
    with served.client("labeller") as client:
        assert client.get("/api/together/intent").status_code == 403
    with served.client("reviewer") as client:
        assert client.get("/api/together/nothing").status_code == 404
