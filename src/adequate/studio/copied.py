"""Changed copies of examples that people are asked about: `python -m adequate.studio.copied ROOT TASK CHANGE N`.

It says what it does in lines of JSON, as `turn` does; the server holds the loop still meanwhile.
"""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from adequate.studio.child import serve

LEVEL = 0.5  # of the change, as `adequate test propose` has it


def copied(root: Path, task: str, change: str, most: int) -> dict[str, Any]:
    """Ask about copies that the newest model answers as before; what came of it, as JSON."""
    from adequate import store as stores
    from adequate.loop import place
    from adequate.loop.candidates import meant, propose

    project = place.effective(root)
    (wanted,) = meant(project, task, change, LEVEL, most)
    with stores.open(root, write=True, beside=True, verb="studio", text=project.text) as store:
        return {"task": task, "change": change, **asdict(propose(store, project, wanted))}


if __name__ == "__main__":
    sys.exit(serve(lambda: copied(Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4]))))
