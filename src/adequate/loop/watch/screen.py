"""What is watched, for a screen: as `watch --json` has it, without what no screen has room for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from adequate.loop.watch.watch import Rate, Task, Watch

LABELS = 12  # of a task
POINTS = 48  # of a line over time


def screen(seen: Watch) -> dict[str, Any]:
    """The shape of `Watch.to_json`; of each task the labels that moved most and come most, and `more`: how many others.

    Lines over time have at most 48 points, neighbours averaged.
    """
    tasks = tuple(_task(task) for task in seen.tasks)
    rates = tuple(_thin(rate) for rate in seen.assertions)
    shown = replace(seen, tasks=tasks, assertions=rates).to_json() | {"series": thinned(seen.series)}
    for said, task in zip(shown["tasks"], seen.tasks, strict=True):
        said["more"] = max(0, len(task.labels) - LABELS)
    return shown


def _task(task: Task) -> Task:
    order = sorted(task.labels, key=lambda rate: (-abs(rate.least or 0.0), -rate.value))[:LABELS]
    return replace(task, labels=tuple(_thin(rate) for rate in order), mean_series=thinned(task.mean_series))


def _thin(rate: Rate) -> Rate:
    return replace(rate, series=thinned(rate.series))


def thinned(series: Sequence[float]) -> tuple[float, ...]:
    """At most 48 of them, neighbours averaged; nan where all are.

    >>> thinned([1.0, float("nan")]), thinned([0.0, 1.0] * 48)[:2]
    ((1.0, nan), (0.5, 0.5))
    """
    step = math.ceil(len(series) / POINTS)
    if step <= 1:
        return tuple(series)
    pieces = [[one for one in series[i : i + step] if one == one] for i in range(0, len(series), step)]
    return tuple(sum(piece) / len(piece) if piece else math.nan for piece in pieces)
