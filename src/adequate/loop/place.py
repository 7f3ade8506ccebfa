"""Where is the project? The folder given, or this one, or the nearest above that holds a `project.py` with a store."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from adequate.errors import NoProjectError
from adequate.spec.load import FILE, load
from adequate.spec.overlay import Change, laid_over

if TYPE_CHECKING:
    from adequate.spec.project import Project
    from adequate.store import Store

STORE = ".adequate"


def find(root: Path | str | None = None) -> Path:
    """The folder of the project.

    Raises:
        NoProjectError: none there; the message says how to start one.
    """
    if root is not None:
        given = Path(root)
        if (given / STORE).is_dir() or (given / FILE).is_file():
            return given
        raise NoProjectError(f"there is no project in {given}", remedy=f"adequate init {given} --from YOUR-DATA.csv")
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / STORE).is_dir() and (folder / FILE).is_file():
            return folder
    if (here / FILE).is_file():  # it was cloned: whoever adds data makes its store
        return here
    raise NoProjectError(
        f"there is no project in {here} or above it",
        remedy="adequate init NAME --from YOUR-DATA.csv; or go into its folder, or name it with --project",
    )


def effective(root: Path, store: Store | None = None) -> Project:
    """What the project declares today: its `project.py`, with what was changed in the studio laid over it.

    Args:
        store: of the project; None: it is opened for a moment, where there is one.

    Raises:
        SpecError: its `project.py` can't be used.
    """
    declared = load(root)
    if store is None:
        if not (root / STORE / "database").exists():
            return declared
        from adequate import store as stores

        with stores.open(root, write=False, text=declared.text) as opened:
            return effective(root, opened)
    rows = store.overrides.list(now=time.time())
    return laid_over(declared, [Change(row.what, row.value, row.who, row.why, row.at) for row in rows])
