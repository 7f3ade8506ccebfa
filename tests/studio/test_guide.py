"""The guide: sections two people write, decisions, questions, and what must be looked at again."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from adequate.store import Event
from adequate.store.schema import current_label, guide_section, queue_item
from adequate.types import Source
from tests.studio.serving import Served

EVIL = "<script>alert(1)</script> **bold** \x07 \u202e \U0001f600 [x](javascript:alert(1))"


@pytest.fixture
def owner(served: Served) -> Iterator[httpx.Client]:
    with served.client() as one:
        yield one


def do(client: httpx.Client, kind: str, rev: int | None = None, topic: str = "guide:intent", **body: Any) -> Any:
    frame = {"t": "op", "op": uuid.uuid4().hex, "topic": topic, "kind": kind, "rev": rev}
    answered = client.post("/api/ops", json=frame | {"body": {"task": "intent", **body}})
    assert answered.status_code == 200, answered.text
    return answered.json()


def put(client: httpx.Client, markdown: str, rev: int | None = None, name: str = "general") -> Any:
    return do(client, "guide.put", rev, id=name, title="In general", markdown=markdown)


def guide(client: httpx.Client) -> Any:
    return client.get("/api/guides/intent").json()


def labelled(served: Served, label: str = "card", n: int = 3) -> list[Any]:
    query = sa.select(current_label).where(current_label.c.task == "intent", current_label.c.value == f'"{label}"')
    return list(served.studio.store.sql.rows(query.limit(n)))


def test_a_section_is_written_and_read_with_its_revision(owner: httpx.Client) -> None:
    assert guide(owner)["rev"] == 0
    ack = put(owner, EVIL)
    shown = guide(owner)
    (section,) = shown["sections"]
    assert (section["markdown"], section["rev"], shown["rev"]) == (EVIL, ack["rev"], ack["rev"])
    assert put(owner, "better", section["rev"])["t"] == "ack"
    assert {one["task"]: one["rev"] > 0 for one in owner.get("/api/guides").json()["guides"]}["intent"]


def test_whoever_writes_over_another_is_shown_theirs(served: Served, owner: httpx.Client) -> None:
    rev = put(owner, "one")["rev"]
    with served.client("reviewer") as other:
        assert put(other, "two", rev)["t"] == "ack"
    refused = put(owner, "three", rev)
    assert refused["t"] == "nack"
    assert refused["why"] == "this section was changed by reviewer since you opened it"
    assert (refused["current"]["markdown"], refused["current"]["actor"]) == ("two", "reviewer")
    assert put(owner, "two and three", refused["current"]["rev"])["t"] == "ack"
    assert put(owner, "again", None)["t"] == "nack"
    assert put(owner, "new", 99, name="other")["current"] == {"rev": 0}


def test_a_section_is_taken_away_and_the_guide_is_a_newer_one(served: Served, owner: httpx.Client) -> None:
    rev = put(owner, "one")["rev"]
    assert do(owner, "guide.del", rev, id="general")["t"] == "ack"
    assert guide(owner)["sections"] == []
    assert guide(owner)["rev"] > rev
    assert served.studio.store.sql.value(sa.select(sa.func.count()).select_from(guide_section)) == 0


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"id": "a", "title": "a", "markdown": "x" * 50_001}, "at most 50,000 characters"),
        ({"id": "a", "title": "a", "markdown": None}, "no text"),
        ({"id": "a", "title": "two\nlines", "markdown": ""}, "one line"),
        ({"id": "", "title": "a", "markdown": ""}, "one line"),
        ({"id": "a", "title": "a" * 201, "markdown": ""}, "one line"),
    ],
)
def test_what_cannot_be_kept_is_refused_and_said(owner: httpx.Client, body: dict[str, Any], said: str) -> None:
    refused = do(owner, "guide.put", **body)
    assert refused["t"] == "nack"
    assert said in refused["why"]


def test_a_megabyte_is_refused_at_the_door(owner: httpx.Client) -> None:
    answered = owner.post(
        "/api/ops", json={"op": "x", "topic": "guide:intent", "kind": "guide.put", "body": {"m": "x" * 1_000_000}}
    )
    assert answered.status_code in (413, 422)


def test_a_labeller_reads_and_does_not_write(served: Served) -> None:
    with served.client("labeller") as client:
        assert "takes reviewer" in put(client, "mine")["why"]
        assert guide(client)["labels"][0] == {"label": "card", "section": None}
        assert client.get("/api/guides/intent/questions").status_code == 403


def test_a_decision_names_what_was_labelled_before_it_and_asks_it_again(served: Served, owner: httpx.Client) -> None:
    n = len(labelled(served, n=10_000))
    ack = do(owner, "decision.add", text="partial refunds are refunds", label="card")
    assert owner.get("/api/guides/intent/affected").json()["decisions"][str(ack["seq"])] == {"n": n, "waiting": 0}
    row = labelled(served)[0]
    said = {"example": row.example, "row": row.row, "task": "intent", "value": "card", "actor": "ann"}
    served.studio.store.labels.record([Event(source=Source.HUMAN, guide=ack["seq"], **said)])
    assert do(owner, "guide.recheck", of=ack["seq"])["t"] == "ack"
    items = served.studio.store.sql.rows(sa.select(queue_item).where(queue_item.c.policy == "recheck"))
    assert len(items) == n - 1
    assert {item.why for item in items} == {"check again: partial refunds are refunds"}
    found = owner.get("/api/guides/intent/affected").json()["decisions"][str(ack["seq"])]
    assert found == {"n": n - 1, "waiting": n - 1}
    old = {**said, "row": row.row, "value": "card"}
    served.studio.store.labels.record([Event(source=Source.HUMAN, guide=1, **old)])  # offline, by an older guide
    assert owner.get("/api/guides/intent/affected").json()["decisions"][str(ack["seq"])]["n"] == n


def test_a_question_becomes_a_rule(served: Served, owner: httpx.Client) -> None:
    row = labelled(served)[0]
    topic = f"example:{row.example}"
    with served.client("labeller") as client:
        asked = do(client, "comment.add", topic=topic, example=row.example, text="is a chargeback a refund?")
        do(client, "comment.add", topic=topic, example=row.example, text="nice")
    (question,) = owner.get("/api/guides/intent/questions").json()["questions"]
    assert (question["text"], question["by"], question["example"]) == (
        "is a chargeback a refund?",
        "labeller",
        row.example,
    )
    assert do(owner, "guide.answer", of=asked["seq"], text="yes, it is", label="refund")["t"] == "ack"
    assert owner.get("/api/guides/intent/questions").json() == {"questions": [], "open": 0}
    (decision,) = guide(owner)["decisions"]
    assert (decision["question"], decision["label"], decision["by"]) == ("is a chargeback a refund?", "refund", "owner")
    assert do(owner, "guide.answer", of=10**9, text="x")["t"] == "nack"


def test_what_is_said_of_a_label_goes_with_its_name(owner: httpx.Client) -> None:
    put(owner, "lost or stolen", name="label:card")
    do(owner, "decision.add", text="chips too", label="card")
    rename = {"label": "card", "to": "plastic", "why": "clearer"}
    assert do(owner, "schema.rename", topic="schema:intent", **rename)["t"] == "ack"
    assert {one["label"]: one["section"] for one in guide(owner)["labels"]}["plastic"] == "label:plastic"
    assert guide(owner)["decisions"][0]["label"] == "plastic"
    assert do(owner, "schema.undo", topic="schema:intent")["t"] == "ack"
    assert {one["label"]: one["section"] for one in guide(owner)["labels"]}["card"] == "label:card"


def test_the_guide_goes_out_as_markdown(owner: httpx.Client) -> None:
    put(owner, "Read *all* of it.")
    put(owner, "lost or stolen", name="label:card")
    do(owner, "decision.add", text="chips\ntoo", label="card")
    answered = owner.get("/api/guides/intent.md")
    assert answered.headers["content-type"].startswith("text/markdown")
    lines = [line for line in answered.text.splitlines() if line]
    assert lines[:5] == ["# intent", "## In general", "Read *all* of it.", "## Labels", "### card"]
    assert lines[-1].endswith("owner (card): chips too")


def test_a_task_that_is_not_there_is_said_so(owner: httpx.Client) -> None:
    assert owner.get("/api/guides/intnt").json()["message"] == "no task 'intnt'; did you mean 'intent'?"
    assert do(owner, "guide.put", id="a", title="a", markdown="a", task="no")["t"] == "nack"
