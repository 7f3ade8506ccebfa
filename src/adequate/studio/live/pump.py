"""What this process did not record itself: other servers on the same database, the engine, an import.

Whoever records says so (PostgreSQL: NOTIFY, sent with the commit; the engine: on its line to us); a look each second
finds what nobody told. What was recorded is then read from the table, in order.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

import sqlalchemy as sa

from adequate.errors import AdequateError
from adequate.store import Event
from adequate.store.sql import Sql
from adequate.studio.live import past

if TYPE_CHECKING:
    from adequate.studio.live.policies import Policies

EVERY = 1.0  # seconds between two looks that nobody asked for
TOGETHER = 1000  # events read at once
TOO_MANY = 5000  # new ones that are not told one by one: everybody reads anew
CHANNEL = "adequate_event"

_log = logging.getLogger(__name__)


class Pump:
    """Keeps a hub abreast of the table.

    Args:
        sql: of the project.
        policies: read before events are judged.
        told: the number of the last event the hub has told.
        tell: tells one event.
        skipped: told that everything up to a number was passed over.
    """

    def __init__(
        self,
        sql: Sql,
        policies: Policies,
        told: Callable[[], int],
        tell: Callable[[int, Event], None],
        skipped: Callable[[int], None],
    ) -> None:
        self._sql, self._policies = sql, policies
        self._told, self._tell, self._skipped = told, tell, skipped
        self._wake = asyncio.Event()

    def nudge(self) -> None:
        """Look now."""
        self._wake.set()

    async def run(self) -> None:
        """Look, for ever."""
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), EVERY)
            self._wake.clear()
            try:
                await self.look()
            except AdequateError as error:  # the database is away: the next look may find it back
                _log.warning("looking for events: %s", error.message)
                await asyncio.sleep(EVERY)

    async def look(self) -> None:
        """Tell what is in the table and was not told."""
        while True:
            since = self._told()
            last, found = await asyncio.to_thread(self._read, since)
            if last - since > TOO_MANY:
                self._skipped(last)
                continue
            for seq, event in found:
                if seq > self._told():
                    self._tell(seq, event)
            if len(found) < TOGETHER:
                return

    def _read(self, since: int) -> tuple[int, list[past.Told]]:
        with self._sql.reading("looking for events") as connection:
            last = past.last(connection)
            found = past.after(connection, since, TOGETHER) if 0 < last - since <= TOO_MANY else []
            if found:
                self._policies.expire()
            if found or self._policies.stale():
                self._policies.read(connection, max((event.row for _, event in found), default=-1))
        return last, found


def notify(connection: sa.Connection, seq: int) -> None:
    """Tell other processes, when this transaction is committed. SQLite has one server, and it looks."""
    if connection.dialect.name == "postgresql":
        query = sa.text("SELECT pg_notify(:channel || '_' || current_schema(), :seq)")
        connection.execute(query, {"channel": CHANNEL, "seq": str(seq)})


async def listen(sql: Sql, told: Callable[[], None]) -> None:
    """Hear what other processes on the same PostgreSQL commit, for ever; returns at once on SQLite."""
    found = await asyncio.to_thread(_address, sql)
    if found is None:
        return
    address, channel = found
    import psycopg

    while True:
        try:
            async with await psycopg.AsyncConnection.connect(address, autocommit=True) as connection:
                await connection.execute(psycopg.sql.SQL("LISTEN {}").format(psycopg.sql.Identifier(channel)))
                told()  # what came while nobody listened
                async for _ in connection.notifies():
                    told()
        except psycopg.Error as error:
            _log.warning("listening to the database: %s", str(error).splitlines()[0] if str(error) else error)
        await asyncio.sleep(EVERY)


def _address(sql: Sql) -> tuple[str, str] | None:
    with sql.reading("asking the database where it is") as connection:
        if connection.dialect.name != "postgresql":
            return None
        schema = connection.scalar(sa.text("SELECT current_schema()"))
        url = connection.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    return url, f"{CHANNEL}_{schema}"
