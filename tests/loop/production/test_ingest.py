"""What production recorded becomes counts, examples and questions: each once, and nothing selected measures."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import sqlalchemy as sa

from adequate import store
from adequate.labelling import answered
from adequate.loop.engine import Engine
from adequate.loop.production import Brought, ingest
from adequate.loop.production.asked import Questions
from adequate.loop.production.bring import taken_in
from adequate.serving.spool import pieces
from adequate.store import Event, Trigger
from adequate.store.events import record
from adequate.store.recordings import folder_of
from adequate.types import PARTS, Part, Source
from tests.loop.production.recorded import row, tally, write
from tests.made import begun, mail

SOURCE = """
import adequate as aq
import pyarrow.compute as pc

project = aq.Project("mail", text="body")
intent = project.classify(
    "intent", labels=["card", "fee", "loan", "login", "refund", "transfer"], target=aq.Target(accuracy=0.6)
)


@project.assertion
def money_back_is_a_refund(inputs, outputs):
    return pc.and_(pc.match_substring(inputs["body"], "money back"), pc.not_equal(outputs["intent"], "refund"))
"""
DATA = mail(120).select(["body", "intent", "channel"])


@pytest.fixture(scope="module")
def begun_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with labels, no model."""
    root = tmp_path_factory.mktemp("production") / "mail"
    begun(root, DATA, SOURCE)
    return root


@pytest.fixture
def root(begun_once: Path, tmp_path: Path) -> Path:
    """A copy of it to record for."""
    return Path(shutil.copytree(begun_once, tmp_path / "mail"))


def brought(root: Path, **options: int) -> Brought:
    engine = Engine.open(root)
    with engine.store(write=True) as one:
        return ingest(one, engine.project, **options)


def texts(n: int) -> list[str]:
    """Texts that are nothing like each other, nor like the project's."""
    rng = np.random.default_rng(3)
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz"))
    return [" ".join("".join(rng.choice(letters, 7)) for _ in range(6)) for _ in range(n)]


def test_an_answer_that_was_not_sure_enough_is_asked_of_its_task(root: Path) -> None:
    write(root, [row(n, text, {"abstained:intent": 0.5}) for n, text in enumerate(texts(12))])
    found = brought(root)
    assert found.rows + found.left_out == 12
    assert found.asked == {"abstained": found.rows}
    with store.open(root, write=False) as one:
        items = one.queue.waiting("intent")
        assert all(item.part == Part.TEACH and "not sure enough" in item.why for item in items)
        assert all(json.loads(item.suggestion or "")["label"] == "card" for item in items)


def test_no_request_changes_what_a_column_holds(tmp_path: Path) -> None:
    root, n = tmp_path / "mail", len(DATA)
    when = pa.array(np.arange(n) * 10**9, pa.timestamp("us"))
    begun(root, DATA.append_column("age", pa.array(range(n))).append_column("when", when), SOURCE)
    said = [
        ("age", 30),
        ("age", "41"),
        ("age", "old"),
        ("age", [1]),
        ("when", "2026-01-02"),
        ("when", 5),
        ("when", "no"),
    ]
    said.append(("channel", 3))
    lines = [
        row(i, text, {"audit": 1.0}) | {"inputs": {"body": text, name: value, "aq_id": "mine", "aq_part": "gate"}}
        for i, (text, (name, value)) in enumerate(zip(texts(len(said)), said, strict=True))
    ]
    write(root, lines)
    with store.open(root) as one:
        before = one.examples.schema
    assert brought(root).rows == len(said)
    with store.open(root) as one:
        assert one.examples.schema.equals(before)
        rows = [found.row for found in one.traffic.recorded()]
        held = one.examples.take(rows, ["age", "when", "channel"]).to_pylist()
    known = [next((value for value in found.values() if value is not None), None) for found in held]
    assert known == [30, 41, None, None, datetime(2026, 1, 2), None, None, "3"]


def test_what_another_studio_brought_in_meanwhile_is_not_counted_twice(root: Path) -> None:
    write(root, [row(0, texts(1)[0], {"audit": 1.0}), tally(60, 5)])
    engine = Engine.open(root)
    with engine.store(write=True) as one:
        (piece,) = pieces(folder_of(root), one.traffic.read)
        questions = Questions.of(one, engine.project, share=1.0, most=9)
        assert taken_in(one, engine.project, piece, questions)["requests"] == 5
        assert taken_in(one, engine.project, piece, questions) == {}
        (minute,) = one.traffic.minutes()
        assert minute.body["requests"] == 5


