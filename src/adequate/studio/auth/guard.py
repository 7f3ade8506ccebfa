"""The guard at the door: who is this, and may the request come from where it comes from?

Plain ASGI, for HTTP and WebSockets alike. In this order:

1. On this machine only names of this machine are answered to: a page elsewhere whose name was rebound to 127.0.0.1
   reaches nobody.
2. What changes something, and the handshake of a WebSocket, must come from our own page. The browser says so itself
   (`Sec-Fetch-Site`, or `Origin`); a token of a program needs no such proof, for no browser adds one by itself.
3. A cookie or a token stands for a person, who is put into `scope["state"]["person"]`. Under /api nobody goes on
   without one, but to sign in.

Answers carry headers that keep the page to itself.
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from typing import TYPE_CHECKING

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from adequate.errors import AccessError, AdequateError, TooManyTriesError
from adequate.studio.auth.secret import TOKEN, digest
from adequate.studio.roles import Person

if TYPE_CHECKING:
    from adequate.studio.auth.auth import Auth

OPEN = frozenset(  # nobody is signed in yet who asks for these
    {
        ("GET", "/api/session"),
        ("POST", "/api/session"),
        ("DELETE", "/api/session"),
        ("GET", "/api/session/ways"),
        ("POST", "/api/invites/look"),
        ("GET", "/api/provider/start"),
        ("GET", "/api/provider/back"),
    }
)
STREAMED = ("/api/files/import", "/api/setup/file")  # uploads: read piece by piece, and as large as they are
BODY = 10_000_000  # bytes
SAFE = ("GET", "HEAD", "OPTIONS")
HOME = ("localhost", "127.0.0.1", "[::1]")
HEADERS = tuple(
    (name.encode(), value.encode())
    for name, value in {
        "content-security-policy": "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
    }.items()
)
PRIVATE = (b"cache-control", b"no-store")


class Guard:
    """Lets in who may come in.

    Args:
        app: what lies behind the door.
        auth: knows people by their cookies and tokens.
        hosts: the names that are answered to; empty: any.
    """

    def __init__(self, app: ASGIApp, auth: Auth, hosts: Collection[str] = ()) -> None:
        self.app = app
        self.auth = auth
        self.hosts = frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, or one WebSocket from its handshake to its end."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        state = scope.setdefault("state", {})
        state["person"] = state["secret"] = None
        send = _guarded(scope, send)
        try:
            bearer = _bearer(headers)
            _from_here(scope, headers, self.hosts, bearer=bearer is not None)
            shown = bearer if bearer is not None else _secret(headers)
            secret = digest(shown) if shown else ""
            person = await self._who(scope, secret, bearer=bearer is not None)
        except AdequateError as error:
            kinds = {TooManyTriesError: 429, AccessError: 403, AdequateError: 503}  # 503: the database is away
            status = next(status for kind, status in kinds.items() if isinstance(error, kind))
            await _refuse(scope, receive, send, status, error)
            return
        if person is None and (bearer is not None or scope["type"] == "websocket" or _closed(scope)):
            await _refuse(scope, receive, send, 401, nobody())
            return
        state["person"], state["secret"] = person, secret
        if scope["type"] == "websocket":
            assert person is not None
            with self.auth.sessions.open(secret, person):
                self.auth.watch()
                await self.app(scope, receive, send)
            return
        await self.app(scope, _measured(scope, headers, receive), send)

    async def _who(self, scope: Scope, secret: str, *, bearer: bool) -> Person | None:
        person = await self.auth.sessions.person(secret) if secret else None
        if bearer and person is None:  # who guesses tokens is slowed down; a browser's old cookie is no guess
            with suppress(_WrongTokenError), self.auth.tries.attempt(address(scope), "token"):
                raise _WrongTokenError("not a token")
        return person


class _WrongTokenError(AccessError):
    """Counted, and answered like any other stranger."""


def nobody() -> AccessError:
    """The error for those who aren't signed in."""
    return AccessError(
        "nobody is signed in", remedy="open the link that `adequate studio` printed, or your invite; or sign in"
    )


def address(scope: Scope) -> str:
    """Where a request comes from."""
    return str(scope["client"][0]) if scope.get("client") else ""


def cookie(headers: Headers) -> str:
    """The name of our cookie. It holds the port, for browsers don't: two studios on one machine stay apart."""
    port = headers.get("host", "").rpartition(":")[2]
    return f"adequate_{port}" if port.isascii() and port.isdigit() else "adequate"


def _bearer(headers: Headers) -> str | None:
    kind, _, value = headers.get("authorization", "").partition(" ")
    return value.strip() if kind.lower() == "bearer" and value.strip().startswith(TOKEN) else None


def _secret(headers: Headers) -> str:
    wanted = cookie(headers)
    for part in headers.get("cookie", "").split(";"):
        name, _, value = part.strip().partition("=")
        if name == wanted:
            return value
    return ""


def _from_here(scope: Scope, headers: Headers, hosts: Collection[str], *, bearer: bool) -> None:
    host = headers.get("host", "")
    name = host.rpartition(":")[0] if ":" in host.rpartition("]")[2] else host
    if hosts and name.lower().rstrip(".") not in hosts:
        raise AccessError(
            f"this studio doesn't go by the name {name!r}", remedy="use the address that `adequate studio` printed"
        )
    if bearer or (scope["type"] == "http" and scope["method"] in SAFE):
        return
    site, origin = headers.get("sec-fetch-site"), headers.get("origin", "")
    ours = site in ("same-origin", "none") if site is not None else bool(host) and origin.partition("://")[2] == host
    if not ours:
        raise AccessError(
            "this didn't come from the studio's own page", remedy="programs show a token: adequate people token"
        )


def _closed(scope: Scope) -> bool:
    """Whether it takes somebody: the page itself is the same for all and says nothing of the project."""
    path: str = scope["path"]
    return path.startswith("/api/") and (scope["method"], path) not in OPEN


def _measured(scope: Scope, headers: Headers, receive: Receive) -> Receive:
    """The same, but no body beyond what is allowed: neither announced nor sent."""
    if scope["path"].startswith(STREAMED):
        return receive
    length, read = headers.get("content-length", "0"), 0
    announced = int(length) if length.isascii() and length.isdigit() else 0

    async def measured() -> Message:
        nonlocal read
        message = await receive()
        read += len(message.get("body", b""))
        if max(read, announced) > BODY:
            raise HTTPException(413, f"more than {BODY:,} bytes")
        return message

    return measured


def _guarded(scope: Scope, send: Send) -> Send:
    """The same, with our headers on every answer."""
    private = scope["path"].startswith("/api/")

    async def guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = [*message.get("headers", ()), *HEADERS]
            if private and not any(name.lower() == b"cache-control" for name, _ in headers):
                headers.append(PRIVATE)
            message = {**message, "headers": headers}
        await send(message)

    return guarded


async def _refuse(scope: Scope, receive: Receive, send: Send, status: int, error: AdequateError) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008, "reason": error.message})
        return
    said = {"error": type(error).__name__, "message": error.message, "remedy": error.remedy}
    await JSONResponse(said, status)(scope, receive, send)
