"""What every route is given: the open project, and who asks."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, Request

from adequate.errors import AccessError, AdequateError
from adequate.loop import place
from adequate.studio.roles import Can, Person

if TYPE_CHECKING:
    from adequate.spec.project import Project
    from adequate.store import Event, Store
    from adequate.studio.engine import Engine
    from adequate.studio.live import Hub
    from adequate.studio.webhooks import Webhooks
    from adequate.studio.worker import Worker

_log = logging.getLogger(__name__)

DECLARING = ("schema", "target", "slice", "test")  # kinds of events that change what the project declares


@dataclass(slots=True, kw_only=True)
class Studio:
    """One project being served.

    Args:
        root: the project's folder.
        store: open for writing.
        project: as declared and as changed in the studio; `reload` makes it anew.
        hub: takes operations, tells sockets.
        worker: runs heavy reading in another process.
        engine: turns the loop in another process.
        webhooks: tell other programs.
    """

    root: Path
    store: Store
    project: Project
    hub: Hub
    worker: Worker
    engine: Engine
    webhooks: Webhooks = field(init=False)
    extra: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.hub.watchers.append(lambda _seq, event: self.follow(event))
        self.hub.missed.append(self._again)

    def follow(self, event: Event) -> None:
        """Declare what an event has changed."""
        if event.kind in DECLARING:
            self._again()

    def _again(self) -> None:
        try:
            self.reload()
        except AdequateError as error:  # somebody is editing `project.py`: what was declared before holds meanwhile
            _log.warning("the project can't be read anew: %s", error)

    def reload(self) -> None:
        """Read the declaration again: `project.py` may have been edited, or something was changed in the studio."""
        self.project = place.effective(self.root, self.store)
        for key in [key for key in self.extra if key.startswith("labels:")]:
            del self.extra[key]


async def studio(request: Request) -> Studio:
    """The studio that serves this request."""  # `async`, as what follows: else each costs a hop to another thread
    found: Studio = request.app.state.studio
    return found


def person(request: Request) -> Person:
    """Who asks; the guard at the door has put them there.

    Raises:
        AccessError: nobody is signed in.
    """
    found: Person | None = getattr(request.state, "person", None)
    if found is None:
        raise AccessError("nobody is signed in", remedy="open the link that `adequate studio` printed, or an invite")
    return found


def who(can: Can) -> Callable[[Request], Awaitable[Person]]:
    """A dependency: the person who asks, if they may do this."""

    async def allowed(request: Request) -> Person:
        return asking(request, can)

    return allowed


def asking(request: Request, can: Can) -> Person:
    """The person who asks, if they may do this; for routes that go the short way.

    Raises:
        AccessError: nobody is signed in, or they may not.
    """
    found = person(request)
    found.must(can)
    return found


Here = Annotated[Studio, Depends(studio)]
Viewer = Annotated[Person, Depends(who(Can.LOOK))]
Labeller = Annotated[Person, Depends(who(Can.LABEL))]
Reviewer = Annotated[Person, Depends(who(Can.REVIEW))]
Engineer = Annotated[Person, Depends(who(Can.BUILD))]
Owner = Annotated[Person, Depends(who(Can.OWN))]
