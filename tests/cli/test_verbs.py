"""Every verb through the command line: what it prints, and how it exits."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from adequate.cli.main import VERBS, cli
from adequate.loop.engine import Engine
from adequate.loop.report import board as board_of
from tests.loop.projects import EASY, SLICED
from tests.made import begun, csv, mail, typed

DATA = mail(200).select(["body", "intent", "channel"])


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a model."""
    made = tmp_path_factory.mktemp("verbs") / "mail"
    begun(made, DATA, SLICED)
    Engine.open(made).run()
    return made


def ran(*words: object) -> Result:
    """A verb in this process, that did what it was asked."""
    result = CliRunner(env={"COLUMNS": "200"}).invoke(cli, [str(word) for word in words], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result


@pytest.mark.parametrize("verb", VERBS)
def test_the_help_of_each_verb_shows_how_it_is_used(verb: str) -> None:
    lines = [line.strip() for line in ran(verb, "--help").output.splitlines()]
    assert any(line.startswith(f"adequate {verb}") for line in lines)
    assert verb in ran("--help").output


def test_init_add_and_run_go_from_a_file_to_a_board(tmp_path: Path) -> None:
    data, more = (
        csv(tmp_path / "mail.csv", DATA),
        csv(tmp_path / "more.csv", mail(50, seed=2).select(["body", "intent"])),
    )
    project = tmp_path / "new"
    said = ran("init", project, "--from", data, "--label", "intent").output
    assert "200 examples added" in said
    assert "200 labels recorded for intent" in said
    assert "50 examples added" in ran("add", more, "--project", project).output
    assert "0 examples added, 50 were there already" in ran("add", more, "--project", project).output
    said = ran("run", "--project", project).output
    assert "intent" in said
    assert "next:" in said
    assert "nothing is new" in ran("run", "--project", project).output


def test_run_asks_an_oracle_until_the_project_is_adequate(tmp_path: Path) -> None:
    begun(tmp_path / "mail", DATA, EASY, with_labels=False)
    oracle = tmp_path / "mail.csv"
    waiting = ran("run", "--project", tmp_path / "mail", "--oracle", oracle, "--until", "waiting", "--batch", 60)
    assert "60 questions wait" in waiting.output
    done = ran("run", "--project", tmp_path / "mail", "--oracle", oracle, "--until", "adequate", "--batch", 60)
    assert "every cell is adequate" in done.output


def test_the_board_as_text_json_and_page(root: Path, tmp_path: Path) -> None:
    assert "app by function" in ran("board", "--project", root).output
    with Engine.open(root).store() as store:
        assert json.loads(ran("board", "--json", "--project", root).output) == json.loads(
            str(board_of(store, Engine.open(root).project))
        )
    ran("board", "--html", tmp_path / "board.html", "--project", root)
    assert (tmp_path / "board.html").read_text().startswith("<!doctype html>")


def test_find_as_text_and_json(root: Path) -> None:
    said = ran("find", "mortgage", "--limit", 3, "--project", root).output
    assert "mortgage" in said
    found = json.loads(ran("find", "--where", "length(text) < 60", "--json", "--project", root).output)
    assert set(found) == {"total", "hits"}
    assert set(found["hits"][0]) == {"example", "row", "text", "part", "label", "predicted"}
    assert all(len(hit["text"]) < 60 for hit in found["hits"])


def test_show_says_what_there_is(root: Path) -> None:
    with Engine.open(root).store() as store:
        (model,) = store.models.list()
        rows = store.examples.parts()
        sealed, open_ = (store.examples.ids([int((rows == part).argmax())])[0] for part in (2, 0))
    assert "200 examples; 1 models" in ran("show", "--project", root).output
    assert model.id in ran("show", "models", "--project", root).output
    assert "transfer" in ran("show", "labels", "--project", root).output
    assert "app by function" in ran("show", "cells", "--project", root).output
    said = ran("show", open_[:12], "--project", root).output
    assert "intent answered:" in said
    assert "came with mail.csv" in said
    assert "answered" not in ran("show", sealed, "--project", root).output


def test_show_as_python_is_a_project_that_loads(root: Path, tmp_path: Path) -> None:
    source = ran("show", "--as-python", "--project", root).output
    (tmp_path / "project.py").write_text(source)
    assert set(Engine.open(tmp_path).project.slices) == {"app", "app by function"}


def test_replay_as_tables_json_and_picture(root: Path, tmp_path: Path) -> None:
    words = ["replay", "--label", "intent", "--against", "random", "--budget", 110, "--seeds", 1, "--project", root]
    assert "labels that teach" in ran(*words).output
    done = CliRunner().invoke(cli, [str(word) for word in [*words, "--json", "--plot", tmp_path / "curves.svg"]])
    assert set(json.loads(done.stdout)) == {"policies", "labels_to"}
    assert "<svg" in (tmp_path / "curves.svg").read_text()


def test_replay_of_a_file_needs_no_project(tmp_path: Path) -> None:
    words: list[object] = ["replay", csv(tmp_path / "mail.csv", DATA), "--label", "intent", "--against", "margin"]
    assert "margin" in ran(*words, "--budget", 100, "--seeds", 1).output
    assert [path.name for path in tmp_path.iterdir()] == ["mail.csv"]


def test_the_gate_exits_by_its_verdict_and_writes_junit(root: Path, tmp_path: Path) -> None:
    done = typed("gate", "last", "last", "--json", "--junit", tmp_path / "gate.xml", "--project", root)
    assert done.returncode == 0, done.stderr
    verdict = json.loads(done.stdout)
    assert (verdict["verdict"], verdict["exit"]) == ("passed", 0)
    assert {frozenset(cell) for cell in verdict["cells"]} == {frozenset(("cell", "lost", "won", "p", "e", "change"))}
    assert ElementTree.parse(tmp_path / "gate.xml").getroot().tag == "testsuites"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["frobnicate"], "No such command"),
        (["board", "--nope"], "No such option"),
        (["gate", "one"], "Missing argument"),
        (["find", "--below", "7"], "0<=x<=1"),
        (["show", "ffff", "--project", "ROOT"], "no example 'ffff'"),
        (["gate", "zzz", "last", "--project", "ROOT"], "no model 'zzz'"),
        (["board", "--project", "nowhere"], "adequate init nowhere"),
        (["board", "--html", "no/such/folder/b.html", "--project", "ROOT"], "no/such/folder"),
        (["label", "export", "no/such/folder/l.csv", "--project", "ROOT"], "no/such/folder"),
        (["replay", "--plot", "curves.xyz", "--budget", "30", "--seeds", "1", "--project", "ROOT"], "curves.xyz"),
    ],
)
def test_mistakes_in_a_command_exit_with_3_and_one_message(words: list[str], said: str, root: Path) -> None:
    done = typed(*[str(root) if word == "ROOT" else word for word in words])
    assert done.returncode == 3, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_ctrl_c_exits_with_130_and_says_that_nothing_is_lost(tmp_path: Path) -> None:
    begun(tmp_path / "mail", DATA, EASY, with_labels=False)
    words = ["run", "--oracle", str(tmp_path / "mail.csv"), "--batch", "10", "--project", str(tmp_path / "mail")]
    command = [sys.executable, "-m", "adequate.cli.main", *words]
    # A shell's background jobs ignore Ctrl-C, and hand that on to their children: here it must be heard.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        signal.signal(signal.SIGINT, before)
        deadline = time.monotonic() + 60
        while not (tmp_path / "mail/.adequate/models").is_dir() and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, complaint = process.communicate(timeout=60)
    assert process.returncode == 130, complaint
    assert "nothing recorded is lost" in complaint
    assert "Traceback" not in complaint
    assert typed(*words, "--cycles", 1).returncode == 0


def test_a_reader_that_has_seen_enough_is_no_error(root: Path) -> None:
    command = f"{sys.executable} -m adequate.cli.main board --json --project {root} | head -c 10"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, env=os.environ | {"COLUMNS": "80"}
    )
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr
