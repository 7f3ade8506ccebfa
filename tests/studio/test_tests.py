"""The screen Tests: what the server says of tests, what it shows of their cases, and what it puts into the queue."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import httpx
import pyarrow as pa
import pyarrow.csv as pacsv
import pytest

from adequate import store as stores
from adequate.loop.answers import import_labels
from adequate.loop.engine import Engine
from adequate.store import Cell
from adequate.types import PARTS, Part
from tests.loop.projects import EASY, SEVERAL
from tests.loop.test_discover import planted
from tests.made import begun, csv, mail
from tests.studio.conftest import partly
from tests.studio.serving import Served, serving

TYPOS = "intent/all/survives_typos/envelope"
PLEASE = "intent/all/please/behaviour"
CASES = "intent/all/asks_for_fees/behaviour"
BROKEN = "intent/all/broken/envelope"
DECLARED = """


@project.behaviour("intent", expect="same", target=0.95, reach=0.5)
def survives_typos(batch, level, rng):
    return aq.perturb.swap_letters(batch, level, rng)


@project.behaviour("intent", expect=aq.rises("fee"), by=0.9)
def please(batch, level, rng):
    \"\"\"Whoever says please means a fee.\"\"\"
    return [f"{text} please" for text in batch["body"].to_pylist()]


@project.behaviour("intent")
def asks_for_fees():
    yield "zzz qqq", "fee"
    yield from aq.cases("{why|what} xyzzy", expect="loan")


@project.behaviour("intent", expect="same")
def broken(batch, level, rng):
    return batch["nothing of that name"]
