"""What came of the tests of one model, on a terminal: a table a task, the cases that fail, and a line that sums up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

from adequate.cli.console import out, safe
from adequate.loop.checks.words import cut, wanted
from adequate.loop.page import percent
from adequate.types import Metric, State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adequate.loop.checks.report import Report
    from adequate.testing.results import Failing, Result

SIGNS = {State.ADEQUATE: "●", State.INADEQUATE: "✕", State.UNKNOWN: "○"}
COLOURS = {State.ADEQUATE: "green", State.INADEQUATE: "red", State.UNKNOWN: "yellow"}
CASES = 3  # failing cases that are shown of a cell
LONG = 90  # characters of a text that are shown

NOTHING = """\
No behaviour, suite or assertion is declared, so nothing is known. A first one, for project.py:

    @project.behaviour("{task}", expect="same")
    def survives_typos(batch, level, rng):
        return aq.perturb.swap_letters(batch, level, rng)

Then run this again."""


def shown(found: Report, tasks: Sequence[str]) -> None:
    """Print a report.

    Args:
        tasks: of the project, for the one to begin with.
    """
    if not found.results:
        out.print(safe_lines(NOTHING.format(task=next(iter(tasks), "TASK"))))
        return
    for task in dict.fromkeys(one.cell.task for one in found.results):
        cells = [one for one in found.results if one.cell.task == task]
        out.print(f"[bold]{safe(task or 'every task')}[/]")
        out.print(_table(cells, found.newly))
        for why in dict.fromkeys(text for one in cells if (text := _reason(one))):
            _untested(why, [one for one in cells if _reason(one) == why])
        for one in cells:
            _failing(one)
        out.print()
    counts = [(state, sum(one.state is state for one in found.results)) for state in SIGNS]
    said = ", ".join(f"[{COLOURS[state]}]{n} {state}[/]" for state, n in counts if n)
    new = f", [red]{len(found.newly)} newly failing[/]" if found.newly else ""
    stands = f", {safe(found.standing)}" if found.standing else ""
    out.print(f"{said}{new}  [dim]model {safe(found.model)}{stands}[/]", soft_wrap=True)


def _table(cells: Sequence[Result], newly: frozenset[str]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("", "test", "slice", "holds", "wanted"):
        table.add_column(name, overflow="fold")
    table.add_column("n", justify="right")
    table.add_column("")
    for one in cells:
        cell, colour = one.cell, COLOURS[one.state]
        envelope = cell.metric is Metric.ENVELOPE
        table.add_row(
            f"[{colour}]{SIGNS[one.state]}[/]",
            safe(cell.label or str(cell.metric)) + (" [bold]![/]" if cell.critical else ""),
            safe(cell.slice),
            f"[{colour}]{_value(one)}[/]",
            f"level {cell.target:.2f}" if envelope else f"{percent(cell.target)} %",
            f"{one.n:,}" if one.n else "",
            "[bold red]newly failing[/]" if one.key in newly else "",
        )
    return table


def _value(one: Result) -> str:
    if one.value is None:
        return "-"
    if one.cell.metric is Metric.ENVELOPE:
        return f"to level {one.value:.2f}" + (f" (not at {one.high:.2f})" if one.high < 1 else "")
    bounds = f" ({percent(one.low)} - {percent(one.high)})" if one.low < one.high else ""
    return f"{percent(one.value)} %{bounds}"


def _reason(one: Result) -> str:
    return one.error or (one.note if one.state is State.UNKNOWN else "")


def _untested(why: str, cells: Sequence[Result]) -> None:
    """Below the table: why cells couldn't be told; once, where a model that is gone spoils them all."""
    first, _, rest = why.partition("\n")
    names = ", ".join(_name(one) for one in cells[:CASES]) + (f" and {len(cells) - CASES} more" * (len(cells) > CASES))
    out.print(f"  {names}: {safe(first)}", soft_wrap=True)
    if rest:
        out.print(f"      [dim]{safe(rest.strip())}[/]", soft_wrap=True)


def _failing(one: Result) -> None:
    """Below the table: the worst of what fails."""
    if one.state is State.ADEQUATE or not one.failing:
        return
    at = next((f" at level {level:.2f}" for level, *counts in one.levels if counts == [one.n, one.held]), "")
    envelope = one.cell.metric is Metric.ENVELOPE
    more = f" [dim]({one.n - one.held:,} of {one.n:,} fail{at * envelope})[/]" if one.n > one.held else ""
    out.print(f"  {_name(one)}{more}")
    if envelope and one.note and not _reason(one):
        out.print(f"      [dim]{safe(one.note)}[/]", soft_wrap=True)
    for bad in one.failing[:CASES]:
        for line in _case(bad):
            out.print(f"      {line}", soft_wrap=True)


def _name(one: Result) -> str:
    return f"[{COLOURS[one.state]}]{SIGNS[one.state]}[/] {safe(one.cell.label or one.key)}"


def _case(bad: Failing) -> list[str]:
    """What it was, what became of it, what was answered, and what was expected."""
    sure = f" [dim]({bad.confidence:.0%})[/]" if bad.confidence is not None else ""
    answer = f"[red]{safe(bad.answered or 'nothing')}[/]{sure}{safe(wanted(bad))}"
    if bad.origin is None:
        return [f"{safe(cut(bad.text, LONG))}  [dim]→[/] {answer}"]
    return [f"[dim]{safe(cut(bad.origin, LONG))}[/]", f"{safe(cut(bad.text, LONG))}  [dim]→[/] {answer}"]


def safe_lines(text: str) -> str:
    """Lines of ours whose brackets are no markup."""
    return text.replace("[", "\\[")
