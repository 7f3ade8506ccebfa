"""`adequate test`: does a model do what it must, whatever the gold labels say?"""

from __future__ import annotations

import json
from pathlib import Path

import click

from adequate.cli.console import OutputFile, out, progress, project_option, safe

SIGNS = {"adequate": "[green]●[/]", "inadequate": "[red]✕[/]", "unknown": "[yellow]○[/]"}


@click.command()
@click.argument("model", default="last")
@project_option
@click.option("--only", multiple=True, metavar="GLOB", help="Only tests with such a name; may be said again.")
@click.option("--json", "as_json", is_flag=True, help="Print every cell and its failing cases as JSON.")
@click.option("--junit", type=OutputFile(), help="Write a JUnit file, a case a cell.")
def test(model: str, root: Path | None, only: tuple[str, ...], as_json: bool, junit: Path | None) -> None:
    """Put MODEL to the behaviours, suites and assertions of the project. Exits with 0 all adequate, 1 one is not,
    2 one can't be told.

    MODEL is an id (a beginning will do), `last` or `baseline`.

    \b
    adequate test
    adequate test --only 'survives_*' --json
    adequate test baseline --junit tests.xml
    """
    from adequate.loop.checks.report import told
    from adequate.loop.engine import Engine

    with progress() as report:
        found = Engine.open(root).test(model, only=only, progress=report)
    if junit is not None:
        junit.write_bytes(found.to_junit())
    if as_json:
        click.echo(json.dumps(found.to_json(), ensure_ascii=False, indent=2))
    else:
        for one in found.results:
            out.print(f"{SIGNS[one.state]} [bold]{safe(one.key)}[/]  {safe(one.error or told(one))}")
            for bad in one.failing[:3]:
                out.print(f"    [dim]{safe(bad.text[:100])}: {safe(bad.answered)}, not {safe(bad.expected)}[/]")
    raise SystemExit(found.exit_code)
