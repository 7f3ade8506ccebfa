"""What a server keeps of its answers, and what it survives."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adequate.bundles.bundle import Answers
from adequate.serving.record import Clock, Recorder
from adequate.serving.seen import Batch, joined
from adequate.serving.spool import pieces
from adequate.spec.assertions import Assertion, Kind
from adequate.spec.recording import Recording
from adequate.testing.outputs import Output
from tests.serving.answering import LABELS, TEXT, Model, texts, total, written

BATCH = 32


def told(recorder: Recorder, n: int, model: Model | None = None, **columns: Callable[[int], Any]) -> None:
    """Let a recorder hear of n answers, in batches."""
    model = model or Model()
    some = texts(n)
    for i in range(0, n, BATCH):
        here = some[i : i + BATCH]
        more = {name: [of(i + j) for j in range(len(here))] for name, of in columns.items()}
        recorder.saw({TEXT: here} | more, model.answer(here), release=model.id, seconds=0.01)


def test_every_answer_is_counted_and_a_sample_of_the_declared_rate_is_kept(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, text=TEXT, recording=Recording(rate=0.05), seed=1)
    told(recorder, 20_000, channel=lambda i: i % 7)
    recorder.close()
    rows, tallies = written(tmp_path)
    assert 890 < len(rows) < 1110  # 3.5 standard deviations around 1000
    assert {tuple(row["why"].items()) for row in rows} == {(("audit", 0.05),)}
    assert {row["probability"] for row in rows} == {0.05}
    assert [row["id"] for row in rows] == [f"{recorder.name}-{i + 1}" for i in range(len(rows))]
    assert rows[0]["inputs"]["channel"] in range(7)
    assert rows[0]["outputs"]["intent"]["label"] in ("card", "fee", "login")
    assert rows[0]["outputs"]["topics"]["label"] == [rows[0]["outputs"]["intent"]["label"]]
    assert total(tallies, "texts") == 20_000
    assert total(tallies, "requests") == 625
    assert total(tallies, "tasks", "intent", "labels", "fee") == 6667
    assert sum(tallies[0]["tasks"]["intent"]["confidence"]) == total(tallies[:1], "texts")
    assert total(tallies, "recorded") == len(rows)
    assert total(tallies, "dropped") == 0


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 2**32), rate=st.sampled_from([0.02, 0.3]))
def test_whether_a_row_is_in_the_audit_does_not_depend_on_its_answer(
    tmp_path_factory: pytest.TempPathFactory, seed: int, rate: float
) -> None:
    folder = tmp_path_factory.mktemp("recorded")
    recorder = Recorder(folder, text=TEXT, recording=Recording(rate=rate), seed=seed)
    told(recorder, 6000)
    recorder.close()
    said = [row["outputs"]["intent"]["label"] for row in written(folder)[0]]
    for label in ("card", "fee", "login"):
        expected = 2000 * rate
        assert abs(said.count(label) - expected) < 6 * (expected * (1 - rate)) ** 0.5


def test_a_text_is_drawn_anew_each_time_that_it_comes(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, text=TEXT, recording=Recording(rate=0.5), seed=2)
    model = Model()
    for _ in range(10):
        recorder.saw({TEXT: ["the same"] * 100}, model.answer(["the same"] * 100), release="r1", seconds=0.0)
    recorder.close()
    assert 420 < len(written(tmp_path)[0]) < 580


def violated(inputs: Any, _outputs: Any) -> Any:
    return pc.match_substring(inputs[TEXT], "00007")


def test_a_violation_is_kept_with_its_reason_its_suggestion_and_the_chance_of_being_kept_at_all(tmp_path: Path) -> None:
    one = Assertion(
        name="no sevens",
        kind=Kind.PREDICATE,
        task="intent",
        function=violated,
        suggest=lambda inputs, _: ["fee"] * len(inputs),
    )
    recorder = Recorder(tmp_path, text=TEXT, recording=Recording(rate=0.05), assertions=lambda _: [one], seed=3)
    told(recorder, 1000)
    recorder.close()
    rows, tallies = written(tmp_path)
    bad = [row for row in rows if "assertion:no sevens" in row["why"]]
    assert len(bad) == 11
    assert all(row["probability"] == 1.0 and row["suggested"] == {"intent": "fee"} for row in bad)
    assert all(row["probability"] == 0.05 for row in rows if row not in bad)
    assert total(tallies, "assertions", "no sevens", "violated") == 11
    assert total(tallies, "assertions", "no sevens", "n") == 1000


def test_an_assertion_that_always_fires_is_counted_and_floods_nobody(tmp_path: Path) -> None:
    one = Assertion(name="all", kind=Kind.RANGE, options={"column": "intent", "one_of": ["nothing"]})
    kept = Recording(an_hour=20)
    recorder = Recorder(tmp_path, text=TEXT, recording=kept, assertions=lambda _: [one], seed=4)
    told(recorder, 2000)
    recorder.close()
    rows, tallies = written(tmp_path)
    assert len(rows) == 10  # half of an hour's at once
    assert total(tallies, "assertions", "all", "violated") == 2000
    assert all(0 < row["probability"] < 0.5 for row in rows)


def test_an_assertion_that_looks_back_remembers_across_batches(tmp_path: Path) -> None:
    one = Assertion(name="one a thread", kind=Kind.CONSISTENCY, task="intent", options={"within": "thread"})
    recorder = Recorder(tmp_path, text=TEXT, recording=Recording(), assertions=lambda _: [one], seed=5)
    model = Model()
    for text in ("abc", "abcdef", "abcdefg"):  # card, card, fee
        recorder.saw({TEXT: [text], "thread": ["t1"]}, model.answer([text]), release="r1", seconds=0.0)
        time.sleep(0.15)  # each in a look of its own
    recorder.close()
    rows, _ = written(tmp_path)
    assert [(row["inputs"][TEXT], row["suggested"]) for row in rows] == [("abcdefg", {"intent": "card"})]


def test_an_assertion_that_fails_is_told_and_the_others_go_on(tmp_path: Path) -> None:
    broken = Assertion(name="broken", kind=Kind.PREDICATE, function=lambda inputs, _: inputs["nothing"])
    sound = Assertion(name="sound", kind=Kind.PREDICATE, function=violated)
    recorder = Recorder(tmp_path, text=TEXT, recording=Recording(), assertions=lambda _: [broken, sound], seed=6)
    told(recorder, 100)
    recorder.close()
    rows, tallies = written(tmp_path)
    assert len(rows) == 11
    assert total(tallies, "assertions", "broken", "failed") >= 1
    assert "nothing" in recorder.health()["fault"]


def test_beyond_what_the_disk_should_take_the_audit_is_thinner_and_says_so(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, text=TEXT, recording=Recording(rate=1.0), seed=7)
    model, some = Model(), texts(4096)
    answers = model.answer(some)
    for _ in range(5):
        recorder.saw({TEXT: some}, answers, release="r1", seconds=0.0)
    recorder.close()
    rows, tallies = written(tmp_path)
    assert 9_500 < len(rows) < 20_480
    assert total(tallies, "dropped") == 0
    thinner = Counter(row["probability"] for row in rows if row["probability"] < 1)  # each look has a rate of its own
    assert thinner
    assert all(abs(many - 4096 * p) < 5 * (4096 * p * (1 - p)) ** 0.5 + 1 for p, many in thinner.items())


def test_assertions_that_cost_too_much_look_at_less_and_say_at_how_many(tmp_path: Path) -> None:
    def slow(inputs: Any, _outputs: Any) -> Any:
        stop = time.thread_time() + 0.6
        while time.thread_time() < stop:
            pass
        return [True] * len(inputs)

    one = Assertion(name="slow", kind=Kind.PREDICATE, function=slow)
    recorder = Recorder(tmp_path, text=TEXT, recording=Recording(), assertions=lambda _: [one])
    model, some = Model(), texts(4096)
    answers = model.answer(some)
    for _ in range(4):
        recorder.saw({TEXT: some}, answers, release="r1", seconds=0.0)
    recorder.close()
    _, tallies = written(tmp_path)
    assert total(tallies, "assertions", "slow", "n") == total(tallies, "assertions", "slow", "violated") == 8192
    assert total(tallies, "texts") == 16_384


def test_strange_values_are_recorded_and_nothing_is_raised(tmp_path: Path) -> None:
    one = Assertion(name="never", kind=Kind.PREDICATE, function=lambda inputs, _: [False] * len(inputs))
    recorder = Recorder(tmp_path, text=TEXT, recording=Recording(rate=1.0), assertions=lambda _: [one])
    some = ["\ud800", "", "x" * 1_000_000, "\x00"]
    odd = [1, "two", None, {"deep": ["a@b.org", 10**30]}]
    recorder.saw({TEXT: some, "odd": odd}, Model().answer(some), release="r1", seconds=0.0)
    recorder.failed("r1")
    recorder.close()
    rows, tallies = written(tmp_path)
    assert [len(row["inputs"][TEXT]) for row in rows] == [1, 0, 65_536, 1]
    assert rows[3]["inputs"]["odd"] == {"deep": ["a@b.org", str(10**30)]}
    assert total(tallies, "errors") == 1
    assert recorder.health()["fault"] == ""


def test_what_must_not_leave_is_in_no_file(tmp_path: Path) -> None:
    kept = Recording(rate=1.0, redact=("email", "[0-9]{6}"), columns=("channel",))
    recorder = Recorder(tmp_path, text=TEXT, recording=kept)
    some = ["ann@mail.org has 123456", "fine"]
    columns = {TEXT: some, "channel": ["bob@mail.org", "app"], "secret": ["s3cret", "s3cret"]}
    recorder.saw(columns, Model().answer(some), release="r1", seconds=0.0)
    recorder.close()
    everything = b"".join(path.read_bytes() for path in tmp_path.glob("*/*"))
    assert not any(word in everything for word in (b"ann@", b"bob@", b"123456", b"s3cret"))
    assert written(tmp_path)[0][0]["inputs"] == {TEXT: "[email] has [redacted]", "channel": "[email]"}


def test_two_servers_record_side_by_side(tmp_path: Path) -> None:
    both = [Recorder(tmp_path, text=TEXT, recording=Recording(rate=1.0)) for _ in range(2)]
    threads = [threading.Thread(target=told, args=(one, 500)) for one in both for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one in both:
        one.close()
    rows, tallies = written(tmp_path)
    assert len(rows) == len({row["id"] for row in rows}) == 3000
    assert {tally["server"] for tally in tallies} == {one.name for one in both}


def test_when_the_queue_is_full_requests_are_counted_and_nothing_waits(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, text=TEXT, recording=Recording(rate=1.0), held=100_000)  # a few hundred texts
    told(recorder, 5000)
    recorder.close()
    rows, tallies = written(tmp_path)
    assert total(tallies, "texts") == 5000
    assert 0 < len(rows) < 5000
    assert len(rows) + total(tallies, "dropped") == 5000


KILLED = """
import sys, threading, time
from pathlib import Path
from adequate.serving.record import Recorder
from adequate.spec.recording import Recording
from tests.serving.answering import TEXT, Model, texts
recorder = Recorder(Path(sys.argv[1]), text=TEXT, recording=Recording(rate=1.0))
some, model = texts(32), Model()
answers = model.answer(some)
def ask():
    while True:
        recorder.saw({TEXT: some}, answers, release="r1", seconds=0.0)
        time.sleep(0.001)
