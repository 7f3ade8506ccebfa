"""The loop beside the server: after some new labels heads are refitted and queues refilled, in a process of its own.

A cycle is due when enough labels came since the last one, when nothing waits any more and there is something to
learn, when the last one was cut short, or when somebody asks. One turns at a time. While it turns the board is told
of every step (`turn`), and at the end what came of it (`turned`, which is recorded). What fails is said, and tried
again later and later. Of several servers one turns at a time. What somebody holds is never taken from under them: the
miner withdraws what nobody holds.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from adequate.errors import AdequateError, BusyError
from adequate.store import Event
from adequate.store.events import record
from adequate.store.lock import locked
from adequate.store.schema import event as log
from adequate.studio.child import lines
from adequate.studio.live import counts
from adequate.studio.turn import TURNING
from adequate.types import Source

if TYPE_CHECKING:
    from adequate.studio.context import Studio

LEAST, SHARE = 10, 0.05  # new labels after which a cycle is due: a twentieth of those there are, at least ten
SETTING = "setting:refit_after"  # an override that says how many instead
LOOK = 0.5  # seconds between two looks whether one is due
ELSEWHERE = 5.0  # seconds between two looks whether another server's cycle has ended
AGAIN, LATEST = 30.0, 900.0  # seconds after a failure, doubled each time
WHO = "engine"
NOTHING = {"cycle": None, "step": "", "what": "", "done": 0, "total": None}


class Engine:
    """Turns the loop when it is due.

    Args:
        root: of the project.
        automatic: whether it turns by itself; else only when asked.
    """

    def __init__(self, root: Path, *, automatic: bool = True) -> None:
        self.root = root
        self.automatic = automatic
        self._alone = asyncio.Lock()  # held while a cycle turns
        self._fresh = 0  # labels since the last cycle
        self._labels = 0
        self._unfinished = False
        self._changed = True
        self._uncounted = False
        self._asked = asyncio.Event()
        self._now: dict[str, Any] = {}  # of the step that is being worked on
        self._failure: dict[str, str] | None = None
        self._failures = 0
        self._not_before = 0.0

    @contextlib.asynccontextmanager
    async def running(self, studio: Studio) -> AsyncIterator[None]:
        """While the application lives."""
        self.studio = studio
        await asyncio.to_thread(self._begin)
        studio.hub.watchers.append(self._told)
        studio.hub.missed.append(self._missed)
        task = asyncio.create_task(self._run())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    def ask(self) -> dict[str, Any]:
        """Somebody asks for a cycle now; returns `state`.

        Raises:
            BusyError: one is being turned.
        """
        if self._alone.locked() or self._asked.is_set():
            raise BusyError("a cycle is being turned", remedy="wait until it ends: the board says how far it is")
        self._asked.set()
        return self.state()

    def state(self) -> dict[str, Any]:
        """For people: is a cycle being turned, how far is it, when does the next begin, what failed?"""
        return {
            "running": self._alone.locked() or self._asked.is_set(),
            **NOTHING,
            **self._now,
            "fresh": self._fresh,
            "after": self._after(),
            "automatic": self.automatic,
            "failure": self._failure,
        }

    @contextlib.asynccontextmanager
    async def still(self, doing: str, *, wait: bool = True) -> AsyncIterator[None]:
        """While no cycle turns, here or at another server: a cycle must not see half of what is added or erased.

        Raises:
            BusyError: one turns, and who asks won't wait.
        """
        busy = BusyError(
            "a cycle is being turned, or data added", remedy="wait until it ends: the board says how far it is"
        )
        if self._alone.locked() and not wait:
            raise busy
        async with self._alone, contextlib.AsyncExitStack() as held:
            while True:
                try:
                    held.enter_context(locked(self.root / ".adequate" / TURNING, doing))
                    break
                except BusyError:  # another server turns one
                    if not wait:
                        raise busy from None
                await asyncio.sleep(LOOK)
            yield

    def _begin(self) -> None:
        store = self.studio.store
        last = store.journal.last()
        seq = 0 if last is None else int(last.state.get("seq", 0))
        self._unfinished = last is None or not last.ended
        self._fresh = store.sql.value(sa.select(sa.func.count()).where(log.c.kind == "label", log.c.seq > seq))
        self._labels = store.sql.value(sa.select(sa.func.count()).where(log.c.kind == "label"))
        self._setting = next(
            (row.value for row in reversed(store.overrides.list(now=time.time())) if row.what == SETTING), None
        )

    def _told(self, _seq: int, event: Event) -> None:
        if event.kind == "label":
            self._fresh += 1
            self._labels += 1
        self._uncounted |= event.kind == "turned"  # perhaps by another server, with what we counted
        self._changed = True

    def _missed(self) -> None:
        self._uncounted = True

    def _after(self) -> int:
        return int(self._setting) if self._setting else max(LEAST, math.ceil(SHARE * self._labels))

    async def _run(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._asked.wait(), LOOK)
            try:
                if self._asked.is_set() or (self.automatic and await self._due()):
                    async with self._alone:
                        self._asked.clear()
                        await self._turn()
            except AdequateError as error:
                self._failed(error.message, error.remedy)
            except (OSError, ValueError) as error:
                self._failed(f"a cycle could not begin: {error}", "")

    async def _due(self) -> bool:
        if time.monotonic() < self._not_before:
            return False
        if self._uncounted:
            self._uncounted = False
            await asyncio.to_thread(self._begin)
        if self._unfinished or self._fresh >= self._after():
            return True
        if not self._fresh or not self._changed:
            return False
        self._changed = False
        return not await asyncio.to_thread(self._waiting)

    def _waiting(self) -> int:
        with self.studio.store.sql.reading("counting what waits") as connection:
            return sum(counts.waiting(connection).values())

    async def _turn(self) -> None:
        fresh, self._unfinished = self._fresh, False
        turned: dict[str, Any] | None = None
        error = {"message": "", "remedy": ""}
        self._say({"what": "starting"})
        try:
            async with contextlib.aclosing(lines("adequate.studio.turn", str(self.root))) as said:
                async for line in said:
                    if "what" in line:
                        self._say(line)
                    elif "notice" in line:
                        self.studio.hub.tell("board", "notice", {"text": line["notice"]})
                    turned, error = line.get("result", turned), line.get("error", error)
        finally:
            self._now = {}
        if turned is not None:
            self._fresh = max(0, self._fresh - fresh)
            self._failures, self._failure, self._not_before = 0, None, 0.0
            await self._record(turned)
        else:
            self._unfinished = True  # it goes on where it was
            if self.automatic and error.get("kind") == BusyError.__name__:  # another server turns one
                self._not_before = time.monotonic() + ELSEWHERE
                self._say({})
            else:
                self._failed(error["message"], error["remedy"])

    def _say(self, now: dict[str, Any]) -> None:
        self._now = now
        self.studio.hub.tell("board", "turn", self.state())

    def _failed(self, message: str, remedy: str) -> None:
        self._failure = {"message": message, "remedy": remedy}
        self._not_before = time.monotonic() + min(LATEST, AGAIN * 2**self._failures)
        self._failures += 1
        self.studio.hub.tell("board", "turn", self.state() | {"running": False})

    async def _record(self, turned: dict[str, Any]) -> None:
        hub = self.studio.hub
        if turned["cycle"] is not None:
            event = Event(
                example="",
                row=-1,
                task="",
                value=None,
                actor=WHO,
                source=Source.MODEL,
                kind="turned",
                topic="board",
                body=turned,
            )
            seqs = await asyncio.wrap_future(self.studio.store.sql.submit(lambda c: record(c, [event])))
            hub.publish(seqs[0], event)
        hub.recount()
        hub.tell("board", "turn", self.state() | {"running": False, "what": turned["say"]})
