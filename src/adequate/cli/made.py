"""`adequate test from-failures` and `from-query`: turn what was found into a test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from adequate.cli.console import out, project_option, safe, user
from adequate.spec.behaviours import REACH, TARGET

if TYPE_CHECKING:
    from adequate.loop.made import Made
    from adequate.spec.project import Project
    from adequate.store import Store


@click.command()
@project_option
@click.option("-t", "--task", help="Whose failures, where there are several tasks.")
@click.option("--cell", metavar="KEY", help="Only what fails in this cell: TASK/SLICE, or the key of a test.")
@click.option("--name", default="failures", show_default=True, help="What the test is called.")
@click.option("-o", "--out", "file", metavar="FILE", help="Its file, in the project [default: tests/NAME.csv].")
@click.option("--target", type=click.FloatRange(0, 1, min_open=True), help="Share that must hold [default: all].")
@click.option("--record", is_flag=True, help="Make it one of the project's tests, without editing project.py.")
def from_failures(
    root: Path | None,
    task: str | None,
    cell: str | None,
    name: str,
    file: str | None,
    target: float | None,
    record: bool,
) -> None:
    """Write what the newest model gets wrong now, where the right answer is known, into a file of cases.

    They are steering examples with a label and failing cases of tests; nothing of the gate part. Cases that the file
    has stay.

    \b
    adequate test from-failures
    adequate test from-failures --cell intent/short --name short --record
    """
    from adequate.loop import made

    def make(store: Store, project: Project) -> Made:
        return made.from_failures(store, project, task, cell=cell, name=name, file=file, target=target)

    _made(root, make, record=record)


@click.command()
@click.argument("query", default="")
@project_option
@click.option("--where", metavar="SQL", help="SQL over the examples' columns that must hold as well.")
@click.option("--expect", metavar="LABEL", help="The right answer to all that is found: makes a suite.")
@click.option("--same", metavar="PERTURBATION", help="What must not change the answer: makes a behaviour on a slice.")
@click.option("-t", "--task", help="Whose answers, where there are several tasks.")
@click.option("--name", help="What the test is called.")
@click.option("--target", default=TARGET, show_default=True, type=click.FloatRange(0, 1, min_open=True))
@click.option(
    "--reach", default=REACH, show_default=True, type=click.FloatRange(0, 1, min_open=True), help="With --same."
)
@click.option("--limit", type=click.IntRange(min=1), help="Cases at most.")
@click.option("--record", is_flag=True, help="Make it one of the project's tests, without editing project.py.")
def from_query(root: Path | None, query: str, record: bool, **options: Any) -> None:
    """Make a test of the examples that QUERY finds, typed as in Explore: words, "a phrase", label:refund, conf<.6.

    Examples that people labelled otherwise than --expect are left out, and so are those that measure.

    \b
    adequate test from-query '"lost my card"' --expect lost_card
    adequate test from-query refund --where "length(text) < 40" --same swap_letters --target 0.9
    """
    from adequate.loop import made

    _made(root, lambda store, project: made.from_query(store, project, query, **options), record=record)


def _made(root: Path | None, make: Callable[[Store, Project], Made], *, record: bool) -> None:
    """Make a test, say what it is, and record it where that is asked."""
    from adequate.loop import made
    from adequate.loop.engine import Engine

    engine = Engine.open(root)
    with engine.store(write=record, verb="test") as store:
        test = make(store, engine.project)
        if record:
            made.record(store, engine.project, test, who=user())
    if test.path is not None:
        left = [f"{test.otherwise:,} labelled otherwise"] * bool(test.otherwise) + [f"{test.sealed:,} sealed"] * bool(
            test.sealed
        )
        out.print(
            f"{test.added:,} new {'case' if test.added == 1 else 'cases'}, {test.cases:,} in all, "
            f"in [bold]{safe(str(test.path))}[/]" + (f" [dim](left out: {', '.join(left)})[/]" if left else "")
        )
    for line in test.lines:
        out.print(safe(line), soft_wrap=True)
    told = "recorded: `adequate test` runs it" if record else "paste that into project.py, or say --record"
    out.print(f"[dim]{told}[/]")
