"""One cycle of the loop, in a process of its own: `python -m adequate.studio.turn ROOT`.

It says what it does in lines of JSON: {step, what, done, total, cycle} while it is at work, {notice}, and at the end
one of {result} or {error}. It goes with the server, however that ends (`child`); the journal takes it up again.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adequate.studio.child import Said, say, serve

if TYPE_CHECKING:
    from adequate.loop.state import State
    from adequate.store import Store

TURNING = "turning"  # held in PROJECT/.adequate by whichever server turns a cycle, or needs that none is turned
Key = tuple[str, str, str, str]


def turn(root: Path) -> dict[str, Any]:
    """Turn one cycle beside whoever else writes; what came of it, or `cycle` None where nothing was new."""
    from adequate import store as stores
    from adequate.loop import place
    from adequate.loop.run import run
    from adequate.store.lock import locked

    with locked(root / ".adequate" / TURNING, "studio (its engine)"):
        project = place.effective(root)
        with stores.open(root, write=True, beside=True, verb="studio", text=project.text) as store:
            before, began = _states(store), time.time()
            turned: list[State] = []
            outcome = run(
                store,
                project,
                cycles=1,
                progress=Progress(),
                notice=lambda text: say({"notice": text}),
                turned=turned.append,
            )
            last = store.journal.last()
            state = turned[-1] if turned else None
            return {
                "cycle": last.cycle if last is not None and turned else None,
                "model": outcome.model,
                "outcome": state.outcome if state is not None else None,
                "reasons": list(state.reasons) if state is not None else [],
                "asked": state.asked if state is not None else 0,
                "say": outcome.say,
                "seconds": round(time.time() - began, 2),
                "cells": _changes(before, _states(store)) if turned else [],
            }


@dataclass(slots=True)
class Progress(Said):
    """As `Said`, with the cycle and the step: `cycle N: STEP` begins one."""

    cycle: int | None = field(default=None, init=False)
    step: str = field(default="", init=False)

    def line(self, what: str, done: int, total: int | None) -> dict[str, Any]:
        """What is said of a step."""
        name, _, step = what.partition(": ")
        if name.startswith("cycle "):
            self.cycle, self.step = int(name.removeprefix("cycle ")), step
        return {"cycle": self.cycle, "step": self.step, "what": what, "done": done, "total": total}


def _states(store: Store) -> dict[Key, str]:
    """The state of each cell of the newest model."""
    models = store.models.list()
    if not models:
        return {}
    table = store.cells.read(models[-1].id).select(["task", "slice", "label", "metric", "state"])
    return {(row["task"], row["slice"], row["label"], row["metric"]): row["state"] for row in table.to_pylist()}


def _changes(before: dict[Key, str], now: dict[Key, str]) -> list[dict[str, str | None]]:
    return [
        {"task": key[0], "slice": key[1], "label": key[2], "metric": key[3], "was": before.get(key), "state": state}
        for key, state in now.items()
        if before.get(key) != state
    ]


if __name__ == "__main__":
    sys.exit(serve(lambda: turn(Path(sys.argv[1]))))
