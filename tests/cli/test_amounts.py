"""Amounts and names as people write them on a command line."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from adequate.cli.amounts import SIZE, SPAN, TIME, Share
from adequate.cli.main import cli
from adequate.errors import UnknownNameError


@pytest.mark.parametrize(
    ("kind", "said", "meant"),
    [
        (SIZE, "5MB", 5e6),
        (SIZE, " 1.5 KiB ", 1536),
        (TIME, "200us", 2e-4),
        (TIME, "10m", 600.0),
        (SPAN, "7d", 604_800.0),
        (Share(), "5%", 0.05),
        (Share(), 0.25, 0.25),
        (Share(none=True), "0", 0.0),
    ],
)
def test_an_amount_is_read_with_its_unit(kind: click.ParamType[float], said: object, meant: float) -> None:
    assert kind.convert(said, None, None) == pytest.approx(meant)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        *((SIZE, said) for said in ("5", "0MB", "-1MB", "5 parsecs", "")),
        *((SPAN, said) for said in ("10ms", "0d", "d")),
        *((Share(), said) for said in ("0", "101%", "-5%", "nan", "five")),
        (Share(none=True), "nan"),
    ],
)
def test_what_is_no_such_amount_is_refused(kind: click.ParamType[float], said: str) -> None:
    with pytest.raises(click.BadParameter):
        kind.convert(said, None, None)


@pytest.mark.parametrize("words", [("promote", "release.zip"), ("rollback", "--to", ".adequate/releases/3f2a")])
def test_a_path_is_no_name_of_a_release(words: tuple[str, ...]) -> None:
    found = CliRunner().invoke(cli, words).exception
    assert isinstance(found, UnknownNameError)
    assert "adequate serve and predict take the path" in found.remedy
