"""`adequate board`: the board in the terminal, as JSON, or as one HTML file."""

from __future__ import annotations

import json
from pathlib import Path

import click
from rich.table import Table

from adequate.cli.console import OutputFile, out, project_option, safe
from adequate.loop.board import CHANGES, MEANING, SIGNS, Board, CellRow
from adequate.loop.page import figure, ordered, render

COLOURS = {
    "adequate": "green",
    "near": "yellow",
    "open": "white",
    "few": "white",
    "inadequate": "red",
    "regressed": "red",
}
SHOWN = 20  # cells of one label that fit a screen; the rest is counted


@click.command()
@project_option
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
@click.option("--html", type=OutputFile(), help="Write one self-contained HTML file.")
@click.option("--all", "everything", is_flag=True, help=f"Show every cell, not only the first {SHOWN} of each task.")
def board(root: Path | None, as_json: bool, html: Path | None, everything: bool) -> None:
    """Tasks x slices: value, bounds, target, state, labels to go, forecast.

    A cell is adequate (●) when the lower bound of its value reaches the target, inadequate (✕) when the upper bound
    stays below, else unknown: ◐ with the number of labels that would likely decide it, ○ without a forecast, … where
    fewer than five labels speak about it. ▼ got worse, and ▲ improved, are against the baseline. Tests that need no
    labels stand by themselves: behaviours, suites, assertions; an envelope is told as the level that it bears.

    \b
    adequate board
    adequate board --html board.html
    adequate board --json | jq '.cells[] | select(.state != "adequate")'
    """
    from adequate.loop.engine import Engine

    shown = Engine.open(root).board()
    if html is not None:
        html.write_text(render(shown), encoding="utf-8")
        out.print(f"wrote {safe(str(html))}")
    if as_json:
        click.echo(json.dumps(shown.to_json(), ensure_ascii=False, indent=2))
    elif html is None:
        display(shown, everything=everything)


def display(board: Board, *, everything: bool = False) -> None:
    """The board on a terminal."""
    model = f"model {board.model[:12]}" if board.model else "no model yet"
    labels = board.labels
    out.print(
        f"[bold]{safe(board.project)}[/]  [dim]{model} · labels: {labels['teach']:,} teach, "
        f"{labels['steer']:,} steer, {labels['gate']:,} measure[/]"
    )
    for task in board.tasks():
        out.print()
        out.print(f"[bold]{safe(task)}[/]  {safe(board.sentences.get(task, ''))}")
        cells = [cell for cell in ordered(board.cells) if cell.task == task]
        wide = [cell for cell in cells if cell.label is None]
        each = [cell for cell in cells if cell.label is not None and not cell.is_test]
        room = len(each) if everything else SHOWN
        out.print(_table(wide + each[:room]))
        if len(each) > room:
            rest = each[room:]
            counts = ", ".join(
                f"{sum(cell.mark == mark for cell in rest)} {SIGNS[mark]} {MEANING[mark]}"
                for mark in SIGNS
                if any(cell.mark == mark for cell in rest)
            )
            out.print(f"  [dim]and {len(rest)} more cells: {counts} (adequate board --all)[/]")
    if tests := [cell for cell in ordered(board.cells) if cell.is_test]:
        out.print()
        passed = sum(cell.state == "adequate" for cell in tests)
        out.print(f"[bold]behaviours[/]  {passed} of {len(tests)} tests pass; they need no labels to be measured.")
        out.print(_table(tests))
    out.print()
    command = f"  [bold]{safe(board.next['command'])}[/]" if board.next.get("command") else ""
    out.print(f"[cyan]next:[/] {safe(board.next['say'])}{command}")


def _table(cells: list[CellRow]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name, justify in (("", "left"), ("cell", "left"), ("value", "right"), ("bounds", "left"), ("target", "right")):
        table.add_column(name, justify=justify, overflow="fold")  # type: ignore[arg-type]
    table.add_column("n", justify="right")
    table.add_column("", justify="left")
    table.add_column("labels to go", justify="left", overflow="fold")
    for cell in cells:
        colour = COLOURS[cell.mark]
        change = CHANGES.get(cell.change or "", "")
        table.add_row(
            f"[{colour}]{cell.sign}[/]",
            safe(cell.name if cell.is_test else cell.name.removeprefix(cell.task).strip(" ·"))
            + (" [bold]![/]" if cell.critical else ""),
            f"[{colour}]{figure(cell, cell.value)}[/]",
            f"[dim]{figure(cell, cell.low)} - {figure(cell, cell.high)}[/]",
            figure(cell, cell.target),
            f"{cell.n:,}",
            f"[{'red' if cell.change in ('regressed', 'suspect') else 'green'}]{change}[/]" if change else "",
            f"[dim]{cell.to_go}[/]",
        )
    return table
