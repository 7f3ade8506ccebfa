"""`adequate watch`: what production does, in the terminal or as JSON, once or as it goes."""

from __future__ import annotations

import csv
import json
import math
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Group, RenderableType
from rich.live import Live
from rich.table import Table

from adequate.cli.amounts import SPAN
from adequate.cli.console import err, out, project_option, safe
from adequate.errors import FormatError, ResourceError

if TYPE_CHECKING:
    from adequate.loop.watch.watch import Rate, Slice, Task, Watch

BARS = "▁▂▃▄▅▆▇█"
WIDE = 16  # characters of a sparkline
SHOWN = 8  # labels of a task


@click.command()
@project_option
@click.option("--once", is_flag=True, help="Look once and exit: 0 nothing to tell, 1 an alert.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON; with --every a line a look.")
@click.option("--every", type=SPAN, default="10s", show_default=True, help="Time between two looks.")
@click.option("--since", type=SPAN, default="7d", show_default=True, help="How far back to look.")
@click.option("--webhook", metavar="URL", help="POST alerts that are new, or over, as JSON; each is told once.")
@click.option(
    "--product",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="CSV of release,value: does the model's metric go with the product's?",
)
def watch(
    root: Path | None, once: bool, as_json: bool, every: float, since: float, webhook: str | None, product: Path | None
) -> None:
    """Rates, drift, estimates, assertions, costs of what servers recorded.

    Compared with what the model answered for examples that it didn't learn from. Bounds hold however often you look:
    of watching for a year, one in twenty tells of a change that isn't there. Estimates of accuracy without labels see
    harder or rarer inputs; that the right answer changed (concept drift) only labels of the audit sample can tell.
    ▲ asks for something to be done, ● for a look. With --once it exits 0 where there is nothing to tell, 1 with an
    alert, 3 where it couldn't look. ADEQUATE_WEBHOOK_SECRET (whsec_ and base64) signs what --webhook sends.

    \b
    adequate watch
    adequate watch --once --webhook https://example.org/hook     from cron
    adequate watch --once --json | jq '.alerts'
    """
    from adequate.loop.engine import Engine
    from adequate.loop.watch import told
    from adequate.loop.watch.looking import Looking
    from adequate.net import sign
    from adequate.net.post import check

    if webhook is not None:
        check(webhook)
    secret = sign.secret() if webhook is not None else None
    engine = Engine.open(root)
    looking = Looking(root=engine.root, project=engine.project, seconds=since, product=_product(product))

    def look() -> Watch:
        with engine.store() as store:
            seen = looking.look(store)
        if webhook is not None:
            try:
                told.tell(engine.root, webhook, seen.project, seen.alerts, seen.until, secret=secret)
            except ResourceError as error:
                if once:
                    raise
                err.print(f"[yellow]{safe(error.message)}[/]")
        return seen

    if once:
        seen = look()
        if as_json:
            click.echo(json.dumps(seen.to_json(), ensure_ascii=False, indent=2))
        else:
            out.print(shown(seen))
        raise SystemExit(seen.exit_code)
    if as_json:
        while True:
            click.echo(json.dumps(look().to_json(), ensure_ascii=False))
            time.sleep(every)
    with Live(shown(look()), console=out, auto_refresh=False) as live:
        while True:
            time.sleep(every)
            live.update(shown(look()), refresh=True)


def _product(path: Path | None) -> dict[str, float]:
    """The product's metric by release.

    Raises:
        FormatError: the file isn't release,value.
    """
    if path is None:
        return {}
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            read = csv.DictReader(file)
            if not {"release", "value"} <= set(read.fieldnames or ()):
                raise ValueError(f"its columns are {', '.join(read.fieldnames or ()) or 'none'}")
            return {row["release"]: float(row["value"]) for row in read}
    except (TypeError, ValueError, csv.Error) as error:
        raise FormatError(
            f"{path} can't be read as release,value: {error}", remedy="a header `release,value`, then a line a release"
        ) from error