def test_a_violation_is_asked_with_its_reason_and_what_it_suggests(root: Path) -> None:
    suggested = {"suggested": {"intent": "refund"}}
    lines = [row(n, text, {"assertion:money_back_is_a_refund": 1.0}, **suggested) for n, text in enumerate(texts(12))]
    write(root, lines)
    found = brought(root)
    assert found.rows + found.left_out == 12
    assert found.asked == {"assertion": found.rows}
    with store.open(root, write=False) as one:
        items = one.queue.waiting("intent")
        assert {item.policy for item in items} == {"assertion"}
        assert {item.cell for item in items} == {"intent/all/money_back_is_a_refund/assertion"}
        assert {item.why for item in items} == {"production: violates money_back_is_a_refund, answered card"}
        assert json.loads(items[0].suggestion or "") == {
            "label": "refund",
            "model": "money_back_is_a_refund",
            "source": "rule",
        }
        (first, *_) = one.traffic.recorded()
        assert (first.reason, first.release, first.body["outputs"]["intent"]["label"]) == (
            "assertion:money_back_is_a_refund",
            "r1",
            "card",
        )
        assert one.examples.take([first.row], ["channel"]).to_pylist() == [{"channel": "app"}]
        assert "unheard-of" not in one.examples.schema.names


def test_what_was_selected_teaches_and_never_measures(root: Path) -> None:
    reasons = [{"assertion:money_back_is_a_refund": 1.0}, {"shadow": 1.0}, {"trigger:1": 1.0}]
    write(root, [row(n, text, reasons[n % 3]) for n, text in enumerate(texts(60))])
    found = brought(root)
    assert 2 <= found.left_out <= 28  # a fifth of 60, five standard deviations
    with store.open(root, write=False) as one:
        rows = [row.row for row in one.traffic.recorded()]
        assert len(rows) == 60 - found.left_out
        assert set(one.examples.parts()[rows]) == {PARTS.index(Part.TEACH)}


def test_the_audit_falls_into_every_part_and_its_labels_carry_their_probability(root: Path) -> None:
    write(root, [row(n, text, {"audit": 0.25}) for n, text in enumerate(texts(60))])
    found = brought(root)
    assert (found.rows, found.left_out, found.asked) == (60, 0, {"audit": 60})
    with store.open(root) as one:
        items = one.queue.waiting("intent")
        assert {item.part for item in items} == {"teach", "steer", "gate"}
        assert {(item.probability, item.suggestion, item.cell) for item in items} == {(0.25, None, "")}
        item = next(item for item in items if item.part == "gate")
        said = Event(
            example=item.example,
            row=item.row,
            task="intent",
            value="fee",
            actor="ann",
            source=Source.HUMAN,
            policy=item.policy,
            probability=item.probability,
        )
        one.sql.write(lambda connection: record(connection, answered(connection, item.id, said)))
        now = one.labels.current("intent")
        at = now["row"].to_pylist().index(item.row)
        assert (now["probability"][at].as_py(), now["part"][at].as_py()) == (0.25, "gate")


def test_of_a_large_audit_an_even_share_is_asked_with_the_chance_of_both_draws(root: Path) -> None:
    write(root, [row(n, text, {"audit": 0.5}) for n, text in enumerate(texts(100))])
    found = brought(root, most=25)
    assert 8 <= found.asked["audit"] <= 46
    with store.open(root, write=False) as one:
        assert {item.probability for item in one.queue.waiting("intent")} == {0.125}
        rows = one.traffic.recorded(reason="audit")
        assert len(rows) == 100
        assert sum("drawn" in row.body for row in rows) == found.asked["audit"]  # those alone are watch's sample


def test_no_more_is_asked_of_one_reason_than_was_allowed(root: Path) -> None:
    write(root, [row(n, text, {"shadow": 1.0}, **_differs()) for n, text in enumerate(texts(40))])
    assert brought(root, most=5).asked == {"shadow": 5}


def _differs() -> dict[str, object]:
    return {"shadow": {"release": "r2", "outputs": {"intent": {"label": "fee", "confidence": 0.5}}}}


def test_where_a_shadow_differs_both_answers_are_said_and_in_the_gate_it_comes_first(root: Path) -> None:
    lines = [row(n, text, {"shadow": 1.0, "audit": 0.5}, **_differs()) for n, text in enumerate(texts(40))]
    lines += [row(40 + n, text, {"shadow": 1.0}, **_differs()) for n, text in enumerate(texts(50)[40:])]
    write(root, lines)
    brought(root)
    with store.open(root, write=False) as one:
        items = one.queue.waiting("intent")
        gate = sum(item.part == "gate" for item in items)
        assert gate > 0
        assert {(item.part, item.policy, item.probability) for item in items[:gate]} == {("gate", "audit", 0.5)}
        assert "production: release r1 says card, r2 says fee" in {item.why for item in items}


