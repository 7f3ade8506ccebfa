"""Explore: what a search answers, what stays sealed, the map's bytes, bulk labels and taking them back."""

from __future__ import annotations

import json
import struct
import uuid
from typing import Any

import httpx
import numpy as np
import pytest
import sqlalchemy as sa

from adequate.store.schema import answer, current_label, queue_item
from tests.studio.serving import Served


def _op(client: httpx.Client, kind: str, body: dict[str, Any], topic: str = "board") -> dict[str, Any]:
    frame = {"t": "op", "op": uuid.uuid4().hex, "kind": kind, "topic": topic, "body": body, "rev": None}
    return {"op": frame["op"], **client.post("/api/ops", json=frame).json()}


def _labels(served: Served) -> list[tuple[Any, ...]]:
    columns = [column for column in current_label.columns if column.name != "seq"]  # an undo is a new event
    return [tuple(row) for row in served.studio.store.sql.rows(sa.select(*columns).order_by("task", "row"))]


def _answers(served: Served) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in served.studio.store.sql.rows(sa.select(answer).order_by("task", "row", "actor"))]


def _sealed(served: Served) -> set[int]:
    return set(np.flatnonzero(served.studio.store.examples.parts() == 2).tolist())


def test_a_query_finds_pages_that_together_are_all_of_it(served: Served) -> None:
    with served.client() as client:
        whole = client.get("/api/search", params={"q": "task:intent pred:fee", "limit": 200}).json()
        ids, after = [], ""
        while True:
            page = client.get("/api/search", params={"q": "task:intent pred:fee", "after": after, "limit": 7}).json()
            ids += [hit["id"] for hit in page["hits"]]
            if not (after := page["after"]):
                break
    assert len(set(ids)) == len(ids) == page["total"] == whole["total"] > 7
    assert all(hit["predictions"]["intent"]["label"] == "fee" for hit in whole["hits"])


@pytest.mark.parametrize("sort", ["margin", "conf", "random", "row"])
def test_every_order_pages_through_everything_once(served: Served, sort: str) -> None:
    with served.client() as client:
        rows, after = [], ""
        while True:
            q = {"q": f"task:intent sort:{sort}", "after": after, "limit": 200}
            page = client.get("/api/search", params=q).json()
            rows += [hit["row"] for hit in page["hits"]]
            if not (after := page["after"]):
                break
    assert set(rows) == set(range(len(served.studio.store.examples.parts()))) - _sealed(served)
    assert len(rows) == page["total"] == len(set(rows))


def test_what_measures_is_counted_but_never_shown(served: Served) -> None:
    sealed = _sealed(served)
    with served.client() as client:
        for q in ("", "part:gate", "refund", 'sql:"number >= 0"', "task:intent label:fee", '~"refund money"'):
            page = client.get("/api/search", params={"q": q, "limit": 200}).json()
            assert not sealed & {hit["row"] for hit in page["hits"]}, q
            found = np.frombuffer(client.get("/api/search/rows", params={"q": q}).content, "<u4")
            assert not sealed & set(found.tolist()), q
        assert client.get("/api/search").json()["sealed"] == len(sealed)
        assert client.get("/api/search", params={"q": "label:fee"}).json()["sealed"] is None
        some = ",".join(map(str, sorted(sealed)[:5]))
        assert client.get("/api/hits", params={"rows": some}).json() == []
        kept = client.post("/api/selections", json={"rows": [*sorted(sealed), *range(20)]}).json()
        assert kept["sealed"] == len(sealed)
        assert kept["total"] == len(set(range(20)) - sealed)


def test_a_mistake_in_a_query_says_where_and_what_was_meant(served: Served) -> None:
    with served.client() as client:
        for q, at, said in (("fee labl:x", 4, "label:"), ("task:intent label:refnud", 12, "refund")):
            answer = client.get("/api/search", params={"q": q})
            assert answer.status_code == 422
            assert answer.json()["current"]["at"] == at
            assert said in answer.json()["message"]


