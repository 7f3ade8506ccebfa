"""The ASGI application: routes, the guard at the door, errors as people can use them, the built page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from importlib import import_module
from pathlib import Path
from types import ModuleType

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from adequate import __version__
from adequate.errors import (
    AccessError,
    AdequateError,
    BusyError,
    ConflictError,
    DataError,
    NoProjectError,
    NotEnoughDataError,
    QueryError,
    SliceError,
    SpecError,
    StorageFullError,
    StoreError,
    TooManyTriesError,
    UnknownNameError,
)
from adequate.store.faults import FAULTS, translated
from adequate.studio import erased, production
from adequate.studio.api import label, live
from adequate.studio.auth.auth import Auth
from adequate.studio.auth.guard import HEADERS, HOME, Guard
from adequate.studio.auth.provider import Provider
from adequate.studio.context import Studio

WEB = Path(__file__).parent / "_web"
SCREENS = (  # looked through in this order: first what is asked most
    *("live", "label", "session", "board", "examples", "explore", "tests", "cycles", "guide", "schema", "together"),
    *("releases", "production", "people", "provider", "files", "setup", "webhooks"),
)
QUEUES, NEXT = "/api/queues/", "/next"
STATUS: dict[type[AdequateError], int] = {  # the first that fits
    TooManyTriesError: 429,
    AccessError: 403,
    UnknownNameError: 404,
    NoProjectError: 404,
    ConflictError: 409,
    BusyError: 503,
    StorageFullError: 507,
    StoreError: 503,
    DataError: 422,
    SpecError: 422,
    SliceError: 422,
    QueryError: 422,
    NotEnoughDataError: 422,
    AdequateError: 400,
}


def make(studio: Studio, *, hosts: Collection[str] = HOME, provider: Provider | None = None, url: str = "") -> FastAPI:
    """The application that serves one project.

    Args:
        hosts: the names it is reached by; empty: any.
        provider: of identities, where people sign in by one.
        url: our address as people have it, where a proxy stands before us.
    """
    app = FastAPI(
        title="adequate studio",
        version=__version__,
        openapi_url="/api/openapi.json",
        docs_url=None,
        lifespan=_living,
        telemetry={"tracing": False, "metrics": False, "logs": False},  # nobody is told; to ask each time costs, too
    )
    app.state.studio = studio
    app.state.auth = auth = Auth(studio.store.sql, studio.hub, provider=provider, url=url)
    for screen in SCREENS:
        app.include_router(_screen(screen).router)
    studio.hub.mount(app)
    speak(app)
    app.add_middleware(Short)
    app.add_middleware(Guard, auth=auth, hosts=hosts)  # added last, it stands before
    return app


class Short:
    """The short way to the two routes that everybody waits for, past what the framework does for the others: that took
    longer than all of ours. The screens describe them, and errors are said as everywhere.

    Args:
        app: has all routes.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, by one way or the other."""
        route = _short(scope) if scope["type"] == "http" and scope["method"] == "POST" else None
        if route is None:
            await self.app(scope, receive, send)
            return
        request = Request(scope, receive)
        try:
            response = await route(request)
        except AdequateError as error:
            response = await _ours(request, error)
        except HTTPException as error:
            response = await _http(request, error)
        except FAULTS as error:
            response = await _below(request, error)
        await response(scope, receive, send)


def _short(scope: Scope) -> Callable[[Request], Awaitable[Response]] | None:
    path: str = scope["path"]
    if path == "/api/ops":
        return live.perform
    before, task, after = path[: len(QUEUES)], path[len(QUEUES) : -len(NEXT)], path[-len(NEXT) :]
    if before != QUEUES or after != NEXT or not task or "/" in task:
        return None
    scope["path_params"] = {"task": task}
    return label.following


def _screen(name: str) -> ModuleType:
    return import_module(f"adequate.studio.api.{name}")


def speak(app: FastAPI) -> None:
    """Errors as people can use them, and the page for every path that is no route. Call it after the routes."""
    app.add_exception_handler(AdequateError, _ours)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, _http)
    for kind in FAULTS:
        app.add_exception_handler(kind, _below)
    app.add_exception_handler(Exception, _fault)
    app.add_api_route("/{path:path}", _page, include_in_schema=False)


@asynccontextmanager
async def _living(app: FastAPI) -> AsyncIterator[None]:
    """What runs beside the requests."""
    here: Studio = app.state.studio
    erased.follow(here)
    async with here.hub.running(), here.engine.running(here), here.webhooks.running(), production.following(here):
        yield


async def _ours(_: Request, error: Exception) -> Response:
    status = next(code for kind, code in STATUS.items() if isinstance(error, kind))
    said: dict[str, object] = {"error": type(error).__name__, "message": getattr(error, "message", str(error))}
    if isinstance(error, QueryError):  # where in what was typed
        said["current"] = {"at": error.at, "end": error.end}
    return JSONResponse(said | {"remedy": getattr(error, "remedy", "")}, status)


async def _malformed(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    said = {"error": "DataError", "message": f"{where}: {first['msg']}", "remedy": "see /api/openapi.json"}
    return JSONResponse(said, 422)


async def _http(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    said = {"error": "HTTPException", "message": str(error.detail), "remedy": ""}
    return JSONResponse(said, error.status_code, headers=error.headers)


async def _below(request: Request, error: Exception) -> Response:
    """What the disk or the database says, where nobody was there to translate it."""
    known = translated(error, "answering")
    if known is None:
        raise error
    return await _ours(request, known)


async def _fault(_: Request, error: Exception) -> Response:
    """A mistake of ours; the log has it. It is answered outside the guard, so the guard's headers are added here."""
    message = "something went wrong in the studio"
    said = {"error": type(error).__name__, "message": message, "remedy": "its log says what"}
    return JSONResponse(said, 500, headers={name.decode(): value.decode() for name, value in HEADERS})


async def _page(path: str) -> Response:
    """A file of the built page; any other path is a screen, which the page itself draws."""
    if path.startswith("api/"):
        return JSONResponse({"error": "UnknownNameError", "message": f"no route /{path}", "remedy": ""}, 404)
    file = _built(path)
    if file is not None:
        forever = {"Cache-Control": "public, max-age=31536000, immutable"} if path.startswith("assets/") else {}
        return FileResponse(file, headers=forever)
    index = WEB / "index.html"
    if not index.is_file():
        message = "the studio's page is not built; run scripts/web (it needs Node 20), or install the wheel"
        return Response(message, 503, media_type="text/plain")
    return FileResponse(index, headers={"Cache-Control": "no-cache"})


def _built(path: str) -> Path | None:
    """The file of the built page that an address names; None where it names none."""
    try:
        file = (WEB / path).resolve()
        return file if path and file.is_file() and file.is_relative_to(WEB.resolve()) else None
    except (OSError, ValueError):  # a name that no disk could hold
        return None
