"""`adequate replay`: what labels would have cost, by policy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.table import Table

from adequate.cli.console import OutputFile, err, out, progress, project_option, safe

if TYPE_CHECKING:
    from adequate.loop.replay import Replay


MEASURES = (  # what is tabulated, and at which levels
    ("accuracy", "accuracy", (0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)),
    ("macro_recall", "macro recall", (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)),
)


@click.command()
@click.argument("data", type=click.Path(path_type=Path, dir_okay=False), required=False)
@project_option
@click.option(
    "--label", "task", metavar="TASK", help="Task (or label column) to replay; needed where there are several."
)
@click.option(
    "--test",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Labelled file that tells the truth; no policy sees it.",
)
@click.option(
    "--oracle",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A file with the labels of the project's examples, where the project doesn't have them.",
)
@click.option(
    "--against", default="random,margin", show_default=True, help="Policies: random, margin, entropy, kmeans."
)
@click.option(
    "--budget", default=1500, show_default=True, help="Labels that teach; measuring ones are counted besides."
)
@click.option("--seeds", default=3, show_default=True, help="Repetitions with other random choices.")
@click.option("--json", "as_json", is_flag=True, help="Print every curve as JSON.")
@click.option("--plot", type=OutputFile(".png", ".svg", ".pdf"), help="Draw the curves: .png, .svg or .pdf.")
def replay(
    data: Path | None,
    root: Path | None,
    task: str | None,
    test: Path | None,
    oracle: Path | None,
    against: str,
    budget: int,
    seeds: int,
    as_json: bool,
    plot: Path | None,
) -> None:
    """What the engine would have cost on labelled data, against other policies.

    Hides the labels of the project's examples (or of a file DATA), lets each policy ask for them, and measures truth
    on --test, or on a third of the data held out by group. Shows accuracy, recall, the share of cells truly at their
    target, and how many of the cells called adequate truly were.

    \b
    adequate replay --label intent --test test.csv --against random,margin,entropy --budget 1500 --plot curves.png
    adequate replay labelled.csv --label intent
    """
    from adequate.loop.courses import rerun

    with progress() as report:
        found = rerun(
            data=data,
            root=root,
            task=task,
            test=test,
            oracle=oracle,
            against=[name.strip() for name in against.split(",") if name.strip()],
            budget=budget,
            seeds=seeds,
            progress=report,
            notice=lambda text: err.print(f"[dim]{safe(text)}[/]"),
        )
    if plot is not None:
        found.plot(plot)
        err.print(f"wrote {safe(str(plot))}")
    if as_json:
        click.echo(json.dumps(found.to_json(), indent=1))
    else:
        display(found)


def display(found: Replay) -> None:
    """Two tables: where each policy ended, and what it needed for each level."""
    table = Table(title=f"{safe(found.task)}: after the last label (median of seeds)", title_justify="left", box=None)
    heads = (
        "policy",
        "teach",
        "steer",
        "gate",
        "accuracy",
        "macro recall",
        "cells true",
        "claimed",
        "claimed and true",
    )
    for name in heads:
        table.add_column(name, justify="left" if name == "policy" else "right")
    for name, last in found.ends().items():
        claimed = f"{100 * last.cells_claimed_true / last.cells_claimed:.0f} %" if last.cells_claimed else "–"
        table.add_row(
            safe(name),
            f"{last.teach:,}",
            f"{last.steer:,}",
            f"{last.gate:,}",
            f"{100 * last.accuracy:.1f} %",
            f"{100 * last.macro_recall:.1f} %",
            f"{last.cells_true} of {last.cells}",
            f"{last.cells_claimed}",
            claimed,
        )
    out.print(table)
    for measure, title, levels in MEASURES:
        if needed := found.labels_to(measure, levels):
            out.print(_levels(title, needed, list(found.curves)))
    trust = found.trust()
    if trust is None:
        out.print("\nThe engine called no cell adequate yet: that takes more measuring labels than were bought.")
    else:
        out.print(
            f"\nOf the cells that it called adequate, over all its looks, [bold]{100 * trust:.1f} %[/] truly were."
        )


def _levels(title: str, needed: dict[str, dict[str, int | None]], policies: list[str]) -> Table:
    """What each policy needed for each level."""
    table = Table(title="\nlabels that teach, to reach ... (times ours)", min_width=60, title_justify="left", box=None)
    table.add_column(title)
    for name in policies:
        table.add_column(safe(name), justify="right")
    for level, labels in needed.items():
        ours = labels[policies[0]]
        table.add_row(level, *(_needed(labels[name], None if name == policies[0] else ours) for name in policies))
    return table


def _needed(labels: int | None, ours: int | None) -> str:
    if labels is None:
        return "never"
    return f"{labels:,}" + (f" [dim]{labels / ours:.1f}x[/]" if ours else "")
