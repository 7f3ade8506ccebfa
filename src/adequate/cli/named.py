"""Which bundle a verb means: a path, a release of the project, or what is promoted there."""

from __future__ import annotations

from pathlib import Path

from adequate.errors import NoProjectError, UnknownNameError


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
    from adequate.loop.engine import Engine

    try:
        engine = Engine.open(root)
    except NoProjectError as error:
        raise NoProjectError(
            f"no bundle is named, and {error.message}", remedy="name the folder or zip of a bundle"
        ) from None
    with engine.store() as store:
        if said is None:
            serving = store.releases.serving().all
            return store.releases.folder(store.releases.get(serving or "last"))
        return store.releases.folder(store.releases.get(said))
