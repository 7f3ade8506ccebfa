"""Pictures of a replay: what each policy reached, against the labels it spent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from adequate.loop.replay import Point, Replay

# Okabe & Ito (2008): eight colours that colour-blind readers tell apart; ours is the heavy one.
COLOURS = ("#0072B2", "#999999", "#D55E00", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#F0E442")
PANELS = (("accuracy", "accuracy"), ("macro_recall", "macro recall"), ("share_true", "cells truly at target"))


def curves(replay: Replay) -> Figure:
    """Three panels against teaching labels: median over seeds, and the range of the seeds as a band."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 3.9), layout="constrained")
    axes = figure.subplots(1, 3)
    for axis, (measure, title) in zip(axes, PANELS, strict=True):
        for number, (name, runs) in enumerate(replay.curves.items()):
            _line(axis, [_points(curve, measure) for _, curve in runs], name, COLOURS[number % 8], heavy=number == 0)
        axis.set_title(title, loc="left", fontsize=11)
        axis.set_xlabel("labels that teach", fontsize=9)
        axis.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
        axis.grid(alpha=0.25)
        axis.spines[["top", "right"]].set_visible(False)
        axis.tick_params(labelsize=9)
    axes[0].legend(frameon=False, fontsize=9)
    figure.suptitle(f"{replay.task}: what the same number of labels buys", fontsize=12, x=0.01, ha="left")
    return figure


def _points(curve: list[Point], measure: str) -> tuple[list[int], list[float]]:
    if measure == "share_true":
        return [p.teach for p in curve], [p.cells_true / max(p.cells, 1) for p in curve]
    return [p.teach for p in curve], [getattr(p, measure) for p in curve]


def _line(axis: Axes, runs: list[tuple[list[int], list[float]]], name: str, colour: str, *, heavy: bool) -> None:
    grid = np.unique(np.concatenate([labels for labels, _ in runs]))
    values = np.array([np.interp(grid, labels, reached) for labels, reached in runs])
    axis.plot(
        grid, np.median(values, axis=0), color=colour, lw=2.6 if heavy else 1.5, label=name, zorder=3 if heavy else 2
    )
    if len(runs) > 1:
        axis.fill_between(grid, values.min(axis=0), values.max(axis=0), color=colour, alpha=0.13, lw=0)
