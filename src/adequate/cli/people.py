"""`adequate people`: who may come into the studio, and what they may do there. Works while it runs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click
from rich.table import Table

from adequate.cli.console import out, project_option, safe, user

if TYPE_CHECKING:
    from adequate.store import Store
    from adequate.store.people import Invite
    from adequate.studio.auth.register import Desk

T = TypeVar("T")
ROLES = click.Choice(["viewer", "labeller", "reviewer", "engineer", "owner"])


@click.group()
def people() -> None:
    """Who may come into the studio, and what they may do there.

    \b
    viewer     sees the board, cycles and the guide, and may search
    labeller   also answers what is asked, flags and comments
    reviewer   also decides where people differ, and writes the guide
    engineer   also changes targets, slices and labels, imports, exports, runs, accepts models
    owner      also people, audit, erasing

    \b
    adequate people invite --role labeller
    adequate people list
    adequate people role ann reviewer
    adequate people revoke ann
    adequate people token --name CI --role engineer
    """


@people.command()
@click.option("--role", type=ROLES, default="labeller", show_default=True, help="What they may do.")
@click.option("--days", default=7.0, show_default=True, help="How long the link is good.")
@click.option("--uses", default=1, show_default=True, help="How many people may use it.")
@click.option("--name", help="Of whom it is for; otherwise they say it themselves.")
@click.option("--person", help="The id of somebody who is here already and lost their way in; they keep their role.")
@click.option("--url", help="Where they reach the studio; by default where it last ran.")
@project_option
def invite(
    role: str, days: float, uses: int, name: str | None, person: str | None, url: str | None, root: Path | None
) -> None:
    """A link that lets somebody in. It is shown once.

    \b
    adequate people invite --role labeller --days 7
    adequate people invite --role owner --url https://studio.example.com
    """
    from adequate.store import people as rows
    from adequate.studio.auth import register
    from adequate.studio.roles import Role

    def job(desk: Desk) -> tuple[Invite, str, str]:
        whom = register.add(desk, name, Role(role)).id if name else person
        base = url or rows.address(desk.connection) or "http://127.0.0.1:8321"
        return *register.invite(desk, Role(role), days=days, uses=uses, person=whom), base

    made, key, base = _at_desk(root, job)
    out.print(f"[bold]{safe(base.rstrip('/'))}/join#{key}[/]", soft_wrap=True)
    times = "once" if uses == 1 else f"by {uses:,} people"
    said = f"shown this once; good until {_day(made.until)}, {times}, while `adequate studio` runs"
    out.print(f"[dim]{said}. Take it back: adequate people revoke {made.id}[/]", soft_wrap=True)


@people.command("list")
@project_option
def list_(root: Path | None) -> None:
    """Everybody, and the invites and tokens that are good.

    \b
    adequate people list
    """
    from adequate.store import people as rows

    now = time.time()
    with _store(root) as store, store.sql.reading() as connection:
        members, invites, tokens = rows.members(connection), rows.invites(connection), rows.tokens(connection)
    table = Table("id", "name", "role", "since", "comes by", box=None, pad_edge=False, header_style="dim")
    for one in members:
        way = "shut out" if one.revoked is not None else "password" if one.password else "link"
        way = "provider" if "://" in (one.subject or "") and one.revoked is None else way
        table.add_row(safe(one.id), safe(one.name), one.role, _day(one.at), way)
    out.print(table if members else "nobody yet; [bold]adequate people invite[/]")
    good = [one for one in invites if one.revoked is None and one.until > now and one.uses < one.most]
    for link in good:
        whom = f" for {safe(link.person)}" if link.person else ""
        used = f"used {link.uses} of {link.most}"
        out.print(f"invite [bold]{link.id}[/]: {link.role}{whom}, {used}, until {_day(link.until)}")
    for token in tokens:
        if token.revoked is None and (token.until is None or token.until > now):
            used = f"last used {_day(token.used)}" if token.used else "never used"
            until = f", until {_day(token.until)}" if token.until else ""
            out.print(
                f"token [bold]{token.id}[/]: {safe(token.name)}, {token.role}, of {safe(token.person)}, {used}{until}"
            )


@people.command()
@click.argument("id_", metavar="ID")
@project_option
def revoke(id_: str, root: Path | None) -> None:
    """Shut somebody out, or take back an invite or a token: whichever has this ID. It holds within two seconds.

    \b
    adequate people revoke ann
    adequate people revoke 3f9a01c2
    """
    from adequate.store import people as rows
    from adequate.studio.auth import register

    def job(desk: Desk) -> str:
        if rows.member(desk.connection, id_) is not None:
            register.shut_out(desk, id_)
            return "may no longer come in; what they did is kept"
        register.take_back(desk, id_)
        return "is no longer good"

    out.print(f"{safe(id_)} {_at_desk(root, job)}")


@people.command()
@click.argument("id_", metavar="ID")
@click.argument("role", type=ROLES)
@project_option
def role(id_: str, role: str, root: Path | None) -> None:
    """Give somebody another role. It holds within two seconds.

    \b
    adequate people role ann reviewer
    """
    from adequate.studio.auth import register
    from adequate.studio.roles import Role

    _at_desk(root, lambda desk: register.set_role(desk, id_, Role(role)))
    out.print(f"{safe(id_)} is {role} now")


@people.command()
@click.option("--name", required=True, help="What the token is for.")
@click.option("--role", type=ROLES, required=True, help="What it may do.")
@click.option("--days", type=float, help="How long it is good; without, until it is revoked.")
@project_option
def token(name: str, role: str, days: float | None, root: Path | None) -> None:
    """A token for a program, that acts for you. It is shown once.

    \b
    adequate people token --name CI --role engineer --days 90
    """
    from adequate.studio.auth import register
    from adequate.studio.roles import Role

    def job(desk: Desk) -> str:
        return register.token(desk, register.local_owner(desk, user()).id, name, Role(role), days=days)[1]

    out.print(_at_desk(root, job), soft_wrap=True)
    out.print("[dim]shown this once; a program says: Authorization: Bearer adq_...[/]")


def _at_desk(root: Path | None, job: Callable[[Desk], T]) -> T:
    from adequate.studio.auth import register

    def at(desk: Desk) -> T:
        desk.actor = register.local_owner(desk, user()).id
        return job(desk)

    with _store(root) as store:
        return register.at_desk(store.sql, "", at)


@contextmanager
def _store(root: Path | None) -> Iterator[Store]:
    """The project's decisions, to be written beside a studio that runs."""
    from adequate import store
    from adequate.loop import place

    with store.open(place.find(root), write=True, beside=True, verb="people") as opened:
        yield opened


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")
