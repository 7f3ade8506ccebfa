"""The steps of a cycle, each `step(cycle, state) -> state`: embed, train, predict, test, gate, mine.

A step writes what it makes to the store and hands on ids and versions only. Each can be repeated: what is there already
is left as it is, so that a cycle that was killed in the middle of a step runs that step again.

models: embed, train, predict. cells: test. gating: gate. picks: mine, whose rows `questions` makes into questions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from adequate.loop.steps.cells import test
from adequate.loop.steps.gating import gate
from adequate.loop.steps.models import embed, predict, train
from adequate.loop.steps.picks import mine

if TYPE_CHECKING:
    from adequate.loop.cycle import Cycle
    from adequate.loop.state import State

Step = Callable[["Cycle", "State"], "State"]
STEPS: tuple[Step, ...] = (embed, train, predict, test, gate, mine)

__all__ = ["STEPS", "Step"]
