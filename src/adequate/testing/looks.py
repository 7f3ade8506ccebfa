"""When may a cell be looked at, and at which level? Looks at gate labels are counted, and alpha is spent on them.

A loop that looks each time a label or a model comes would call an inadequate cell adequate sooner or later. So each
*attempt* to turn a cell green has its own level, alpha / (j (j + 1)) for the j-th: over any number of attempts they sum
to alpha. Attempts are saved for when they can succeed: a cell is tried when evidence that isn't from the gate says that
it would now pass as likely as not, and, after a failure, when labels grew by a quarter or expected errors fell by one.
That evidence is independent of the gate's labels, so waiting for it is no peeking.

Holding is free: a cell that passed stays adequate while it still passes at the level at which it did, for new labels
and new models alike; otherwise it turns red, and the next attempt costs. Retrying never turns red into green: the same
model on the same labels is the same look. What is promised of each cell: the chance that it is ever called adequate
while it isn't is at most alpha, plus at most alpha / 2 for each time that its truth sinks below target while green.
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
PROMISE = 0.5  # an attempt is made from this chance of passing on


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A row of the ledger: the gate labels of one cell were asked whether a model is adequate.

    Args:
        cell: `Cell.key`.
        model: its id.
        n: labelled members at the time.
        alpha: level of the look.
        belief: the value that was expected of the cell.
        adequate: the answer.
    """

    cell: str
    model: str
    n: int
    alpha: float
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


@dataclass(slots=True)
class _Past:
    attempts: int = 0
    last: Look | None = None


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
        alpha: to be spent over a cell's life.
    """
    past = {cell.key: _Past() for cell in cells}
    for look in ledger:
        if (seen := past.get(look.cell)) is not None:
            # Failing to hold isn't an attempt: it spends nothing, but turns the cell red.
            seen.attempts += seen.last is None or not seen.last.adequate
            seen.last = look
    states = [past[cell.key] for cell in cells]
    green = np.array([s.last is not None and s.last.adequate for s in states], bool)
    same = np.array(
        [s.last is not None and s.last.model == model and s.last.n == n for s, n in zip(states, counts.n, strict=True)],
        bool,
    )
    held = np.array([s.last.alpha if s.last else np.nan for s in states], float)
    j = np.array([s.attempts + 1 for s in states], float)
    level = np.where(green | same, held, alpha / (j * (j + 1)))
    grown = np.array([_grown(s.last, int(n), float(b)) for s, n, b in zip(states, counts.n, belief, strict=True)], bool)
    targets = np.array([cell.target for cell in cells], float)
    slips = slips_allowed(counts.n, targets, level)
    promising = at_most(slips, counts.n, 1 - belief) >= PROMISE
    attempt = ~green & ~same & grown & promising
    return Plan(alpha=level, look=green | same | attempt, attempt=attempt, held=green, belief=belief)


def _grown(last: Look | None, n: int, belief: float) -> bool:
    return last is None or n >= GROWN * last.n or (1 - belief) * GROWN <= 1 - last.belief


def record(cells: Sequence[Cell], counts: Counts, plan: Plan, judged: Judgement, *, model: str) -> list[Look]:
    """The rows that this look adds to the ledger: attempts, whatever came of them, and cells that ceased to hold."""
    green = judged.adequate()
    return [
        Look(
            cell=cell.key,
            model=model,
            n=int(counts.n[i]),
            alpha=float(plan.alpha[i]),
            belief=float(plan.belief[i]),
            adequate=bool(green[i]),
        )
        for i, cell in enumerate(cells)
        if plan.attempt[i] or (plan.held[i] and not green[i])
    ]
