"""`adequate test`: does a model do what it must, whatever the gold labels say?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from adequate.cli.console import OutputFile, progress, project_option


class Testing(click.Command):
    """`test` itself, or what is said instead of a model: `--discover`, `from-failures`, `from-query`, `propose`."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """A context of the command that is meant."""
        if "--discover" in args:
            from adequate.cli.discover import discover

            rest = [arg for arg in args if arg != "--discover"]
            return discover.make_context(f"{info_name} --discover", rest, parent, **extra)
        if args[:1] == ["propose"]:
            from adequate.cli.propose import propose

            return propose.make_context(f"{info_name} propose", args[1:], parent, **extra)
        if args[:1] in (["from-failures"], ["from-query"]):
            from adequate.cli import made

            command = made.from_failures if args[0] == "from-failures" else made.from_query
            return command.make_context(f"{info_name} {args[0]}", args[1:], parent, **extra)
        return super().make_context(info_name, args, parent, **extra)


@click.command(cls=Testing)
@click.argument("model", required=False)
@project_option
@click.option("--only", multiple=True, metavar="GLOB", help="Only tests with such a name; may be said again.")
@click.option("-t", "--task", help="Whose answers a model that isn't ours gives, where the project has several tasks.")
@click.option("--json", "as_json", is_flag=True, help="Print every cell and its failing cases as JSON.")
@click.option("--junit", type=OutputFile(), help="Write a JUnit file, a case a cell.")
def test(
    model: str | None, root: Path | None, only: tuple[str, ...], task: str | None, as_json: bool, junit: Path | None
) -> None:
    """Put MODEL to the behaviours, suites and assertions of the project. Exits with 0 all adequate, 1 one is not,
    2 none is inadequate but one can't be told, 3 an error.

    MODEL is one of the project's (`baseline`, the one accepted last: the default; `last`, the newest, accepted or
    not; an id, a beginning will do), or anybody's: a function or an estimator as `module:callable` or
    `file.py:callable`, or an address that answers JSON. A function is given a list of texts (a RecordBatch, if its
    argument is called `batch`) and returns labels or probabilities.

    \b
    adequate test
    adequate test --only 'survives_*' --json
    adequate test last --junit tests.xml
    adequate test mail.models:pipeline --task intent
    adequate test http://localhost:8000/predict
    adequate test --discover                        # slices nobody declared; --help says more
    adequate test from-failures                     # what fails now as a test; so `from-query`
    adequate test propose --with negate             # ask people about changed copies of examples
    """
    from adequate.cli.tests_shown import shown
    from adequate.loop.engine import Engine

    engine = Engine.open(root)
    with progress() as report:
        found = engine.test(model, only=only, task=task, progress=report)
    if junit is not None:
        junit.write_bytes(found.to_junit())
    if as_json:
        click.echo(json.dumps(found.to_json(), ensure_ascii=False, indent=2))
    else:
        shown(found, list(engine.project.learnable))
    raise SystemExit(found.exit_code)
