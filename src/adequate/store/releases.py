"""Releases, and which of them answer what share of requests: each step of a rollout is a row with who and why.

    candidate -> shadow -> share -> all -> retired

The newest row of a release is its state. One release at most is `all`, one `share`, one `shadow`: whoever takes such a
place moves the one that had it, in the same transaction. Servers ask `serving` several times a second.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import sqlalchemy as sa

from adequate.errors import ConflictError, UnknownNameError, unknown
from adequate.store.schema import release, rollout
from adequate.store.sql import Sql, alone, now

ReleaseState = Literal["candidate", "shadow", "share", "all", "retired"]
_MOVED: Mapping[ReleaseState, ReleaseState] = {"all": "retired", "share": "candidate", "shadow": "candidate"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A release's record.

    Args:
        id: of its bundle.
        model: the accepted model that it was made from.
        path: of its bundle, inside the project's folder or absolute.
        bytes: of all its files.
        seconds: a text, in batches; 0 where nobody measured.
        card: whatever else is worth knowing, JSON.
        number: 1, 2, 3 ... in the order in which they were made; given by the store.
        at: when, seconds since 1970.
        state, share: as its rollout says; `share` in [0, 1], of requests.
    """

    id: str
    model: str
    path: str
    bytes: int = 0
    seconds: float = 0.0
    card: Mapping[str, Any] = field(default_factory=dict)
    number: int = 0
    at: float = 0.0
    state: ReleaseState = "candidate"
    share: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """One step of a release.

    Args:
        state: from now on.
        share: of requests that it answers, in [0, 1]; 1 for `all`, 0 for those that answer none.
        back: it puts back what was before.
        who, why: always known, `why` may be "".
        at: seconds since 1970; id: both given by the store.
    """

    release: str
    state: ReleaseState
    share: float = 0.0
    back: bool = False
    who: str
    why: str
    at: float = 0.0
    id: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """Which releases answer now.

    Args:
        all: answers whatever no other does; None before the first.
        share: (release, fraction of requests in (0, 1]).
        shadow: is asked too, and not heard.
        seq: number of the last step; it grows with every change.
    """

    all: str | None = None
    share: tuple[str, float] | None = None
    shadow: str | None = None
    seq: int = 0


@dataclass(frozen=True, slots=True)
class Releases:
    """The releases of a project.

    Args:
        sql: where their records are.
        root: the project's folder.
    """

    sql: Sql
    root: Path

    def put(self, record: Release, *, who: str, why: str = "") -> Release:
        """Add a record as the newest, a candidate; one that is there gets the card and what was measured, and keeps
        its state."""

        def job(connection: sa.Connection) -> None:
            alone(connection)
            card = json.dumps(record.card, ensure_ascii=False, sort_keys=True)
            others = sa.select(sa.func.max(release.c.number)).where(release.c.id != record.id)
            names = ("model", "path", "bytes", "seconds")
            values = {name: getattr(record, name) for name in names}
            values |= {"card": card, "number": (connection.scalar(others) or 0) + 1}
            again = sa.update(release).where(release.c.id == record.id).values(values)
            if connection.execute(again).rowcount:
                return
            at = record.at or now(connection)
            connection.execute(sa.insert(release).values(id=record.id, at=at, **values))
            _write(connection, Rollout(release=record.id, state="candidate", who=who, why=why))

        self.sql.write(job, "recording a release")
        return self.get(record.id)

    def get(self, name: str) -> Release:
        """The release of this id, or the only one whose id begins so; `last` and `serving` are names too.

        Raises:
            UnknownNameError: none is, or several are.
        """
        everyone = self.list()
        if not everyone:
            raise UnknownNameError(f"no release {name!r}: there is none yet", remedy="adequate ship makes one")
        if name == "last":
            return everyone[-1]
        if name == "serving":
            near = [one for one in everyone if one.state == "all"]
            if not near:
                raise UnknownNameError("no release is serving", remedy="adequate promote RELEASE")
            return near[0]
        near = [one for one in everyone if name and one.id.startswith(name)]
        if len(near) > 1:
            raise UnknownNameError(f"{len(near)} releases begin with {name!r}", remedy="give more of the id")
        if not near:
            raise unknown("release", name, [one.id for one in everyone])
        return near[0]

    def list(self) -> list[Release]:
        """All releases with their states, oldest first."""
        query = sa.select(release, rollout.c.state, rollout.c.share).join(rollout, rollout.c.release == release.c.id)
        rows = self.sql.rows(query.where(rollout.c.id.in_(_NEWEST)).order_by(release.c.number))
        return [Release(**dict(row._mapping) | {"card": json.loads(row.card)}) for row in rows]

    def folder(self, one: Release) -> Path:
        """Where a release's bundle is."""
        return self.root / one.path

    def serving(self) -> Serving:
        """Which releases answer now: one small query."""
        with self.sql.reading("asking which release serves") as connection:
            return serving(connection)

    def steps(self, name: str | None = None) -> tuple[Rollout, ...]:
        """Every step of all releases, or of one, oldest first."""
        query = sa.select(rollout).order_by(rollout.c.id)
        rows = self.sql.rows(query if name is None else query.where(rollout.c.release == name))
        return tuple(Rollout(**row._mapping) for row in rows)

    def rollout(self, step: Rollout, *, seen: int | None = None) -> int:
        """Take a step; returns its number. Taking it twice is taking it once.

        Args:
            step: its `id` and `at` are the store's.
            seen: `Serving.seq` when this was decided; None: whatever happened since.

        Raises:
            ConflictError: somebody else took a step since then, and this one isn't what they did; or nothing would
                be left to answer.
            UnknownNameError: there is no such release.
        """
        return self.sql.write(lambda connection: take(connection, step, seen=seen), "rolling out")