def test_a_hit_says_why_it_came_and_where_the_words_stand(served: Served) -> None:
    with served.client() as client:
        hit = client.get("/api/search", params={"q": "mortgage"}).json()["hits"][0]
    assert hit["why"]
    assert {hit["text"][a:b] for a, b in hit["marks"]} == {"mortgage"}


def test_the_map_is_laid_out_as_it_says(served: Served) -> None:
    with served.client() as client:
        raw = client.get("/api/map", params={"task": "intent"}).content
        pair = client.get("/api/map", params={"task": "intent", "pair": "fee,card"}).content
    m, size = struct.unpack_from("<II", raw, 4)
    said = json.loads(raw[12 : 12 + size])
    assert raw[:4] == b"AQM1"
    assert size % 4 == 0
    assert len(raw) == 12 + size + m * (4 + 4 + 4 + 2 + 2 + 1 + 1)
    x = np.frombuffer(raw, "<f4", m, 12 + size)
    rows = np.frombuffer(raw, "<u4", m, 12 + size + 8 * m)
    label = np.frombuffer(raw, "<u2", m, 12 + size + 12 * m)
    assert np.isfinite(x).all()
    assert not _sealed(served) & set(rows.tolist())
    assert m == said["total"] == len(served.studio.store.examples.parts()) - len(_sealed(served))
    assert np.bincount(label[label != 0xFFFF], minlength=len(said["names"])).tolist() == said["counts"]["label"]
    assert json.loads(pair[12 : 12 + struct.unpack_from("<II", pair, 4)[1]])["space"] == "pair"
    assert struct.unpack_from("<I", pair, 4)[0] < m


def test_a_bulk_is_taken_back_to_exactly_what_was(served: Served) -> None:
    with served.client() as client:
        before, answers = _labels(served), _answers(served)
        waiting = served.studio.store.queue.counts()
        q = "task:intent part:teach -is:labelled pred:fee"
        key = client.post("/api/selections", json={"q": q}).json()["key"]
        asked = {"task": "intent", "label": "fee"}
        plan = client.get(f"/api/selections/{key}/bulk", params=asked).json()
        audit = {hit["id"]: at > 0 for at, hit in enumerate(plan["audit"])}
        done = _op(client, "bulk.label", {"selection": key, "audit": audit, **asked})
        assert done["t"] == "ack"
        now = {row[1]: row for row in _labels(served) if row[0] == "intent"}
        new = set(now) - {row[1] for row in before if row[0] == "intent"}
        assert len(new) == plan["fresh"] - 1  # the one that was found wrong
        sources = [now[row][4] for row in new]
        assert sources.count("human") == len(audit) - 1
        assert set(sources) <= {"human", "rule"}
        assert _op(client, "bulk.undo", {"of": done["op"]})["t"] == "ack"
    assert _labels(served) == before
    assert _answers(served) == answers
    assert served.studio.store.queue.counts() == waiting


def test_labels_that_are_there_are_kept_unless_somebody_says_otherwise(served: Served) -> None:
    with served.client() as client:
        key = client.post("/api/selections", json={"q": "task:intent label:card part:teach"}).json()["key"]
        asked = {"task": "intent", "label": "fee"}
        kept = client.get(f"/api/selections/{key}/bulk", params=asked).json()
        assert (kept["fresh"], set(kept["conflicts"])) == (0, {"card"})
        refused = _op(client, "bulk.label", {"selection": key, "audit": {}, **asked})
        assert refused["t"] == "nack"
        plan = client.get(f"/api/selections/{key}/bulk", params={**asked, "replace": True}).json()
        before = _labels(served)
        audit = {hit["id"]: True for hit in plan["audit"]}
        done = _op(client, "bulk.label", {"selection": key, "audit": audit, "replace": True, **asked})
        assert done["t"] == "ack", done
        assert client.get("/api/search", params={"q": "task:intent label:card part:teach"}).json()["total"] == 0
        _op(client, "bulk.undo", {"of": done["op"]})
    assert _labels(served) == before


