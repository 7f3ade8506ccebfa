"""Cycles: models side by side, what the gate said, and decisions that a person signs."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import httpx
import numpy as np
import pytest

from adequate.loop.engine import Engine
from adequate.store import Event, Override
from adequate.store.models import Model
from adequate.types import PARTS, Part, Source
from tests.loop.projects import SLICED
from tests.made import begun, csv, mail
from tests.studio.serving import Served, serving
from tests.studio.test_board import operate

DATA = mail(400, hard=0.2).select(["body", "intent", "channel"])


@pytest.fixture(scope="module")
def _turned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cycles")
    begun(folder / "mail", DATA, SLICED, with_labels=False)
    Engine.open(folder / "mail").run(oracle=csv(folder / "oracle.csv", DATA), cycles=4, batch=30)
    return folder / "mail"


@pytest.fixture
def root(_turned: Path, tmp_path: Path) -> Path:
    """A project with several models, whose labels came from an oracle."""
    return Path(shutil.copytree(_turned, tmp_path / "mail"))


def two(client: httpx.Client) -> tuple[int, int]:
    """The numbers of the two newest models."""
    models = client.get("/api/cycles").raise_for_status().json()["models"]
    return models[1]["number"], models[0]["number"]


def test_each_model_says_what_it_was_made_from_and_what_came_of_it(served: Served) -> None:
    with served.client("viewer") as client:
        shown = client.get("/api/cycles").json()
    store = served.studio.store
    assert [one["id"] for one in shown["models"]] == [model.id for model in reversed(store.models.list())]
    assert shown["baseline"] == store.models.accepted()
    newest = shown["models"][0]
    assert newest["new_labels"] == newest["labels"] - shown["models"][1]["labels"] > 0
    assert newest["cycle"]["seconds"] > 0
    assert sum(newest["cells"].values()) == 3


def test_labels_are_counted_not_what_was_said_of_them(served: Served) -> None:
    with served.client("engineer") as client:
        before = client.get("/api/cycles").json()["models"][0]
        store = served.studio.store
        assert before["labels"] == store.labels.current("intent").num_rows
        first, second = store.labels.current("intent").slice(0, 2).to_pylist()
        for label, value in ((first, "fee"), (first, "card"), (second, None)):
            event = Event(
                example=label["example"], row=label["row"], task="intent", value=value, actor="ann", source=Source.HUMAN
            )
            store.labels.record([event])
        made = {"data": "d", "project": "p", "seed": 0, "code": "1", "parent": before["id"]}
        store.models.put(Model(id="f" * 12, label_seq=store.labels.last_seq(), **made))
        after = client.get("/api/cycles").json()["models"][0]
    assert (after["labels"], after["new_labels"]) == (before["labels"] - 1, -1)


def test_a_model_that_nobody_decided_about_is_counted(served: Served) -> None:
    with served.client("engineer") as client:
        badge = lambda: client.get("/api/session").json()["badges"]["cycles"]  # noqa: E731
        store = served.studio.store
        before = badge()
        newest = store.models.list()[-1]
        made = {"data": "d", "project": "p", "seed": 0, "code": "1", "parent": newest.id}
        store.models.put(Model(id="e" * 12, label_seq=store.labels.last_seq(), **made))
        assert badge() == before + 1
        store.overrides.put(Override(what=f"gate:{'e' * 12}", value="rejected", who="ann", why="not yet"))
        assert badge() == before


def test_comparing_two_models_shows_what_broke_and_looks_at_nothing_sealed(served: Served, root: Path) -> None:
    looks = len(served.studio.store.looks.list())
    with served.client("viewer") as client:
        a, b = two(client)
        first = client.get("/api/cycles").json()["models"][-1]["number"]
        shown = client.get(f"/api/cycles/{first}..{b}").raise_for_status().json()
        assert client.get(f"/api/cycles/{a}..99").status_code == 404
        assert client.get(f"/api/cycles/{a}").status_code == 404
    flips = shown["tasks"][0]
    assert len(served.studio.store.looks.list()) == looks
    for kind in ("fixed", "broke"):
        examples = flips["examples"][kind]
        assert len(examples) == sum(flips[kind].values())
        assert all((one["now"] == one["gold"]) is (kind == "fixed") for one in examples)
        assert all((one["was"] == one["gold"]) is (kind == "broke") for one in examples)
    assert sum(flips["fixed"].values()) > sum(flips["broke"].values())
    assert len(flips["nearest"]) == len(flips["examples"]["broke"])
    with Engine.open(root).store() as store:
        table = store.examples.take(range(store.examples.count), ["aq_id", "aq_part"]).to_pylist()
    part = {row["aq_id"]: row["aq_part"] for row in table}
    told = [one["example"] for kind in ("fixed", "broke") for one in flips["examples"][kind]]
    near = [one["example"] for some in flips["nearest"] for one in some]
    assert {part[one] for one in told} <= {0, 1}
    assert {part[one] for one in near} <= {0}


def test_asking_the_gate_spends_one_look_and_names_no_sealed_example(served: Served) -> None:
    looks = len(served.studio.store.looks.list())
    with served.client() as client:
        a, b = two(client)
        with served.client("viewer") as viewer:
            assert viewer.post(f"/api/cycles/{a}..{b}/gate").status_code == 403
        said = client.post(f"/api/cycles/{a}..{b}/gate").raise_for_status().json()
        shown = client.get(f"/api/cycles/{a}..{b}").json()
    assert len(served.studio.store.looks.list()) == looks + 1
    assert shown["looks"][-1]["verdict"] == said["verdict"] in ("passed", "blocked", "needs_labels")
    assert shown["looks"][-1]["by"] == "gate"
    sealed = np.flatnonzero(served.studio.store.examples.parts() == PARTS.index(Part.GATE))
    assert len(sealed)
    assert not any(example in json.dumps([said, shown]) for example in served.studio.store.examples.ids(sealed))


def test_rejecting_the_baseline_takes_it_back_and_the_loop_does_not_accept_it_again(root: Path) -> None:
    with serving(root) as served, served.client("engineer") as client:
        baseline = served.studio.store.models.accepted()
        shown = client.get("/api/cycles/1..baseline").json()
        falls_to = shown["falls_to"]["id"]
        body = {"model": baseline, "name": "Engineer", "why": "it forgets refunds"}
        assert operate(client, "model.reject", body | {"why": " "})["t"] == "nack"
        assert operate(client, "model.reject", body | {"name": "Somebody"})["t"] == "nack"
        assert operate(client, "model.reject", body)["t"] == "ack"
        assert served.studio.store.models.accepted() == falls_to != baseline
        after = client.get(f"/api/cycles/1..{shown['b']['number']}").json()
        assert (after["decided"]["to"], after["decided"]["who"]) == ("rejected", "engineer")
    engine = Engine.open(root)
    with engine.store(write=True) as store:  # a label that measures leaves the model the same: it is judged once more
        gate = [item for item in store.queue.waiting() if item.part == "gate"]
        assert gate
        from adequate.loop.answers import import_labels

        import_labels(store, engine.project, csv(root.parent / "more.csv", DATA.slice(0, 400)))
        store.models.reject(baseline or "")
    engine.run(cycles=1)
    with engine.store() as store:
        assert store.models.get(baseline or "").state == "rejected"


def test_a_rejected_model_can_be_accepted_by_name(served: Served) -> None:
    with served.client() as client:
        baseline = served.studio.store.models.accepted()
        body = {"model": baseline, "name": "owner", "why": "as the gate says"}
        assert "already" in operate(client, "model.accept", body)["why"]
        assert operate(client, "model.reject", body)["t"] == "ack"
        assert operate(client, "model.accept", body)["t"] == "ack"
        assert served.studio.store.models.accepted() == baseline
        assert [one.value for one in served.studio.store.overrides.list()] == ["rejected", "accepted"]
    with served.client("viewer") as client:
        assert operate(client, "model.reject", body)["t"] == "nack"
