"""A candidate in the shadow: where it disagrees is kept, with both answers."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from adequate.bundles.bundle import Answers
from adequate.serving.record import TEXTS, Recorder
from adequate.serving.shadow import WAITING, disagree
from adequate.spec.recording import Recording
from adequate.testing.outputs import Output
from tests.serving.answering import TEXT, Model, texts, total, written


class Other(Model):
    """Answers otherwise where the text ends in 7."""

    def answer(self, texts: Sequence[str], tasks: Sequence[str] | None = None) -> Answers:
        return super().answer([text + "x" if text.endswith("7") else text for text in texts], tasks)


def wait_for(what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not what() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert what()


def told(recorder: Recorder, n: int = 300) -> None:
    some = texts(n)
    for i in range(0, n, 30):
        recorder.saw({TEXT: some[i : i + 30]}, Model().answer(some[i : i + 30]), release="r1", seconds=0.0)


def test_only_disagreements_are_kept_with_both_answers(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, text=TEXT, recording=Recording(), seed=1)
    recorder.shadow(Other("r2"))
    told(recorder)
    recorder.close()
    rows, tallies = written(tmp_path)
    assert len(rows) == 30
    assert all(row["inputs"][TEXT].endswith("7") and row["why"] == {"shadow": 1.0} for row in rows)
    assert all(row["shadow"]["release"] == "r2" for row in rows)
    assert all(row["shadow"]["outputs"]["intent"] != row["outputs"]["intent"] for row in rows)
    assert total(tallies, "shadow", "n") == 300
    assert total(tallies, "shadow", "disagreed", "intent") == 30


def test_a_row_of_the_audit_is_written_once_with_what_the_shadow_says(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, text=TEXT, recording=Recording(rate=0.5), seed=2)
    recorder.shadow(Other("r2"))
    told(recorder)
    recorder.close()
    rows, _ = written(tmp_path)
    both = [row for row in rows if set(row["why"]) == {"audit", "shadow"}]
    assert both
    assert all(row["probability"] == 1.0 for row in both)
    assert len({row["inputs"][TEXT] for row in rows}) == len(rows)
    assert {row["probability"] for row in rows if "shadow" not in row["why"]} == {0.5}


def test_a_candidate_that_is_too_slow_is_passed_by_and_nothing_else_is_lost(tmp_path: Path) -> None:
    go_on = threading.Event()

    class Slow(Other):
        def answer(self, texts: Sequence[str], tasks: Sequence[str] | None = None) -> Answers:
            go_on.wait(100)
            return super().answer(texts, tasks)

    recorder = Recorder(tmp_path, text=TEXT, recording=Recording(rate=0.01), seed=3)
    recorder.shadow(Slow("r2"))
    some = texts(TEXTS)
    answers = Model().answer(some)
    for _ in range(12):
        recorder.saw({TEXT: some}, answers, release="r1", seconds=0.0)
    wait_for(lambda: recorder.health()["written"] > 0)  # those that passed it by
    go_on.set()
    recorder.close()
    rows, tallies = written(tmp_path)
    assert total(tallies, "texts") == 12 * TEXTS
    assert WAITING * TEXTS <= total(tallies, "shadow", "n") <= (WAITING + 1) * TEXTS
    assert 390 < sum("audit" in row["why"] for row in rows) < 600  # 491.5 are expected


def test_a_candidate_that_fails_takes_nothing_away(tmp_path: Path) -> None:
    class Broken(Model):
        def answer(self, texts: Sequence[str], tasks: Sequence[str] | None = None) -> Answers:
            super().answer(texts, tasks)
            raise RuntimeError("an operator that the runtime lacks")

    recorder = Recorder(tmp_path, text=TEXT, recording=Recording(rate=1.0))
    recorder.shadow(Broken("r2"))
    told(recorder)
    recorder.close()
    rows, _ = written(tmp_path)
    assert len(rows) == 300
    assert not any("shadow" in row for row in rows)


def test_the_shadow_can_be_changed_and_taken_away_under_load(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, text=TEXT, recording=Recording(rate=1.0))
    for i, candidate in enumerate((Other("r2"), Other("r3"), None)):
        recorder.shadow(candidate)
        told(recorder)
        wait_for(lambda many=300 * (i + 1): recorder.health()["written"] == many)
    recorder.close()
    rows, _ = written(tmp_path)
    assert len(rows) == 900
    assert {row["shadow"]["release"] for row in rows if "shadow" in row} == {"r2", "r3"}


def test_labels_are_compared_by_name() -> None:
    one = Output(labels=("a", "b"), answers=np.array([0, 1, -1], np.int32))
    other = Output(labels=("b", "c", "a"), answers=np.array([2, 1, -1], np.int32))
    assert disagree(one, other).tolist() == [False, True, False]
    sets = Output(labels=("a", "b"), answers=np.array([[True, False], [True, True]]))
    others = Output(labels=("b", "a"), answers=np.array([[False, True], [True, False]]))
    assert disagree(sets, others).tolist() == [False, True]
