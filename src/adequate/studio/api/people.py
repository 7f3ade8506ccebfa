"""Routes of the studio: people and their roles, invites, tokens, and the audit."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from collections.abc import Iterator
from typing import Annotated, Any, Literal

import sqlalchemy as sa
from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from adequate.errors import AccessError
from adequate.store import people
from adequate.store.schema import event as log
from adequate.studio.auth import register
from adequate.studio.auth.auth import Auth
from adequate.studio.context import Here, Owner, Studio, Viewer
from adequate.studio.roles import ORDER, Role

router = APIRouter(prefix="/api", tags=["people"])
COLUMNS = ("seq", "at", "actor", "kind", "topic", "example", "task", "source", "value", "why", "policy", "body")
PAGE = 1000  # events read at once for a download


class NewInvite(BaseModel):
    """`name`: for somebody new who is called so; `person`: for somebody who is here; neither: whoever opens it."""

    role: Role = Role.LABELLER
    days: float = 7
    uses: int = 1
    name: str = Field("", max_length=200)
    person: str | None = None


class NewToken(BaseModel):
    """A token that acts for whoever asks for it."""

    name: str = Field(max_length=200)
    role: Role
    days: float | None = None


class NewRole(BaseModel):
    """What somebody may do from now on."""

    role: Role


class NewPassword(BaseModel):
    """Of whoever asks. `old` where there is one."""

    old: str = Field("", max_length=1000)
    new: str = Field(max_length=1000)


@router.get("/people")
async def everybody(you: Viewer, studio: Here) -> dict[str, Any]:
    """Everybody by name; to an owner also invites and tokens, to others their own tokens."""

    def read() -> dict[str, Any]:
        with studio.store.sql.reading() as connection:
            owner = you.role is Role.OWNER
            members = people.members(connection)
            return {
                "people": [_shown(one) for one in members if owner or one.revoked is None],
                "invites": [_plain(one) for one in people.invites(connection)] if owner else [],
                "tokens": [_plain(one) for one in people.tokens(connection) if owner or one.person == you.id],
            }

    return await asyncio.to_thread(read)


@router.put("/people/{id}/role")
async def set_role(id: str, asked: NewRole, you: Owner, request: Request) -> dict[str, Any]:  # noqa: A002
    """Give somebody another role, at once."""
    return _shown(await _auth(request).done(you.id, lambda desk: register.set_role(desk, id, asked.role)))


@router.delete("/people/{id}", status_code=204)
async def shut_out(id: str, you: Owner, request: Request) -> None:  # noqa: A002
    """Somebody may no longer come in, at once. What they did stays."""
    await _auth(request).done(you.id, lambda desk: register.shut_out(desk, id))


@router.put("/people/me/password", status_code=204)
async def set_password(asked: NewPassword, you: Viewer, studio: Here, request: Request) -> None:
    """Set or change one's own password. Every other browser is signed out."""
    auth, me = _auth(request), f"password of {you.id}"
    with studio.store.sql.reading() as connection:
        kept = register.the(connection, you.id).password
    with auth.tries.attempt(me, me):
        if kept is not None and not await auth.passwords.fits(kept, asked.old):
            raise AccessError("this isn't your password so far", remedy="or ask an owner for a new link")
    hashed = await auth.passwords.hashed(asked.new)
    await auth.done(you.id, lambda desk: register.set_password(desk, you.id, hashed, keep=request.state.secret))


@router.post("/invites", status_code=201)
async def invite(asked: NewInvite, you: Owner, request: Request) -> dict[str, Any]:
    """Make a link. Its key is in this answer and nowhere else."""

    def make(desk: register.Desk) -> tuple[people.Invite, str]:
        person = asked.person
        if asked.name:
            person = register.add(desk, asked.name, asked.role).id
        return register.invite(desk, asked.role, days=asked.days, uses=asked.uses, person=person)

    made, key = await _auth(request).done(you.id, make)
    return {**_plain(made), "key": key}


@router.post("/tokens", status_code=201)
async def token(asked: NewToken, you: Viewer, request: Request) -> dict[str, Any]:
    """Make a token for a program, with at most one's own role. It is in this answer and nowhere else."""
    if ORDER.index(asked.role) > ORDER.index(you.role):
        raise AccessError(f"you are {you.role} here: a token of yours can't be {asked.role}", remedy="ask an owner")
    made, secret = await _auth(request).done(
        you.id, lambda desk: register.token(desk, you.id, asked.name, asked.role, days=asked.days)
    )
    return {**_plain(made), "token": secret}


