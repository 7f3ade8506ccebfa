"""The tests of a project, run in a process of its own: `python -m adequate.studio.retest ROOT [GLOB ...]`.

It says what it does in lines of JSON, as `turn` does. The server holds the loop still meanwhile: whoever tests sees one
model from the first test to the last.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from adequate.studio.child import Said, serve


def retest(root: Path, only: Sequence[str] = ()) -> dict[str, Any]:
    """Put the newest model to the tests, and keep what came of them."""
    from adequate import store as stores
    from adequate.loop import place
    from adequate.loop.checks.keep import keep
    from adequate.loop.checks.run import run
    from adequate.loop.subjects import Trained

    project = place.effective(root)
    with stores.open(root, write=True, beside=True, verb="studio", text=project.text) as store:
        subject = Trained.of(store, project, "last")
        found = run(store, project, subject, only=only, progress=Said())
        taught = {row["task"]: row["labels"] for row in store.cells.read(subject.name).to_pylist()}
        keep(store, subject.name, found, taught)
        states = [str(one.state) for one in found]
        counts = {state: states.count(state) for state in ("adequate", "inadequate", "unknown")}
        return {"model": subject.name, "tests": len(found), **counts}


if __name__ == "__main__":
    sys.exit(serve(lambda: retest(Path(sys.argv[1]), sys.argv[2:])))
