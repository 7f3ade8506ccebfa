"""`adequate show`: what there is."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.table import Table

from adequate.cli.console import out, project_option, safe

if TYPE_CHECKING:
    from adequate.loop.engine import Engine


@click.command()
@click.argument("what", default="")
@project_option
@click.option("--as-python", is_flag=True, help="Print the project as the source of a project.py.")
def show(what: str, root: Path | None, as_python: bool) -> None:
    """Show `models`, `releases`, `labels`, `cells`, one example by its id, or the project itself.

    \b
    adequate show
    adequate show models
    adequate show releases
    adequate show 3fa9c0
    adequate show --as-python
    """
    from adequate.loop.engine import Engine

    engine = Engine.open(root)
    if as_python:
        click.echo(engine.project.as_python(), nl=False)
        return
    views = {"": overview, "models": models, "releases": releases, "labels": labels, "cells": cells}
    if what in views:
        views[what](engine)
    else:
        example(engine, what)


def overview(engine: Engine) -> None:
    """The project in a few lines."""
    project = engine.project
    with engine.store() as store:
        out.print(f"[bold]{safe(project.name)}[/] in {safe(str(engine.root))}")
        made = store.releases.list()
        out.print(
            f"  {store.examples.count:,} examples; {len(store.models.list())} models"
            + (f"; {len(made)} releases" if made else "")
        )
    for task in project.tasks.values():
        target = ", ".join(
            f"{name} {getattr(task.target, name):g}"
            for name in ("accuracy", "recall", "precision")
            if getattr(task.target, name) is not None
        )
        out.print(f"  task [bold]{safe(task.name)}[/]: {task.kind}, target {target}")
    for one in project.slices.values():
        out.print(f"  slice [bold]{safe(one.name)}[/]: {safe(one.sql or 'a Python function')}")
    out.print("[dim]more: adequate show models | releases | labels | cells | EXAMPLE | --as-python[/]")


def models(engine: Engine) -> None:
    """Every model, newest last."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for head in ("model", "made", "state", "taught", "from"):
        table.add_column(head)
    with engine.store() as store:
        baseline = store.models.accepted()
        every = store.models.list()
    for made in every:
        taught = ", ".join(f"{task} {card['taught']:,}" for task, card in made.card.items())
        state = "baseline" if made.id == baseline else made.state
        when = datetime.fromtimestamp(made.at).astimezone().strftime("%Y-%m-%d %H:%M")
        table.add_row(made.id, when, state, safe(taught), made.parent or "")
    out.print(table if every else "no model yet: adequate run")


def releases(engine: Engine) -> None:
    """Every release, newest last: its size, its speed, its state, and who said so."""
    from adequate.loop.ship.report import in_bytes, in_seconds

    wide = out.width >= 100
    table = Table(box=None, pad_edge=False, header_style="dim")
    for head in ("release", "state", "since", "size", "a text", *(["model"] if wide else []), "who", "why"):
        right = head in ("size", "a text")
        table.add_column(
            head, justify="right" if right else "left", no_wrap=head != "why", min_width=16 * (head == "release")
        )
    with engine.store() as store:
        every = store.releases.list()
        last = {step.release: step for step in store.releases.steps()}
    for one in every:
        step = last[one.id]
        state = f"share {100 * one.share:g} %" if one.state == "share" else one.state
        cost = in_bytes(one.bytes), in_seconds(one.seconds) if one.seconds else ""
        model = [one.model[:8]] if wide else []
        since = datetime.fromtimestamp(step.at).astimezone().strftime("%m-%d %H:%M")
        table.add_row(one.id, state, since, *cost, *model, safe(step.who), safe(step.why))
    out.print(table if every else "no release yet: adequate ship")


def labels(engine: Engine) -> None:
    """Labels by task, part and source."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for head in ("task", "label", "teach", "steer", "gate"):
        table.add_column(head, justify="left" if head in ("task", "label") else "right")
    with engine.store() as store:
        for task in engine.project.tasks:
            now = store.labels.current(task)
            counts: dict[str, dict[str, int]] = {}
            for value, part in zip(now["value"].to_pylist(), now["part"].to_pylist(), strict=True):
                said = json.loads(value)
                for label in [said] if isinstance(said, str) else said or ["(none)"]:
                    counts.setdefault(label, {}).setdefault(part, 0)
                    counts[label][part] += 1
            for label in sorted(counts, key=lambda label: -sum(counts[label].values())):
                by = counts[label]
                table.add_row(safe(task), safe(label), *(f"{by.get(part, 0):,}" for part in ("teach", "steer", "gate")))
    out.print(table if table.row_count else "no label yet: adequate label")


def cells(engine: Engine) -> None:
    """Every cell, as on the board."""
    from adequate.cli.board import display

    display(engine.board(), everything=True)


def example(engine: Engine, name: str) -> None:
    """One example: its columns, what was said of it, and what the newest model answers."""
    with engine.store() as store:
        row = store.examples.row_of(name)
        (values,) = store.examples.take([row]).to_pylist()
        history = store.labels.history(values["aq_id"])
        sealed = values["aq_part"] == 2
        newest = store.models.list()[-1:] if not sealed else []
        said = {
            task: store.predictions.read(task, made.id, [row]).to_pylist()[0]  # type: ignore[arg-type]
            for made in newest
            for task in engine.project.tasks
            if store.predictions.count(task, made.id) > row
        }
    out.print(f"[bold]{values['aq_id']}[/] · {('teach', 'steer', 'gate')[values['aq_part']]}")
    out.print(safe(str(values.get(engine.project.text))))
    for column, value in values.items():
        if column != engine.project.text and not column.startswith("aq_") and value is not None:
            out.print(f"  [dim]{safe(column)}:[/] {safe(str(value))}")
    for task, answer in said.items():
        out.print(f"  [dim]{safe(task)} answered:[/] {safe(str(answer['label']))} ({100 * answer['confidence']:.0f} %)")
    for seq, event in history:
        when = datetime.fromtimestamp(event.at).astimezone().strftime("%Y-%m-%d %H:%M")
        value = "withdrawn" if event.value is None else event.value
        out.print(
            f"  [dim]{seq} {when}[/] {safe(event.task)} = [bold]{safe(str(value))}[/] "
            f"[dim]by {safe(event.actor)} ({event.source}){': ' + safe(event.why) if event.why else ''}[/]"
        )
