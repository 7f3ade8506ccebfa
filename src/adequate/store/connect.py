"""The database of a project, for whoever needs nothing else of its store: a server that watches releases, say."""

from __future__ import annotations

import json
from pathlib import Path

from adequate.errors import StoreError
from adequate.store.sql import Sql, sqlite_url

FOLDER = ".adequate"


def connect(root: Path, *, write: bool = False, held: object = None) -> Sql:
    """The database that a project remembers. Nothing is locked, brought up to date or looked at.

    Raises:
        OSError: there is no project here, or its folder is away.
        StoreError: its own file is away; to go on would make an empty one in its place.
    """
    said = known(root)
    own = root / FOLDER / "store.sqlite"
    if not said["url"] and not own.exists() and any((root / FOLDER / "lance").iterdir()):
        raise StoreError(f"{own} is away, and the project's examples are there", remedy="put it back, with its -wal")
    return Sql(said["url"] or sqlite_url(own), namespace=said["namespace"], write=write, held=held)


def known(root: Path) -> dict[str, str]:
    """Where the database of a project is: `url` ("": a file of its own) and `namespace`."""
    found: dict[str, str] = json.loads((root / FOLDER / "database").read_text())
    return found
