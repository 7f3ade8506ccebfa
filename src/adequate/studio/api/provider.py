"""Routes of the studio: to the OpenID provider and back."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse

from adequate.errors import AccessError, UnknownNameError
from adequate.studio.api.session import base, keep
from adequate.studio.auth import register
from adequate.studio.auth.auth import Auth
from adequate.studio.auth.guard import address
from adequate.studio.auth.provider import Provider, Trip
from adequate.studio.auth.register import Desk

router = APIRouter(prefix="/api/provider", tags=["session"])
BACK = "/api/provider/back"
COOKIE = "adequate_trip"
LASTS = 600  # seconds


@router.get("/start")
async def start(request: Request) -> RedirectResponse:
    """To the provider."""
    _, provider = _provider(request)
    trip = Trip.new()
    answer = RedirectResponse(await provider.away(trip, base(request) + BACK), 303)
    https = base(request).startswith("https://")
    answer.set_cookie(
        COOKIE, trip.cookie(), max_age=LASTS, path="/api/provider", httponly=True, samesite="lax", secure=https
    )
    return answer


@router.get("/back")
async def back(request: Request, state: str = "", code: str = "") -> RedirectResponse:
    """From the provider: signed in, or to the page that says why not."""
    auth, provider = _provider(request)
    where, before = address(request.scope), request.state.secret
    try:
        with auth.tries.attempt(where, "provider"):
            trip = Trip.of(request.cookies.get(COOKIE, ""))
            one = await provider.identity(trip, state, code, base(request) + BACK)

            def enter(desk: Desk) -> str:
                who = provider.welcome(desk, one)
                return register.sign_in(desk, who, instead_of=before, by=provider.name)

            secret = await auth.done("", enter)
    except AccessError:
        answer = RedirectResponse("/join?refused=provider", 303)
    else:
        answer = RedirectResponse("/", 303)
        keep(request, answer, secret)
    answer.delete_cookie(COOKIE, path="/api/provider")
    return answer


def _provider(request: Request) -> tuple[Auth, Provider]:
    auth: Auth = request.app.state.auth
    if auth.provider is None:
        raise UnknownNameError("nobody signs in by a provider here", remedy="adequate studio --oidc-issuer ...")
    return auth, auth.provider
