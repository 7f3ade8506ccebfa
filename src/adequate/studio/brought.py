"""What servers recorded, into the project, beside the server: `python -m adequate.studio.brought ROOT`.

Then it looks at production once, so that alerts are known to whoever has a page open.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from adequate.studio.child import Said, serve


def brought(root: Path) -> dict[str, Any]:
    """Bring in what is new; what came of it, and how many alerts there are."""
    from adequate import store as stores
    from adequate.loop import place
    from adequate.loop.production import ingest
    from adequate.loop.watch.looking import Looking

    project = place.effective(root)
    with stores.open(root, write=True, beside=True, verb="studio", text=project.text) as store:
        found = ingest(store, project, progress=Said())
        seen = Looking(root=root, project=project).look(store)
    return {"rows": found.rows, "examples": found.examples, "asked": dict(found.asked), "alerts": len(seen.alerts)}


if __name__ == "__main__":
    sys.exit(serve(lambda: brought(Path(sys.argv[1]))))
