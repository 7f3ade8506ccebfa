"""What people and programs see of a project."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pyarrow as pa
import pytest

from adequate.loop.engine import Engine
from adequate.loop.page import render
from tests.loop.projects import EASY, HARD, SLICED
from tests.made import begun, csv, mail

DATA = mail(200, hard=0.3).select(["body", "intent", "channel"])
EVIL = "<script>alert(1)</script>"
NAME = "<b onmouseover='x'> & {{ 7 * 7 }}"
KEYS = {
    "task",
    "slice",
    "label",
    "metric",
    "n",
    "value",
    "low",
    "high",
    "target",
    "state",
    "need",
    "change",
    "forecast",
}


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """A project that fails at much, each text with markup in it."""
    evil = pa.array([f"{EVIL} {body}" for body in DATA["body"].to_pylist()])
    root = tmp_path_factory.mktemp("board") / "mail"
    sliced = HARD + f"project.slice({NAME!r}, sql=\"channel = 'app'\", target=0.9)\n"
    begun(root, DATA.set_column(0, "body", evil), sliced)
    made = Engine.open(root)
    made.run()
    return made


def test_the_json_has_the_documented_keys_and_no_others(engine: Engine) -> None:
    board = json.loads(str(engine.board()))
    assert set(board) == {"project", "model", "labels", "cells", "next"}
    assert set(board["labels"]) == {"teach", "steer", "gate"}
    assert {frozenset(cell) for cell in board["cells"]} == {frozenset(KEYS)}
    assert set(board["next"]) == {"action", "say", "command", "labels", "cells"}
    for cell in board["cells"]:
        assert cell["state"] in ("adequate", "inadequate", "unknown")
        assert cell["change"] in (None, "improved", "not_regressed", "regressed", "suspect")
        assert 0 <= cell["low"] <= cell["value"] <= cell["high"] <= 1
        assert cell["forecast"] is None or set(cell["forecast"]) == {"labels", "low", "high"}


def test_the_page_escapes_what_users_wrote(engine: Engine) -> None:
    page = render(engine.board())
    assert "<script" not in page
    assert "onmouseover='x'" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "{{ 7 * 7 }}" in page
    assert not re.search(r'(src|href)\s*=\s*["\']?(https?:)?//', page)


def test_the_page_shows_failures_of_steer_and_never_an_example_of_the_gate(engine: Engine) -> None:
    board = engine.board()
    shown = {failure.example for failures in board.failures.values() for failure in failures}
    page = render(board)
    with engine.store() as store:
        table = store.examples.take(range(200), ["aq_id", "aq_part", "body"]).to_pylist()
    assert shown
    assert shown <= {row["aq_id"] for row in table if row["aq_part"] == 1}
    for row in table:
        if row["aq_part"] == 2:
            assert row["body"].removeprefix(EVIL) not in page
            assert row["aq_id"] not in page


def test_before_the_first_model_each_cell_is_unknown_and_the_next_step_is_said(tmp_path: Path) -> None:
    begun(tmp_path / "mail", DATA, SLICED, with_labels=False)
    board = Engine.open(tmp_path / "mail").board()
    assert {cell.state for cell in board.cells} == {"unknown"}
    assert board.next["command"] == "adequate run"
    assert not board.adequate
    render(board)


def test_a_board_of_several_models_draws_their_curve_and_says_what_changed(tmp_path: Path) -> None:
    begun(tmp_path / "mail", DATA, SLICED, with_labels=False)
    engine = Engine.open(tmp_path / "mail")
    oracle = csv(tmp_path / "oracle.csv", DATA)
    engine.run(oracle=oracle, cycles=4, batch=30)
    board = engine.board()
    assert {cell.change for cell in board.cells} <= {"not_regressed", "improved", "suspect"}
    curve = board.curves["intent accuracy"]
    assert [labels for labels, _, _, _ in curve] == sorted({labels for labels, _, _, _ in curve})
    assert len(curve) == 2
    assert "<svg" in render(board)


def test_a_correction_changes_the_counts_and_taking_it_back_restores_them(tmp_path: Path) -> None:
    begun(tmp_path / "mail", DATA, EASY)
    engine = Engine.open(tmp_path / "mail")
    before = engine.board().labels
    with engine.store(write=True) as store:
        undone = store.labels.undo(store.labels.last_seq(), "ann")
    assert sum(engine.board().labels.values()) == sum(before.values()) - 1
    with engine.store(write=True) as store:
        store.labels.undo(undone, "ann")
    assert engine.board().labels == before
