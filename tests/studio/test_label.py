"""Labelling: what is handed out, what becomes of answers, and what nobody must see."""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pyarrow as pa
import pyarrow.compute as pc
import pytest
import sqlalchemy as sa

from adequate.labelling import compared
from adequate.loop.answers import exported
from adequate.loop.checks.suggested import suggestion
from adequate.loop.engine import Engine
from adequate.store.schema import current_label, event, lease, queue_item
from tests.loop.projects import HARD
from tests.made import begun, mail, weightless
from tests.studio.serving import Served

TASK = "intent"
KINDS = (
    HARD
    + """
project.span("names", labels=["who", "what"], target=aq.Target(recall=0.5))
project.score("anger", target=aq.Target(accuracy=0.8))
"""
)


@pytest.fixture(scope="session")
def _hard(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("label") / "mail"
    table = mail(600)
    some = pc.if_else(pc.less(pa.array(range(600)), 240), table["intent"], pa.scalar(None, pa.string()))
    begun(root, table.set_column(table.schema.get_field_index("intent"), "intent", some), KINDS)
    with weightless(root.parent):
        Engine.open(root).run(cycles=1)
    return root


@pytest.fixture
def root(_hard: Path, tmp_path: Path) -> Path:
    """A project of one's own, with a model that is not yet good enough: much is asked."""
    return Path(shutil.copytree(_hard, tmp_path / "mail"))


@pytest.fixture
def client(served: Served) -> Iterator[httpx.Client]:
    """The owner of the project."""
    with served.client() as one:
        yield one


def following(client: httpx.Client, n: int = 10, **more: Any) -> list[dict[str, Any]]:
    answer = client.post(f"/api/queues/{TASK}/next", params={"n": n, **more})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


def operate(client: httpx.Client, kind: str, body: dict[str, Any], rev: int | None = None, op: str = "") -> Any:
    frame = {"t": "op", "op": op or uuid.uuid4().hex, "topic": f"queue:{TASK}", "kind": kind, "body": body, "rev": rev}
    answer = client.post("/api/ops", json=frame)
    assert answer.status_code == 200, answer.text
    return answer.json()


def value(served: Served, query: sa.Select[Any]) -> Any:
    return served.studio.store.sql.value(query)


def test_the_next_items_come_with_all_that_a_screen_needs(served: Served, client: httpx.Client) -> None:
    items = following(client)
    assert len(items) == 10
    assert all(item["text"] and item["why"] and item["rev"] == 0 and item["comments"] == 0 for item in items)
    assert any("suggestion" in item for item in items)
    assert value(served, sa.select(sa.func.count()).select_from(lease)) == 10


def test_an_item_of_the_sealed_part_has_no_suggestion(served: Served, client: httpx.Client) -> None:
    items = {item["id"]: item for item in following(client, 50)}
    parts = {row.id: row.part for row in served.studio.store.sql.rows(sa.select(queue_item))}
    sealed = [item for number, item in items.items() if parts[number] == "gate"]
    assert sealed
    assert not any("suggestion" in item for item in sealed)


def test_nothing_is_handed_out_of_what_is_known(served: Served, client: httpx.Client) -> None:
    served.studio.store.sql.write(lambda c: c.execute(sa.update(queue_item).values(gold=json.dumps("refund"))))
    items = following(client)
    assert items
    assert not any("gold" in item for item in items)


def test_an_answer_is_an_event_with_what_its_author_saw(served: Served, client: httpx.Client) -> None:
    item = next(item for item in following(client) if "suggestion" in item)
    said = item["suggestion"]
    body = {"item": item["id"], "value": said["label"], "saw": said, "guide": 7}
    ack = operate(client, "answer.submit", body, item["rev"])
    assert ack["t"] == "ack"
    row = served.studio.store.sql.rows(sa.select(event).where(event.c.seq == ack["seq"]))[0]
    assert (row.kind, json.loads(row.value), json.loads(row.saw), row.guide) == ("label", said["label"], said, 7)
    state = value(served, sa.select(queue_item.c.state).where(queue_item.c.id == item["id"]))
    assert state == "answered"
    assert value(served, sa.select(sa.func.count()).select_from(lease)) == 9


def test_the_same_operation_twice_is_one_answer(served: Served, client: httpx.Client) -> None:
    item = following(client)[0]
    body = {"item": item["id"], "value": client.get("/api/queues").json()["tasks"][0]["labels"][0]}
    first = operate(client, "answer.submit", body, op="again")
    assert operate(client, "answer.submit", body, op="again")["seq"] == first["seq"]


@pytest.mark.parametrize("wrong", ["no such label", None, 7, [], {"a": 1}, "", "<script>"])
def test_an_answer_outside_the_task_is_refused(served: Served, client: httpx.Client, wrong: Any) -> None:
    item = following(client)[0]
    before = value(served, sa.select(sa.func.count()).select_from(event))
    assert operate(client, "answer.submit", {"item": item["id"], "value": wrong})["t"] == "nack"
    assert value(served, sa.select(sa.func.count()).select_from(event)) == before


def test_what_was_answered_can_be_taken_back_and_is_asked_first(served: Served, client: httpx.Client) -> None:
    labels = client.get("/api/queues").json()["tasks"][0]["labels"]
    item = following(client)[3]
    operate(client, "answer.submit", {"item": item["id"], "value": labels[0]}, op="said")
    assert operate(client, "answer.undo", {"of": "said"})["t"] == "ack"
    held = sa.select(current_label.c.value).where(
        current_label.c.task == TASK, current_label.c.example == item["example"]
    )
    assert value(served, held) is None
    assert following(client)[0]["id"] == item["id"]


def test_what_was_skipped_comes_back_with_an_undo(client: httpx.Client) -> None:
    item = following(client)[0]
    operate(client, "answer.skip", {"item": item["id"]}, op="put aside")
    assert item["id"] not in [one["id"] for one in following(client, 50)]
    operate(client, "answer.undo", {"of": "put aside"})
    assert following(client)[0]["id"] == item["id"]


def test_items_given_back_are_free_at_once(served: Served, client: httpx.Client) -> None:
    items = following(client)
    client.post("/api/queues/give-back", json={"items": [item["id"] for item in items[1:]]})
    assert value(served, sa.select(lease.c.item)) == items[0]["id"]


def test_a_sweep_is_one_transaction_and_one_undo(served: Served, client: httpx.Client) -> None:
    label = next(item["suggestion"]["label"] for item in following(client, 50) if "suggestion" in item)
    items = following(client, 30, label=label)
    assert items
    assert all(item["suggestion"]["label"] == label for item in items)
    right, wrong = [item["id"] for item in items[1:]], [items[0]["id"]]
    labels = sa.select(sa.func.count()).select_from(current_label).where(current_label.c.task == TASK)
    before = value(served, labels)
    ack = operate(client, "answer.sweep", {"label": label, "right": right, "wrong": wrong}, op="swept")
    assert ack["t"] == "ack"
    assert value(served, labels) == before + len(right)
    assert following(client)[0]["id"] == wrong[0]
    assert operate(client, "answer.undo", {"of": "swept"})["t"] == "ack"
    assert value(served, labels) == before


def test_what_an_assertion_suggests_is_not_swept_with_what_the_model_says(served: Served, client: httpx.Client) -> None:
    item = next(item for item in following(client, 50) if "suggestion" in item)
    label = item["suggestion"]["label"]
    ruled = suggestion("never", label, several=False)
    served.studio.store.sql.write(
        lambda connection: connection.execute(
            sa.update(queue_item).where(queue_item.c.id == item["id"]).values(suggestion=ruled)
        ),
        "testing",
    )
    assert item["id"] not in [one["id"] for one in following(client, 50, label=label)]
    counts = {one["label"]: one["n"] for one in client.get(f"/api/queues/{TASK}/predicted").json()["labels"]}
    assert counts.get(label, 0) == len(following(client, 50, label=label))


def test_a_sweep_with_one_bad_item_changes_nothing(served: Served, client: httpx.Client) -> None:
    item = next(item for item in following(client, 50) if "suggestion" in item)
    before = value(served, sa.select(sa.func.count()).select_from(event))
    body = {"label": item["suggestion"]["label"], "right": [item["id"], 10**9], "wrong": []}
    assert operate(client, "answer.sweep", body)["t"] == "nack"
    assert value(served, sa.select(sa.func.count()).select_from(event)) == before


def test_an_answer_over_somebody_elses_is_a_conflict(served: Served, client: httpx.Client) -> None:
    labels = client.get("/api/queues").json()["tasks"][0]["labels"]
    item = following(client)[0]
    operate(client, "answer.submit", {"item": item["id"], "value": labels[0]}, op="theirs")
    served.studio.store.sql.write(
        lambda c: c.execute(sa.update(event).where(event.c.op == "theirs").values(actor="ana"))
    )
    nack = operate(client, "answer.submit", {"item": item["id"], "value": labels[1]}, rev=item["rev"])
    assert nack["t"] == "nack"
    assert (nack["current"]["value"], nack["current"]["by"]) == (labels[0], "ana")
    mine = {"task": TASK, "example": item["example"], "value": labels[1]}
    assert operate(client, "label.set", mine, rev=nack["current"]["seq"])["t"] == "ack"


def test_comments_and_flags_stand_beside_the_example(client: httpx.Client) -> None:
    item = following(client)[0]
    of = {"task": TASK, "example": item["example"]}
    ack = operate(client, "comment.add", of | {"text": "  is a partial refund a refund?  "})
    operate(client, "flag.set", of | {"on": True, "reason": "two intents"})
    said = client.get(f"/api/examples/{item['example']}/talk", params={"task": TASK}).json()
    assert [one["text"] for one in said["comments"]] == ["is a partial refund a refund?"]
    assert said["flag"]["reason"] == "two intents"
    assert client.get(f"/api/queues/{TASK}/flagged").json()["items"][0]["example"] == item["example"]
    assert following(client)[0]["comments"] == 1
    operate(client, "comment.resolve", of | {"of": ack["seq"]})
    assert following(client)[0]["comments"] == 0


def test_practice_is_on_labels_that_are_there(client: httpx.Client) -> None:
    items = client.get(f"/api/queues/{TASK}/practice").json()["items"]
    assert items
    assert all(item["text"] and item["value"] for item in items)


def test_an_example_is_opened_by_its_address(client: httpx.Client) -> None:
    item = following(client)[0]
    found = client.get(f"/api/label/{TASK}/{item['example']}").json()
    assert found["item"]["text"] == item["text"]
    assert client.get(f"/api/label/{TASK}/nothing").status_code == 404


def test_spans_are_kept_in_code_points(served: Served, client: httpx.Client) -> None:
    items = client.post("/api/queues/names/next").json()["items"]
    text = items[0]["text"]
    spans = [{"start": 0, "end": len(text), "label": "what"}, {"start": 1, "end": 3, "label": "who"}]
    assert operate(client, "answer.submit", {"item": items[0]["id"], "value": spans})["t"] == "ack"
    held = value(served, sa.select(current_label.c.value).where(current_label.c.task == "names"))
    assert [(span["start"], span["end"]) for span in json.loads(held)] == [(0, len(text)), (1, 3)]
    beyond = [{"start": 0, "end": len(items[1]["text"]) + 1, "label": "who"}]
    assert operate(client, "answer.submit", {"item": items[1]["id"], "value": beyond})["t"] == "nack"


def test_a_draft_of_spans_is_seen_by_others_until_it_is_answered(client: httpx.Client) -> None:
    item = client.post("/api/queues/names/next").json()["items"][0]
    of = {"task": "names", "example": item["example"]}
    made = {"start": 0, "end": 2, "label": "who", "id": "x"}
    operate(client, "span.put", of | {"span": made})
    operate(client, "span.put", of | {"span": made | {"id": "y"}})
    operate(client, "span.del", of | {"id": "y"})
    talk = f"/api/examples/{item['example']}/talk"
    assert client.get(talk, params={"task": "names"}).json()["drafts"] == {"owner": [made]}
    operate(client, "answer.submit", {"item": item["id"], "value": [made]})
    assert client.get(talk, params={"task": "names"}).json()["drafts"] == {}


def test_pairs_are_compared_until_they_rank(client: httpx.Client) -> None:
    asked = client.get("/api/queues/anger/pairs").json()
    assert len(asked["pairs"]) == 5
    assert all(side["text"] for pair in asked["pairs"] for side in pair)
    a, b = (side["example"] for side in asked["pairs"][0])
    operate(client, "pair.put", {"task": "anger", "a": a, "b": b, "winner": "b"}, op="one")
    scores = client.get("/api/queues/anger/scores").json()["scores"]
    assert [one["example"] for one in scores] == [b, a]
    operate(client, "answer.undo", {"of": "one"})
    assert client.get("/api/queues/anger/scores").json()["scores"] == []


def test_an_example_that_was_compared_often_enough_is_not_asked_any_more_and_its_score_is_exported(
    served: Served, client: httpx.Client, root: Path
) -> None:
    before = client.get("/api/queues/anger/pairs").json()
    for n in range(compared.ENOUGH):  # the first example meets five others
        a, b = before["pairs"][0][0]["example"], before["pairs"][(n + 1) // 2][(n + 1) % 2]["example"]
        assert operate(client, "pair.put", {"task": "anger", "a": a, "b": b, "winner": "a"}, op=f"p{n}")["t"] == "ack"
    asked = client.get("/api/queues/anger/pairs", params={"n": 20}).json()
    assert asked["waiting"] == before["waiting"] - 1
    assert asked["examples"] == before["examples"]
    with served.studio.store.sql.reading() as connection:
        query = sa.select(queue_item.c.state).where(queue_item.c.task == "anger", queue_item.c.example == a)
        assert connection.scalar(query) == "answered"
    table = exported(served.studio.store, Engine.open(root).project, ["anger"]).to_pylist()
    assert [(one["aq_id"], one["anger_compared"]) for one in table if one["anger"] > 1] == [(a, compared.ENOUGH)]
    assert len(table) == compared.ENOUGH + 1
    operate(client, "answer.undo", {"of": "p0"})
    assert client.get("/api/queues/anger/pairs").json()["waiting"] == before["waiting"]


def test_the_questions_of_one_cell_come_alone_where_it_is_named(served: Served, client: httpx.Client) -> None:
    of = sa.update(queue_item).where(queue_item.c.id % 2 == 0).values(cell="intent/all/fee/recall")
    served.studio.store.sql.write(lambda c: c.execute(of))
    cells = {one["cell"] for one in following(client, 50)}
    assert len(cells) > 1
    for cell in cells:
        assert {one["cell"] for one in following(client, 50, cell=cell)} == {cell}
    assert following(client, cell="intent/nowhere/accuracy") == []


def test_what_people_answer_differently_waits_for_a_reviewer(served: Served, client: httpx.Client) -> None:
    served.studio.store.sql.write(lambda c: c.execute(sa.update(queue_item).values(overlap=2)))
    item = following(client)[0]
    with served.client("labeller") as other:
        assert operate(client, "answer.submit", {"item": item["id"], "value": "card"})["t"] == "ack"
        assert operate(other, "answer.submit", {"item": item["id"], "value": "loan"})["t"] == "ack"
        assert other.get(f"/api/queues/{TASK}/disputed").status_code == 403
    found = client.get(f"/api/queues/{TASK}/disputed").json()["items"]
    assert [(one["by"], one["value"]) for one in found[0]["answers"]] == [("owner", "card"), ("labeller", "loan")]
    assert operate(client, "adjudicate", {"item": item["id"], "value": "fee"})["t"] == "ack"
    assert client.get(f"/api/queues/{TASK}/disputed").json()["items"] == []
    operate(client, "adjudicate", {"item": item["id"], "value": "card"}, op="settled")
    operate(client, "answer.undo", {"of": "settled"})  # it is a dispute again: nobody is left to ask
    assert len(client.get(f"/api/queues/{TASK}/disputed").json()["items"]) == 1


def test_a_blind_labeller_gets_neither_suggestion_nor_talk(served: Served, client: httpx.Client) -> None:
    served.studio.store.sql.write(lambda c: c.execute(sa.update(queue_item).values(blind=True)))
    item = following(client)[0]
    of = {"task": TASK, "example": item["example"]}
    operate(client, "comment.add", of | {"text": "surely a refund"})
    client.post("/api/queues/give-back", json={"items": [one["id"] for one in following(client, 50)]})
    with served.client("labeller") as other:
        items = following(other, 50)
        assert item["example"] in {one["example"] for one in items}
        assert not any("suggestion" in one or one["comments"] or one["rev"] for one in items)
        talk = other.get(f"/api/examples/{item['example']}/talk", params={"task": TASK}).json()
        assert talk == {"comments": [], "flag": None, "drafts": {}}
        assert other.get(f"/api/label/{TASK}/{items[-1]['example']}").status_code == 403


def test_a_page_that_goes_gives_back_nothing_that_another_took_since(served: Served, client: httpx.Client) -> None:
    first = client.post(f"/api/queues/{TASK}/next").json()
    again = client.post(f"/api/queues/{TASK}/next").json()  # the page was loaded anew
    ids = [item["id"] for item in first["items"]]
    client.post("/api/queues/give-back", json={"items": ids, "until": first["until"]})
    assert value(served, sa.select(sa.func.count()).select_from(lease)) == 10
    client.post("/api/queues/give-back", json={"items": ids, "until": again["until"]})
    assert value(served, sa.select(sa.func.count()).select_from(lease)) == 0


def test_a_labeller_is_not_told_what_another_said_of_a_sealed_example(served: Served, client: httpx.Client) -> None:
    served.studio.store.sql.write(lambda c: c.execute(sa.update(queue_item).values(part="gate")))
    item = following(client)[0]
    operate(client, "answer.submit", {"item": item["id"], "value": "card"})
    with served.client("labeller") as other:
        said = operate(other, "answer.submit", {"item": item["id"], "value": "loan"}, rev=0)
    assert said["t"] == "ack"
    assert operate(client, "answer.submit", {"item": item["id"], "value": "fee"}, rev=0)["t"] == "nack"


def test_where_several_are_asked_one_labellers_word_outside_the_queue_is_no_label(served: Served) -> None:
    with served.client("engineer") as engineer:
        body = {"task": TASK, "overlap": 2, "why": "to see how far we agree"}
        assert operate(engineer, "queue.policy", body)["t"] == "ack"
    example = served.studio.store.examples.ids([0])[0]
    said = {"task": TASK, "example": example, "value": "fee"}
    with served.client("labeller") as labeller, served.client("reviewer") as reviewer:
        refused = operate(labeller, "label.set", said)
        assert refused["t"] == "nack"
        assert "several people" in refused["why"]
        assert operate(reviewer, "label.set", said)["t"] == "ack"
