"""A studio that really serves: uvicorn in a thread, a real socket, a real store.

serving(root)       a context manager: `Served`
Served.client(role) an HTTP client, signed in with that role
Served.live(role)   a WebSocket, signed in likewise
"""

from __future__ import annotations

import asyncio
import pickle
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from adequate.store import people
from adequate.studio.app import make
from adequate.studio.auth.provider import Provider
from adequate.studio.auth.register import Desk, add, at_desk, sign_in
from adequate.studio.context import Studio
from adequate.studio.roles import Role
from adequate.studio.server import config, opened
from adequate.studio.worker import Worker, _call


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A studio that serves a project.

    Args:
        url: where, without a slash at the end.
        studio: its inside, for looking at the store.
    """

    url: str
    studio: Studio
    cookies: dict[str, str] = field(default_factory=dict)

    def signed_in(self, role: str = "owner", name: str = "") -> dict[str, str]:
        """The header with the cookie of somebody with this role; their id is their name, or else the role."""
        who = name or role
        if who not in self.cookies:

            def join(desk: Desk) -> str:
                if people.member(desk.connection, who) is None:
                    add(desk, who.title(), Role(role), id=who)
                return sign_in(desk, who, by="test")

            secret = at_desk(self.studio.store.sql, who, join)
            self.cookies[who] = f"adequate_{self.url.rpartition(':')[2]}={secret}"
        return {"Cookie": self.cookies[who]}

    def client(self, role: str = "owner", name: str = "") -> httpx.Client:
        """An HTTP client of somebody with this role; "" is a stranger."""
        headers = self.signed_in(role, name) if role else {}
        return httpx.Client(base_url=self.url, headers={"Sec-Fetch-Site": "same-origin", **headers}, timeout=120)

    def live(self, role: str = "owner", name: str = "", **options: Any) -> ClientConnection:
        """A WebSocket of somebody with this role; "" is a stranger."""
        headers = self.signed_in(role, name) if role else {}
        url = self.url.replace("http", "ws") + "/api/live"
        options = {"open_timeout": 60, "ping_timeout": 120} | options  # a slow machine isn't a fault
        socket: ClientConnection = connect(url, origin=Origin(self.url), additional_headers=headers, **options)
        return socket


class Near(Worker):
    """Reads in this process, for another takes longer to start than a test; what goes and comes is pickled still."""

    async def _ask(self, function: Callable[..., Any], args: tuple[Any, ...]) -> tuple[bool, Any]:
        def work() -> tuple[bool, Any]:
            there = pickle.loads(pickle.dumps((function, args)))
            back: tuple[bool, Any] = pickle.loads(pickle.dumps(_call(self.root, *there)))
            return back

        return await asyncio.to_thread(work)


@contextmanager
def serving(
    root: Path, *, automatic: bool = False, provider: Provider | None = None, apart: bool = False
) -> Iterator[Served]:
    """Serve the project in a folder until the end.

    Args:
        automatic: whether the loop turns by itself.
        provider: by which people sign in.
        apart: whether heavy reading has a process of its own, as it does where people work.
    """
    with opened(root, automatic=automatic) as studio:
        if not apart:
            studio.worker = Near(root)
        server = uvicorn.Server(config(make(studio, provider=provider), host="127.0.0.1", port=0))
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        while not server.started:
            thread.join(0.01)
            assert thread.is_alive(), "the server ended before it began"
        port = server.servers[0].sockets[0].getsockname()[1]
        try:
            yield Served(url=f"http://127.0.0.1:{port}", studio=studio)
        finally:
            server.should_exit = True
            thread.join(60)