"""


@pytest.fixture(scope="module")
def _tested(without_weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("tests") / "mail"
    begun(root, partly(mail(600)), SEVERAL + DECLARED)
    Engine.open(root).run(cycles=1)
    return root


@pytest.fixture
def root(_tested: Path, tmp_path: Path) -> Path:
    """A project with a model that was tested."""
    return Path(shutil.copytree(_tested, tmp_path / "mail"))


@pytest.fixture
def served(root: Path) -> Iterator[Served]:
    """That project, served."""
    with serving(root) as one:
        yield one


def by_key(client: httpx.Client) -> dict[str, dict[str, Any]]:
    """The tests by their key."""
    return {one["key"]: one for one in client.get("/api/tests").json()["tests"]}


def case(client: httpx.Client, key: str) -> dict[str, Any]:
    """One test with its cases."""
    shown: dict[str, Any] = client.get("/api/tests/case", params={"cell": key}).json()
    return shown


def operate(client: httpx.Client, kind: str, body: dict[str, Any]) -> dict[str, Any]:
    """What became of an operation."""
    asked = {"op": f"{kind}{time.time_ns()}", "kind": kind, "topic": "queue:intent", "body": body}
    answer: dict[str, Any] = client.post("/api/ops", json=asked).json()
    return answer


def test_every_test_says_what_it_is_how_it_stands_and_why_it_could_not_be_run(served: Served) -> None:
    with served.client("viewer") as client:
        found = by_key(client)
    kinds = {key: found[key]["kind"] for key in (TYPOS, PLEASE, CASES, BROKEN)}
    assert kinds == {TYPOS: "envelope", PLEASE: "behaviour", CASES: "behaviour", BROKEN: "envelope"}
    assert found[PLEASE]["about"] == "Whoever says please means a fee."
    assert found[PLEASE]["state"] == "inadequate"
    assert found[TYPOS]["levels"][0][0] == found[TYPOS]["target"] == 0.5
    assert found[TYPOS]["share"] == 0.95
    assert (found[BROKEN]["state"], found[BROKEN]["value"]) == ("unknown", None)
    assert "nothing of that name" in found[BROKEN]["error"]


def test_failing_cases_are_shown_with_what_they_were_and_none_of_the_sealed_part(served: Served, root: Path) -> None:
    with served.client("viewer") as client:
        shown = case(client, PLEASE)
        assert client.get("/api/tests/case", params={"cell": "intent/all/gone/behaviour"}).status_code == 404
    assert shown["cases"]
    assert all(one["text"] == f"{one['origin']} please" for one in shown["cases"])
    with Engine.open(root).store() as store:
        parts = store.examples.parts()[store.examples.rows_of([one["example"] for one in shown["cases"]])]
    assert PARTS.index(Part.GATE) not in parts


def test_a_test_has_the_labels_to_go_that_the_board_says(served: Served) -> None:
    with served.client("viewer") as client:
        cells = {cell["key"]: cell for cell in client.get("/api/board", params={"fresh": True}).json()["cells"]}
        for key in (TYPOS, PLEASE, CASES):
            assert case(client, key)["forecast"] == cells[key]["forecast"]


def test_a_case_of_a_sealed_example_is_counted_and_not_shown(root: Path) -> None:
    with stores.open(root, write=True, verb="test", text="body") as store:
        sealed = int((store.examples.parts() == PARTS.index(Part.GATE)).argmax())
        model = store.models.list()[-1].id
        _, first = store.failures.read(model, PLEASE, limit=1)[0]
        hidden = type(first)(row=sealed, example=store.examples.ids([sealed])[0], text="a secret of the gate")
        store.failures.put(model, PLEASE, [first, hidden])
    with serving(root) as served, served.client("owner") as client:
        answer = client.get("/api/tests/case", params={"cell": PLEASE})
        asked = client.post("/api/tests/label", json={"cell": PLEASE, "n": 12}).json()
    assert "secret" not in answer.text
    assert answer.json()["sealed"] == 1
    assert asked["found"] <= 1


def test_all_failing_cases_are_had_page_by_page_the_worst_first(root: Path) -> None:
    with stores.open(root, write=True, verb="test", text="body") as store:
        sealed = int((store.examples.parts() == PARTS.index(Part.GATE)).argmax())
        model = store.models.list()[-1].id
        _, first = store.failures.read(model, CASES, limit=1)[0]
        many = [replace(first, text=f"case {i}", row=sealed if i == 7 else -1) for i in range(500)]
        store.failures.put(model, CASES, many)
    with serving(root) as served, served.client("viewer") as client:
        pages = [
            client.get("/api/tests/case", params={"cell": CASES, "start": start}).json() for start in (0, 200, 400, 499)
        ]
    assert [len(page["cases"]) for page in pages] == [200, 200, 99, 0]
    assert [one["text"] for page in pages for one in page["cases"]] == [f"case {i}" for i in range(500) if i != 7]
    assert {(page["failing"], page["sealed"]) for page in pages} == {(499, 1)}


def test_the_accepted_model_may_be_looked_at_instead_of_a_newer_one(root: Path) -> None:
    with stores.open(root, write=True, verb="test", text="body") as store:
        accepted = store.models.list()[-1]
        store.models.accept(accepted.id)
        newer = replace(accepted, id="b" * 16)
        store.models.put(newer)
        (held,) = [row for row in store.cells.read(accepted.id).to_pylist() if row["label"] == "please"]
        names = {field.name for field in fields(Cell)}
        store.cells.put(
            newer.id, [Cell(**{name: held[name] for name in names if name in held} | {"state": "adequate"})]
        )
        store.models.reject(newer.id)
    with serving(root) as served, served.client("viewer") as client:
        newest, old = (client.get("/api/tests", params={"model": which}).json() for which in ("newest", "accepted"))
        shown = client.get("/api/tests/case", params={"cell": PLEASE, "model": "accepted"}).json()
        nothing = client.get("/api/tests/case", params={"cell": PLEASE}).json()
    assert (newest["model"]["id"], newest["model"]["state"]) == (newer.id, "rejected")
    assert newest["accepted"] == old["model"] == old["accepted"]
    states = [{one["key"]: one["state"] for one in shown["tests"]}[PLEASE] for shown in (newest, old)]
    assert states == ["adequate", "inadequate"]
    assert shown["cases"]
    assert nothing["cases"] == []


def test_the_examples_that_fail_are_asked_first_each_once_and_of_their_own_part(served: Served) -> None:
    with served.client("reviewer") as client:
        before = case(client, PLEASE)["to_label"]
        asked = client.post("/api/tests/label", json={"cell": PLEASE, "n": 5}).json()
        assert asked["found"] == min(5, before)
        assert operate(client, "queue.fill", {"picks": asked["picks"]})["t"] == "ack"
        after = case(client, PLEASE)
        assert after["to_label"] == before - asked["found"]
        assert sum(one["waiting"] for one in after["cases"]) >= asked["found"]
    first = sorted(served.studio.store.queue.waiting("intent"), key=lambda item: item.rank)[: asked["found"]]
    assert {item.cell for item in first} == {PLEASE}
    assert len({item.example for item in first}) == len(first)
    assert {item.part for item in first} <= {"teach", "steer"}


def waiting(served: Served) -> dict[int, tuple[str, str, float]]:
    """What waits: of each row for what, why and how soon."""
    return {item.row: (item.cell, item.why, item.rank) for item in served.studio.store.queue.waiting("intent")}


def test_what_was_asked_is_taken_back_but_for_what_somebody_has_answered(served: Served) -> None:
    before = waiting(served)
    with served.client("reviewer") as client:
        asked = client.post("/api/tests/label", json={"cell": PLEASE, "n": 50}).json()
        operate(client, "queue.fill", {"picks": asked["picks"]})
        during = waiting(served)
        assert {row for row, said in during.items() if said != before.get(row)}
        (answered,) = [item for item in served.studio.store.queue.waiting("intent") if item.cell == PLEASE][:1]
        body = {"task": "intent", "example": answered.example, "value": "fee", "new": True, "guide": 0}
        assert operate(client, "label.set", body)["t"] == "ack"
        assert operate(client, "queue.unfill", {"picks": asked["picks"]})["t"] == "ack"
        assert "already" in operate(client, "queue.unfill", {"picks": asked["picks"]})["why"]
    before.pop(answered.row, None)
    assert waiting(served) == before
    assert answered.row in served.studio.store.labels.current("intent")["row"].to_pylist()


@pytest.mark.parametrize("key", [PLEASE, CASES])
def test_what_the_pool_holds_like_the_failing_cases_is_mined(served: Served, key: str) -> None:
    with served.client("reviewer") as client:
        found = client.post("/api/board/mine", json={"cell": key, "n": 20}).json()
        assert found["found"] > 0
        assert all(key.split("/")[2] in one["why"] for one in found["some"])
        assert operate(client, "queue.fill", {"picks": found["picks"]})["t"] == "ack"
    waiting = served.studio.store.queue.waiting("intent")
    assert {item.part for item in waiting if item.why.startswith(f"asked for {key.split('/')[2]}")} == {"teach"}


def test_labels_that_a_test_names_are_protected_and_slices_are_by_a_test_on_them(served: Served) -> None:
    with served.client("viewer") as client:
        bare = client.get("/api/tests").json()["unprotected"]
    labels = {one["label"] for one in bare if one["task"] == "intent" and one["label"]}
    assert not labels & {"fee", "loan"}
    assert ("intent", "all", None) not in {(one["task"], one["slice"], one["label"]) for one in bare}
    assert ("urgent", "all") in {(one["task"], one["slice"]) for one in bare}


def test_tests_are_run_by_engineers_and_what_came_of_it_replaces_what_was(served: Served, root: Path) -> None:
    with served.client("engineer") as client:
        file = root / "project.py"
        file.write_text(file.read_text(encoding="utf-8").replace('batch["nothing of that name"]', "batch"), "utf-8")
        assert client.post("/api/tests/run").json()["running"]
        assert client.post("/api/tests/run").status_code == 503
        while client.get("/api/tests").json()["run"]["running"]:
            time.sleep(0.05)
        found = client.get("/api/tests").json()
        assert found["run"]["failure"] is None
        now = {one["key"]: one for one in found["tests"]}[BROKEN]
        assert "no example of the gate part" in now["note"] or now["state"] != "unknown" or not now["error"]
        assert "nothing of that name" not in now["error"]


def select(client: httpx.Client, q: str) -> str:
    """The key of all that a query finds."""
    return str(client.post("/api/selections", json={"q": q}).json()["key"])


@pytest.mark.parametrize(("expect", "target"), [("fee", None), (None, 0.9)])
def test_a_selection_becomes_a_suite_of_its_texts_that_the_next_run_tests(
    served: Served, root: Path, expect: str | None, target: float | None
) -> None:
    with served.client("engineer") as client:
        key = select(client, "task:intent label:fee" if expect is None else "task:intent pred:fee")
        asked = {"task": "intent", "name": "fees", "selection": key, "expect": expect, "target": target}
        found = client.post("/api/tests/make", json=asked).json()
        body = {"made": found["made"], "why": "seen in Explore"}
        assert operate(client, "test.put", body)["t"] == "ack"
        assert "already" in operate(client, "test.put", body)["why"]
    cases = pacsv.read_csv(root / "tests/fees.csv").to_pydict()
    assert found["cases"] == found["added"] == len(cases["body"]) > 0
    assert set(cases["intent"]) == {"fee"}
    project = Engine.open(root).project
    assert project.suites["fees"].exact == (target is None)
    assert ("suite:fees", "seen in Explore") in {(one.what, one.why) for one in project.changes}
    (result,) = [one for one in Engine.open(root).test().results if one.cell.label == "fees"]
    assert result.n == found["cases"]


def test_what_measures_is_in_no_suite_whoever_picks_it(served: Served, root: Path) -> None:
    parts = served.studio.store.examples.parts()
    rows = list(range(200))
    with served.client("engineer") as client:
        kept = client.post("/api/selections", json={"rows": rows}).json()
        asked = {"task": "intent", "name": "picked", "selection": kept["key"], "expect": "fee", "target": 0.5}
        found = client.post("/api/tests/make", json=asked).json()
    assert kept["sealed"] == int((parts[rows] == PARTS.index(Part.GATE)).sum()) > 0
    assert found["cases"] + found["otherwise"] <= kept["total"] == len(rows) - kept["sealed"]
    named = pacsv.read_csv(root / "tests/picked.csv")["from"].to_pylist()
    assert PARTS.index(Part.GATE) not in parts[served.studio.store.examples.rows_of(named)]


def test_a_search_becomes_an_invariance_on_a_slice_where_a_slice_can_say_it(served: Served, root: Path) -> None:
    asked = {"task": "intent", "name": "apps", "same": "swap_letters", "target": 0.8, "reach": 0.2}
    with served.client("engineer") as client:
        assert "swap_letters" in {one["name"] for one in client.get("/api/tests/perturbations").json()}
        refused = client.post("/api/tests/make", json={**asked, "q": "task:intent pred:fee"})
        assert refused.status_code in (400, 422)
        assert "a slice is a condition" in refused.text
        assert client.post("/api/tests/make", json={**asked, "q": "fee", "same": "no such"}).status_code in (404, 422)
        found = client.post("/api/tests/make", json={**asked, "q": "sql:\"channel = 'app'\" task:intent"}).json()
        assert operate(client, "test.put", {"made": found["made"], "why": "typos in the app"})["t"] == "ack"
        asked["name"] = "apps swap_letters"  # on the slice that is there now
        again = client.post("/api/tests/make", json={**asked, "q": "sql:\"channel = 'app'\""}).json()
        assert "already" in operate(client, "test.put", {"made": again["made"], "why": "twice"})["why"]
    project = Engine.open(root).project
    assert project.slices["apps"].sql
    (test,) = [one for one in project.behaviours.values() if one.name == "apps swap_letters"]
    assert (test.slices, test.reach, test.target) == (("apps",), 0.2, 0.8)


def test_a_suite_of_a_name_that_is_taken_is_refused_and_leaves_no_file(served: Served, root: Path) -> None:
    with served.client("engineer") as client:
        key = select(client, "task:intent pred:fee")
        asked = {"task": "intent", "selection": key, "expect": "fee", "target": 0.9}
        first = client.post("/api/tests/make", json={**asked, "name": "a b"}).json()
        assert operate(client, "test.put", {"made": first["made"], "why": "first"})["t"] == "ack"
        assert client.post("/api/tests/make", json={**asked, "name": "x/y"}).status_code in (400, 422)
        grown = client.post("/api/tests/make", json={**asked, "name": "a b"}).json()
    assert (grown["cases"], grown["added"]) == (first["cases"], 0)
    assert {path.name for path in (root / "tests").iterdir()} == {"a_b.csv"}


def test_a_test_made_here_is_changed_taken_away_and_had_back_and_one_of_the_file_is_not(
    served: Served, root: Path
) -> None:
    with served.client("engineer") as client:
        asked = {"task": "intent", "name": "fees", "expect": "fee", "target": None}
        made = client.post("/api/tests/make", json={**asked, "selection": select(client, "task:intent pred:fee")})
        operate(client, "test.put", {"made": made.json()["made"], "why": "seen in Explore"})
        key, what = "intent/all/fees/must_pass", "suite:fees"
        fresh = by_key(client)[key]
        assert (fresh["tested"], fresh["made"]["what"], fresh["made"]["why"]) == (False, what, "seen in Explore")
        assert case(client, key)["cases"] == []
        assert operate(client, "test.aim", {"what": what, "target": 0.9, "why": "some are odd"})["t"] == "ack"
        assert by_key(client)["intent/all/fees/behaviour"]["target"] == 0.9
        assert operate(client, "test.drop", {"what": what, "why": "of no use"})["t"] == "ack"
        assert not [one for one in by_key(client) if "/fees/" in one]
        assert operate(client, "test.back", {"what": what})["t"] == "ack"
        assert by_key(client)["intent/all/fees/behaviour"]["target"] == 0.9
        assert "already" in operate(client, "test.back", {"what": what})["why"]
        for kind in ("test.drop", "test.aim"):
            assert operate(client, kind, {"what": "behaviour:please", "why": "mine"})["t"] == "nack"
        assert operate(client, "test.back", {"what": "gate:please"})["t"] == "nack"
    assert Engine.open(root).project.suites["fees"].target == 0.9


def test_a_test_declared_since_is_one_that_was_not_run_and_one_that_is_gone_is_none(served: Served, root: Path) -> None:
    file = root / "project.py"
    with served.client("viewer") as client:
        before = by_key(client)
        file.write_text(file.read_text(encoding="utf-8").replace("def broken(", "def mended("), "utf-8")
        now = by_key(client)
    assert (now[BROKEN.replace("broken", "mended")]["tested"], BROKEN in before, BROKEN in now) == (False, True, False)


def test_the_examples_that_fail_are_looked_at_in_explore_and_every_test_is_found_by_name(served: Served) -> None:
    with served.client("viewer") as client:
        shown = case(client, PLEASE)
        kept = client.post("/api/tests/selection", json={"cell": PLEASE}).json()
        found = client.get("/api/search", params={"q": f"in:{kept['key']} task:intent", "limit": 200}).json()
        assert {hit["id"] for hit in found["hits"]} == {one["example"] for one in shown["cases"]}
        names = client.get("/api/tests/names").json()
    assert {"key": PLEASE, "name": "please", "slice": "all"} in names
    assert len(shown["test"]["course"]) == 1


def test_people_are_asked_about_changed_copies_of_what_teaches(served: Served) -> None:
    with served.client("engineer") as client:
        offered = {one["name"] for one in client.get("/api/tests/perturbations?effect=may change").json()}
        assert "negate" in offered
        assert "swap_letters" not in offered
        body = {"task": "intent", "change": "drop_words", "n": 5}
        assert client.post("/api/tests/propose", json=body | {"change": "swap_letters"}).status_code in (400, 422)
        assert client.post("/api/tests/propose", json=body).json()["running"]
        while (run := client.get("/api/tests").json()["run"])["running"]:
            time.sleep(0.05)
    assert run["failure"] is None
    copies = [item for item in served.studio.store.queue.waiting("intent") if item.policy == "candidates"]
    assert 0 < len(copies) == run["proposed"]["asked"] <= 5
    assert {item.part for item in copies} == {"teach"}
    assert all("drop_words" in item.why for item in copies)


def odd(label: str, n: int) -> pa.Table:
    """Mail of words that nobody else uses, all of one label."""
    return pa.table({"body": [f"xyzzy frobnicate {i}" for i in range(n)], "intent": [label] * n})


def test_a_test_that_held_for_the_model_before_is_newly_failing(tmp_path: Path, without_weights: Path) -> None:
    root = tmp_path / "mail"
    table = pa.concat_tables([mail(500).select(["body", "intent"]), odd("card", 60)])
    begun(root, table, EASY + '\nproject.must_pass("golden.csv", "intent")\n')
    pacsv.write_csv(pa.table({"body": ["xyzzy frobnicate"], "intent": ["card"]}), root / "golden.csv")
    engine = Engine.open(root)
    engine.run(cycles=1)
    with engine.store(write=True) as store:
        changed = import_labels(store, engine.project, csv(tmp_path / "changed.csv", odd("loan", 60)))
    assert changed.strangers == 0
    Engine.open(root).run(cycles=1)
    with serving(root) as served, served.client("viewer") as client:
        shown = client.get("/api/tests").json()
    (one,) = [one for one in shown["tests"] if one["name"] == "golden"]
    assert shown["model"]["number"] > shown["baseline"]["number"]
    assert (one["was"]["state"], one["state"], one["newly"]) == ("adequate", "inadequate", True)


def test_a_slice_that_was_discovered_becomes_a_cell_that_the_next_cycle_measures(
    tmp_path: Path, without_weights: Path
) -> None:
    root = tmp_path / "mail"
    begun(root, planted(), EASY)
    Engine.open(root).run(cycles=1)
    with serving(root) as served, served.client("engineer") as client:
        offered = client.get("/api/tests/discovered").json()["slices"]
        one = next(one for one in offered if one["sql"] == "channel = 'branch'")
        gate = served.studio.store.examples.parts() == PARTS.index(Part.GATE)
        shown = served.studio.store.examples.rows_of([bad["id"] for bad in one["failures"]])
        assert len(shown)
        assert not gate[shown].any()
        body = {"name": one["name"], "sql": one["sql"], "target": None, "why": "worse there"}
        assert "not tried" in operate(client, "slice.put", body)["why"]
        assert client.post("/api/slices/preview", json={"sql": one["sql"]}).json()["examples"] == one["support"]
        assert operate(client, "slice.put", body)["t"] == "ack"
        assert one["sql"] not in {other["sql"] for other in client.get("/api/tests/discovered").json()["slices"]}
    Engine.open(root).run(cycles=1)
    with serving(root) as served, served.client("viewer") as client:
        cells = client.get("/api/board", params={"fresh": True}).json()["cells"]
    (cell,) = [cell for cell in cells if cell["slice"] == one["name"] and cell["metric"] == "accuracy"]
    assert cell["value"] is not None


def test_answers_about_steering_examples_that_fail_decide_no_cell_and_say_how_they_were_found(served: Served) -> None:
    before = {cell.key: cell.n for cell in Engine.open(served.studio.root).board().cells}
    with served.client("reviewer") as client:
        asked = client.post("/api/tests/label", json={"cell": PLEASE, "n": 200}).json()
        assert operate(client, "queue.fill", {"picks": asked["picks"]})["t"] == "ack"
        items = [item for item in served.studio.store.queue.waiting("intent") if item.cell == PLEASE]
        steer = [item for item in items if item.part == "steer" and item.why.startswith("asked for please")]
        assert steer
        for item in steer:
            body = {"task": "intent", "example": item.example, "value": "fee", "new": True, "guide": 0}
            assert operate(client, "label.set", body)["t"] == "ack"
    assert {item.part for item in items} <= {"teach", "steer"}
    assert {item.policy for item in steer} == {"failures"}
    after = {cell.key: cell.n for cell in Engine.open(served.studio.root).board().cells}
    assert after == before
