"""When may a cell be looked at, and at which level? Looks at gate labels are counted, and alpha is spent on them.

A loop that looks each time a label or a model comes would call an inadequate cell adequate sooner or later. So every
*attempt* to turn a cell green is made at half the alpha that the cell has left, and spends what it really risks (the
exact chance that a cell just below target passes): over any number of attempts that is alpha at most. Attempts are
saved for when they may succeed: evidence that isn't from the gate gives them a chance, and after a failure labels grew
by a quarter or expected errors fell by one. That evidence is independent of the gate's labels: waiting is no peeking.

Holding is free: a cell that turned green stays so while it passes at level alpha, for new labels and new models alike;
else it turns red, and the next attempt costs. Retrying never turns red into green: the same model on the same labels is
the same look. The promise for each cell: the chance that it is ever called adequate while it is not is at most alpha,
plus alpha for each time that its truth sinks below target while it is green. Figures: docs/gate.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from adequate.testing.bounds import at_most, slips_allowed
from adequate.testing.cells import Cell, Counts
from adequate.testing.states import ALPHA, Judgement
from adequate.types import Doubles, Mask

GROWN = 1.25  # after a failed attempt: so many times the labels, or so many times fewer expected errors
PROMISE = 0.25  # an attempt is made from this chance of passing on


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A row of the ledger: the gate labels of one cell were asked whether a model is adequate.

    Args:
        cell: `Cell.key`.
        model: its id.
        n: labelled members at the time.
        alpha: level of the look.
        spent: what it risked: 0 where a green cell failed to hold.
        belief: the value that was expected of the cell.
        adequate: the answer.
    """

    cell: str
    model: str
    n: int
    alpha: float
    spent: float
    belief: float
    adequate: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Of c cells, shape (c,) each.

    Args:
        alpha: the level at which each is judged now, or would be at its next attempt.
        look: which are looked at now: attempts, cells that were green, and repeats of the last look.
        attempt: which spend alpha.
        held: which were green.
        belief: the value expected of each.
    """

    alpha: Doubles
    look: Mask
    attempt: Mask
    held: Mask
    belief: Doubles


def plan(
    cells: Sequence[Cell],
    counts: Counts,
    ledger: Iterable[Look],
    *,
    model: str,
    belief: Doubles,
    alpha: float = ALPHA,
) -> Plan:
    """Which cells to look at now, and at which level.

    Args:
        cells: of one task or of several.
        counts: of the gate's labels.
        ledger: every look so far, oldest first.
        model: id of the model that was counted.
        belief: shape (c,), the value expected of each cell from labels outside the gate (`states.believe`).
        alpha: what may be spent over a cell's life.
    """
    at = {cell.key: i for i, cell in enumerate(cells)}
    left = np.full(len(cells), alpha)
    last: list[Look | None] = [None] * len(cells)
    for look in ledger:
        if (i := at.get(look.cell)) is not None:
            left[i] -= look.spent
            last[i] = look
    green = np.array([x is not None and x.adequate for x in last], bool)
    same = np.array([x is not None and (x.model, x.n) == (model, n) for x, n in zip(last, counts.n, strict=True)], bool)
    before = np.array([x.alpha if x is not None else np.nan for x in last])
    level = np.where(same, before, np.where(green, alpha, np.maximum(left, 0.0) / 2))
    targets = np.array([cell.target for cell in cells])
    chance = at_most(slips_allowed(counts.n, targets, level), counts.n, 1 - belief)
    fresh = np.array([_grown(x, int(n), float(b)) for x, n, b in zip(last, counts.n, belief, strict=True)], bool)
    attempt = ~green & ~same & fresh & (chance >= PROMISE)
    return Plan(alpha=level, look=green | same | attempt, attempt=attempt, held=green, belief=belief)


def _grown(last: Look | None, n: int, belief: float) -> bool:
    return last is None or n >= GROWN * last.n or (1 - belief) * GROWN <= 1 - last.belief


def record(cells: Sequence[Cell], counts: Counts, plan: Plan, judged: Judgement, *, model: str) -> list[Look]:
    """The rows that this look adds to the ledger: attempts, whatever came of them, and cells that ceased to hold."""
    green = judged.adequate()
    targets = np.array([cell.target for cell in cells])
    risk = at_most(slips_allowed(counts.n, targets, plan.alpha), counts.n, 1 - targets)
    return [
        Look(
            cell=cell.key,
            model=model,
            n=int(counts.n[i]),
            alpha=float(plan.alpha[i]),
            spent=float(risk[i]) if plan.attempt[i] else 0.0,
            belief=float(plan.belief[i]),
            adequate=bool(green[i]),
        )
        for i, cell in enumerate(cells)
        if plan.attempt[i] or (plan.held[i] and not green[i])
    ]