def test_a_bulk_without_looking_is_refused(served: Served) -> None:
    with served.client() as client:
        key = client.post("/api/selections", json={"q": "task:intent part:teach -is:labelled"}).json()["key"]
        body = {"selection": key, "task": "intent", "label": "fee"}
        assert "audit" in _op(client, "bulk.label", body)["why"]
        assert "looked at" in _op(client, "bulk.label", {**body, "audit": {}})["why"]
        shown = client.get(f"/api/selections/{key}/bulk", params={"task": "intent", "label": "fee"}).json()["audit"]
        wrong = {hit["id"]: False for hit in shown}
        assert "are right" in _op(client, "bulk.label", {**body, "audit": wrong})["why"]
    with served.client("labeller") as client:
        assert _op(client, "bulk.label", {**body, "audit": {}})["t"] == "nack"


def test_a_selection_is_asked_of_people_before_all_else(served: Served) -> None:
    with served.client() as client:
        key = client.post("/api/selections", json={"q": "task:intent part:teach -is:labelled sort:margin"}).json()[
            "key"
        ]
        made = client.post(f"/api/selections/{key}/questions", params={"task": "intent"}).json()
        body = {"selection": key, "task": "intent", "why": "fees that look like cards"}
        assert _op(client, "selection.queue", body, topic="queue:intent")["t"] == "ack"
    first = served.studio.store.queue.waiting("intent")[0]
    assert (first.why, first.policy) == ("fees that look like cards", "chosen")
    query = sa.select(sa.func.count()).where(queue_item.c.policy == "chosen", queue_item.c.state == "waiting")
    assert served.studio.store.sql.value(query) == made["asked"]


def test_a_query_becomes_a_slice_by_its_sql_or_by_ids(served: Served) -> None:
    with served.client() as client:
        same = client.get("/api/search/sql", params={"q": '"refund" -sql:"channel = \'app\'"'}).json()
        pinned = client.get("/api/search/sql", params={"q": "task:intent is:wrong"}).json()
        assert (same["pinned"], pinned["pinned"]) == (False, True)
        for name, made in (("refunds", same), ("wrong ones", pinned)):
            body = {"name": name, "sql": made["sql"], "target": None, "critical": False, "why": "from a search"}
            assert _op(client, "slice.put", body)["t"] == "ack"
            found = client.get("/api/search", params={"q": f'slice:"{name}"'}).json()
            assert found["total"] == made["total"]


def test_labels_that_look_wrong_are_shown_until_somebody_keeps_them(served: Served) -> None:
    with served.client() as client:
        before = client.get("/api/suspects", params={"task": "intent"}).json()
        assert before["suspects"]
        assert {one["part"] for one in before["suspects"]} <= {"teach", "steer"}
        first = before["suspects"][0]
        body = {"task": "intent", "example": first["id"], "value": first["given"]}
        assert _op(client, "suspect.keep", body, topic=f"example:{first['id']}")["t"] == "ack"
        after = client.get("/api/suspects", params={"task": "intent"}).json()
    assert after["total"] == before["total"] - 1
    assert first["id"] not in {one["id"] for one in after["suspects"]}


def test_who_labels_blind_sees_neither_labels_nor_answers(served: Served) -> None:
    with served.client() as client:
        body = {"task": "intent", "overlap": 2, "blind": True, "suggestions": False, "gold": 0, "why": "to measure"}
        assert _op(client, "queue.policy", body)["t"] == "ack"
    with served.client("labeller") as client:
        hits = client.get("/api/search", params={"q": "refund"}).json()["hits"]
        assert all("intent" not in {*hit["labels"], *hit["predictions"]} for hit in hits)
        assert client.get("/api/search", params={"q": "label:fee"}).status_code == 403
        assert client.get("/api/map", params={"task": "intent"}).status_code == 403
        assert client.get("/api/map", params={"task": "urgent"}).status_code == 200
    with served.client("reviewer") as client:
        assert client.get("/api/search", params={"q": "label:fee"}).status_code == 200
