"""Labels renamed, merged, split and retired in the studio: one transaction, one undo."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adequate.loop.engine import Engine
from adequate.store import Event, QueueItem
from adequate.store.schema import answer, current_label, event, part_codes, queue_item
from adequate.types import Source
from tests.studio.serving import Served

State = tuple[dict[int, tuple[str, str, float]], list[str], dict[str, str | None]]


@pytest.fixture
def owner(served: Served) -> Iterator[httpx.Client]:
    with served.client() as one:
        yield one


def do(client: httpx.Client, kind: str, task: str = "topics", why: str = "clearer", **body: Any) -> dict[str, Any]:
    rev = body.pop("rev", None)
    frame = {"op": uuid.uuid4().hex, "topic": f"schema:{task}", "kind": f"schema.{kind}", "rev": rev}
    answered = client.post("/api/ops", json={"t": "op", **frame, "body": {"task": task, "why": why, **body}})
    assert answered.status_code == 200, answered.text
    found: dict[str, Any] = answered.json()
    return found


def state(served: Served, task: str) -> State:
    """Current labels with source and probability, the labels offered, and the map of old names."""
    query = sa.select(current_label).where(current_label.c.task == task)
    labels = {row.row: (row.value, row.source, row.probability) for row in served.studio.store.sql.rows(query)}
    with served.client() as client:
        shown = client.get(f"/api/schema/{task}").json()
    return labels, [one["label"] for one in shown["labels"]], shown["renamed"]


def said(served: Served, task: str) -> set[str]:
    return {name for value, _, _ in state(served, task)[0].values() for name in names(json.loads(value))}


def names(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else value


def test_each_label_comes_with_what_there_is_of_it(served: Served, owner: httpx.Client) -> None:
    shown = owner.get("/api/schema/topics").json()
    assert [one["label"] for one in shown["labels"]] == ["card", "fee", "loan", "login", "refund", "transfer"]
    total = sum(one["teach"] + one["steer"] + one["gate"] for one in shown["labels"])
    assert total == sum(len(json.loads(value)) for value, _, _ in state(served, "topics")[0].values())
    predicted = owner.get("/api/schema/topics/predicted").json()
    assert set(predicted["labels"]) == {one["label"] for one in shown["labels"]}
    assert [one["task"] for one in owner.get("/api/schema").json()["tasks"]] == ["intent", "urgent", "topics"]


@pytest.mark.parametrize("task", ["topics", "intent"])
def test_a_rename_reaches_every_label_and_one_undo_takes_it_back(
    served: Served, owner: httpx.Client, task: str
) -> None:
    before = state(served, task)
    n = sum("card" in names(json.loads(value)) for value, _, _ in before[0].values())
    preview = owner.post(
        f"/api/schema/{task}/preview", json={"change": "rename", "label": "card", "to": "payment card"}
    ).json()
    assert (preview["examples"], preview["withdrawn"], preview["models"]) == (n, 0, 1)
    assert do(owner, "rename", task, label="card", to="payment card")["t"] == "ack"
    assert "card" not in said(served, task)
    assert served.studio.project.tasks[task].now("card") == "payment card"
    assert do(owner, "undo", task)["t"] == "ack"
    assert state(served, task) == before
    assert served.studio.project.tasks[task].renamed is None
    assert Engine.open(served.studio.root).board().cells


def test_what_was_renamed_keeps_source_probability_and_history_and_is_nobodys_answer(
    served: Served, owner: httpx.Client
) -> None:
    store = served.studio.store
    row = store.sql.rows(
        sa.select(current_label).where(current_label.c.task == "intent", current_label.c.value == '"card"')
    )[0]
    one = Event(example=row.example, row=row.row, task="intent", value="card", actor="ann", source=Source.HUMAN)
    store.labels.record([one])
    do(owner, "rename", "intent", label="card", to="payment card", why="cards of all kinds")
    seq, last = store.labels.history(row.example)[-1]
    assert (last.value, last.actor, last.source, last.why) == (
        "payment card", "owner", Source.HUMAN, "rename: card → payment card",
    )  # fmt: skip
    assert seq == store.labels.last_seq() or last.policy == "schema"
    assert {found.actor for found in store.sql.rows(sa.select(answer).where(answer.c.task == "intent"))} == {"ann"}


def test_a_merge_a_split_and_a_retirement(served: Served, owner: httpx.Client) -> None:
    assert do(owner, "merge", "intent", labels=["card", "fee"], into="money")["t"] == "ack"
    assert said(served, "intent") == {"money", "loan", "login", "refund", "transfer"}
    two = ["mortgage", "credit"]
    assert do(owner, "split", "intent", label="loan", into=two, withdraw=True, ask="all")["t"] == "ack"
    assert said(served, "intent") == {"money", "login", "refund", "transfer"}
    assert do(owner, "retire", "intent", label="login", withdraw=False)["t"] == "ack"
    shown = owner.get("/api/schema/intent").json()
    assert [one["label"] for one in shown["labels"]] == ["mortgage", "credit", "money", "refund", "transfer"]
    assert [one["label"] for one in shown["kept"]] == ["login"]
    items = served.studio.store.sql.rows(sa.select(queue_item).where(queue_item.c.policy == "relabel"))
    assert {item.why for item in items} == {"loan was split: mortgage, credit?"}
    assert {"teach", "gate"} <= {item.part for item in items}
    assert [one["said"] for one in shown["history"]] == [
        "retire: login", "split: loan → mortgage, credit", "merge: card, fee → money",
    ]  # fmt: skip
    assert "renamed=" in Engine.open(served.studio.root).project.as_python()


def test_what_people_are_asked_again_outlives_a_cycle(served: Served, owner: httpx.Client) -> None:
    do(owner, "split", "urgent", label="no", into=["no", "later"], withdraw=False, ask="all")
    asked = sa.select(sa.func.count()).where(queue_item.c.policy == "relabel", queue_item.c.state == "waiting")
    before = served.studio.store.sql.value(asked)
    served.studio.store.queue.clear()
    assert served.studio.store.sql.value(asked) == before > 0


def test_the_rows_to_ask_again_can_be_those_in_doubt(served: Served, owner: httpx.Client) -> None:
    body = {"label": "fee", "into": ["fee", "charge"], "withdraw": False}
    preview = owner.post("/api/schema/intent/preview", json={"change": "split", **body}).json()["ask"]
    assert 0 < len(preview["doubtful"]) < preview["all"]
    assert preview["gate"] > 0
    do(owner, "split", "intent", ask=preview["doubtful"], **body)
    items = served.studio.store.sql.rows(sa.select(queue_item.c.row).where(queue_item.c.policy == "relabel"))
    assert {item.row for item in items} == set(preview["doubtful"])


def test_questions_that_wait_speak_of_labels_by_their_present_names(served: Served, owner: httpx.Client) -> None:
    store = served.studio.store
    suggestion = json.dumps({"label": "card", "second": "fee", "confidence": 0.5})
    example = store.sql.rows(sa.select(current_label.c.example).limit(1))[0].example
    store.queue.put(
        [
            QueueItem(
                task="intent", row=0, example=example, part="teach", cell="card", suggestion=suggestion, gold='"card"'
            )
        ]
    )
    query = sa.select(queue_item).where(queue_item.c.row == 0, queue_item.c.task == "intent")
    do(owner, "rename", "intent", label="card", to="plastic")
    (item,) = store.sql.rows(query)
    assert (json.loads(item.suggestion)["label"], item.gold, item.cell) == ("plastic", '"plastic"', "plastic")
    do(owner, "undo", "intent")
    (item,) = store.sql.rows(query)
    assert (item.suggestion, item.gold, item.cell) == (suggestion, '"card"', "card")


def test_the_last_change_is_undone_first_and_only_what_was_not_said_anew(served: Served, owner: httpx.Client) -> None:
    do(owner, "rename", "intent", label="card", to="plastic")
    first = owner.get("/api/schema/intent").json()["undo"]
    do(owner, "rename", "intent", label="fee", to="charge")
    refused = do(owner, "undo", "intent", of=first)
    assert (refused["t"], refused["why"]) == ("nack", "undo 'rename: fee → charge' first")
    store = served.studio.store
    row = next(row for row, (value, _, _) in state(served, "intent")[0].items() if value == '"charge"')
    other = next(row for row, (value, _, _) in state(served, "intent")[0].items() if value == '"loan"')
    ids = {one.row: one.example for one in store.sql.rows(sa.select(current_label))}
    for at, value in ((row, "loan"), (other, "charge")):
        store.labels.record(
            [Event(example=ids[at], row=at, task="intent", value=value, actor="ann", source=Source.HUMAN)]
        )
    assert do(owner, "undo", "intent")["t"] == "ack"
    now = state(served, "intent")[0]
    assert (now[row][0], now[other][0]) == ('"loan"', '"fee"')
    assert do(owner, "undo", "intent", of=first)["t"] == "ack"
    assert do(owner, "undo", "intent")["why"] == "the labels of 'intent' were not changed in the studio"


def test_a_merge_is_not_undone_once_people_used_the_new_name(served: Served, owner: httpx.Client) -> None:
    do(owner, "merge", "intent", labels=["card", "fee"], into="money")
    store = served.studio.store
    one = store.sql.rows(sa.select(current_label).where(current_label.c.task == "intent"))[0]
    store.labels.record(
        [Event(example=one.example, row=one.row, task="intent", value="money", actor="ann", source=Source.HUMAN)]
    )
    refused = do(owner, "undo", "intent")
    assert "1 examples were labelled 'money' since then" in refused["why"]


def test_two_people_changing_at_once_are_told(served: Served, owner: httpx.Client) -> None:
    rev = owner.get("/api/schema/intent").json()["rev"]
    assert do(owner, "rename", "intent", label="card", to="plastic", rev=rev)["t"] == "ack"
    refused = do(owner, "rename", "intent", label="fee", to="charge", rev=rev)
    assert (refused["t"], refused["current"]["rev"] > rev) == ("nack", True)


@pytest.mark.parametrize(
    ("kind", "body", "said"),
    [
        ("rename", {"label": "card", "to": "fee"}, "there is a label 'fee' already"),
        ("rename", {"label": "card", "to": "<b>\x07"}, "can't be a label"),
        ("rename", {"label": "card", "to": "x" * 50_000}, "at most 200 characters"),
        ("rename", {"label": ["card"], "to": "x"}, "label is a label"),
        ("rename", {"label": "crd", "to": "x"}, "did you mean 'card'"),
        ("rename", {"label": "card", "to": "x", "why": "  "}, "takes a reason"),
        ("merge", {"labels": "card", "into": "x"}, "list of labels"),
        ("split", {"label": "card", "into": ["a", "b"], "ask": "some", "withdraw": True}, "'all', 'none', or rows"),
        ("retire", {"label": None}, "label is a label"),
    ],
)
def test_what_makes_no_sense_changes_nothing(
    served: Served, owner: httpx.Client, kind: str, body: dict[str, Any], said: str
) -> None:
    before = state(served, "topics")
    refused = do(owner, kind, **body)
    assert refused["t"] == "nack"
    assert said in refused["why"]
    assert state(served, "topics") == before


def test_html_in_a_name_is_a_name(served: Served, owner: httpx.Client) -> None:
    name = "<script>alert(1)</script> & 'x' 😀"
    assert do(owner, "rename", label="card", to=name)["t"] == "ack"
    assert name in said(served, "topics")
    assert do(owner, "undo")["t"] == "ack"


def test_an_engineer_may_and_a_reviewer_may_not(served: Served) -> None:
    with served.client("reviewer") as client:
        assert "takes engineer" in do(client, "rename", label="card", to="plastic")["why"]
        assert client.post("/api/schema/topics/preview", json={"change": "add", "label": "x"}).status_code == 403
        assert client.get("/api/schema/topics").status_code == 200
    with served.client("engineer") as client:
        assert do(client, "add", label="plastic")["t"] == "ack"


def test_an_answer_given_offline_by_an_old_name_counts_by_the_new_one(served: Served, owner: httpx.Client) -> None:
    one = served.studio.store.sql.rows(sa.select(current_label).where(current_label.c.task == "intent"))[0]
    do(owner, "rename", "intent", label="card", to="plastic")
    frame = {"op": uuid.uuid4().hex, "topic": f"example:{one.example}", "kind": "label.set", "rev": None}
    body = {"task": "intent", "example": one.example, "value": "card"}
    assert owner.post("/api/ops", json={"t": "op", **frame, "body": body}).json()["t"] == "ack"
    assert state(served, "intent")[0][one.row][0] == '"plastic"'


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["rename", "merge", "split", "retire", "add"]),
        st.integers(0, 9),
        st.integers(0, 9),
        st.booleans(),
    ),
    min_size=1,
    max_size=5,
)


@given(steps=STEPS, task=st.sampled_from(["intent", "urgent", "topics"]))
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_undoing_everything_restores_every_label_and_the_set_of_them(
    served: Served, steps: list[tuple[str, int, int, bool]], task: str
) -> None:
    states = [state(served, task)]
    with served.client() as client:
        for kind, a, b, withdraw in steps:
            labels = states[-1][1]
            one, two = labels[a % len(labels)], labels[b % len(labels)]
            body: dict[str, Any] = {
                "rename": {"label": one, "to": f"n{len(states)}"},
                "merge": {"labels": [one, two], "into": f"n{len(states)}" if withdraw else one},
                "split": {"label": one, "into": [one if withdraw else "p", "q"], "withdraw": withdraw, "ask": "none"},
                "retire": {"label": one, "withdraw": withdraw},
                "add": {"label": f"n{len(states)}"},
            }[kind]
            if do(client, kind, task, **body)["t"] == "ack":
                states.append(state(served, task))
        while len(states) > 1:
            states.pop()
            assert do(client, "undo", task)["t"] == "ack"
            assert state(served, task) == states[-1]


def test_a_hundred_thousand_labels_are_renamed_in_seconds(served: Served, owner: httpx.Client) -> None:
    store, n = served.studio.store, 100_000

    def many(connection: sa.Connection) -> None:
        first = connection.scalar(sa.select(sa.func.max(event.c.seq))) or 0
        rows = [
            {"task": "intent", "row": 1000 + i, "example": f"e{i}", "value": '"card"', "source": "human"}
            | {"probability": 0.5, "seq": first + 1 + i}
            for i in range(n)
        ]
        connection.execute(sa.insert(current_label), rows)
        connection.execute(sa.insert(part_codes), {"first_row": 1000, "codes": bytes(n)})
        said = {"actor": "ann", "at": 0.0, "why": "", "policy": ""}
        connection.execute(sa.insert(event), [row | said | {"op": f"many{row['seq']}"} for row in rows])

    store.sql.write(many)
    start = time.perf_counter()
    assert do(owner, "rename", "intent", label="card", to="plastic")["t"] == "ack"
    took = time.perf_counter() - start
    start = time.perf_counter()
    assert do(owner, "undo", "intent")["t"] == "ack"
    assert took < 60
    assert store.sql.value(sa.select(sa.func.count()).where(current_label.c.value == '"card"')) >= n