def shown(seen: Watch) -> RenderableType:
    """Everything, for a terminal."""
    parts: list[RenderableType] = [_head(seen)]
    if seen.release is None:
        since = datetime.fromtimestamp(seen.since, UTC)
        parts.append(f"nothing was recorded since {since:%Y-%m-%d %H:%M} UTC")
        parts += [f"[cyan]→[/] {safe(note)}" for note in seen.notes]
        return Group(*parts)
    for alert in seen.alerts:
        colour, sign = ("red", "▲") if alert.severity == "act" else ("yellow", "●")
        day = datetime.fromtimestamp(alert.since, UTC)
        parts.append(f"[{colour}]{sign} {safe(alert.what)}[/] [dim]since {day:%m-%d %H:%M}[/]")
        parts.append(f"  [dim]→ {safe(alert.do)}[/]")
    for task in seen.tasks:
        parts += ["", _sentence(task, seen.unlike > 0), _labels(task)]
        if task.slices:
            parts.append(_slices(task.slices))
    if seen.inputs is not None and seen.inputs.n:
        said = f"told from those it was tested on in {seen.inputs.value:.0%} of {seen.inputs.n:,} pairs"
        parts += ["", f"[bold]inputs[/]  {said}, at least {seen.inputs.low:.0%} [dim](50%: alike)[/]"]
    if seen.assertions:
        parts += ["", _assertions(seen.assertions)]
    for trigger in seen.triggers:
        found = f"{trigger.found} of {trigger.labelled} labelled ones were it" if trigger.labelled else "none labelled"
        parts.append(f"[bold]trigger {safe(trigger.id)}[/]  {safe(trigger.cell)}: asked for {trigger.asked:,}, {found}")
    if seen.cost is not None and seen.cost.parts:
        each = " + ".join(f"{name} {value:,.4g}" for name, value in seen.cost.parts.items())
        rest = f" [dim](not declared: {', '.join(seen.cost.unknown)})[/]" if seen.cost.unknown else ""
        parts += ["", f"[bold]cost[/]  {seen.cost.total:,.4g} per 1,000 predictions: {each}{rest}"]
    if seen.product is not None:
        one = seen.product
        parts.append(
            f"[bold]product[/]  rank correlation with the model's accuracy {one.value:.2f} "
            f"[dim]({one.low:.2f} - {one.high:.2f}, p = {one.p:.3f}, {one.n} releases)[/]"
        )
    parts += ["", *(f"[dim]{safe(note)}[/]" for note in seen.notes), _blind(seen)]
    return Group(*parts)


def _head(seen: Watch) -> str:
    if seen.release is None:
        return f"[bold]{safe(seen.project)}[/]"
    others = f" · {len(seen.releases)} releases" if len(seen.releases) > 1 else ""
    return (
        f"[bold]{safe(seen.project)}[/]  [dim]release {safe(seen.release[:12])}{others} · {seen.requests:,} requests, "
        f"{seen.texts:,} texts, {seen.errors:,} errors · {seen.sampled:,} sampled · since "
        f"{datetime.fromtimestamp(seen.since, UTC):%Y-%m-%d %H:%M} UTC[/]"
    )


def _sentence(task: Task, unlike: bool) -> str:
    """A task in a line: how accurate, how sure, for whoever reads nothing else.

    Args:
        unlike: inputs came that are like none that it was tested on.
    """
    said = [f"[bold]{safe(task.name)}[/] "]
    if task.audit is not None and task.audit.n:
        said.append(
            f"accuracy by {task.audit.n:,} labels {task.audit.value:.1%} "
            f"[dim]({task.audit.low:.1%} - {task.audit.high:.1%})[/],"
        )
    if "together" in task.estimates:
        one = task.estimates["together"]
        new = "; inputs changed, and all that is new may be wrong" if unlike else ""
        said.append(f"by confidence {one.value:.1%} [dim]({one.low:.1%} - {one.high:.1%}{new})[/],")
    if task.target is not None:
        said.append(f"target {task.target:.1%}; ")
    before = "" if task.mean_before is None else f" [dim](tested: {task.mean_before:.2f})[/]"
    said.append(f"mean confidence {task.mean:.2f}{before} {spark(task.mean_series)}")
    if task.disagreed is not None:
        said.append(f"; the shadow disagrees on {task.disagreed.value:.1%} of {task.disagreed.n:,}")
    if task.abstained:
        said.append(f"; {task.abstained:.1%} left to people")
    if task.rule is not None:
        rule = task.rule
        said.append(
            f"\n  below confidence {rule.threshold:.2f} a person is cheaper: the model answers {rule.answered:.0%} at "
            f"{rule.accuracy:.1%}, 1,000 cost {rule.cost:,.0f} [dim]({rule.cost_low:,.0f} - {rule.cost_high:,.0f})[/] "
            f"instead of {rule.never:,.0f}"
        )
    return " ".join(said)


