"""`adequate ship` on the command line: units, exit codes, messages."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from adequate.cli.amounts import SIZE, TIME
from adequate.cli.main import cli
from tests.cli.mail import project


@pytest.mark.parametrize(
    ("said", "meant"), [("5MB", 5e6), ("800 kB", 8e5), ("1.5GiB", 1.5 * 2**30), ("12b", 12.0), (".5mb", 5e5)]
)
def test_sizes_have_units(said: str, meant: float) -> None:
    assert SIZE.convert(said, None, None) == meant


@pytest.mark.parametrize(("said", "meant"), [("1ms", 1e-3), ("70us", 70e-6), ("70 µs", 70e-6), ("10m", 600.0)])
def test_times_have_units(said: str, meant: float) -> None:
    assert TIME.convert(said, None, None) == pytest.approx(meant)


@pytest.mark.parametrize("said", ["5", "MB", "-1MB", "0MB", "5 apples", "1e3MB", ""])
def test_what_is_no_size_is_refused_with_an_example(said: str) -> None:
    with pytest.raises(click.BadParameter, match="as 5MB"):
        SIZE.convert(said, None, None)


def test_without_an_accepted_model_it_says_what_to_do(tmp_path: Path) -> None:
    project(tmp_path / "mail")
    done = CliRunner().invoke(cli, ["ship", "-p", str(tmp_path / "mail")])
    assert "no accepted model" in str(done.exception)
    assert "adequate run" in str(done.exception)