def serving(connection: sa.Connection) -> Serving:
    """As `Releases.serving`, on a connection of the caller's."""
    newest = connection.execute(_SERVING).all()
    place = {row.state: (row.release, row.share) for row in newest}
    return Serving(
        all=place.get("all", (None,))[0],
        share=place.get("share"),
        shadow=place.get("shadow", (None,))[0],
        seq=max((row.id for row in newest), default=0),
    )


def paths(connection: sa.Connection, ids: Sequence[str]) -> dict[str, str]:
    """Where the bundles of these releases are: `Release.path` by id."""
    found = connection.execute(sa.select(release.c.id, release.c.path).where(release.c.id.in_(ids)))
    return {row.id: row.path for row in found}


def take(connection: sa.Connection, step: Rollout, *, seen: int | None = None) -> int:
    """As `Releases.rollout`, inside a transaction of the caller's."""
    alone(connection)
    if connection.scalar(sa.select(release.c.id).where(release.c.id == step.release)) is None:
        raise UnknownNameError(f"no release {step.release!r}", remedy="adequate show releases")
    newest = {row.release: row for row in connection.execute(_SERVING)}
    held = newest[step.release]
    if (held.state, held.share) == (step.state, step.share):
        return int(held.id)
    last = max(row.id for row in newest.values())
    if seen is not None and last != seen:
        other = next(row for row in newest.values() if row.id == last)
        raise ConflictError(
            f"the releases were changed meanwhile: {other.release} is {other.state} since {other.who} said so",
            remedy="look at `adequate show releases`, then ask again",
            current={"release": other.release, "state": other.state, "seq": last},
        )
    if held.state == "all":
        raise ConflictError(
            f"{step.release} answers every request that no other does; it can't become {step.state}",
            remedy="put another in its place: adequate promote RELEASE, or adequate rollback",
        )
    if step.state == "share" and not any(row.state == "all" for row in newest.values()):
        raise ConflictError(
            f"no release would answer the requests that {step.release} doesn't",
            remedy=f"adequate promote {step.release}, without --share",
        )
    moved = _MOVED.get(step.state)
    for row in newest.values():
        if moved and row.state == step.state and row.release != step.release:
            gone = f"{step.release} took its place"
            _write(connection, Rollout(release=row.release, state=moved, who=step.who, why=gone))
    return _write(connection, step)


# Built once: servers ask several times a second.
_NEWEST = sa.select(sa.func.max(rollout.c.id)).group_by(rollout.c.release)
_SERVING = sa.select(rollout.c.id, rollout.c.release, rollout.c.state, rollout.c.share, rollout.c.who).where(
    rollout.c.id.in_(_NEWEST)
)


def _write(connection: sa.Connection, step: Rollout) -> int:
    names = ("release", "state", "share", "back", "who", "why")
    values = {name: getattr(step, name) for name in names} | {"at": now(connection)}
    key = connection.execute(sa.insert(rollout).values(values)).inserted_primary_key
    assert key is not None
    return int(key[0])
