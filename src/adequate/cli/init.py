"""`adequate init`: a project from a file, without questions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from adequate.cli.add import summary
from adequate.cli.console import out, progress, safe

ENDINGS = (".csv", ".tsv", ".json", ".jsonl", ".parquet", ".tab", ".txt", ".conll", ".spacy", ".gz")


class Folder(click.Path):
    """A folder to make; whoever names the file itself is told how the two are named."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if Path(value).is_file():
            stem = Path(value).name.split(".")[0]
            self.fail(f"{value} is a file. To make a project from it: adequate init {stem} --from {value}", param, ctx)
        return super().convert(value, param, ctx)


class Data(click.Path):
    """A file to read; whoever names its folder is told to name the files."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if Path(value).is_dir():
            some = sorted(one.name for one in Path(value).iterdir() if one.is_file() and one.suffix in ENDINGS)[:2]
            named = " ".join(f"--from {Path(value) / one}" for one in some) or "--from FILE --from FILE"
            self.fail(f"{value} is a folder. Name its files: {named}", param, ctx)
        return super().convert(value, param, ctx)


@click.command()
@click.argument("folder", type=Folder(path_type=Path, file_okay=False))
@click.option(
    "--from",
    "files",
    multiple=True,
    required=True,
    type=Data(path_type=Path, dir_okay=False),
    help="CSV, TSV, JSON lines, JSON, Parquet, Orange .tab, plain lines (gzip or not), or the file of another tool. "
    "Repeat for more files.",
)
@click.option("--text", help="Column of the input, where it isn't inferred right.")
@click.option("--label", "tasks", multiple=True, help="Column of labels, one task each; repeat for several.")
@click.option("--labels", help="Labels of the one task named by --label: a,b,c. For data without any.")
@click.option("--group", help="Column whose equal values belong together: thread, author, track.")
@click.option("--time", help="Column that says when.")
@click.option("--id", "id_", help="Column that names an example.")
@click.option("--normalise", is_flag=True, help="Read labels in lower case with single spaces.")
@click.option("--encoding", help="Of the files' text, where it isn't UTF-8: latin-1, utf-16, cp1252.")
@click.option("--skip-bad-rows", is_flag=True, help="Leave out rows that can't be read, and say which.")
@click.option("--hide-labels", is_flag=True, help="Name the tasks' labels, but record none: for a trial with --oracle.")
@click.option("--db", help="URL of a PostgreSQL database, instead of an SQLite file in the project.")
def init(
    folder: Path,
    files: tuple[Path, ...],
    text: str | None,
    tasks: tuple[str, ...],
    labels: str | None,
    group: str | None,
    time: str | None,
    id_: str | None,
    normalise: bool,
    encoding: str | None,
    skip_bad_rows: bool,
    hide_labels: bool,
    db: str | None,
) -> None:
    """Look at a file, write FOLDER/project.py, and add the data.

    What can be inferred isn't asked: which columns are text, labels, groups, times and ids, what kind the tasks are,
    first slices and first targets. project.py says why in comments; it is yours to edit.

    \b
    adequate init mail --from mail.csv
    adequate init mail --from mail.csv --label intent --group thread_id
    adequate init mail --from texts.txt --label intent --labels refund,cancel,other
    """
    from adequate.loop.begin import begin

    with progress() as report:
        begun = begin(
            folder,
            files,
            text=text,
            group=group,
            time=time,
            id=id_,
            tasks=tasks,
            labels=[name.strip() for name in labels.split(",")] if labels else None,
            normalise=normalise,
            encoding=encoding,
            lenient=skip_bad_rows,
            with_labels=not hide_labels,
            db=db,
            progress=report,
        )
    project = begun.engine.project
    out.print(f"[bold]{safe(str(folder))}/project.py[/] written; look at it, it is yours to edit")
    columns = [f"text {project.text!r}"]
    columns += [f"{role} {name!r}" for role in ("group", "time", "id") if (name := getattr(project, role))]
    out.print(f"  columns: {safe(', '.join(columns))}")
    for task in project.tasks.values():
        many = len(task.labels) if task.labels is not None else "the data's"
        out.print(f"  task [bold]{safe(task.name)}[/]: {task.kind}, {many} labels")
    if not project.tasks:
        out.print("  no column of labels found: declare a task in project.py, or init with --label NAME --labels a,b,c")
    if project.slices:
        out.print(f"  slices: {safe(', '.join(project.slices))}")
    for notice in begun.inferred.notices:
        out.print(f"  [dim]{safe(notice)}[/]")
    summary(begun.added)
    there = safe(str(folder))
    if not project.tasks:
        out.print(f"\n[cyan]next:[/] declare a task in [bold]{there}/project.py[/], as its comment shows")
        return
    then = "adequate run" if project.learnable else "adequate studio --open"
    out.print(f"\n[cyan]next:[/] [bold]cd {there} && {then}[/]")
