"""`adequate label` in a real terminal, on a real project."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from adequate import store
from tests.cli.mail import INFERRED, current, predicted, project, terminal


def test_five_answers_one_undone_one_skipped_are_what_the_store_has(tmp_path: Path) -> None:
    root = project(tmp_path / "mail")
    with terminal(root, "--actor", "ann") as screen:
        screen.until("1 of 10")
        for number, key in enumerate("12312", 2):
            screen.type(key)
            screen.until(f"{number} of 10")
        screen.type("\x7f")
        assert "5 of 10" in screen.until("taken back: fee")
        screen.type(" ")
        screen.until("put aside")
        screen.type("q")
        screen.until("4 answered, 1 put aside")
        assert "still waiting: 5 for intent" in screen.until("adequate run")
        assert screen.end() == 0
    assert current(root) == {0: '"card"', 1: '"fee"', 2: '"refund"', 3: '"card"'}
    with store.open(root, write=False) as held:
        history = [event for row in held.examples.ids([4]) for _, event in held.labels.history(row)]
        assert [(event.value, event.actor, str(event.source)) for event in history] == [
            ("fee", "ann", "human"),
            (None, "ann", "human"),
        ]
        assert history[0].why == "near 3 failures"
        assert [item.row for item in held.queue.waiting("intent")] == [5, 6, 7, 8, 9]
    with store.open(root) as held:  # nothing is leased any more: another labeller gets it at once
        assert len(held.queue.next("intent", "bob", 10)) == 5


def test_what_was_said_to_be_saved_survives_kill_9(tmp_path: Path) -> None:
    root = project(tmp_path / "mail")
    with terminal(root) as screen:
        screen.until("1 of 10")
        for number in (2, 3, 4):
            screen.type("2")
            screen.until(f"{number} of 10")
        os.kill(screen.process.pid, signal.SIGKILL)
        screen.process.wait()
    assert current(root) == {0: '"fee"', 1: '"fee"', 2: '"fee"'}
    with terminal(root) as screen:  # the lock died with its holder, and the rest waits
        screen.until("mail number 3")


def test_ctrl_c_keeps_everything_and_gives_the_terminal_back(tmp_path: Path) -> None:
    root = project(tmp_path / "mail")
    with terminal(root) as screen:
        screen.until("1 of 10")
        screen.type("3")
        screen.until("2 of 10")
        screen.type("\x03")
        screen.until("1 answered: all saved")
        assert screen.end() == 0
    assert current(root) == {0: '"refund"'}


def test_a_project_starts_from_nothing(tmp_path: Path) -> None:
    root = project(tmp_path / "mail", tasks=INFERRED)
    with terminal(root) as screen:
        screen.until("there is no label yet")
        screen.type("ncard lost\r")
        screen.until("saved: card lost")
        screen.type("nCard  Lost\r")
        screen.until("'card lost' is there")
        screen.type("\x15\x1b")  # Ctrl-U is no letter; Esc leaves
        screen.until("space skip")
        screen.type("na fee\r")
        assert "1  card lost    2  a fee" in screen.until("2  a fee")  # the new one has the next digit
        screen.type("u")
        assert "a fee" not in screen.until("taken back: a fee").split("1  card lost")[1].split("taken back")[0]
        screen.type("1")
        screen.until("3 of 10")
    assert current(root) == {0: '"card lost"', 1: '"card lost"'}


def test_the_suggestion_is_accepted_by_one_key(tmp_path: Path) -> None:
    root = project(tmp_path / "mail")
    predicted(root, ["refund"] * 20, ["fee"] * 20)
    with terminal(root) as screen:
        assert "why this one: near 3 failures · for refund recall" in screen.until(r"as the model: refund \(50% sure\)")
        screen.type("a")
        screen.until("saved: refund")
    assert current(root) == {0: '"refund"'}


def test_what_measures_is_asked_blind(tmp_path: Path) -> None:
    root = project(tmp_path / "mail", part="gate")
    predicted(root, ["refund"] * 20, ["fee"] * 20)
    with terminal(root) as screen:
        shown = screen.until("measures: answered without a suggestion")
        screen.type("a")
        shown += screen.until("this one measures, so there is no suggestion")
        assert "as the model" not in shown
        assert "recall" not in shown
    assert current(root) == {}


def test_the_last_answer_can_be_taken_back_when_nothing_waits_any_more(tmp_path: Path) -> None:
    root = project(tmp_path / "mail", waiting=1)
    with terminal(root) as screen:
        screen.until("1 of 1")
        screen.type("1")
        screen.until("Nothing waits any more")
        screen.type("u")
        screen.until("mail number 0")
        screen.type("2")
        screen.until("Nothing waits any more")
        screen.type("\r")
        screen.until("nothing waits to be labelled for intent")
        assert screen.end() == 0
    assert current(root) == {0: '"fee"'}


def test_an_empty_queue_says_what_fills_it(tmp_path: Path) -> None:
    root = project(tmp_path / "mail", waiting=0)
    with terminal(root) as screen:
        assert "nothing waits to be labelled for intent" in screen.until("adequate run")
        assert screen.end() == 0


def test_without_a_terminal_the_way_by_file_is_named(tmp_path: Path) -> None:
    root = project(tmp_path / "mail")
    command = [sys.executable, "-m", "adequate.cli.main", "label", "--project", str(root)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert done.returncode == 3
    assert "labelling needs a terminal" in done.stderr
    assert "adequate label import" in done.stderr


def test_escape_sequences_in_a_text_are_shown_not_obeyed(tmp_path: Path) -> None:
    root = project(tmp_path / "mail", texts=["[red]pay\x1b]0;owned\x07 \x1b[2J[/]"], waiting=1)
    with terminal(root) as screen:
        screen.until(r"\[red\]pay␛\]0;owned␇ ␛\[2J\[/\]")


def test_a_window_made_smaller_is_drawn_anew(tmp_path: Path) -> None:
    root = project(tmp_path / "mail", texts=["word " * 2000], waiting=1)
    with terminal(root, rows=24) as screen:
        screen.until("lines 1-17 of 125")
        screen.type("\x1b[6~")
        screen.until("lines 18-34 of 125")
        screen.resize(12, 60)
        screen.until("lines 18-22 of 167")
