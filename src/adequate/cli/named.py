"""Which bundle a verb means: a path, a release of the project, or what is promoted there."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from adequate.errors import NoProjectError, UnknownNameError

if TYPE_CHECKING:
    from adequate.store.sql import Sql


def bundle_named(said: str | None, root: Path | None) -> Path:
    """The folder or zip of a bundle. A path needs no project, and no engine.

    Args:
        said: a path, a release's id or its beginning, `last`, `serving`; None: the release that is promoted, or else
            the newest.
        root: of the project; None: this folder or the nearest above.

    Raises:
        UnknownNameError: there is no such bundle or release.
        NoProjectError: no path, and no project either.
        MissingExtraError: a release's name, without the engine to look it up.
    """
    if said is not None and (path := Path(said)).exists():
        return path
    if said is not None and ("/" in said or said.endswith(".zip")):
        raise UnknownNameError(f"there is no bundle {said}", remedy="adequate ship makes one")
    from adequate.loop.place import find

    try:
        folder = find(root)
    except NoProjectError as error:
        raise NoProjectError(
            f"{'no bundle is named' if said is None else f'there is no bundle {said!r} here'}, and {error.message}",
            remedy="name the folder or zip of a bundle, or the project with --project",
        ) from None
    from adequate.store.releases import Releases  # once there is a project: where none is, no engine may be either

    with closing(_database(folder)) as sql:
        releases = Releases(sql, folder)
        return releases.folder(releases.get(said or releases.serving().all or "last"))


def release_named(said: str) -> str:
    """What a verb that changes what answers takes: a release of the project, by its name. A bundle's file is none.

    Raises:
        UnknownNameError: it is the path of a bundle.
    """
    if "/" in said or said.endswith(".zip"):
        raise UnknownNameError(
            f"{said} is a path; a release is called by its id, or `last`",
            remedy="adequate show releases lists them; adequate serve and predict take the path of a bundle",
        )
    return said


def _database(folder: Path) -> Sql:
    """Alone, without the engine: a server that is told a release should answer soon."""
    from adequate.store.connect import connect

    try:
        return connect(folder)
    except OSError as error:
        raise UnknownNameError(f"{folder} has no releases yet", remedy="adequate ship makes one") from error
