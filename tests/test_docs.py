"""What the documentation promises exists, and what exists is documented."""

from __future__ import annotations

import inspect
from pathlib import Path

from adequate import errors
from adequate.cli.main import VERBS, cli

ROOT = Path(__file__).parents[1]


def test_every_error_has_a_heading_in_the_docs() -> None:
    headings = {line[3:].strip() for line in (ROOT / "docs/errors.md").read_text().splitlines() if line[:3] == "## "}
    ours = {name for name, kind in vars(errors).items() if inspect.isclass(kind) and issubclass(kind, Exception)}
    assert ours == headings


def test_every_verb_teaches_by_an_example() -> None:
    context = cli.make_context("adequate", [], resilient_parsing=True)
    for verb in VERBS:
        command = cli.get_command(context, verb)
        assert command is not None
        assert f"adequate {verb}" in (command.help or ""), verb
        assert verb in (ROOT / "README.md").read_text() + (ROOT / "docs/quickstart.md").read_text(), verb
