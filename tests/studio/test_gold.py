"""Gold questions: nothing that a labeller is sent, before or after an answer, tells which they are."""

from __future__ import annotations

import json
import time
import uuid
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from websockets.sync.client import ClientConnection

from adequate.store.schema import queue_item
from tests.studio.serving import Served
from tests.studio.tabs import heard, joined, operate
from tests.studio.test_label import TASK, _hard, following, root  # noqa: F401 (fixtures)

ALIKE = 0.8  # the balanced accuracy of the best rule on one field; chance reaches some .65 with 50 questions
PLACE = (".row", ".number", "[].seq", "[].at")  # of an example, and of the labels that came with it


@pytest.fixture
def golden(served: Served) -> Served:
    """A studio whose task is asked with gold questions, as its engineer has just said."""
    body = {"task": TASK, "overlap": 1, "blind": False, "suggestions": True, "gold": 0.3, "why": "how well?"}
    with served.live("engineer") as ws:
        assert operate(ws, "queue.policy", f"queue:{TASK}", **body)["t"] == "ack"
    for _ in range(600):
        if _gold(served):
            break
        time.sleep(0.1)
    return served


def _gold(served: Served) -> set[int]:
    query = sa.select(queue_item.c.id).where(queue_item.c.gold.is_not(None), queue_item.c.state == "waiting")
    return {row.id for row in served.studio.store.sql.rows(query)}


def _flat(name: str, said: Any) -> dict[str, Any]:
    """The fields of something that was sent: {path: value}, lists by their length and by what is in them."""
    if isinstance(said, dict):
        return {key: value for one in said for key, value in _flat(f"{name}.{one}", said[one]).items()}
    if isinstance(said, list):
        inner = {key: value for one in said for key, value in _flat(f"{name}[]", one).items()}
        return {f"{name}#": len(said), **inner}
    return {name: said}


def _all_of_it(client: httpx.Client, ws: ClientConnection, item: dict[str, Any]) -> dict[str, Any]:
    """All that a labeller gets to see about one question: asked, answered, taken back and answered again."""
    example, topic = item["example"], f"example:{item['example']}"

    def counted() -> dict[str, Any]:
        [of] = [of for of in client.get("/api/queues").json()["tasks"] if of["task"] == TASK]
        cell = next((one for one in of["cells"] if one["cell"] == item["cell"]), {"answered": 0, "waiting": 0})
        swept = client.get(f"/api/queues/{TASK}/predicted").json()["labels"]
        session = client.get("/api/session").json()["waiting"][TASK]
        return {"waiting": of["waiting"], "session": session, "cell": cell, "swept": sum(one["n"] for one in swept)}

    def looked() -> dict[str, Any]:
        return {
            path: client.get(path.format(example), params=params).json()
            for path, params in (
                ("/api/examples/{}", {}),
                ("/api/examples/{}/chip", {}),
                ("/api/examples/{}/talk", {"task": TASK}),
                ("/api/label/" + TASK + "/{}", {}),
                ("/api/events", {"topic": topic}),
            )
        }

    joined(ws, topic, since={topic: 0})
    label = item.get("suggestion", {}).get("label", "refund")
    seen: dict[str, Any] = {"item": item, "counted": [before := counted()], "before": looked()}
    for turn in ("first", "again"):
        name = uuid.uuid4().hex
        ack = operate(ws, "answer.submit", topic, op=name, item=item["id"], value=label)
        seen[turn] = {"ack": ack, "looked": looked(), "told": heard(ws), "moved": _moved(before, counted())}
        if turn == "first":
            back = operate(ws, "answer.undo", topic, of=name)
            seen["back"] = {"ack": back, "looked": looked(), "told": heard(ws), "moved": _moved(before, counted())}
    refused = operate(ws, "label.set", topic, task=TASK, example=example, value=label)
    del seen["counted"]
    return seen | {"set": refused}


def _moved(before: dict[str, Any], now: dict[str, Any]) -> dict[str, Any]:
    old, new = _flat("", before), _flat("", now)
    return {name: new[name] - old[name] for name in new if isinstance(new[name], int)}


def _best(values: list[Any], gold: list[bool]) -> float:
    """The balanced accuracy of the best rule on one field: one value, or a threshold of a number or a length."""

    def score(picked: list[bool]) -> float:
        hits = sum(p and g for p, g in zip(picked, gold, strict=True)) / sum(gold)
        alarms = sum(p and not g for p, g in zip(picked, gold, strict=True)) / (len(gold) - sum(gold))
        return max(0.5 + (hits - alarms) / 2, 0.5 - (hits - alarms) / 2)

    rules = [[value == one for value in values] for one in {json.dumps(value): value for value in values}.values()]
    sizes = [len(value) if isinstance(value, str) else value for value in values]
    numbers = [size if isinstance(size, int | float) else -1 for size in sizes]
    rules += [[number >= least for number in numbers] for least in set(numbers)]
    return max(map(score, rules))


def test_no_field_of_any_frame_or_response_tells_a_gold_question(golden: Served) -> None:
    gold = _gold(golden)
    assert gold
    with golden.client("labeller", "ann") as client, golden.live("labeller", "ann") as ws:
        joined(ws, "board", f"queue:{TASK}")
        items = following(client, n=50)
        known = [item["id"] in gold for item in items]
        assert 5 < sum(known) < len(known) - 5
        flat = [_flat("", _all_of_it(client, ws, item)) for item in items]
    kinds: dict[bool, set[tuple[str, str]]] = {False: set(), True: set()}
    for one, is_gold in zip(flat, known, strict=True):
        kinds[is_gold] |= {(name, type(value).__name__) for name, value in one.items()}
    assert kinds[True] <= kinds[False]
    names = sorted({name for one in flat for name in one})
    told = {name: round(_best([one.get(name) for one in flat], known), 2) for name in names}
    # Where an example stands in the data is the data's: here all that came with a label stand first.
    known_by = {name: score for name, score in told.items() if score >= ALIKE and not name.endswith(PLACE)}
    assert known_by == {}


def test_a_gold_question_is_swept_as_the_others_are(golden: Served) -> None:
    gold = _gold(golden)
    with golden.client("labeller", "ann") as client:
        labels = [one["label"] for one in client.get(f"/api/queues/{TASK}/predicted").json()["labels"]]
        swept = {item["id"] for label in labels for item in following(client, n=50, label=label)}
        plain = {item["id"] for item in following(client, n=50) if "suggestion" in item}
    assert plain & gold
    assert plain <= swept


def test_what_others_said_of_a_gold_question_is_nowhere_to_be_looked_up(golden: Served) -> None:
    query = sa.select(queue_item.c.example).where(queue_item.c.gold.is_not(None)).limit(1)
    example = golden.studio.store.sql.value(query)
    with golden.client("labeller", "ann") as ann, golden.client("reviewer") as eve:
        assert eve.get(f"/api/examples/{example}").json()["labels"][TASK]
        assert TASK not in ann.get(f"/api/examples/{example}").json()["labels"]
        assert ann.get("/api/search", params={"q": "label:refund"}).status_code == 403
        assert ann.get(f"/api/label/{TASK}/{example}").status_code == 403
