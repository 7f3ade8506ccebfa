"""The page of one example, and chips."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from adequate.store import Override
from adequate.store.schema import current_label, queue_item
from adequate.types import PARTS, Part
from tests.studio.serving import Served


@pytest.fixture
def owner(served: Served) -> Iterator[httpx.Client]:
    with served.client() as one:
        yield one


def of_part(served: Served, part: Part) -> Any:
    codes = served.studio.store.examples.parts()
    query = sa.select(current_label).where(current_label.c.task == "intent")
    return next(row for row in served.studio.store.sql.rows(query) if PARTS[codes[row.row]] is part)


def test_a_page_shows_text_columns_predictions_labels_and_history(served: Served, owner: httpx.Client) -> None:
    row = of_part(served, Part.TEACH)
    shown = owner.get(f"/api/examples/{row.example}").json()
    assert shown["text"]
    assert set(shown["columns"]) == {"channel", "number"}
    assert {one["task"] for one in shown["predictions"]} == {"intent", "urgent", "topics"}
    assert shown["labels"]["intent"]["source"] == "import"
    assert [one["kind"] for one in shown["history"]] == ["label"] * 3
    assert [one["task"] for one in shown["tasks"]] == ["intent", "urgent", "topics"]
    assert len(owner.get(f"/api/examples/{row.example}/near").json()["near"]) > 0
    assert owner.get(f"/api/examples/{row.example[:12]}").json()["id"] == row.example


def test_a_label_is_corrected_on_the_page(served: Served, owner: httpx.Client) -> None:
    row = of_part(served, Part.TEACH)
    owner.get(f"/api/examples/{row.example}")
    frame = {"t": "op", "op": uuid.uuid4().hex, "topic": f"example:{row.example}", "kind": "label.set", "rev": None}
    body = {"task": "intent", "example": row.example, "value": "loan"}
    assert owner.post("/api/ops", json=frame | {"body": body}).json()["t"] == "ack"
    shown = owner.get(f"/api/examples/{row.example}").json()
    assert shown["labels"]["intent"]["value"] == "loan"
    assert shown["history"][-1]["by"] == "owner"


def test_of_a_sealed_example_nobody_sees_more_than_that_it_is_there(served: Served) -> None:
    row = of_part(served, Part.GATE)
    text = served.studio.store.examples.take([row.row], ["body"])["body"][0].as_py()
    for role in ("owner", "viewer"):
        with served.client(role) as client:
            answered = client.get(f"/api/examples/{row.example}")
            assert answered.json()["sealed"] is True
            assert answered.json()["predictions"] == []
            assert {said["value"] for said in answered.json()["labels"].values()} == {None}
            chip = client.get(f"/api/examples/{row.example}/chip")
            assert chip.json()["text"] is None
            assert chip.json()["labels"] == {}
            assert client.get(f"/api/examples/{row.example}/near").json() == {"near": []}
            assert text not in answered.text + chip.text


def test_a_chip_is_a_line_with_its_labels(served: Served, owner: httpx.Client) -> None:
    row = of_part(served, Part.TEACH)
    chip = owner.get(f"/api/examples/{row.example}/chip", params={"task": "intent"}).json()
    assert (chip["id"], chip["sealed"], list(chip["labels"])) == (row.example, False, ["intent"])
    assert owner.get("/api/examples/ffffffffffffffff/chip").status_code == 404
    assert owner.get("/api/examples/%3Cscript%3E/chip").status_code == 404


def test_in_a_blind_queue_a_labeller_sees_no_labels_of_others(served: Served) -> None:
    served.studio.store.overrides.put(Override(what="queue:intent", value={"blind": True}, who="ann", why="fair"))
    served.studio.hub.policies.expire()
    row = of_part(served, Part.TEACH)
    with served.client("labeller") as client:
        shown = client.get(f"/api/examples/{row.example}").json()
        assert "intent" not in shown["labels"]
        assert "intent" not in {one["task"] for name in ("history", "predictions", "waiting") for one in shown[name]}
    with served.client("reviewer") as client:
        assert "intent" in client.get(f"/api/examples/{row.example}").json()["labels"]


def test_erasing_takes_an_owner_and_the_id_typed(served: Served, owner: httpx.Client) -> None:
    row = of_part(served, Part.TEACH)
    with served.client("engineer") as client:
        path = f"/api/examples/{row.example}/erase"
        assert client.post(path, json={"confirm": row.example}).status_code == 403
    refused = owner.post(path, json={"confirm": "yes"})
    assert (refused.status_code, refused.json()["remedy"]) == (422, f"type {row.example}")
    assert owner.post(path, json={"confirm": row.example}).json() == {"erased": row.example}
    for table in (current_label, queue_item):
        assert not served.studio.store.sql.rows(sa.select(table).where(table.c.example == row.example))
