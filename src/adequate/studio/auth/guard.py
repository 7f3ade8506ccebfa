"""The guard at the door: who is this, and may the request come from where it comes from?"""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from adequate.studio.roles import Person, Role


class Guard:
    """Puts the person who asks into `scope["state"]["person"]`."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            scope.setdefault("state", {})["person"] = Person(id="you", name="You", role=Role.OWNER)
        await self.app(scope, receive, send)
