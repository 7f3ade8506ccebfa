"""`adequate ship`: the smallest bundle that is still adequate."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.table import Table

from adequate.cli.amounts import SIZE, TIME
from adequate.cli.console import OutputFile, err, out, progress, project_option, safe, user

if TYPE_CHECKING:
    from adequate.loop.ship.confirm import Confirmed
    from adequate.loop.ship.report import Shipped
    from adequate.shipping.search import Trial

STATES = {
    "passed": "[green]adequate[/]",
    "refused": "[red]refused[/]",
    "needs_labels": "[yellow]needs labels[/]",
    "open": "not gated",
    "unlikely": "[dim]falls short[/]",
    "failed": "[dim]can't be made[/]",
}
VERDICTS = {"passed": STATES["passed"], "blocked": STATES["refused"], "needs_labels": STATES["needs_labels"]}


@click.command()
@project_option
@click.option("--size", type=SIZE, help="The bundle takes at most so much: 5MB, 800kB.")
@click.option("--latency", type=TIME, help="One text alone takes at most so much CPU time: 1ms, 200us.")
@click.option(
    "--target",
    type=click.Choice(["onnx"]),
    default="onnx",
    show_default=True,
    expose_value=False,  # there is but one as yet
    help="What it runs on: ONNX Runtime and NumPy.",
)
@click.option(
    "--search",
    type=TIME,
    default="10m",
    show_default=True,
    help="Time for the search, earlier sittings on the same model included.",
)
@click.option("--seed", default=0, show_default=True, help="Of every random choice.")
@click.option("--zip", "packed", type=OutputFile(".zip"), help="Pack the release into one file, too.")
@click.option(
    "--sign",
    "key",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Private key (Ed25519) that signs the release; docs/bundles.md.",
)
@click.option("--plot", type=OutputFile(".png", ".svg", ".pdf"), help="Draw the frontier: .png, .svg or .pdf.")
@click.option("--json", "as_json", is_flag=True, help="Print every candidate and the verdicts as JSON.")
def ship(
    root: Path | None,
    size: float | None,
    latency: float | None,
    search: float,
    seed: int,
    packed: Path | None,
    key: Path | None,
    plot: Path | None,
    as_json: bool,
) -> None:
    """Find the smallest bundle that is as adequate as the accepted model, and make it a release. Exits with 0 found,
    1 nothing adequate within the limits (it says how near one came), 3 an error.

    Candidates are the model as it is, its encoder cut in several ways, static vectors distilled from it, and n-grams.
    Each is screened on texts without labels; the best are put to the gate that every model passes. What was tried is
    kept: Ctrl-C is safe, and the same command goes on.

    \b
    adequate ship
    adequate ship --size 5MB --latency 1ms
    adequate ship --search 20m --plot frontier.png
    adequate ship --sign release --zip release.zip
    """
    from adequate.bundles import pack
    from adequate.bundles.sign import checked, sign
    from adequate.loop.engine import Engine

    if key is not None:
        checked(key)  # before ten minutes of search, not after
    engine = Engine.open(root)
    with progress() as report:
        found = engine.ship(
            size=None if size is None else int(size),
            latency=latency,
            search=search,
            seed=seed,
            who=user(),
            progress=report,
            told=lambda trial, verdict: err.print(_line(trial, verdict), soft_wrap=True),
        )
    if found.folder is not None and key is not None:
        sign(found.folder, key)
    if found.folder is not None and packed is not None:
        err.print(f"wrote {safe(str(pack(found.folder, packed)))}")
    if plot is not None:
        found.plot(plot)
        err.print(f"wrote {safe(str(plot))}")
    if as_json:
        click.echo(json.dumps(found.to_json(), ensure_ascii=False, indent=1))
    else:
        display(found)
    raise SystemExit(found.exit_code)


def _line(trial: Trial, verdict: Confirmed | None) -> str:
    """What came of one candidate, or of one look, in one line."""
    from adequate.loop.ship.report import cost

    what = safe(str(trial.recipe))
    if not trial.made:
        return f"[dim]{what}: can't be made: {safe(trial.why)}[/]"
    if verdict is None:
        against = f"; [dim]{safe(trial.why)}[/]" if trial.why else ""
        return f"{what}: {cost(trial)}, {trial.flips:.1%} answered differently{against}"
    said = {"passed": "[green]adequate[/]", "blocked": "[red]refused[/]"}.get(
        verdict.outcome, "[yellow]needs labels[/]"
    )
    why = f": {safe(verdict.reasons[0])}" if verdict.reasons else ""
    return f"gate: {what} {said}{why}"


def display(found: Shipped) -> None:
    """A table of what matters, and the answer."""
    from adequate.loop.ship.report import in_bytes, in_seconds

    wide = out.width >= 120
    table = Table(box=None, pad_edge=False)
    for name in ("candidate", "size", "a text", "alone", "differs", "-/+", "", *(["worst cell"] if wide else [])):
        words = name in ("candidate", "worst cell")  # where it is narrow these go on in a second line, never figures
        table.add_column(name, justify="left" if words or not name else "right", no_wrap=not words)
    seen = {one.bundle for one in found.frontier} | set(found.verdicts)
    shown = {one.bundle: one for one in reversed(found.trials) if one.bundle in seen}
    for one in sorted(shown.values(), key=lambda one: one.bytes):
        verdict = found.verdicts.get(one.bundle)
        worst = verdict.worst[0] if verdict is not None and verdict.worst else None
        cells = [
            safe(str(one.recipe)),
            in_bytes(one.bytes),
            in_seconds(one.seconds),
            in_seconds(one.alone),
            f"{one.flips:.1%}",
            f"{verdict.lost}/{verdict.won}" if verdict else "",
            STATES[found.state(one)],
        ]
        if wide:
            cells.append("" if worst is None else f"{safe(worst.cell)} {-100 * worst.points:+.1f}")
        table.add_row(*cells, style="bold" if one.bundle == found.release else "")
    out.print(table)
    failed = sum(not one.made for one in found.trials)
    more = f", {failed} can't be made" if failed else ""
    tried = "1 candidate" if len(found.trials) == 1 else f"{len(found.trials)} candidates"
    ended = "time is up, --search 30m looks further" if found.left == "time" else "nothing is left to try"
    out.print(
        f"[dim]{tried}{more}; {ended}. a text: CPU time in batches; alone: asked by itself; differs: texts answered "
        f"otherwise than by the model; -/+: gate labels that only the model, only the bundle gets right. "
        f"{found.looks} of the gate's {found.most} looks {'is' if found.looks == 1 else 'are'} used.[/]"
    )
    first, *rest = found.sentences()
    out.print(f"[bold]{safe(first)}[/]")
    for line in rest:
        out.print(f"  {safe(line)}")
    if found.release is not None:
        out.print(f"release [bold]{found.release}[/] in {safe(_near(found.folder))}", soft_wrap=True)
        short = found.release[:6]
        out.print(f"  [dim]try it: adequate serve {short}; let it answer: adequate promote {short}[/]")


def _near(path: Path | None) -> str:
    """As seen from here, where it lies below."""
    here = Path.cwd()
    return str(path.relative_to(here) if path is not None and path.is_relative_to(here) else path)
