"""`adequate test --discover`, `from-failures`, `from-query`, typed as people type them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from adequate.cli.main import cli
from adequate.loop.engine import Engine
from tests.loop.projects import EASY
from tests.loop.test_discover import planted
from tests.made import begun


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a model and a slice in which it is worse."""
    made = tmp_path_factory.mktemp("cli") / "mail"
    begun(made, planted(), EASY)
    Engine.open(made).run(cycles=1)
    return made


def ran(root: Path, *words: str) -> Result:
    result = CliRunner(env={"COLUMNS": "300"}).invoke(cli, ["test", *words, "-p", str(root)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result


def test_discover_shows_the_condition_the_numbers_examples_and_the_line_and_accepts_by_number(root: Path) -> None:
    said = ran(root, "--discover").output
    assert "channel “branch”" in said
    assert 'project.slice("channel branch", sql="channel = \'branch\'"' in said
    assert said.count("✕") >= 2
    first = json.loads(ran(root, "--discover", "--json").output)[0]
    assert first["number"] == 1
    assert first["proven"]
    every = json.loads(ran(root, "--discover", "--json", "--suspected").output)
    assert every[0] == first
    assert [one["number"] for one in every] == list(range(1, len(every) + 1))
    assert first["failures"]
    assert "branch desk" in ran(root, "--discover", "--accept", "1", "--name", "branch desk").output
    assert Engine.open(root).project.slices["branch desk"].sql == first["sql"]


def test_from_failures_and_from_query_print_their_line_and_record_it_when_asked(root: Path) -> None:
    said = ran(root, "from-failures", "--name", "now").output
    assert 'project.must_pass("tests/now.csv", "intent")' in said
    assert "now" not in Engine.open(root).project.suites
    ran(root, "from-failures", "--name", "now", "--record")
    assert Engine.open(root).project.suites["now"].exact
    said = ran(root, "from-query", '"refund"', "--expect", "refund").output
    assert 'project.suite("tests/refund.csv", "intent", name="refund")' in said
    said = ran(root, "from-query", "card", "--same", "swap_letters", "--record").output
    assert "aq.perturb.swap_letters" in said
    assert "card swap_letters" in Engine.open(root).project.behaviours


def test_the_help_of_test_names_them_and_each_has_its_own() -> None:
    run = CliRunner().invoke
    said = run(cli, ["test", "--help"]).output
    assert "--discover" in said
    assert "from-failures" in said
    for words in (["--discover"], ["from-failures"], ["from-query"]):
        assert f"adequate test {words[0]}" in run(cli, ["test", *words, "--help"]).output
