"""A real server records: what its release and its options say, in every process, through a kill."""

from __future__ import annotations

import gc
import json
import os
import signal
import weakref
from pathlib import Path

import pytest

from adequate.bundles import Bundle, write
from adequate.serving.batcher import Loaded
from adequate.serving.observing import Observing
from adequate.serving.swap import Serving
from adequate.spec.assertions import Assertion, Kind
from tests.serving.answering import total, written
from tests.serving.running import serving

LOW = {"column": "intent_confidence", "between": [2.0, None], "one_of": None}  # no confidence is that high


@pytest.fixture(scope="module")
def telling(opened: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release that brings an assertion which all violate, and says what may be kept."""
    return write(
        tmp_path_factory.mktemp("telling"),
        project="mail",
        text=opened.manifest.text,
        blocks=list(opened.blocks.values()),
        heads=opened.heads,
        assertions=[
            {"name": "sure", "kind": "range", "task": "intent", "severity": "warn", "most": 0.0, "options": LOW}
        ],
        recording={"redact": ["email"], "columns": ["channel"], "an_hour": 20},
    )


def test_a_server_records_what_its_release_says_and_its_options_go_over_it(telling: Path, tmp_path: Path) -> None:
    text = json.loads((telling / "bundle.json").read_bytes())["text"]
    with serving(telling, "--record", "50%", "--record-to", str(tmp_path), "--workers", "2") as server:
        for i in range(20):
            asked = {text: f"ann@mail.org asks {i}", "channel": "app", "name": "Ann"}
            assert server.ask("POST", "/predict", {"inputs": [asked] * 10}).status == 200
        os.kill(server.process.pid, signal.SIGTERM)
        assert server.process.wait(60) == 0
    rows, tallies = written(tmp_path)
    assert total(tallies, "texts") == total(tallies, "assertions", "sure", "violated") == 200
    assert total(tallies, "requests") == 20
    assert all(row["inputs"][text].startswith("[email] asks") for row in rows)
    assert all(set(row["inputs"]) <= {text, "channel"} for row in rows)
    assert 70 < sum("audit" in row["why"] for row in rows) < 130
    servers = {tally["server"] for tally in tallies}
    assert 10 <= sum("assertion:sure" in row["why"] for row in rows) <= 10 * len(servers)


def test_rows_that_a_killed_server_wrote_are_there(telling: Path, tmp_path: Path) -> None:
    with serving(telling, "--record", "100%", "--record-to", str(tmp_path)) as server:
        told = 0.0
        while told < 300:
            assert server.predict(texts=["where is my card", "hello"] * 20).status == 200
            told = server.count("recorded_total")
        os.kill(server.process.pid, signal.SIGKILL)
        server.process.wait(60)
    rows, _ = written(tmp_path)
    assert len(rows) >= told
    assert len({row["id"] for row in rows}) == len(rows)


def test_a_release_that_wants_something_else_redacted_has_it_from_the_moment_that_it_serves(
    opened: Bundle, telling: Path, tmp_path: Path
) -> None:
    observer = Observing(tmp_path, over={"rate": 1.0})
    other = Bundle.open(telling)
    for bundle in (opened, other):
        observer.changed(Serving(all=Loaded(bundle.id, bundle, 1.0)))
        some = ["from ann@mail.org"]
        observer.saw({opened.manifest.text: some}, bundle.answer(some), release=bundle.id, seconds=0.0)
    observer.close()
    assert b"ann@mail.org" not in b"".join(path.read_bytes() for path in tmp_path.glob("*/*"))
    rows, _ = written(tmp_path)
    assert len(rows) == 2


def test_what_cannot_be_redacted_by_is_refused_at_the_start(telling: Path, tmp_path: Path) -> None:
    options = ("--redact", "emial", "--record-to", str(tmp_path))
    with pytest.raises(AssertionError, match="did you mean 'email'"), serving(telling, *options):  # instead of a URL
        pass


def test_answers_below_the_threshold_are_marked_counted_and_some_are_kept(opened: Bundle, tmp_path: Path) -> None:
    careful = write(
        tmp_path / "releases",
        project="mail",
        text=opened.manifest.text,
        blocks=list(opened.blocks.values()),
        heads=opened.heads,
        abstain={"intent": {"threshold": 1.0}},
        recording={"an_hour": 20},
    )
    with serving(careful, "--record", "0%", "--record-to", str(tmp_path / "recorded")) as server:
        for _ in range(3):
            said = server.predict(texts=["where is my card", "hello"] * 5).json()["outputs"]
            sure = [one < 1 for one in said["intent"]["confidence"]]
            assert said["intent"]["abstained"] == sure
            assert all("abstained" not in one for task, one in said.items() if task != "intent")
        tensor = {"name": "text", "datatype": "BYTES", "shape": [2], "data": ["where is my card", "hello"]}
        asked = {"inputs": [tensor], "outputs": [{"name": "intent.abstained"}]}
        (told,) = server.ask("POST", "/v2/models/mail/infer", asked).json()["outputs"]
        assert told == {"name": "intent.abstained", "datatype": "BOOL", "shape": [2], "data": sure[:2]}
        assert server.ask("GET", "/v2/models/mail").json()["outputs"][3]["name"] == "intent.abstained"
        os.kill(server.process.pid, signal.SIGTERM)
        assert server.process.wait(60) == 0
    rows, tallies = written(tmp_path / "recorded")
    assert total(tallies, "tasks", "intent", "abstained") == 3 * sum(sure) + sum(sure[:2])
    assert 1 <= len(rows) <= 20
    assert all(0 < row["why"]["abstained:intent"] <= 1 and row["probability"] > 0 for row in rows)


def test_sql_that_did_not_travel_is_answered_where_the_project_is(opened: Bundle, tmp_path: Path) -> None:
    text = opened.manifest.text
    stays = Assertion(
        name="in duckdb only",
        kind=Kind.PREDICATE,
        task="intent",
        options={"sql": f"sha256({text}) <> '' AND {text} LIKE '%card%'"},
    )
    observing = Observing(tmp_path, declared=lambda: [stays])
    observing.changed(Serving(all=Loaded(opened.id, opened, 1.0)))
    texts = ["where is my card", "hello"]
    observing.saw({text: texts}, opened.answer(texts), release=opened.id, seconds=0.1)
    observing.close()
    _, tallies = written(tmp_path)
    assert total(tallies, "assertions", "in duckdb only", "n") == 2
    assert total(tallies, "assertions", "in duckdb only", "violated") == 1


def test_a_release_of_the_past_is_let_go(opened: Bundle, telling: Path, tmp_path: Path) -> None:
    observer, past = Observing(tmp_path), Bundle.open(telling)
    seen = weakref.ref(past)
    observer.changed(Serving(all=Loaded("past", past, 1.0)))
    del past
    observer.changed(Serving(all=Loaded(opened.id, opened, 1.0)))
    assert seen() is not None  # some of its answers are on the way
    observer.changed(Serving(all=Loaded(opened.id, opened, 1.0)))
    gc.collect()
    assert seen() is None
    observer.close()
