"""The frontier as a picture: size against latency, every candidate tried, the gate's verdicts, the limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adequate.loop.draw import COLOURS
from adequate.loop.ship.report import in_bytes, in_seconds
from adequate.shipping.search import frontier

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from adequate.loop.ship.report import Shipped
    from adequate.shipping.search import Trial

BLUE, GREY, RED, ORANGE = COLOURS[:4]
LOOKS = {  # state: what the legend says, colour, marker; told apart without colour too
    "passed": ("adequate: the gate passed it", COLOURS[4], "o"),
    "refused": ("refused by the gate", RED, "X"),
    "needs_labels": ("labels would decide", ORANGE, "D"),
    "open": ("beaten by another: not gated", BLUE, "s"),
    "unlikely": ("falls short on visible data", GREY, "x"),
}
LIMIT = "#444444"
LABELLED = 7  # points of the frontier that get words


def drawn(found: Shipped) -> Figure:
    """One panel, readable at the width of a README."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import LogLocator

    figure = Figure(figsize=(9, 5.6), layout="constrained")
    axis = figure.subplots()
    axis.set_xscale("log")
    axis.set_yscale("log")
    made = [one for one in found.trials if one.made]
    for state, (said, colour, marker) in LOOKS.items():
        some = [one for one in made if found.state(one) == state]
        if some:
            axis.scatter(
                [one.bytes for one in some],
                [one.alone for one in some],
                s=70 if state == "passed" else 42,
                color=colour,
                marker=marker,
                label=said,
                zorder=4 if state == "passed" else 3,
                alpha=0.95 if state != "unlikely" else 0.7,
                linewidths=1.4 if marker == "x" else 0.5,
            )
    _limits(axis, found)
    _front(axis, found)
    _words(axis, found, made)
    axis.set_xlabel("size of the bundle", fontsize=10)
    axis.set_ylabel("CPU time of one text, alone", fontsize=10)
    axis.xaxis.set_major_formatter(lambda value, _: in_bytes(value))
    axis.yaxis.set_major_formatter(lambda value, _: in_seconds(value))
    for each in (axis.xaxis, axis.yaxis):  # few candidates may lie between two powers of ten
        each.set_major_locator(LogLocator(subs=(1, 2, 5), numticks=12))
    axis.minorticks_off()
    axis.grid(alpha=0.25, which="both")
    axis.margins(0.14)
    axis.spines[["top", "right"]].set_visible(False)
    axis.legend(frameon=False, fontsize=9, loc="best")
    axis.set_title(f"{len(made)} candidates of model {found.model[:8]}", loc="left", fontsize=11)
    return figure


def _limits(axis: Axes, found: Shipped) -> None:
    if found.limits.bytes is not None:
        axis.axvline(found.limits.bytes, color=LIMIT, lw=1, ls="--", zorder=1)
    if found.limits.seconds is not None:
        axis.axhline(found.limits.seconds, color=LIMIT, lw=1, ls="--", zorder=1)


def _front(axis: Axes, found: Shipped) -> None:
    """A line through what is adequate and beaten by no other that is, in size and latency."""
    front: list[Trial] = []
    for one in found.adequate:
        if not front or one.alone < front[-1].alone:
            front.append(one)
    if len(front) > 1:
        axis.plot(
            [one.bytes for one in front], [one.alone for one in front], color=LOOKS["passed"][1], lw=1.2, zorder=2
        )


def _words(axis: Axes, found: Shipped, made: list[Trial]) -> None:
    """Numbers on the points that matter, and what each stands for in a list beside: words never lie on one another."""
    first = [one for one in made if one.recipe.form == "exact" or one.bundle == found.release]
    rest = [one for one in frontier(found.adequate) if one not in first]
    lines = []
    for number, one in enumerate(sorted([*first, *rest][:LABELLED], key=lambda one: one.bytes), start=1):
        chosen = one.bundle == found.release
        axis.annotate(
            str(number),
            (one.bytes, one.alone),
            xytext=(0, 7 if number % 2 else -16),
            textcoords="offset points",
            fontsize=9,
            fontweight="bold" if chosen else "normal",
            ha="center",
            zorder=5,
        )
        text = "the accepted model" if one.recipe.form == "exact" else str(one.recipe)
        cell = found.verdicts[one.bundle].worst[:1] if one.bundle in found.verdicts else ()
        worst = f", worst cell {-100 * cell[0].points:+.1f}" if cell else ""
        lines.append(
            f"{number}  {text}{' (release)' if chosen else ''}: "
            f"{in_bytes(one.bytes)}, {in_seconds(one.seconds)} in batches{worst}"
        )
    axis.text(0, -0.14, "\n".join(lines), transform=axis.transAxes, fontsize=8.5, va="top", linespacing=1.4)
