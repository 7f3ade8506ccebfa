"""Routes of the studio: who am I, signing in and out, and looking at an invite before it is used."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import sqlalchemy as sa
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from adequate.errors import AccessError
from adequate.store import people
from adequate.store.schema import model, override
from adequate.studio import items, production, tasks
from adequate.studio.auth import names, register
from adequate.studio.auth.auth import Auth
from adequate.studio.auth.guard import address, cookie
from adequate.studio.auth.register import Desk
from adequate.studio.context import Here, Studio
from adequate.studio.roles import Can, Person, Role

router = APIRouter(prefix="/api", tags=["session"])
LONGEST = 400 * 86400  # seconds that browsers keep a cookie at most; when a session ends is for us to say


class Key(BaseModel):
    """What a link holds behind its #."""

    key: str = Field(max_length=200)


class SignIn(BaseModel):
    """By a link (`key`, and a `name` where it makes somebody new), or by `name` and `password`."""

    key: str = Field("", max_length=200)
    name: str = Field("", max_length=200)
    password: str = Field("", max_length=1000)


@router.get("/session")
async def session(request: Request, studio: Here) -> dict[str, Any]:
    """Who asks, what they may do, the project and how much waits to be labelled; to a stranger `{"you": null}`."""
    you: Person | None = request.state.person
    if you is None:
        return {"you": None}

    def read() -> dict[str, Any]:
        with studio.store.sql.reading() as connection:
            return {
                "tasks": [
                    {"name": task.name, "kind": task.kind, "labels": tasks.labels(connection, studio, task)}
                    for task in studio.project.tasks.values()
                ],
                "undecided": undecided(connection),
                "alerts": production.alerts(studio.root),
                "waiting": items.waiting(connection, you.id),
            }

    found = await asyncio.to_thread(read)
    return {
        "you": {"id": you.id, "name": you.name, "role": you.role, "can": abilities(you)},
        "project": {
            "name": studio.project.name,
            "text": studio.project.text,
            "tasks": found["tasks"],
            "slices": list(studio.project.slices),
        },
        "build": studio.hub.build,
        "badges": {"label": sum(found["waiting"].values()), "cycles": found["undecided"], "live": found["alerts"]},
        "waiting": found["waiting"],
    }


def undecided(connection: sa.Connection) -> int:
    """Models that came after the baseline and weren't accepted, of which no person has said anything."""
    newest = sa.select(model.c.number).where(model.c.accepted.is_not(None)).order_by(model.c.accepted.desc()).limit(1)
    decided = sa.select(override.c.what).where(override.c.what == "gate:" + model.c.id)
    query = sa.select(sa.func.count()).where(
        model.c.accepted.is_(None),
        model.c.number > sa.func.coalesce(newest.scalar_subquery(), 0),
        ~decided.exists(),
    )
    return int(connection.execute(query).scalar_one())


@router.get("/session/ways")
async def ways(studio: Here, request: Request) -> dict[str, Any]:
    """How somebody can sign in here; asked by a page that knows nobody yet."""
    provider = _auth(request).provider
    return {"project": studio.project.name, "provider": None if provider is None else provider.name}


@router.post("/invites/look")
async def look(asked: Key, studio: Here, request: Request) -> dict[str, Any]:
    """What a link is for, without using it."""

    def read() -> dict[str, Any]:
        with studio.store.sql.reading() as connection:
            found = register.looked_at(connection, asked.key, at=time.time())
            one = people.member(connection, found.person) if found.person is not None else None
            return {
                "role": found.role,
                "person": None if one is None else one.name,
                "until": found.until,
                "can": abilities(Person(id="", name="", role=Role(found.role))),
            }

    with _auth(request).tries.attempt(address(request.scope), "key"):
        return {"project": studio.project.name, **await asyncio.to_thread(read)}


@router.post("/session")
async def sign_in(asked: SignIn, studio: Here, request: Request, response: Response) -> dict[str, Any]:
    """Sign in: by a link, or by name and password. Whatever this browser was signed in as before ends."""
    auth, before = _auth(request), request.state.secret
    trying = "key" if asked.key else names.same(asked.name.strip())
    with auth.tries.attempt(address(request.scope), trying):
        if asked.key:
            password = await auth.passwords.hashed(asked.password) if asked.password else None

            def enter(desk: Desk) -> tuple[str, str]:
                one = register.accept(desk, asked.key, name=asked.name, password=password)
                return one.id, register.sign_in(desk, one.id, instead_of=before, by="link")

        else:
            known = await _by_password(auth, studio, asked)

            def enter(desk: Desk) -> tuple[str, str]:
                return known, register.sign_in(desk, known, instead_of=before, by="password")

        who, secret = await auth.done("", enter)
    keep(request, response, secret)
    return {"id": who}


@router.delete("/session", status_code=204)
async def sign_out(request: Request, response: Response) -> None:
    """Sign this browser out."""
    you: Person | None = request.state.person
    secret: str = request.state.secret
    response.delete_cookie(cookie(request.headers), path="/")
    if you is None or not request.cookies:
        return

    def leave(desk: Desk) -> None:
        people.end_session(desk.connection, secret)
        desk.note("signed out", you.id)

    await _auth(request).done(you.id, leave)


def abilities(one: Person) -> list[str]:
    """What somebody may do, as the page asks for it."""
    return [what for what in Can if one.can(what)]


async def _by_password(auth: Auth, studio: Studio, asked: SignIn) -> str:
    def read() -> people.Member | None:
        with studio.store.sql.reading() as connection:
            said = names.same(asked.name.strip())
            return next(
                (
                    one
                    for one in people.members(connection)
                    if one.revoked is None and said in (one.id, names.same(one.name))
                ),
                None,
            )

    found = await asyncio.to_thread(read)
    if not await auth.passwords.fits(None if found is None else found.password, asked.password) or found is None:
        raise AccessError("this name and password don't fit", remedy="or open a link that an owner sent you")
    return found.id


def base(request: Request) -> str:
    """Our address as people's browsers have it."""
    given: str = _auth(request).url
    return given or f"{request.url.scheme}://{request.headers.get('host', '')}"


def keep(request: Request, response: Response, secret: str) -> None:
    """Give the browser its cookie."""
    # Who ends TLS before us doesn't tell us; the page's own Origin does, where nobody said it at the start.
    https = base(request).startswith("https://") or request.headers.get("origin", "").startswith("https://")
    response.set_cookie(
        cookie(request.headers), secret, max_age=LONGEST, path="/", httponly=True, samesite="lax", secure=https
    )


def _auth(request: Request) -> Auth:
    auth: Auth = request.app.state.auth
    return auth
