"""`adequate trigger`: ask production for more of what a cell lacks."""

from __future__ import annotations

from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.table import Table

from adequate.cli.console import out, project_option, safe, user

if TYPE_CHECKING:
    from adequate.loop.engine import Engine
    from adequate.loop.production.seek import Sought


@click.command()
@click.argument("cell", default="")
@project_option
@click.option(
    "--per-day", type=click.IntRange(min=1), default=50, show_default=True, help="Rows recorded a day, at most."
)
@click.option(
    "--precision",
    type=click.FloatRange(0, 1, min_open=True),
    default=0.5,
    show_default=True,
    help="Share of what fires that should be of the kind: lower finds more, and asks more in vain.",
)
@click.option("--release", help="Whose features it reads [default: the release that serves].")
@click.option("--why", default="", help="The reason; it stays beside the trigger.")
@click.option("--list", "listed", is_flag=True, help="Every trigger, with what it brought.")
@click.option("--stop", type=int, metavar="ID", help="End a trigger.")
def trigger(
    cell: str,
    root: Path | None,
    per_day: int,
    precision: float,
    release: str | None,
    why: str,
    listed: bool,
    stop: int | None,
) -> None:
    """Ask production for more of what CELL lacks: a small head that servers multiply each text's vector with.

    CELL is named as on the board: of a label's recall it seeks texts of the label, of a slice what the model gets wrong
    there, of a test what fails it. Servers take it up within seconds; what they record for it is asked like any
    question. The yield is measured by the labels that come back.

    \b
    adequate trigger intent/all/card_swallowed/recall --per-day 50
    adequate trigger --list
    adequate trigger --stop 3
    """
    from adequate import store
    from adequate.loop.engine import Engine
    from adequate.loop.production.seek import seek

    engine = Engine.open(root)
    if stop is not None:
        with store.open(engine.root, beside=True, text=engine.project.text) as opened:
            ended = opened.triggers.stop(stop)
        out.print(f"trigger {ended.id} for {safe(ended.cell)} has ended")
    elif cell and not listed:
        with store.open(engine.root, beside=True, text=engine.project.text) as opened:
            made = seek(
                opened,
                engine.project,
                cell,
                who=user(),
                why=why,
                release=release,
                per_day=per_day,
                precision=precision,
            )
        _told(made)
    elif listed:
        _list(engine)
    else:
        raise click.UsageError("name a cell, as the board does; or --list, or --stop ID")


def _told(made: Sought) -> None:
    """What to expect of it."""
    found, one = made.found, made.trigger
    out.print(f"trigger [bold]{one.id}[/] seeks {safe(str(one.card['seeks']))}, at most {one.per_day:,} a day")
    fires = f" and fires on {100 * found.rate:.2g} % of the pool" if isfinite(found.rate) else ""  # it may be empty
    out.print(
        f"  on labels that it didn't learn from: finds {100 * found.recall:.0f} % of them{fires}; "
        f"about {100 * found.expected:.0f} % of what fires is expected to be right "
        f"[dim]({found.right} of {found.fired} labelled examples were)[/]"
    )
    out.print(f"  [dim]it runs where {made.release} answers; what it brings: adequate trigger --list[/]")


def _list(engine: Engine) -> None:
    from adequate.loop.production.yields import fired, yields

    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 1, 0, 0))
    for head in ("id", "cell", "a day", "fired", "recorded", "labelled", "yield", "expected", ""):
        table.add_column(
            head, justify="left" if head in ("cell", "") else "right", no_wrap=head != "cell", overflow="fold"
        )
    with engine.store() as store:
        every = store.triggers.list()
        brought, often = yields(store, engine.project, every), fired(store, every)
    for one in every:
        got = brought[one.id]
        share = (
            f"{100 * got.right / got.labelled:.0f} % ({100 * got.low:.0f}-{100 * got.high:.0f})" if got.labelled else ""
        )
        counts = (f"{n:,}" for n in (one.per_day, often[str(one.id)], got.asked, got.labelled))
        expected = f"{100 * one.card['expected']:.0f} %" if "expected" in one.card else ""
        table.add_row(str(one.id), safe(one.cell), *counts, share, expected, "" if one.ended is None else "ended")
    out.print(table if every else "no trigger yet: adequate trigger CELL")
