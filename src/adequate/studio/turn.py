"""One cycle of the loop, in a process of its own: `python -m adequate.studio.turn ROOT`.

It says what it does in lines of JSON: {step, what, done, total, cycle} while it is at work, {notice}, and at the end
one of {turned} or {error}. It goes when its standard input ends, which it does with the server however that ends; the
journal takes it up again.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adequate.errors import AdequateError

if TYPE_CHECKING:
    from adequate.loop.state import State
    from adequate.store import Store

NICE = 10
OFTEN = 0.2  # seconds between two lines about the same step

Key = tuple[str, str, str, str]


def main(root: Path) -> int:
    """Turn one cycle; returns the exit status."""
    os.nice(NICE)
    threading.Thread(target=_end_with_the_server, daemon=True).start()
    try:
        say({"turned": turn(root)})
    except AdequateError as error:
        say({"error": {"kind": type(error).__name__, "message": error.message, "remedy": error.remedy}})
        return 1
    except Exception as error:
        say({"error": {"kind": type(error).__name__, "message": f"{type(error).__name__}: {error}", "remedy": ""}})
        raise
    return 0


def turn(root: Path) -> dict[str, Any]:
    """Turn one cycle beside whoever else writes; what came of it, or `cycle` None where nothing was new."""
    from adequate import store as stores
    from adequate.loop import place
    from adequate.loop.run import run
    from adequate.store.lock import locked

    with locked(root / ".adequate" / "turning", "studio (its engine)"):
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
class Progress:
    """Says how far a step is, not too often."""

    cycle: int | None = None
    step: str = ""
    said: float = 0.0
    what: str = field(default="", init=False)

    def __call__(self, what: str, done: int, total: int | None) -> None:
        """As `types.Progress`. `cycle N: STEP` begins a step."""
        name, _, step = what.partition(": ")
        if name.startswith("cycle "):
            self.cycle, self.step = int(name.removeprefix("cycle ")), step
        now = time.monotonic()
        if what != self.what or now - self.said >= OFTEN:
            self.what, self.said = what, now
            say({"cycle": self.cycle, "step": self.step, "what": what, "done": done, "total": total})


def say(line: dict[str, Any]) -> None:
    """One line to the server."""
    sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
    sys.stdout.flush()


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


def _end_with_the_server() -> None:
    while os.read(0, 1024):  # not `sys.stdin`: its lock would be in the way of an orderly end
        pass
    os._exit(3)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
