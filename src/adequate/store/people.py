"""People, the browsers they are signed in with, invites and tokens, as rows. What may be done is decided above.

Every function takes a connection, so that a change and its event are one transaction. Secrets come in as their SHA-256
alone: whoever reads the database can sign in as nobody.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

import sqlalchemy as sa

from adequate.store import quick
from adequate.store.schema import event, invite, meta, person, session, token
from adequate.store.sql import upsert

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """Somebody of the project. `revoked`: since when they may no longer come in."""

    id: str
    name: str
    role: str
    at: float
    revoked: float | None
    password: str | None
    subject: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Invite:
    """A link. `person`: whom it signs in; None: it makes a new person."""

    id: str
    role: str
    by: str
    at: float
    until: float
    uses: int
    most: int
    person: str | None
    revoked: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What a program shows instead of signing in; it acts for a person, with a role of its own."""

    id: str
    name: str
    person: str
    role: str
    at: float
    until: float | None
    used: float | None
    revoked: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """What a cookie or a token stands for, joined to its person.

    Args:
        role: of the person.
        limit: the token's own role; None for a cookie.
        until: when it ends; None: never.
        seen: when it was last used, as far as that was written down.
    """

    hash: str
    person: str
    name: str
    role: str
    limit: str | None
    until: float | None
    seen: float | None


def members(connection: sa.Connection) -> list[Member]:
    """Everybody, those included who were shut out, in the order they came."""
    return [Member(**row._mapping) for row in connection.execute(sa.select(person).order_by(person.c.at, person.c.id))]


def member(connection: sa.Connection, id: str) -> Member | None:  # noqa: A002 (as the column is called)
    """Somebody by id."""
    return _one(connection, Member, sa.select(person).where(person.c.id == id))


def by_subject(connection: sa.Connection, subject: str) -> Member | None:
    """Somebody by what a provider (or this machine) calls them."""
    return _one(connection, Member, sa.select(person).where(person.c.subject == subject))


def add_member(connection: sa.Connection, new: Member) -> None:
    """Write down somebody new."""
    connection.execute(sa.insert(person).values(**{name: getattr(new, name) for name in Member.__slots__}))


def change_member(connection: sa.Connection, id: str, **values: Any) -> None:  # noqa: A002
    """Change columns of somebody's row."""
    connection.execute(sa.update(person).where(person.c.id == id).values(**values))


def has_acted(connection: sa.Connection, actor: str) -> bool:
    """Whether any event is by this actor. Reads all events."""
    return connection.scalar(sa.select(event.c.seq).where(event.c.actor == actor).limit(1)) is not None


def start_session(connection: sa.Connection, hash: str, of: str, *, at: float, until: float) -> None:  # noqa: A002
    """Sign a browser in; sessions that have ended are cleared away."""
    connection.execute(sa.delete(session).where(session.c.until < at))
    connection.execute(sa.insert(session).values(hash=hash, person=of, at=at, seen=at, until=until))


def end_session(connection: sa.Connection, hash: str) -> None:  # noqa: A002
    """Sign a browser out."""
    connection.execute(sa.delete(session).where(session.c.hash == hash))


def end_sessions(connection: sa.Connection, of: str, *, but: str = "") -> None:
    """Sign somebody out everywhere, but in one browser."""
    connection.execute(sa.delete(session).where(session.c.person == of, session.c.hash != but))


def passes(connection: sa.Connection, hashes: Iterable[str], *, at: float) -> dict[str, Pass]:
    """Those of these cookies and tokens that still open the door, by hash."""
    asked = {"shown": quick.listed(connection, list(hashes)), "at": at}
    rows = [row for query in _passes(connection.dialect.name) for row in quick.rows(connection, query, asked)]
    return {row.hash: Pass(**row._asdict()) for row in rows}


@cache
def _passes(dialect: str) -> tuple[sa.Select[Any], ...]:
    """Cookies, and tokens. Built once: every signed-in browser is looked for every other second."""
    at, welcome = sa.bindparam("at", type_=sa.Double), person.c.revoked.is_(None)
    cookies = (
        sa.select(
            session.c.hash, session.c.person, person.c.name, person.c.role,
            sa.null().label("limit"), session.c.until, session.c.seen,
        )
        .join(person, person.c.id == session.c.person)
        .where(quick.one_of(dialect, session.c.hash, "shown"), session.c.until > at, welcome)
    )  # fmt: skip
    tokens = (
        sa.select(
            token.c.hash, token.c.person, person.c.name, person.c.role,
            token.c.role.label("limit"), token.c.until, token.c.used.label("seen"),
        )
        .join(person, person.c.id == token.c.person)
        .where(quick.one_of(dialect, token.c.hash, "shown"), sa.or_(token.c.until.is_(None), token.c.until > at))
        .where(token.c.revoked.is_(None), welcome)
    )  # fmt: skip
    return cookies, tokens


def seen(connection: sa.Connection, one: Pass, *, at: float, until: float) -> None:
    """Write down that a cookie or a token was used; a cookie's end moves on."""
    connection.execute(sa.update(session).where(session.c.hash == one.hash).values(seen=at, until=until))
    connection.execute(sa.update(token).where(token.c.hash == one.hash).values(used=at))


def invites(connection: sa.Connection) -> list[Invite]:
    """All invites, newest first."""
    return _all(connection, Invite, _shown(invite, Invite).order_by(invite.c.at.desc()))


def invite_of(connection: sa.Connection, hash: str) -> Invite | None:  # noqa: A002
    """The invite whose link this is."""
    return _one(connection, Invite, _shown(invite, Invite).where(invite.c.hash == hash))


def add_invite(connection: sa.Connection, new: Invite, *, hash: str) -> None:  # noqa: A002
    """Write down a new invite."""
    connection.execute(sa.insert(invite).values(hash=hash, **{name: getattr(new, name) for name in Invite.__slots__}))


def change_invite(connection: sa.Connection, id: str, **values: Any) -> int:  # noqa: A002
    """Change columns of an invite; returns how many there are of that id."""
    return connection.execute(sa.update(invite).where(invite.c.id == id).values(**values)).rowcount


def tokens(connection: sa.Connection) -> list[Token]:
    """All tokens, newest first."""
    return _all(connection, Token, _shown(token, Token).order_by(token.c.at.desc()))


def add_token(connection: sa.Connection, new: Token, *, hash: str) -> None:  # noqa: A002
    """Write down a new token."""
    connection.execute(sa.insert(token).values(hash=hash, **{name: getattr(new, name) for name in Token.__slots__}))


def change_token(connection: sa.Connection, id: str, **values: Any) -> int:  # noqa: A002
    """Change columns of a token; returns how many there are of that id."""
    return connection.execute(sa.update(token).where(token.c.id == id).values(**values)).rowcount


def remember_address(connection: sa.Connection, url: str) -> None:
    """Where people reach the studio, for links that are made beside it."""
    upsert(connection, meta, [{"key": "studio", "value": url}])


def address(connection: sa.Connection) -> str | None:
    """Where people reached the studio when it last ran."""
    return connection.scalar(sa.select(meta.c.value).where(meta.c.key == "studio"))


def _shown(table: sa.Table, kind: type[Any]) -> sa.Select[Any]:
    return sa.select(*(table.c[name] for name in kind.__slots__))


def _one(connection: sa.Connection, kind: type[T], query: sa.Select[Any]) -> T | None:
    row = connection.execute(query).first()
    return None if row is None else kind(**row._mapping)


def _all(connection: sa.Connection, kind: type[T], query: sa.Select[Any]) -> list[T]:
    return [kind(**row._mapping) for row in connection.execute(query)]
