"""`adequate test --discover`: slices nobody declared, in which the model is worse."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from adequate.cli.console import out, project_option, safe, user

EXAMPLES = 2  # failing examples under each slice


@click.command()
@project_option
@click.option("-t", "--task", help="Whose answers, where there are several tasks.")
@click.option("--accept", type=click.IntRange(min=1), metavar="N", help="Make slice number N one of the project's.")
@click.option("--name", help="What the accepted slice is called.")
@click.option("--target", type=click.FloatRange(0, 1, min_open=True), help="Accuracy wanted on it, a fraction.")
@click.option("--why", default="", help="Why it is accepted, for those who read it later.")
@click.option("--json", "as_json", is_flag=True, help="Print what is proven as JSON.")
@click.option("--suspected", is_flag=True, help="With --json: what is suspected too.")
def discover(
    root: Path | None,
    task: str | None,
    accept: int | None,
    name: str | None,
    target: float | None,
    why: str,
    as_json: bool,
    suspected: bool,
) -> None:
    """Look for slices nobody declared, in which the newest model is worse than elsewhere.

    What is proven was compared with what a search as long finds by luck: the chance that any of it is luck is at most
    5 %. What is suspected looks bad and may be luck; it says how many labels would decide. Examples that measure (the
    gate part) are neither searched nor shown.

    \b
    adequate test --discover
    adequate test --discover --accept 2 --name reservations
    """
    from adequate.loop import discover as discovery
    from adequate.loop.engine import Engine

    engine = Engine.open(root)
    with engine.store(write=accept is not None, verb="test --discover") as store:
        found = discovery.found(store, engine.project, task)
        if accept is not None:
            one = discovery.numbered(found, accept)
            aim = one["target"] if target is None else target
            called = discovery.accept(store, engine.project, one, who=user(), why=why, name=name, target=aim)
            out.print(f"slice [bold]{safe(called)}[/] is one of the project's: {safe(one['sql'])}")
            out.print("[dim]the next `adequate run` measures it and asks for the labels that it lacks;[/]")
            out.print("[dim]`adequate show --as-python` has its line[/]")
            return
    if as_json:
        shown = [one for one in found if suspected or one["proven"]]
        click.echo(json.dumps(shown, ensure_ascii=False, indent=2))
        return
    proven = [one for one in found if one["proven"]]
    for one in proven:
        _print(one, f"worse by {one['gap']:.0%}, {one['low']:.1%} at least")
    if not proven:
        out.print("no slice is worse beyond chance; with more labels smaller differences can be told")
    if len(found) > len(proven):
        out.print("[bold yellow]suspected, not proven[/]: a search may find as bad by luck")
    for one in found[len(proven) :]:
        decide = f"{one['decide']:,} labels of it would decide" if one["decide"] else "thousands of labels would decide"
        _print(one, f"luck {one['luck']:.0%}; {decide}")
    if found:
        out.print("[dim]a line for project.py, or: adequate test --discover --accept N, then adequate run[/]")


def _print(one: dict[str, Any], sure: str) -> None:
    right = f"{one['accuracy']:.0%} right, {one['outside']:.0%} elsewhere"
    size = f"{one['support']:,} examples, {one['n']:,} measured"
    out.print(f"[bold]{one['number']:>2}  {safe(one['said'])}[/]: {right} ({sure}); {size}")
    for bad in one["failures"][:EXAMPLES]:
        said = f"{_words(bad['answered'])}, not {_words(bad['label'])}"
        out.print(f"      [red]✕[/] {safe(' '.join(bad['text'].split())[:100])} [dim]{safe(said)}[/]")
    for line in one["line"].splitlines():
        out.print(f"      [dim]{safe(line)}[/]", soft_wrap=True)


def _words(label: str | list[str]) -> str:
    return label if isinstance(label, str) else ", ".join(label) or "none"
