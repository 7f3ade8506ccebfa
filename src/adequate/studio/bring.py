"""Data and labels in, beside the server: `python -m adequate.studio.bring ROOT FILE FORMAT NAME ACTOR`.

FORMAT is one of the exchange formats, `table` for CSV and its like, or `auto`. NAME is what the user calls the file.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from adequate.studio.child import Said, serve


def bring(root: Path, file: Path, form: str, name: str, actor: str) -> dict[str, Any]:
    """Add a file's examples and labels; what came of it, as JSON."""
    from adequate import store as stores
    from adequate.loop import place
    from adequate.loop.exchange import brought_in
    from adequate.loop.ingest import add
    from adequate.store.formats.exchange import told

    project = place.effective(root)
    found = told(file) if form == "auto" else form
    with stores.open(root, write=True, beside=True, verb="studio", text=project.text) as store:
        if found in (None, "table"):
            added = add(store, project, [file], actor=actor, progress=Said())
            notices = [*(one.said for one in added.tests.broken), *added.notices]
            if added.tests.path is not None:
                notices.insert(len(added.tests.broken), f"all rows that break a rule: {added.tests.path}")
            brought = {"new": added.new, "known": added.known, "labels": added.labels, "notices": notices}
            return {"format": "table", "name": name, **brought, "disputed": 0, "losses": []}
        assert found is not None
        some = brought_in(store, project, file, found, actor=actor, progress=Said())
    brought = {"new": some.new, "known": some.known, "labels": some.labels, "notices": list(some.notices)}
    return {"format": found, "name": name, **brought, "disputed": some.disputed, "losses": some.losses.to_json()}


if __name__ == "__main__":
    root, file, form, name, actor = sys.argv[1:]
    sys.exit(serve(lambda: bring(Path(root), Path(file), form, name, actor)))
