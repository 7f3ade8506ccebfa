"""The command line as a whole: words that aren't verbs, and names of nothing where no project is."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from adequate.cli.main import cli
from adequate.errors import NoProjectError


def test_a_misspelt_verb_is_answered_with_the_one_that_was_meant() -> None:
    said = CliRunner().invoke(cli, ["shipp"])
    assert said.exit_code != 0
    assert "did you mean 'ship'?" in said.output


def test_outside_of_a_project_the_bundle_that_is_not_there_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NoProjectError, match="there is no bundle 'nosuch' here"):
        CliRunner().invoke(cli, ["predict", "in.csv", "--bundle", "nosuch", "-o", "out.csv"], catch_exceptions=False)
