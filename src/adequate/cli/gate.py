"""`adequate gate`: may one model take another's place?"""

from __future__ import annotations

import json
from pathlib import Path

import click

from adequate.cli.console import OutputFile, out, project_option, safe

COLOURS = {"passed": "green", "blocked": "red", "needs_labels": "yellow"}


@click.command()
@click.argument("baseline")
@click.argument("candidate")
@project_option
@click.option("--json", "as_json", is_flag=True, help="Print the verdict, its reasons and every cell as JSON.")
@click.option("--junit", type=OutputFile(), help="Write a JUnit file, a case a cell.")
@click.option("--release", is_flag=True, help="As for shipping: every critical cell adequate, none inadequate.")
def gate(baseline: str, candidate: str, root: Path | None, as_json: bool, junit: Path | None, release: bool) -> None:
    """May CANDIDATE replace BASELINE? Exits with 0 passed, 1 blocked, 2 needs labels (and says which).

    Models are named by their id (a beginning will do), or `baseline` and `last`. Both are compared on the same gate
    examples; each look is counted, so asking again doesn't turn a verdict.

    \b
    adequate gate baseline last
    adequate gate 3f2a 91bc --junit gate.xml
    """
    from adequate.loop.engine import Engine

    report = Engine.open(root).gate(baseline, candidate, release=release)
    if junit is not None:
        junit.write_bytes(report.to_junit())
    if as_json:
        click.echo(json.dumps(report.to_json(), ensure_ascii=False, indent=2))
    else:
        colour = COLOURS[report.outcome]
        said = report.outcome.replace("_", " ")
        out.print(f"[bold {colour}]{said}[/]: {report.candidate[:12]} in the place of {report.baseline[:12]}")
        for reason in report.reasons[:20]:
            out.print(f"  {safe(reason)}")
        changed = [line for line in report.lines if line.change != "not_regressed"]
        for line in changed[:20]:
            out.print(f"  [dim]{line.change}: {safe(line.cell)}, {line.lost} lost, {line.won} won[/]")
        for task, ids in report.ask.items() if report.outcome == "needs_labels" else ():
            out.print(
                f"  {len(ids)} labels of {safe(task)} would likely decide; `adequate run` puts them into the queue: "
                + ", ".join(one[:8] for one in ids[:8])
                + (" …" if len(ids) > 8 else "")
            )
        out.print(f"  [dim]{len(report.lines)} cells compared; look {report.looks} at these two[/]")
    raise SystemExit(report.exit_code)