def _labels(task: Task) -> Table:
    """The labels that moved, then those that come most."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name, justify in (
        ("  label", "left"),
        ("share", "right"),
        ("bounds", "left"),
        ("tested", "right"),
        ("", "left"),
    ):
        table.add_column(name, justify=justify)  # type: ignore[arg-type]
    order = sorted(task.labels, key=lambda rate: (-abs(rate.least or 0.0), -rate.value))
    for rate in order[:SHOWN]:
        colour = "yellow" if rate.least else "default"
        table.add_row(
            f"  [{colour}]{safe(rate.name)}[/]",
            f"[{colour}]{rate.value:.1%}[/]",
            f"[dim]{rate.low:.1%} - {rate.high:.1%}[/]",
            "" if rate.before is None else f"{rate.before:.1%}",
            spark(rate.series),
        )
    if len(order) > SHOWN:
        table.add_row(f"  [dim]and {len(order) - SHOWN} more[/]")
    return table


def _slices(slices: Sequence[Slice]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("  slice", "sampled", "mean confidence", "by confidence", "by labels"):
        table.add_column(name, justify="left" if name == "  slice" else "right")
    for one in slices:
        guess = one.estimates.get("together")
        held = one.audit
        table.add_row(
            f"  {safe(one.name)}",
            f"{one.n:,}",
            f"{one.confidence:.2f}",
            "" if guess is None else f"{guess.value:.1%} [dim]({guess.low:.1%} - {guess.high:.1%})[/]",
            "" if held is None or not held.n else f"{held.value:.1%} [dim]({held.low:.1%} - {held.high:.1%})[/]",
        )
    return table


def _assertions(assertions: Sequence[Rate]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("assertion", "violated", "bounds", "tested", ""):
        table.add_column(name, justify="right" if name in ("violated", "tested") else "left")
    for rate in assertions:
        table.add_row(
            safe(rate.name),
            f"{rate.value:.2%}",
            f"[dim]{rate.low:.2%} - {rate.high:.2%}[/]",
            "" if rate.before is None else f"{rate.before:.2%}",
            spark(rate.series),
        )
    return table


def _blind(seen: Watch) -> str:
    from adequate.loop.watch.watch import BLIND

    more = []
    for task in seen.tasks:
        held = task.audit
        if held is None or not held.waiting:
            continue
        need = min(held.need or held.waiting, held.waiting)
        more.append(f"{safe(task.name)}: {need:,} labels more" + (" would likely decide" if held.need else " wait"))
    return f"[dim]{BLIND}{': ' + '; '.join(more) if more else ''}[/]"


def spark(series: Sequence[float]) -> str:
    """Numbers as bars, the newest right; as many hours as fit, neighbours averaged.

    >>> spark([0.0, 0.5, 1.0])
    '▁▅█'
    """
    if len(series) < 2:
        return ""
    step = math.ceil(len(series) / WIDE)
    pieces = [[one for one in series[i : i + step] if one == one] for i in range(0, len(series), step)]
    means = [sum(piece) / len(piece) if piece else None for piece in pieces]
    known = [one for one in means if one is not None]
    low, high = min(known, default=0.0), max(known, default=0.0)
    room = (high - low) or 1.0
    return "".join(" " if one is None else BARS[round((one - low) / room * (len(BARS) - 1))] for one in means)
