"""Triggers: what they fire on is kept, within their budget, and new ones come without a restart."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adequate.errors import FormatError
from adequate.serving.budget import Budget
from adequate.serving.record import Recorder
from adequate.serving.triggers import Given, from_file
from adequate.spec.recording import Recording
from tests.serving.answering import TEXT, Model, texts, total, written


def seeks_fees(per_day: int, release: str = "", block: str = "block") -> Given:
    """Fires on the second label: the place minus a half, from a half on, but not on the third."""
    weights = np.array([1.0, -0.5], np.float32)
    return Given(id="7", block=block, weights=weights, threshold=1.0, per_day=per_day, release=release)


def recorded(folder: Path, trigger: Given) -> Recorder:
    recorder = Recorder(folder, text=TEXT, recording=Recording(), triggers=lambda: [trigger], seed=1)
    some = texts(300)
    for i in range(0, 300, 30):
        recorder.saw({TEXT: some[i : i + 30]}, Model().answer(some[i : i + 30]), release="r1", seconds=0.0)
    recorder.close()
    return recorder


def test_what_a_trigger_fires_on_is_kept(tmp_path: Path) -> None:
    recorded(tmp_path, seeks_fees(1000))
    rows, tallies = written(tmp_path)
    assert {row["outputs"]["intent"]["label"] for row in rows} == {"login"}  # place 2: 1.5; place 1: 0.5
    assert len(rows) == 100
    assert all(row["why"] == {"trigger:7": 1.0} and row["probability"] == 1.0 for row in rows)
    assert total(tallies, "triggers", "7") == 100


def test_a_trigger_never_asks_for_more_than_its_budget_and_tells_the_chance(tmp_path: Path) -> None:
    recorded(tmp_path, seeks_fees(12))
    rows, tallies = written(tmp_path)
    assert len(rows) == 12
    assert total(tallies, "triggers", "7") == 100
    weights = sum(1 / row["why"]["trigger:7"] for row in rows)
    assert weights <= 100.001


@pytest.mark.parametrize("trigger", [seeks_fees(9, release="another"), seeks_fees(9, block="another")])
def test_a_trigger_of_another_release_or_block_does_not_fire(tmp_path: Path, trigger: Given) -> None:
    recorded(tmp_path, trigger)
    assert written(tmp_path)[0] == []


def test_a_budget_is_shared_with_the_servers_beside(tmp_path: Path) -> None:
    beside = tmp_path / "host-2-cd" / "000001.jsonl"
    beside.parent.mkdir()
    beside.write_bytes(b'{"kind":"tally"}\n')
    ended = tmp_path / "host-3-ef" / "000001.jsonl"  # an hour ahead: since then the clock was put back
    ended.parent.mkdir()
    ended.write_bytes(b'{"kind":"tally"}\n')
    os.utime(ended, (time.time() + 3600,) * 2)
    recorder = recorded(tmp_path, seeks_fees(12))
    assert len([row for row in written(tmp_path)[0] if row["id"].startswith(recorder.name)]) == 6


def test_a_trigger_comes_to_a_running_server_and_goes(tmp_path: Path) -> None:
    file = tmp_path / "triggers.json"
    file.write_bytes(b"[]")
    recorder = Recorder(tmp_path / "recorded", text=TEXT, recording=Recording(), triggers=from_file(file))
    model, some = Model(), texts(30)

    def ask() -> int:
        recorder.saw({TEXT: some}, model.answer(some), release="r1", seconds=0.0)
        time.sleep(0.25)
        return recorder.health()["written"]

    assert ask() == 0
    said = {"id": 1, "block": "block", "weights": [1.0, -0.5], "threshold": 1.0, "per_day": 10_000}
    file.write_bytes(orjson.dumps([said]))
    deadline = time.monotonic() + 60
    while ask() < 10 and time.monotonic() < deadline:
        pass
    assert recorder.health()["written"] >= 10
    file.write_bytes(b"{")  # broken: the last ones stay
    deadline = time.monotonic() + 60
    while "no triggers" not in recorder.health()["fault"] and time.monotonic() < deadline:
        time.sleep(0.05)
    before = recorder.health()["written"]
    ask()
    recorder.close()
    assert recorder.health()["written"] > before


def test_a_file_that_holds_no_triggers_is_told(tmp_path: Path) -> None:
    file = tmp_path / "triggers.json"
    with pytest.raises(FormatError, match="holds no triggers"):
        from_file(file)()
    file.write_bytes(b'[{"id": 1}]')
    os.utime(file, (1, 1))
    with pytest.raises(FormatError, match="weights"):
        from_file(file)()


@given(
    fires=st.lists(st.integers(0, 40), max_size=40),
    steps=st.floats(0.0, 50.0),
    n=st.integers(1, 30),
    at_once=st.sampled_from([0.25, 1.0]),
)
def test_in_no_window_is_more_taken_than_the_budget(fires: list[int], steps: float, n: int, at_once: float) -> None:
    now, rng = [0.0], np.random.default_rng(0)
    budget = Budget(n, 100.0, at_once, clock=lambda: now[0])
    taken, start = 0, 0.0
    for many in fires:
        if now[0] - start >= 100.0:
            taken, start = 0, now[0]
        kept, chance = budget.draw(np.arange(50) < many, rng)
        assert kept.sum() == round(chance * many)
        taken += int(kept.sum())
        assert taken <= n
        now[0] += steps
