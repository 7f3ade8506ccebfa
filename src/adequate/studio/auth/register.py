"""What is done about people, each thing one transaction with its event: invite, join, change a role, shut out, sign in.

An event of kind `people` says who did what to whom, and never holds a secret. A project keeps at least one owner.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import sqlalchemy as sa

from adequate.errors import AccessError, ConflictError, DataError, unknown
from adequate.store import Event, people
from adequate.store.events import record
from adequate.store.people import Invite, Member, Token
from adequate.store.sql import Sql
from adequate.studio.auth import names
from adequate.studio.auth.secret import TOKEN, digest, fresh, short
from adequate.studio.auth.sessions import LASTS
from adequate.studio.roles import Role
from adequate.types import Source

T = TypeVar("T")
TOPIC = "people"
DAY = 86400.0


@dataclass(slots=True, kw_only=True)
class Desk:
    """One transaction about people: who does it, and when."""

    connection: sa.Connection
    actor: str
    at: float

    def note(self, what: str, of: str, **more: Any) -> None:
        """Write the event; `of`: the person, invite or token it is about."""
        event = Event(
            example="",
            row=-1,
            task="",
            value=what,
            actor=self.actor,
            source=Source.HUMAN,
            at=self.at,
            kind="people",
            topic=TOPIC,
            body={"of": of, **more},
        )
        record(self.connection, [event])


def at_desk(sql: Sql, actor: str, job: Callable[[Desk], T]) -> T:
    """Run `job(desk)` in a transaction; its events are written with it, or nothing is."""
    return sql.write(lambda connection: job(Desk(connection=connection, actor=actor, at=time.time())))


def add(
    desk: Desk,
    name: str,
    role: Role,
    *,
    password: str | None = None,
    subject: str | None = None,
    id: str = "",  # noqa: A002
) -> Member:
    """Somebody new.

    Args:
        password: already hashed.
        subject: what a provider calls them.
        id: where it is known already; otherwise it is made from the name.

    Raises:
        DataError: no usable name.
        ConflictError: somebody here is called so.
    """
    name = names.tidy(name)
    here = people.members(desk.connection)
    if any(names.same(one.name) == names.same(name) for one in here):
        raise ConflictError(f"somebody here is called {name} already", remedy="take another name, or sign in")
    ids = {one.id for one in here}
    chosen = id or names.slug(name, lambda found: found in ids or people.has_acted(desk.connection, found))
    new = Member(id=chosen, name=name, role=role, at=desk.at, revoked=None, password=password, subject=subject)
    people.add_member(desk.connection, new)
    desk.actor = desk.actor or new.id  # who joins does so themselves
    desk.note("joined", new.id, name=new.name, role=role)
    return new


def the(connection: sa.Connection, id: str) -> Member:  # noqa: A002
    """Somebody who may come in, by id.

    Raises:
        UnknownNameError: nobody of that id, or they were shut out.
    """
    found = people.member(connection, id)
    if found is None or found.revoked is not None:
        raise unknown("person", id, [one.id for one in people.members(connection) if one.revoked is None])
    return found


def set_role(desk: Desk, id: str, role: Role) -> Member:  # noqa: A002
    """Give somebody another role.

    Raises:
        UnknownNameError: nobody of that id.
        ConflictError: it would leave the project without an owner.
    """
    before = the(desk.connection, id)
    if role is not Role.OWNER:
        _owner_stays(desk, before)
    people.change_member(desk.connection, id, role=role)
    desk.note("role", id, was=before.role, role=role)
    return the(desk.connection, id)


def shut_out(desk: Desk, id: str) -> None:  # noqa: A002
    """Somebody may no longer come in: their browsers are signed out, their tokens and invites end. What they did stays.

    Raises:
        UnknownNameError: nobody of that id.
        ConflictError: it would leave the project without an owner.
    """
    before = the(desk.connection, id)
    _owner_stays(desk, before)
    people.change_member(desk.connection, id, revoked=desk.at)
    people.end_sessions(desk.connection, id)
    for token in people.tokens(desk.connection):
        if token.person == id and token.revoked is None:
            people.change_token(desk.connection, token.id, revoked=desk.at)
    for invite in people.invites(desk.connection):
        if id in (invite.person, invite.by) and invite.revoked is None:
            people.change_invite(desk.connection, invite.id, revoked=desk.at)
    desk.note("shut out", id, name=before.name)


def set_password(desk: Desk, id: str, password: str, *, keep: str) -> None:  # noqa: A002
    """Give somebody a password (hashed); they are signed out everywhere but in one browser (by digest)."""
    people.change_member(desk.connection, id, password=password)
    people.end_sessions(desk.connection, id, but=keep)
    desk.note("password", id)


def invite(
    desk: Desk, role: Role, *, days: float = 7, uses: int = 1, person: str | None = None, secret: str = ""
) -> tuple[Invite, str]:
    """A link for somebody new, or for somebody who is here already.

    Args:
        days: how long it can be used.
        uses: how often.
        person: whom it signs in; None: whoever opens it says a name and joins.
        secret: of the link, where it has been promised already.

    Returns:
        The invite, and the secret for the link: nobody can find that out again.
    """
    if not 0 < days <= 365 or not 1 <= uses <= 1000:
        raise DataError(f"an invite for {days:g} days and {uses} uses", remedy="at most 365 days and 1,000 uses")
    if person is not None:
        role = Role(the(desk.connection, person).role)
    secret = secret or fresh()
    new = Invite(
        id=short(),
        role=role,
        by=desk.actor,
        at=desk.at,
        until=desk.at + days * DAY,
        uses=0,
        most=uses,
        person=person,
        revoked=None,
    )
    people.add_invite(desk.connection, new, hash=digest(secret))
    desk.note("invited", new.id, role=role, until=new.until, most=uses, person=person)
    return new, secret


def looked_at(connection: sa.Connection, key: str, *, at: float) -> Invite:
    """The invite of a link that can still be used.

    Raises:
        AccessError: no such invite, or it was revoked, used up, or has expired: each says so.
    """
    found = people.invite_of(connection, digest(key))
    ask = "ask whoever sent it for another (People, or: adequate people invite)"
    if found is None:
        raise AccessError("this link isn't one of ours, or isn't whole", remedy=f"copy all of it; or {ask}")
    if found.revoked is not None:
        raise AccessError("this link was taken back", remedy=ask)
    if found.uses >= found.most:
        raise AccessError("this link was used already", remedy=ask)
    if found.until <= at:
        raise AccessError("this link has expired", remedy=ask)
    return found


def accept(desk: Desk, key: str, *, name: str = "", password: str | None = None) -> Member:
    """Use a link: joins as somebody new, or as whom it is for.

    Args:
        name: of somebody new.
        password: already hashed; None: they will come by links.
    """
    found = looked_at(desk.connection, key, at=desk.at)
    people.change_invite(desk.connection, found.id, uses=found.uses + 1)
    if found.person is None:
        return add(desk, name, Role(found.role), password=password)
    desk.actor = found.person
    if password is not None:
        people.change_member(desk.connection, found.person, password=password)
    return the(desk.connection, found.person)


def take_back(desk: Desk, id: str) -> None:  # noqa: A002
    """Revoke an invite or a token by its id.

    Raises:
        UnknownNameError: neither.
    """
    invited = people.change_invite(desk.connection, id, revoked=desk.at)
    if not invited and not people.change_token(desk.connection, id, revoked=desk.at):
        there: list[Invite | Token] = [*people.invites(desk.connection), *people.tokens(desk.connection)]
        raise unknown("invite or token", id, [one.id for one in there if one.revoked is None])
    desk.note("took back", id, kind="invite" if invited else "token")


def token(desk: Desk, person: str, name: str, role: Role, *, days: float | None = None) -> tuple[Token, str]:
    """A token for a program, that acts for a person with at most that person's role.

    Returns:
        The token, and its secret: nobody can find that out again.
    """
    if days is not None and not 0 < days <= 3650:
        raise DataError(f"a token for {days:g} days", remedy="at most 3,650 days")
    the(desk.connection, person)
    secret = TOKEN + fresh()
    new = Token(
        id=short(),
        name=names.tidy(name),
        person=person,
        role=role,
        at=desk.at,
        until=None if days is None else desk.at + days * DAY,
        used=None,
        revoked=None,
    )
    people.add_token(desk.connection, new, hash=digest(secret))
    desk.note("token", new.id, name=new.name, role=role, person=person, until=new.until)
    return new, secret


def sign_in(desk: Desk, id: str, *, instead_of: str = "", by: str) -> str:  # noqa: A002
    """A session for a browser, new each time; the one it had (by digest) ends. Returns the secret for its cookie."""
    if instead_of:
        people.end_session(desk.connection, instead_of)
    secret = fresh()
    people.start_session(desk.connection, digest(secret), id, at=desk.at, until=desk.at + LASTS)
    desk.note("signed in", id, by=by)
    return secret


def local_owner(desk: Desk, user: str) -> Member:
    """The owner who works on this machine: whoever may write the project's files owns it in any case."""
    subject = f"local:{user}"
    found = people.by_subject(desk.connection, subject)
    if found is None:
        taken = {names.same(one.name) for one in people.members(desk.connection)}
        name = user if names.same(user) not in taken else f"{user} (here)"
        free = user not in names.OURS and people.member(desk.connection, user) is None
        return add(desk, name, Role.OWNER, subject=subject, id=user if free else "")
    if found.role != Role.OWNER or found.revoked is not None:
        people.change_member(desk.connection, found.id, role=Role.OWNER, revoked=None)
        desk.note("role", found.id, was=found.role, role=Role.OWNER)
    return found


