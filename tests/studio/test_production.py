"""Live and the releases: what production does, letting a release answer and taking it back, recordings that come in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from adequate import store as stores
from adequate.spec.cells import spelt
from adequate.store import Trigger
from adequate.studio.api.releases import listed
from tests.studio.serving import Served, serving
from tests.studio.shipped import LARGE, POOR, SMALL, ship
from tests.studio.tabs import joined, until


@pytest.fixture
def shipped(root: Path) -> Path:
    """The project with three releases, of which the gate passed two, and traffic that the large one answered."""
    ship(root)
    return root


def by_id(served: Served) -> dict[str, dict[str, Any]]:
    return {one["id"]: one for one in listed(served.studio)}


def test_live_shows_what_watch_says_and_its_alerts_are_counted_for_the_frame(shipped: Path) -> None:
    with serving(shipped) as served, served.client("viewer") as client:
        assert client.get("/api/session").json()["badges"]["live"] == 0
        seen = client.get("/api/production").json()
        assert "labels:intent" in {one["key"] for one in seen["watch"]["alerts"]}
        assert (seen["watch"]["texts"], seen["watch"]["release"], seen["may"]) == (900, LARGE, {"promote": False})
        assert (sum(seen["watch"]["series"]), len(seen["watch"]["series"])) in ((900, 2), (900, 1))
        (task,) = seen["watch"]["tasks"]
        assert sum(task["confidence_before"]) > 0
        assert {"fee", "loan"} <= {one["name"] for one in task["labels"]}
        assert client.get("/api/session").json()["badges"]["live"] == len(seen["watch"]["alerts"])


def test_a_project_that_served_nothing_says_so(served: Served) -> None:
    with served.client("viewer") as client:
        seen = client.get("/api/production").json()
        assert (seen["releases"], seen["watch"]["release"], seen["triggers"]) == ([], None, [])
        assert client.get("/api/releases").json()["search"] is None


def test_a_release_answers_in_steps_with_who_and_why_and_goes_back(shipped: Path) -> None:
    with serving(shipped) as served, served.client("engineer", "eve") as client, served.live("viewer") as ws:
        joined(ws, "board")
        for release, to in ((LARGE, "all"), (SMALL, "shadow"), (SMALL, "share"), (SMALL, "all")):
            body = {"release": release, "to": to, "share": 0.05, "why": f"because {to}"}
            assert client.post("/api/releases/promote", json=body).json()["state"] == to
            assert until(ws, "ev", kind="release")["body"] == {"release": release, "state": to}
        found = by_id(served)
        assert (found[LARGE]["state"], found[SMALL]["state"]) == ("retired", "all")
        newest = found[SMALL]["steps"][0]
        assert (newest["who"], newest["why"]) == ("Eve", "because all")
        assert client.post("/api/releases/rollback", json={"why": "complaints"}).json()["release"] == LARGE
        found = by_id(served)
        assert (found[LARGE]["state"], found[SMALL]["state"]) == ("all", "retired")


def test_what_the_gate_refused_is_refused_with_its_reason_and_may_be_a_shadow(shipped: Path) -> None:
    with serving(shipped) as served, served.client("engineer") as client:
        assert "intent got worse overall" in by_id(served)[POOR]["refused"]
        assert by_id(served)[SMALL]["refused"] is None
        wanted = {"release": POOR, "to": "all", "why": "I like it"}
        answer = client.post("/api/releases/promote", json=wanted)
        assert (answer.status_code, answer.json()["error"]) == (409, "ConflictError")
        assert "intent got worse overall" in answer.json()["message"]
        assert client.post("/api/releases/promote", json=wanted | {"to": "shadow"}).is_success


def test_the_cell_that_fell_most_on_the_same_labels_stands_beside_a_release(shipped: Path) -> None:
    with serving(shipped) as served:
        found, store = by_id(served), served.studio.store
        was, now = (store.cells.read(name).to_pylist() for name in (found[SMALL]["model"]["id"], SMALL))
        key = ("task", "slice", "label", "metric")
        before = {tuple(row[name] for name in key): row for row in was}
        fell = [(row, before[tuple(row[name] for name in key)]) for row in now]
        same = [(new["value"] - old["value"], new) for new, old in fell if new["n"] == old["n"]]
        change, worst = min(same, key=lambda one: one[0])
        assert len(same) == len(now) - 1
        assert found[SMALL]["worst"] == {"cell": spelt(*(worst[name] for name in key)), "change": change}
        assert found[LARGE]["worst"] is None  # nothing was measured


def test_what_makes_no_sense_changes_nothing(shipped: Path) -> None:
    well = {"release": SMALL, "to": "all", "why": "x"}
    asked: list[tuple[str, dict[str, Any], int]] = [
        ("promote", well | {"why": "  "}, 422),
        ("promote", well | {"to": "everybody"}, 422),
        ("promote", well | {"to": "share", "share": 1.5}, 422),
        ("promote", well | {"release": "zz"}, 404),
        ("rollback", {"why": "x"}, 409),
        ("rollback", {"why": ""}, 422),
    ]
    with serving(shipped) as served, served.client("engineer") as client:
        before = by_id(served)
        for path, body, status in asked:
            assert client.post(f"/api/releases/{path}", json=body).status_code == status, body
        assert by_id(served) == before


def test_the_last_search_is_shown_as_it_stands_without_a_look_at_the_gate(shipped: Path) -> None:
    with serving(shipped) as served, served.client("viewer") as client:
        looks = len(served.studio.store.looks.list())
        search = client.get("/api/releases").json()["search"]
        states = [one["state"] for one in search["candidates"]]
        assert states == ["passed", "refused", "open", "failed"]
        assert search["candidates"][1]["gate"]["reasons"] == ["intent got worse overall"]
        assert len(served.studio.store.looks.list()) == looks
    assert (shipped / ".adequate/ship/k/tried.jsonl").read_text().endswith('{"torn'), "whoever looks on writes nothing"


def test_a_trigger_ends_once_somebody_says_so(shipped: Path) -> None:
    with serving(shipped) as served, served.client("engineer") as client:
        one = Trigger(
            cell="intent/all/fee/recall",
            task="intent",
            release=LARGE,
            block="b",
            weights=np.ones(3, np.float32),
            threshold=0.5,
            per_day=20,
            who="ann",
        )
        number = served.studio.store.triggers.put(one)
        assert [row["cell"] for row in client.get("/api/production").json()["triggers"]] == ["intent/all/fee/recall"]
        assert client.post("/api/production/stop-trigger", json={"trigger": number}).json()["ended"]
        assert client.get("/api/production").json()["triggers"] == []
        assert client.post("/api/production/stop-trigger", json={"trigger": 99}).status_code == 404


def test_what_servers_record_reaches_the_queue_while_the_studio_runs(shipped: Path) -> None:
    with stores.open(shipped, text="body") as store:
        before = len(store.queue.waiting("intent"))
    with serving(shipped, automatic=True) as served, served.live("viewer") as ws, served.client("viewer") as client:
        joined(ws, "board")
        told = until(ws, "ev", kind="production", timeout=120)["body"]
        assert told["rows"] > 100
        assert told["alerts"] >= 1
        waiting = client.get("/api/production").json()["waiting"]
        assert sum(of["audit"] for of in waiting.values()) == told["asked"]["audit"]
        assert len(served.studio.store.queue.waiting("intent")) > before
