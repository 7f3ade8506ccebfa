"""What the studio asks of its worker about production; imported by the server too: nothing heavy at the top."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from adequate.loop.engine import Engine
    from adequate.loop.watch.looking import Looking

_looking: dict[tuple[str, str], Looking] = {}  # of this process: it reads only what is new


def watched(engine: Engine) -> dict[str, Any]:
    """What there is to see now."""
    from adequate.loop.watch.looking import Looking
    from adequate.loop.watch.screen import screen

    key = str(engine.root), engine.project.digest()
    if key not in _looking:
        _looking.clear()
        _looking[key] = Looking(root=engine.root, project=engine.project)
    with engine.store() as store:
        return screen(_looking[key].look(store))


def search(engine: Engine) -> dict[str, Any] | None:
    """The last search for a smaller bundle."""
    from adequate.loop.ship.last import last

    with engine.store() as store:
        return last(store)