def home_link(desk: Desk, user: str, secret: str, base: str) -> None:
    """A link that signs in the local owner, once, within a day; the one of the last start is no longer good.

    Args:
        base: where people reach the studio; links that are made beside it begin so.
    """
    people.remember_address(desk.connection, base)
    one = local_owner(desk, user)
    desk.actor = one.id
    for old in people.invites(desk.connection):
        if old.person == old.by == one.id and old.revoked is None and old.uses < old.most:
            people.change_invite(desk.connection, old.id, revoked=desk.at)
    invite(desk, Role.OWNER, days=1, person=one.id, secret=secret)


def has_owner(connection: sa.Connection, *, at: float) -> bool:
    """Whether somebody owns the project who can come in from elsewhere, or is invited to.

    The link of a start doesn't count: it is for whoever started it.
    """
    owners = {one.id for one in people.members(connection) if one.role == Role.OWNER and one.revoked is None}
    known = any(
        one.id in owners and (one.password is not None or "://" in (one.subject or ""))
        for one in people.members(connection)
    )
    return known or any(
        one.role == Role.OWNER
        and one.person != one.by
        and one.revoked is None
        and one.until > at
        and one.uses < one.most
        for one in people.invites(connection)
    )


def _owner_stays(desk: Desk, leaving: Member) -> None:
    owners = [one.id for one in people.members(desk.connection) if one.role == Role.OWNER and one.revoked is None]
    if owners == [leaving.id]:
        raise ConflictError(f"{leaving.name} is the only owner", remedy="make somebody else an owner first")