for _ in range(2):
    threading.Thread(target=ask, daemon=True).start()
while True:
    print(recorder.health()["written"], flush=True)
    time.sleep(0.005)
"""


def test_what_was_written_survives_a_kill_under_load(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path)], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stdout is not None
    last = 0
    try:
        while last < 3000:
            last = int(process.stdout.readline())
    finally:
        os.killpg(process.pid, signal.SIGKILL)
    last = max([last, *(int(line) for line in process.stdout.read().split("\n")[:-1] if line)])
    process.wait()
    process.stdout.close()
    rows, _ = written(tmp_path)
    assert len(rows) >= last >= 3000
    assert [int(row["id"].rpartition("-")[2]) for row in rows] == list(range(1, len(rows) + 1))


FULL = """
import resource, signal, sys, time
from pathlib import Path
from adequate.serving.record import Recorder
from adequate.spec.recording import Recording
from tests.serving.answering import TEXT, Model, texts
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
recorder = Recorder(Path(sys.argv[1]), text=TEXT, recording=Recording(rate=1.0))
some, model = texts(64), Model()
def ask(n):
    for _ in range(n):
        recorder.saw({TEXT: some}, model.answer(some), release="r1", seconds=0.0)
    time.sleep(0.4)
ask(1)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))
ask(3)
print(recorder.health()["fault"], "|", recorder.health()["written"])
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
ask(1)
time.sleep(1.2)
print(recorder.health()["fault"], "|", recorder.health()["written"])
recorder.close()
"""


def test_on_a_full_disk_it_waits_and_goes_on_when_there_is_room_again(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path)], capture_output=True, text=True, timeout=60, check=True
    )
    full, again = (line.split("|") for line in done.stdout.splitlines())
    assert full[0].strip() == "recording: File too large"
    assert int(full[1]) == 64
    assert again[0].strip() == ""
    assert int(again[1]) == 320
    assert len(written(tmp_path)[0]) == 320
    assert sum(piece.torn for piece in pieces(tmp_path)) == 0


def test_a_folder_that_cannot_be_written_is_told_and_tried_again(tmp_path: Path) -> None:
    blocked = tmp_path / "recorded"
    blocked.write_text("a file where the folder should be")
    recorder = Recorder(blocked, text=TEXT, recording=Recording(rate=1.0))
    told(recorder, 64)
    deadline = time.monotonic() + 60
    while not recorder.health()["fault"] and time.monotonic() < deadline:
        time.sleep(0.02)
    assert "recording:" in recorder.health()["fault"]
    blocked.unlink()
    recorder.close()
    assert len(written(blocked)[0]) == 64


def test_a_project_that_is_moved_away_is_waited_for_and_not_made_anew_in_its_place(tmp_path: Path) -> None:
    project = tmp_path / "project"
    recorder = Recorder(project / ".adequate" / "recorded", text=TEXT, recording=Recording(rate=1.0))

    def until(condition: Callable[[dict[str, Any]], bool]) -> None:
        deadline = time.monotonic() + 10
        while not condition(recorder.health()) and time.monotonic() < deadline:
            time.sleep(0.02)

    told(recorder, 64)
    until(lambda now: now["written"] == 64)
    project.rename(tmp_path / "away")
    told(recorder, 64)
    until(lambda now: bool(now["fault"]))
    assert "No such file" in recorder.health()["fault"]
    assert not project.exists()
    (tmp_path / "away").rename(project)
    recorder.close()
    rows, tallies = written(project / ".adequate" / "recorded")
    assert len({row["id"] for row in rows}) == len(rows) == total(tallies, "recorded") == 128


def test_time_goes_on_when_the_clock_goes_back() -> None:
    wall, steady = [1000.0, 1001.0, 400.0, 401.0, 2000.0], [0.0, 1.0, 2.0, 3.0, 4.0]
    at = [0]
    clock = Clock(lambda: wall[at[0]], lambda: steady[at[0]])
    seen = []
    for i in range(5):
        at[0] = i
        seen.append(clock.now())
    assert seen == [1000.0, 1001.0, 1002.0, 1003.0, 2000.0]


def test_batches_of_other_forms_are_not_mixed() -> None:
    model = Model()
    one, other = {TEXT: ["a"]}, {TEXT: ["bb"], "channel": ["app"]}

    def batch(release: str, inputs: dict[str, list[str]], tasks: list[str] | None = None) -> Batch:
        return Batch.of(release, 0.0, inputs, model.answer(inputs[TEXT], tasks))

    batches = [batch("r1", one), batch("r1", other)]
    found = joined([*batches, batch("r2", one, ["intent"])])
    assert [(seen.release, list(seen.inputs), list(seen.outputs)) for seen in found] == [
        ("r1", [TEXT], ["intent", "topics"]),
        ("r1", [TEXT, "channel"], ["intent", "topics"]),
        ("r2", [TEXT], ["intent"]),
    ]


@pytest.mark.parametrize("many", [1, 1000])  # few wait with all probabilities
def test_each_answer_waits_with_its_own_probability_and_no_answer_with_none(many: int) -> None:
    probs = np.tile(np.array([[0.1, 0.2, 0.7], [0.5, 0.3, 0.2]], np.float32), (many, 1))
    output = Output(labels=LABELS, answers=np.array([-1, 1] * many, np.int32), probs=probs)
    said = Batch.of("r1", 0.0, {TEXT: ["a", "b"] * many}, Answers(outputs={"intent": output}, features={}))
    (seen,) = joined([said, said])
    assert seen.outputs["intent"].probs is None
    assert seen.outputs["intent"].sure is not None
    assert seen.outputs["intent"].sure.tolist() == pytest.approx([0.0, 0.3] * 2 * many)
