"""`adequate find`: search."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from adequate.cli.console import out, project_option, safe


@click.command()
@click.argument("words", default="")
@project_option
@click.option(
    "--where", metavar="SQL", help='SQL over the examples\' columns; `text` is the text: "length(text) < 40".'
)
@click.option("--predicted", metavar="LABEL", help="What the newest model answers.")
@click.option("--below", type=click.FloatRange(0, 1), help="At most this confidence, a fraction.")
@click.option("--like", metavar="EXAMPLE", help="Id of an example (a beginning will do) that it resembles.")
@click.option("--task", help="Whose predictions, where there are several tasks.")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(min=1), help="How many to show.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def find(
    words: str,
    root: Path | None,
    where: str | None,
    predicted: str | None,
    below: float | None,
    like: str | None,
    task: str | None,
    limit: int,
    as_json: bool,
) -> None:
    """Search examples by words and meaning at once, narrowed by SQL, prediction and confidence.

    Examples that measure (the gate part) are never shown.

    \b
    adequate find "card was eaten" --where "length(text) < 40" --predicted refund --below 0.6
    adequate find --like 3fa9
    """
    from adequate.loop.engine import Engine

    found = Engine.open(root).find(
        words, where=where, predicted=predicted, below=below, like=like, task=task, limit=limit
    )
    if as_json:
        click.echo(json.dumps({"total": found.total, "hits": [asdict(hit) for hit in found.hits]}, ensure_ascii=False))
        return
    for hit in found.hits:
        labels = ", ".join(f"{name}={value}" for name, value in hit.label.items())
        said = ", ".join(f"{name}: {value} {100 * sure:.0f} %" for name, (value, sure) in hit.predicted.items())
        out.print(f"[dim]{hit.example[:8]} {hit.part}[/]  {safe(' '.join(hit.text.split())[:300])}")
        if labels or said:
            out.print(f"         [dim]{safe(' · '.join(part for part in (labels, said) if part))}[/]")
    if not found.hits:
        out.print("nothing found; try fewer conditions")
    elif found.total is not None and found.total > len(found.hits):
        out.print(f"[dim]{len(found.hits)} of {found.total:,}; more with --limit[/]")
