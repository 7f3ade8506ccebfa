"""The board as one HTML file that needs nothing else: no script, no font, no request.

Text of users goes through the template engine's escaping; nothing of theirs is ever markup.
"""

from __future__ import annotations

import html
import math
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, select_autoescape

from adequate.loop.board import CHANGES, MEANING, SIGNS, Board, CellRow
from adequate.types import Metric

WIDTH, HEIGHT = 560, 180  # of a learning curve, in CSS pixels


def render(board: Board) -> str:
    """A whole page."""
    page: str = _template().render(
        board=board, signs=SIGNS, meaning=MEANING, changes=CHANGES, order=ordered(board.cells), curve=curve
    )
    return page


def embed(board: Board) -> str:
    """The page in a frame of its own, so that a notebook's styles and ours don't meet."""
    page = html.escape(render(board), quote=True)
    return f'<iframe srcdoc="{page}" sandbox="" style="width:100%;height:640px;border:0"></iframe>'


@cache
def _template() -> Any:
    environment = Environment(
        loader=PackageLoader("adequate.loop", "templates"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["percent"] = percent
    environment.globals["figure"] = figure
    return environment.get_template("board.html")


def percent(value: float | None) -> str:
    """Two figures, or more near the ends: .986 -> 98.6; only all is 100.

    >>> percent(0.9), percent(0.986), percent(0.9999), percent(1), percent(None)
    ('90', '98.6', '99.99', '100', '–')
    """
    if value is None:
        return "–"
    points = 100 * value
    if 99.95 <= points < 100:
        return f"{math.floor(100 * points) / 100:.2f}"  # one of thousands fails: that isn't all
    return f"{points:.0f}" if 1 <= points < 95 or points in (0, 100) else f"{points:.1f}"


def figure(cell: CellRow, value: float | None) -> str:
    """A value of a cell: in percent, or of an envelope a level."""
    return percent(value) if cell.metric != Metric.ENVELOPE or value is None else f"{value:.2f}"


def ordered(cells: list[CellRow]) -> list[CellRow]:
    """What needs attention first: critical, then short of target, then undecided by labels to go."""
    rank = {"inadequate": 0, "unknown": 1, "adequate": 2}
    return sorted(
        cells,
        key=lambda cell: (
            not (cell.critical and cell.state != "adequate"),
            cell.change != "regressed",
            rank[cell.state],
            cell.need if cell.need is not None else 1 << 30,
            (cell.value or 0) - cell.target,
        ),
    )


def curve(points: list[tuple[int, float, float, float]], target: float) -> dict[str, Any]:
    """Geometry of one learning curve: SVG paths in a WIDTH x HEIGHT box, with the numbers for its axes."""
    right = max(1, points[-1][0])
    values = [value for _, value, _, _ in points] + [target]
    floor = max(0.0, min(values) - 0.1)

    def x(labels: float) -> float:
        return 40 + (WIDTH - 50) * labels / right

    def y(value: float) -> float:
        return 10 + (HEIGHT - 30) * (1 - (max(value, floor) - floor) / (1 - floor))

    line = " ".join(f"{x(n):.1f},{y(v):.1f}" for n, v, _, _ in points)
    band = " ".join(
        [f"{x(n):.1f},{y(high):.1f}" for n, _, _, high in points]
        + [f"{x(n):.1f},{y(low):.1f}" for n, _, low, _ in reversed(points)]
    )
    return {
        "width": WIDTH,
        "height": HEIGHT,
        "line": line,
        "band": band,
        "target": y(target),
        "floor": floor,
        "right": right,
        "dots": [(x(n), y(v), n, v) for n, v, _, _ in points],
    }
