"""What the door needs, in one place: who is signed in, passwords, tries, and the provider if there is one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from adequate.errors import AdequateError
from adequate.studio.auth import register
from adequate.studio.auth.limits import Tries
from adequate.studio.auth.passwords import Passwords
from adequate.studio.auth.register import Desk
from adequate.studio.auth.sessions import BELIEVED, Sessions

if TYPE_CHECKING:
    from adequate.store.sql import Sql
    from adequate.studio.auth.provider import Provider
    from adequate.studio.live import Hub

T = TypeVar("T")
WHY = "your role in this project was changed or taken away, or you signed out"


class Auth:
    """The state of the door of one server process.

    Args:
        sql: of the project.
        hub: has the sockets.
        provider: of identities, where people come by one.
        url: our address as people have it, where a proxy stands before us.
    """

    def __init__(self, sql: Sql, hub: Hub, *, provider: Provider | None = None, url: str = "") -> None:
        self.sessions = Sessions(sql)
        self.passwords = Passwords()
        self.tries = Tries()
        self.provider = provider
        self.url = url
        self._sql = sql
        self._hub = hub
        self._watching: asyncio.Task[None] | None = None

    async def done(self, actor: str, job: Callable[[Desk], T]) -> T:
        """Run `job(desk)` in a transaction; it holds at once, for the sockets that are open, too."""
        value = await asyncio.to_thread(register.at_desk, self._sql, actor, job)
        self._hub.nudge()
        self.sessions.forget()
        await self._dismiss()
        return value

    def watch(self) -> None:
        """While sockets are open, look whether they still may be: other processes change people, too."""
        if self._watching is None or self._watching.done():
            self._watching = asyncio.create_task(self._watch())

    async def _watch(self) -> None:
        while self.sessions.any_open:
            await asyncio.sleep(BELIEVED)
            with suppress(AdequateError):  # the database is away for a moment: nobody can change anything either
                await self._dismiss()

    async def _dismiss(self) -> None:
        for person in await self.sessions.gone():
            self._hub.bye(person, WHY)