def test_a_trigger_asks_for_its_cell(root: Path) -> None:
    with store.open(root) as one:
        given = {"task": "intent", "release": "r1", "block": "b", "threshold": 0.0, "per_day": 9, "who": "ann"}
        weights = np.ones(2, np.float32)
        number = one.triggers.put(Trigger(cell="intent/all/refund/recall", weights=weights, **given))  # type: ignore[arg-type]
    write(root, [row(n, text, {f"trigger:{number}": 1.0}) for n, text in enumerate(texts(6))])
    brought(root)
    with store.open(root, write=False) as one:
        items = one.queue.waiting("intent")
        assert {(item.cell, item.policy) for item in items} == {("intent/all/refund/recall", "trigger")}
        assert {json.loads(item.suggestion or "")["label"] for item in items} == {"card"}


def test_the_same_is_brought_in_once_and_what_is_new_later(root: Path) -> None:
    many = texts(20)
    path = write(root, [row(0, many[0], {"audit": 0.5}), tally(60, 7)], torn=b'{"kind":"row","id":"host-1-1","at')
    first = brought(root)
    assert (first.rows, first.requests) == (1, 7)
    assert brought(root) == Brought()
    with path.open("r+b") as file:  # the server had not finished its line
        file.truncate(path.read_bytes().rfind(b"\n") + 1)
    write(root, [row(n, text, {"audit": 0.5}) for n, text in enumerate(many[:3])])  # the first once more
    write(root, [tally(70, 1)], segment="000001")
    again = brought(root)
    assert (again.rows, again.requests) == (2, 1)
    with store.open(root, write=False) as one:
        assert len(one.traffic.recorded()) == 3
        (minute,) = one.traffic.minutes()
        assert (minute.seconds, minute.body["requests"]) == (20, 8)


def test_what_has_a_label_or_was_skipped_is_not_asked_again(root: Path) -> None:
    known, new = DATA["body"][0].as_py(), texts(1)[0]
    write(root, [row(0, known, {"audit": 1.0}), row(1, new, {"audit": 1.0})])
    assert brought(root).asked == {"audit": 1}
    with store.open(root, write=False) as one:
        assert [row.body["asked"] for row in one.traffic.recorded(reason="audit")] == [[], ["intent"]]
    with store.open(root) as one:
        (item,) = one.queue.waiting("intent")
        one.queue.skip(item.id, "ann")
    write(root, [row(2, new, {"audit": 1.0})])
    found = brought(root)
    assert (found.rows, found.examples, found.asked) == (1, 0, {})


def test_lines_that_say_no_text_are_passed_over(root: Path) -> None:
    lines = [row(n, text, {"audit": 1.0}) for n, text in enumerate(["", "  ", *texts(1)])]
    write(root, [*lines, row(9, "x", {"audit": 1.0}, inputs={"body": 5}), {"kind": "other"}])
    assert brought(root).rows == 1


INGEST = """
import sys
from pathlib import Path
from adequate.loop.engine import Engine
from adequate.loop.production import ingest

engine = Engine.open(Path(sys.argv[1]))
with engine.store(write=True) as one:
    print("ready", flush=True)
    ingest(one, engine.project, progress=lambda *_: print("piece", flush=True))
"""


@pytest.mark.parametrize("pieces", [0, 2])
def test_killed_in_the_middle_it_goes_on_and_nothing_is_there_twice(root: Path, pieces: int) -> None:
    many = texts(60)
    for part in range(6):
        lines = [row(n, many[n], {"audit": 0.5}) for n in range(10 * part, 10 * part + 10)]
        write(root, [*lines, tally(60.0 * part, 10)], segment=f"{part:06d}")
    process = subprocess.Popen([sys.executable, "-c", INGEST, str(root)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for _ in range(1 + pieces):
        process.stdout.readline()
    time.sleep(0.05 if pieces == 0 else 0)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    brought(root)
    with store.open(root, write=False) as one:
        found = one.traffic.recorded()
        assert sorted(row.id for row in found) == sorted(f"host-1-{n}" for n in range(60))
        assert sum(minute.body["requests"] for minute in one.traffic.minutes()) == 60
        assert one.examples.count == DATA.num_rows + 60
        items = one.queue.waiting("intent")
        assert len({item.row for item in items}) == len(items) == 60
        assert one.sql.value(sa.select(sa.func.count()).select_from(store.schema.spooled)) == 6