@router.delete("/invites/{id}", status_code=204)
async def take_back_invite(id: str, you: Owner, request: Request) -> None:  # noqa: A002
    """A link is no longer good."""
    await _auth(request).done(you.id, lambda desk: register.take_back(desk, id))


@router.delete("/tokens/{id}", status_code=204)
async def take_back_token(id: str, you: Viewer, studio: Here, request: Request) -> None:  # noqa: A002
    """A token is no longer good. Everybody may end their own."""
    with studio.store.sql.reading() as connection:
        mine = any(one.id == id and one.person == you.id for one in people.tokens(connection))
    if not mine and you.role is not Role.OWNER:
        raise AccessError("this token isn't yours", remedy="ask an owner")
    await _auth(request).done(you.id, lambda desk: register.take_back(desk, id))


@router.get("/audit")
async def audit(
    _: Owner,
    studio: Here,
    before: int | None = None,
    kind: str | None = None,
    actor: str | None = None,
    n: Annotated[int, Query(ge=1, le=500)] = 100,
) -> dict[str, Any]:
    """Who did what, newest first. `next`: the `before` of the page that follows, null at the end."""

    def read() -> list[dict[str, Any]]:
        query = _events(kind, actor).order_by(log.c.seq.desc()).limit(n)
        if before is not None:
            query = query.where(log.c.seq < before)
        return [_event(row) for row in studio.store.sql.rows(query)]

    rows = await asyncio.to_thread(read)
    return {"events": rows, "next": rows[-1]["seq"] if len(rows) == n else None}


@router.get("/audit/file")
def download(
    _: Owner,
    studio: Here,
    form: Literal["csv", "jsonl"] = "csv",
    kind: str | None = None,
    actor: str | None = None,
) -> StreamingResponse:
    """All of it as a file, oldest first."""
    lines = (_csv if form == "csv" else _jsonl)(_pages(studio, kind, actor))
    name = f'attachment; filename="audit.{form}"'
    media = "text/csv; charset=utf-8" if form == "csv" else "application/x-ndjson"
    return StreamingResponse(lines, media_type=media, headers={"Content-Disposition": name})


def _events(kind: str | None, actor: str | None) -> sa.Select[Any]:
    query = sa.select(*(log.c[name] for name in COLUMNS))
    if kind is not None:
        query = query.where(log.c.kind == kind)
    return query if actor is None else query.where(log.c.actor == actor)


def _pages(studio: Studio, kind: str | None, actor: str | None) -> Iterator[list[dict[str, Any]]]:
    last = 0
    while True:  # a page at a time: the whole log may be larger than the memory
        rows = studio.store.sql.rows(_events(kind, actor).where(log.c.seq > last).order_by(log.c.seq).limit(PAGE))
        if not rows:
            return
        yield [_event(row) for row in rows]
        last = rows[-1].seq


def _jsonl(pages: Iterator[list[dict[str, Any]]]) -> Iterator[str]:
    for page in pages:
        yield "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in page)


def _csv(pages: Iterator[list[dict[str, Any]]]) -> Iterator[str]:
    yield ",".join(COLUMNS) + "\r\n"
    for page in pages:
        lines = io.StringIO()
        csv.writer(lines).writerows([_cell(row[name]) for name in COLUMNS] for row in page)
        yield lines.getvalue()


def _cell(value: Any) -> Any:
    """For a spreadsheet: what begins like a formula is text."""
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


def _event(row: Any) -> dict[str, Any]:
    found = dict(row._mapping)
    for name in ("value", "body"):
        found[name] = None if found[name] is None else json.loads(found[name])
    return found


def _shown(one: people.Member) -> dict[str, Any]:
    """Somebody, without what is secret."""
    return {
        "id": one.id,
        "name": one.name,
        "role": one.role,
        "at": one.at,
        "revoked": one.revoked,
        "password": one.password is not None,
        "provider": "://" in (one.subject or ""),
    }


def _plain(one: people.Invite | people.Token) -> dict[str, Any]:
    return {name: getattr(one, name) for name in type(one).__slots__}


def _auth(request: Request) -> Auth:
    auth: Auth = request.app.state.auth
    return auth
