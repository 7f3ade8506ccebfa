"""`adequate test propose`: ask people about changed copies of examples, where nobody knows whether the answer stays."""

from __future__ import annotations

from pathlib import Path

import click

from adequate.cli.console import out, project_option, safe
from adequate.spec.candidates import LEVEL, MOST


@click.command()
@project_option
@click.option("-t", "--task", help="Whose labels are asked, where there are several tasks.")
@click.option(
    "--with", "change", metavar="PERTURBATION", help="One that may change the meaning [default: those declared]."
)
@click.option("--level", default=LEVEL, show_default=True, type=click.FloatRange(0, 1, min_open=True), help="With it.")
@click.option("-n", "--n", "most", default=MOST, show_default=True, type=click.IntRange(min=1), help="Copies, with it.")
def propose(root: Path | None, task: str | None, change: str | None, level: float, most: int) -> None:
    """Ask people about changed copies of labelled examples that the newest model answers as if nothing were changed.

    Without --with, as `project.candidates` declares. Copies teach once they are labelled; they never steer or measure.

    \b
    adequate test propose
    adequate test propose --with negate -n 20
    """
    from adequate.loop.engine import Engine

    for name, found in Engine.open(root).propose(task, change, level=level, most=most).items():
        out.print(
            f"{safe(name)}: {found.tried:,} examples tried, {found.changed:,} changed, "
            f"{found.kept:,} answered as before; [bold]{found.asked:,} asked[/]"
        )
