"""Where is the project? The folder given, or this one, or the nearest above that holds a `project.py` with a store."""

from __future__ import annotations

from pathlib import Path

from adequate.errors import NoProjectError
from adequate.spec.load import FILE

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
    raise NoProjectError(
        f"there is no project in {here} or above it",
        remedy="adequate init NAME --from YOUR-DATA.csv; or go into its folder, or name it with --project",
    )
