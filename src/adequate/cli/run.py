"""`adequate run`: cycles, with what each brought."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from adequate.cli.board import display
from adequate.cli.console import err, many, out, progress, project_option, safe

if TYPE_CHECKING:
    from adequate.loop.state import State


@click.command()
@project_option
@click.option("--labels", type=click.IntRange(min=0), help="Ask the oracle for at most so many answers in this run.")
@click.option("--cycles", type=click.IntRange(min=1), help="Turn at most so many cycles.")
@click.option(
    "--until",
    type=click.Choice(["adequate", "waiting"]),
    default="adequate",
    show_default=True,
    help="When to stop at the latest; `waiting`: once the queue is filled, whatever the oracle knows.",
)
@click.option(
    "--oracle",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A file that knows the answers, for trials: they are recorded with source `import`.",
)
@click.option("--batch", type=click.IntRange(min=1), help="Teaching labels to ask for in each cycle.")
@click.option("--seed", default=0, show_default=True, help="Of every random choice.")
def run(
    root: Path | None,
    labels: int | None,
    cycles: int | None,
    until: str,
    oracle: Path | None,
    batch: int | None,
    seed: int,
) -> None:
    """Turn the loop: train, predict, test, gate, mine, ask.

    Stops when every cell is adequate, the budget is spent, or people have to answer first (it says where). Ctrl-C is
    safe at any moment; running again goes on where it was.

    \b
    adequate run
    adequate run --labels 500 --oracle answers.csv --until adequate
    """
    from adequate.loop.engine import Engine

    engine = Engine.open(root)
    with progress() as report:
        outcome = engine.run(
            labels=labels if until == "adequate" else 0,
            cycles=cycles,
            oracle=oracle,
            batch=batch,
            seed=seed,
            progress=report,
            notice=lambda text: err.print(f"[yellow]note:[/] {safe(text)}"),
            turned=lambda state: err.print(_line(state)),
        )
    display(engine.board())
    out.print(f"[bold]{safe(outcome.say)}[/] ({many(outcome.cycles, 'cycle')}, {many(outcome.labels, 'answer')})")


def _line(state: State) -> str:
    """One cycle in one line."""
    if state.model is None:
        return f"[dim]cycle:[/] no labels to learn from yet; {many(state.asked, 'question')} asked"
    verdict = {"passed": "[green]accepted[/]", "blocked": "[red]blocked[/]", "needs_labels": "[yellow]needs labels[/]"}
    first = f": {safe(state.reasons[0])}" if state.reasons and state.outcome != "passed" else ""
    said = verdict.get(state.outcome or "", "")
    return f"[dim]cycle:[/] model {state.model[:8]} {said}{first}; {many(state.asked, 'question')} asked"
