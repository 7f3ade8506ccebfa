"""A studio for a folder that holds no project yet: one screen, one person, one key, nothing on the disk.

There is no database to keep a session in, so the door has a key and a cookie in memory. When the project has been
made, `app.state.made.set()` ends this one; `server` goes on with the real one on the same socket, and the page
follows `then`, a link that signs its owner in there.
"""

from __future__ import annotations

import hmac
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response

from adequate import __version__
from adequate.errors import AccessError
from adequate.studio.api import setup
from adequate.studio.api.session import SignIn, keep
from adequate.studio.app import speak
from adequate.studio.auth.guard import Guard, address
from adequate.studio.auth.limits import Tries
from adequate.studio.auth.secret import digest, fresh
from adequate.studio.roles import Can, Person, Role

OWNER = Person(id="you", name="You", role=Role.OWNER)
router = APIRouter(prefix="/api", tags=["session"])


class Alone:
    """The door of a studio for one: stands where `auth.Auth` does. The key is good once."""

    provider = None
    url = ""

    def __init__(self, key: str) -> None:
        self.sessions = self
        self.tries = Tries()
        self._key: str | None = digest(key)
        self._cookie = ""

    def enter(self, key: str) -> str:
        """The secret for the cookie.

        Raises:
            AccessError: not the key, or it was used.
        """
        if self._key is None or not hmac.compare_digest(self._key, digest(key)):
            raise AccessError("this link was used already, or isn't whole", remedy="start adequate studio again")
        self._key, secret = None, fresh()
        self._cookie = digest(secret)
        return secret

    async def person(self, shown: str) -> Person | None:
        """The one person, if it is they."""
        return OWNER if self._cookie and hmac.compare_digest(shown, self._cookie) else None

    @contextmanager
    def open(self, _secret: str, _person: Person) -> Iterator[None]:
        """No socket is open here for long."""
        yield

    def watch(self) -> None:
        """Nobody is shut out here."""


def make_setup(root: Path, *, key: str, then: str, hosts: Collection[str]) -> FastAPI:
    """The application that serves a folder without a project.

    Args:
        root: the folder; it needn't exist.
        key: of the one-time link.
        then: where the page goes when there is a project.
    """
    app = FastAPI(title="adequate studio", version=__version__, openapi_url=None, docs_url=None)
    app.state.root, app.state.then, app.state.made, app.state.auth = root, then, Event(), Alone(key)
    app.include_router(router)
    app.include_router(setup.router)
    speak(app)
    app.add_middleware(Guard, auth=app.state.auth, hosts=hosts)
    return app


@router.get("/session")
async def session(request: Request) -> dict[str, Any]:
    """As of a project, without one: the page shows its one screen."""
    if request.state.person is None:
        return {"you": None}
    you = {"id": OWNER.id, "name": OWNER.name, "role": OWNER.role, "can": [what for what in Can if OWNER.can(what)]}
    return {"you": you, "project": None, "build": request.app.version, "badges": {}, "waiting": {}}


@router.get("/session/ways")
async def ways() -> dict[str, Any]:
    """By the link alone."""
    return {"project": None, "provider": None}


@router.post("/invites/look")
async def look() -> dict[str, Any]:
    """What the link is for."""
    return {"project": None, "role": OWNER.role, "person": OWNER.name, "until": None, "can": []}


@router.post("/session")
async def sign_in(asked: SignIn, request: Request, response: Response) -> dict[str, Any]:
    """Sign in by the link."""
    alone: Alone = request.app.state.auth
    with alone.tries.attempt(address(request.scope), "key"):
        secret = alone.enter(asked.key)
    keep(request, response, secret)
    return {"id": OWNER.id}
