"""`adequate add`: more data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from adequate.cli.console import OutputFile, complain, out, progress, project_option, safe
from adequate.errors import RefusedError

if TYPE_CHECKING:
    from adequate.loop.incoming import Report
    from adequate.loop.ingest import Ingested

REFUSED = 1  # exit code


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, dir_okay=False))
@project_option
@click.option("--encoding", help="Of the files' text, where it isn't UTF-8: latin-1, utf-16, cp1252.")
@click.option("--skip-bad-rows", is_flag=True, help="Leave out rows that can't be read, and say which.")
@click.option("--hide-labels", is_flag=True, help="Don't record the labels that the files hold.")
@click.option("--report", type=OutputFile(".csv"), help="List the rows that break a rule for a column here.")
def add(
    files: tuple[Path, ...],
    root: Path | None,
    encoding: str | None,
    skip_bad_rows: bool,
    hide_labels: bool,
    report: Path | None,
) -> None:
    """Add examples from FILES; the same example twice is one example.

    An interrupted add is finished by running it again. Labels in the tasks' columns are recorded where an example has
    none yet; to correct labels use `adequate label import`.

    Rules for columns (`project.column`) are tested first. A file that breaks one that says `block` is refused, exit 1.

    \b
    adequate add export.jsonl more.parquet
    adequate add legacy.csv --encoding latin-1
    """
    from adequate.loop.engine import Engine
    from adequate.loop.incoming import Report

    engine = Engine.open(root)
    lenient, labels = skip_bad_rows, not hide_labels
    try:
        with progress() as done:
            added = engine.add(*files, encoding=encoding, lenient=lenient, labels=labels, report=report, progress=done)
    except RefusedError as error:
        if isinstance(error.report, Report):
            tests(error.report)
        complain(error)
        raise SystemExit(REFUSED) from None
    tests(added.tests)
    summary(added)


def tests(report: Report) -> None:
    """The rules that files break, and where all rows that break them are."""
    for one in report.broken:
        sign = "[red]✕[/]" if one.rule.severity == "block" else "[yellow]![/]"
        out.print(f"  {sign} {safe(str(one))}", soft_wrap=True)
    if report.path is not None:
        out.print(f"  all of these rows: {safe(str(report.path))}", soft_wrap=True)


def summary(added: Ingested) -> None:
    """What came of adding, in a line or two."""
    known = f", {added.known:,} were there already" if added.known else ""
    out.print(f"  {added.new:,} examples added{known}")
    for task, many in added.labels.items():
        out.print(f"  {many:,} labels recorded for {safe(task)}")
    for notice in added.notices:
        out.print(f"  [dim]{safe(notice)}[/]")
