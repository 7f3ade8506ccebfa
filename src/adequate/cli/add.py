"""`adequate add`: more data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from adequate.cli.console import out, progress, project_option, safe

if TYPE_CHECKING:
    from adequate.loop.ingest import Ingested


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, dir_okay=False))
@project_option
@click.option("--encoding", help="Of the files' text, where it isn't UTF-8: latin-1, utf-16, cp1252.")
@click.option("--skip-bad-rows", is_flag=True, help="Leave out rows that can't be read, and say which.")
@click.option("--hide-labels", is_flag=True, help="Don't record the labels that the files hold.")
def add(
    files: tuple[Path, ...], root: Path | None, encoding: str | None, skip_bad_rows: bool, hide_labels: bool
) -> None:
    """Add examples from FILES; the same example twice is one example.

    An interrupted add is finished by running it again. Labels in the tasks' columns are recorded where an example has
    none yet; to correct labels use `adequate label import`.

    \b
    adequate add export.jsonl more.parquet
    adequate add legacy.csv --encoding latin-1
    """
    from adequate.loop.engine import Engine

    engine = Engine.open(root)
    with progress() as report:
        added = engine.add(*files, encoding=encoding, lenient=skip_bad_rows, labels=not hide_labels, progress=report)
    summary(added)


def summary(added: Ingested) -> None:
    """What came of adding, in a line or two."""
    known = f", {added.known:,} were there already" if added.known else ""
    out.print(f"  {added.new:,} examples added{known}")
    for task, many in added.labels.items():
        out.print(f"  {many:,} labels recorded for {safe(task)}")
    for notice in added.notices:
        out.print(f"  [dim]{safe(notice)}[/]")
