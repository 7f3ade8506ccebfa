"""Who a cookie or a token stands for, without asking the database each time.

What was found is believed for two seconds: a request costs no SQL then, and whoever is shut out (here, by another
process, or by `adequate people`) is out two seconds later. The same look-up, over the sockets that are open, tells the
hub whom to say goodbye to.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager

import sqlalchemy as sa

from adequate.store import people
from adequate.store.people import Pass
from adequate.store.sql import Sql
from adequate.studio.roles import ORDER, Person, Role

BELIEVED = 2.0  # seconds
NOTED = 60.0  # seconds between two notes of when somebody was last here
LASTS = 30 * 86400.0  # seconds that a browser stays signed in after it was last here
MANY = 10_000  # known at once


class Sessions:
    """The cookies and tokens of a project, as far as they were shown lately.

    Args:
        sql: where they are.
        clock: seconds since 1970.
    """

    def __init__(self, sql: Sql, clock: Callable[[], float] = time.time) -> None:
        self._sql = sql
        self._clock = clock
        self._known: dict[str, tuple[float, Person]] = {}
        self._noted: dict[str, float] = {}
        self._open: Counter[tuple[str, Person]] = Counter()

    async def person(self, digest: str) -> Person | None:
        """Whom a secret stands for, by its digest; None where it opens nothing (any more)."""
        checked, found = self._known.get(digest, (0.0, None))
        if found is not None and 0 <= self._ticks() - checked < BELIEVED:
            return found
        return (await self._look([digest])).get(digest)

    def forget(self) -> None:
        """Somebody's role or welcome changed: ask again."""
        self._known.clear()

    @contextmanager
    def open(self, digest: str, person: Person) -> Iterator[None]:
        """While a socket is open that this secret opened, as this person."""
        self._open[digest, person] += 1
        try:
            yield
        finally:
            self._open[digest, person] -= 1

    @property
    def any_open(self) -> bool:
        """Whether any socket is open."""
        return self._open.total() > 0

    async def gone(self) -> set[str]:
        """The ids of those with an open socket who are no longer who they were when it opened."""
        self._open = +self._open
        if not self._open:
            return set()
        then = list(self._open)  # others may be opened while we look
        now = await self._look({digest for digest, _ in then})
        return {person.id for digest, person in then if now.get(digest) != person}

    async def _look(self, digests: Iterable[str]) -> dict[str, Person]:
        wanted, at = list(digests), self._clock()

        def read() -> dict[str, Pass]:
            with self._sql.reading("looking up who is signed in") as connection:
                return people.passes(connection, wanted, at=at)

        passes = await asyncio.to_thread(read)
        if len(self._known) > MANY:
            self._known.clear()
            self._noted.clear()
        found = {digest: _person(one) for digest, one in passes.items()}
        for digest in wanted:
            self._known.pop(digest, None)
        self._known.update({digest: (self._ticks(), person) for digest, person in found.items()})
        for one in passes.values():
            self._note(one, at)
        return found

    def _note(self, one: Pass, at: float) -> None:
        """Write down that they were here, at most once a minute, without making anybody wait."""
        last = max(one.seen or 0.0, self._noted.get(one.hash, 0.0))
        if at - last < NOTED:
            return
        self._noted[one.hash] = at
        noted: Future[None] = self._sql.submit(lambda connection: _seen(connection, one, at))
        noted.add_done_callback(lambda future: future.exception())  # nobody waits; the next minute tries again

    @staticmethod
    def _ticks() -> float:
        return time.monotonic()  # what is believed for two seconds is so whatever is done to the clock


def _seen(connection: sa.Connection, one: Pass, at: float) -> None:
    people.seen(connection, one, at=at, until=at + LASTS)


def _person(one: Pass) -> Person:
    """With the lesser of the person's role and the token's."""
    roles = [Role(role) for role in (one.role, one.limit) if role is not None]
    return Person(id=one.person, name=one.name, role=min(roles, key=ORDER.index))
