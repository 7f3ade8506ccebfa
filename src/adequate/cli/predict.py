"""`adequate predict`: answers for a file, or for a stream that never ends."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import TYPE_CHECKING

import click

from adequate.cli.console import err, many, out, progress, project_option, safe
from adequate.cli.named import bundle_named
from adequate.cores import cores
from adequate.errors import FormatError

if TYPE_CHECKING:
    from adequate.bundles.bundle import Bundle

STREAM = (".jsonl", ".ndjson")


@click.command()
@click.argument("inputs", metavar="FILE")
@project_option
@click.option("--bundle", "named", help="A bundle (folder or zip), or a release of the project. [default: promoted]")
@click.option("-o", "--out", "to", required=True, help="FILE.parquet, .csv, .tsv, .jsonl; -, redis://, http://.")
@click.option("--task", "tasks", multiple=True, help="Answer this task only; may be given again. [default: all]")
@click.option("--text", "column", help="Column that holds the text. [default: the project's]")
@click.option("--probabilities", is_flag=True, help="Add the probability of every label.")
@click.option("--follow", is_flag=True, help="Wait for more at the end of FILE, as tail does.")
@click.option("--threads", type=click.IntRange(1, 256), help="Cores to use. [default: all]")
def predict(
    inputs: str,
    root: Path | None,
    named: str | None,
    to: str,
    tasks: tuple[str, ...],
    column: str | None,
    probabilities: bool,
    follow: bool,
    threads: int | None,
) -> None:
    """Answer every row of FILE, or of a stream.

    A file (CSV, JSON lines, Parquet and the like) becomes a table with its columns, TASK and TASK_confidence. Memory
    doesn't grow with the file, and after an interruption the same command goes on where it stopped.

    A stream is `-` (JSON lines from standard input), FILE with --follow, or redis://HOST/STREAM?group=NAME. Each answer
    carries the id of its input and comes at least once; it ends with Ctrl-C or SIGTERM, after the batch in hand.

    \b
    adequate predict mail.parquet -o answered.parquet
    tail -f app.log.jsonl | adequate predict - -o -
    adequate predict inbox.jsonl --follow -o answered.jsonl
    adequate predict redis://localhost/mail -o redis://localhost/mail-answered
    """
    from adequate.bundles.bundle import Bundle
    from adequate.serving.streams.addresses import streams

    bundle = Bundle.open(bundle_named(named, root), threads=threads or cores())
    if streams(inputs, follow=follow) or (to == "-" and inputs.endswith(STREAM)) or "://" in to:
        if probabilities:
            raise FormatError(
                "a stream has no --probabilities", remedy="answer a file, or ask a server: adequate serve"
            )
        _stream(bundle, inputs, to, tasks, column, follow=follow)
        return
    from adequate.serving.batch import predict as answer

    with progress() as shown:
        done = answer(
            bundle,
            Path(inputs),
            Path(to),
            tasks=tasks or None,
            column=column,
            probabilities=probabilities,
            told=lambda n, total: shown("answering", n, total),
        )
    before = f", {done.before:,} of them before" if done.before else ""
    out.print(f"  {many(done.rows, 'row')} answered{before}: {safe(to)}  [dim]by {bundle.id}[/]")


def _stream(bundle: Bundle, inputs: str, to: str, tasks: tuple[str, ...], column: str | None, *, follow: bool) -> None:
    from adequate.serving.streams.addresses import sink, source
    from adequate.serving.streams.run import run

    origin = source(inputs, follow=follow)
    target = sink(to, origin)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: origin.stop())
    try:
        n = run(bundle, origin, target, tasks=tasks or None, column=column)
    finally:
        target.close()
    err.print(f"  {many(n, 'input')} answered  [dim]by {bundle.id}[/]")
