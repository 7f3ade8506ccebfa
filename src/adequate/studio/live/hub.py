"""The hub: operations in, events out.

Operations that arrive while a commit is under way, or soon after one, are performed together in the next. Each is
answered only after its commit, in the order in which its tab sent it; its events are told in the order of their
numbers, which is the order of the commits, whichever process made them.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from concurrent.futures import Future
from functools import partial
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from fastapi import FastAPI
from starlette.websockets import WebSocket

from adequate.errors import AdequateError, BusyError, StoreError
from adequate.store import Event
from adequate.store.faults import translated
from adequate.studio import ops
from adequate.studio.live import counts, frames, past
from adequate.studio.live.counts import Counts
from adequate.studio.live.pace import Pace
from adequate.studio.live.policies import Policies
from adequate.studio.live.presence import Presence
from adequate.studio.live.pump import Pump, listen, notify
from adequate.studio.live.sockets import Socket
from adequate.studio.live.visible import SAID, visible
from adequate.studio.roles import Can, Person

if TYPE_CHECKING:
    from adequate.studio.context import Studio

TOGETHER = 200  # operations in one transaction at most
BEAT = 20.0  # seconds
TICK = 0.1  # seconds between two tellings of who is where
BEHIND = 2.0  # seconds that a server waits to hear what another one told already
GATHERED = 0.01  # seconds from one commit's beginning to the next, where several people ask (`_follow_up`)
COUNTED = 0.25  # seconds between two tellings of the counts

Reply = Callable[[dict[str, Any]], None]
_log = logging.getLogger(__name__)


class Hub:
    """Takes operations, tells sockets.

    Args:
        build: names the page that is served, for tabs that still show an older one.
    """

    studio: Studio

    def __init__(self, build: str = "dev") -> None:
        self.build = build
        self.told = 0
        self.watchers: list[Callable[[int, Event], None]] = []  # told of every event, in order
        self.missed: list[Callable[[], None]] = []  # told that events passed that nobody is told one by one
        self._sockets: set[Socket] = set()
        self._topics: dict[str, set[Socket]] = {}
        self._presence = Presence()
        self._counts = Counts()
        self._recount = False
        self._pace = Pace()
        self._waiting: list[tuple[ops.Ask, Reply]] = []
        self._busy = False
        self._next = 0.0  # when the next commit begins at the earliest
        self._last: set[str] = set()  # whose operations the last one held
        self._ending = False

    def mount(self, app: FastAPI) -> None:
        """Add the WebSocket's route."""
        ops.load()
        app.add_api_websocket_route("/api/live", self.join)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """While the application lives."""
        sql = self.studio.store.sql
        self.loop = asyncio.get_running_loop()
        self.policies = Policies(sql)
        await asyncio.to_thread(self._begin)
        self._pump = Pump(sql, self.policies, lambda: self.told, self._tell_event, self._skipped)
        chores = (self._pump.run(), listen(sql, self.nudge), self._tick(), self._beat())
        tasks = [asyncio.create_task(chore) for chore in chores]
        try:
            yield
        finally:
            self._ending = True
            for socket in self._sockets:
                socket.bye(frames.RESTART, "the server ends")
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _begin(self) -> None:
        with self.studio.store.sql.reading("counting labels") as connection:
            self.told = past.last(connection)
            self.policies.read(connection, 0)
            self._counts.read(connection, self.told)

    # Operations

    def submit(self, person: Person, frame: dict[str, Any], reply: Reply) -> None:
        """Perform an operation with those that come with it; `reply` is given its `ack` or `nack`."""
        if not self._pace.may(person.id):
            slow = BusyError("slow down: more than 50 operations a second", remedy="it is sent again by itself")
            reply(frames.nack(frame["op"], slow))
            return
        ask = ops.Ask(
            op=frame["op"],
            kind=frame["kind"],
            topic=frame["topic"],
            body=frame.get("body") or {},
            rev=frame.get("rev"),
            person=person,
            at=time.time(),
            studio=self.studio,
        )
        self._waiting.append((ask, reply))
        if not self._busy:
            self._busy = True
            self._follow_up()

    async def perform_all(self, person: Person, some: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Perform operations in order; returns the `ack` or `nack` of each once all are safe."""
        answers = [self.loop.create_future() for _ in some]
        for frame, answer in zip(some, answers, strict=True):
            self.submit(person, frame, partial(_settle, answer))
        return list(await asyncio.gather(*answers))

    def _follow_up(self) -> None:
        """Commit what waits: where several people ask, with what comes meanwhile, for a commit of one costs as much as
        four operations; after whatever else is ready to be read now in any case."""
        several = len(self._last | {ask.person.id for ask, _ in self._waiting}) > 1
        self.loop.call_at(self._next if several else 0.0, self._flush)

    def _flush(self) -> None:
        some, self._waiting = self._waiting[:TOGETHER], self._waiting[TOGETHER:]
        asks = [ask for ask, _ in some]
        self._next, self._last = self.loop.time() + GATHERED, {ask.person.id for ask in asks}

        def job(connection: sa.Connection) -> list[ops.Outcome]:
            outcomes = ops.together(connection, asks)
            events = [event for outcome in outcomes if isinstance(outcome, ops.Done) for event in outcome.events]
            if events:
                notify(connection, max(outcome.seq for outcome in outcomes if isinstance(outcome, ops.Done)))
                if any(event.kind not in SAID for event in events):
                    self.policies.expire()
                self.policies.read(connection, max(event.row for event in events))
            return outcomes

        try:
            future = self.studio.store.sql.submit(job)
        except StoreError as error:
            self._committed(some, [error] * len(some))
            return
        future.add_done_callback(lambda done: self._soon(some, done))

    def _soon(self, some: list[tuple[ops.Ask, Reply]], done: Future[list[ops.Outcome]]) -> None:
        fault = done.exception()
        outcomes: list[ops.Outcome] = [fault] * len(some) if isinstance(fault, Exception) else done.result()
        with contextlib.suppress(RuntimeError):  # the server has ended meanwhile; what was committed stays
            self.loop.call_soon_threadsafe(self._committed, some, outcomes)

    def _committed(self, some: list[tuple[ops.Ask, Reply]], outcomes: list[ops.Outcome]) -> None:
        self._busy = bool(self._waiting)
        if self._busy:
            self._follow_up()
        for outcome in outcomes:
            if isinstance(outcome, ops.Done):
                for seq, event in zip(outcome.seqs, outcome.events, strict=False):
                    self.publish(seq, event)
                    if self.told < seq:  # told later, after somebody else's; whoever has the ack may count on it now
                        self.studio.follow(event)
        for (ask, reply), outcome in zip(some, outcomes, strict=True):
            if isinstance(outcome, ops.Done):
                reply(frames.ack(ask.op, outcome.seq))
            else:
                reply(frames.nack(ask.op, _ours(outcome, ask)))

    # Events

    def nudge(self) -> None:
        """Somebody else recorded events: tell them. On the server's own thread."""
        self._pump.nudge()

    def publish(self, seq: int, event: Event) -> None:
        """Tell an event that this process has committed. On the server's own thread."""
        if seq == self.told + 1:
            self._tell_event(seq, event)
        elif seq > self.told:
            self._pump.nudge()  # another process was first: all of it from the table, in order

    def _tell_event(self, seq: int, event: Event) -> None:
        self.told = seq
        self._recount |= self._counts.told(seq, event)
        for watch in self.watchers:
            watch(seq, event)
        topic = frames.topic_of(event)
        texts: dict[bool, str] = {}
        for socket in self._topics.get(topic, ()):
            if self.may_see(event, socket.person):
                if socket.knows_all not in texts:
                    frame = self.frame(seq, event, secrets=socket.knows_all)
                    texts[socket.knows_all] = frames.encoded(frame)
                socket.put(texts[socket.knows_all], topic)

    def may_see(self, event: Event, person: Person) -> bool:
        """Whether a person may see an event, as things are now."""
        return visible(event, person, self.policies.of(event.task), sealed=self.policies.sealed(event))

    def frame(self, seq: int, event: Event, *, secrets: bool) -> dict[str, Any]:
        """An event as it is told, as things are now."""
        return frames.event_frame(seq, event, secrets=secrets, blind=self.policies.of(event.task).blind)

    def _skipped(self, upto: int) -> None:
        self.told = upto
        for read_anew in self.missed:
            read_anew()
        for topic, sockets in self._topics.items():
            for socket in sockets:
                socket.put(frames.encoded({"t": "resync", "topic": topic}), topic)

        async def recount() -> None:
            with contextlib.suppress(AdequateError):
                await asyncio.to_thread(self._count_anew, upto)
                self._recount = True

        self._recounting = asyncio.create_task(recount())

    def _count_anew(self, seq: int) -> None:
        with self.studio.store.sql.reading("counting labels") as connection:
            fresh = Counts()
            fresh.read(connection, max(seq, past.last(connection)))
            self._counts = fresh

    async def _missed(self, socket: Socket, topic: str, since: int, upto: int) -> list[dict[str, Any]]:
        """The frames of a topic between two events; or that there are too many, or none that can be known."""
        try:
            if since <= self.told:
                found = await asyncio.to_thread(self._read_past, topic, since, upto, past.FAR + 1)
                if len(found) <= past.FAR:
                    return self._shown(socket.person, found)
        except AdequateError as error:
            _log.warning("reading what was missed: %s", error.message)
        return [{"t": "resync", "topic": topic}]

    async def _catch_up(self, since: int) -> None:
        """Hear what another server told up to an event, if there is one of that number: whoever comes from there knows
        it already."""
        if since <= self.told or since > await asyncio.to_thread(self._last_event):
            return
        end = self.loop.time() + BEHIND
        self._pump.nudge()
        while self.told < since and self.loop.time() < end:
            await asyncio.sleep(TICK / 10)

    def _last_event(self) -> int:
        try:
            with self.studio.store.sql.reading("the last event") as connection:
                return past.last(connection)
        except AdequateError:
            return 0

    async def page(self, person: Person, topic: str, since: int, limit: int) -> dict[str, Any]:
        """What was told of a topic after an event, as a person may see it, some of it at a time."""
        await self._catch_up(since)
        upto = self.told
        if since > upto:
            return {"events": [], "seq": upto, "more": False, "resync": True}
        found = await asyncio.to_thread(self._read_past, topic, since, upto, limit + 1)
        more = len(found) > limit
        seq = found[limit - 1][0] if more else upto
        return {"events": self._shown(person, found[:limit]), "seq": seq, "more": more, "resync": False}

    def _shown(self, person: Person, found: Sequence[past.Told]) -> list[dict[str, Any]]:
        secrets = person.can(Can.REVIEW)
        return [self.frame(seq, event, secrets=secrets) for seq, event in found if self.may_see(event, person)]

    def _read_past(self, topic: str, since: int, upto: int, limit: int) -> list[past.Told]:
        with self.studio.store.sql.reading("reading what was missed") as connection:
            found = past.of_topic(connection, topic, since, upto, limit)
            self.policies.read(connection, max((event.row for _, event in found), default=-1))
        return found

    def tell(self, topic: str, kind: str, body: dict[str, Any]) -> None:
        """Tell whoever listens to a topic something that is kept nowhere."""
        text = frames.encoded({"t": "ev", "topic": topic, "by": "", "at": time.time(), "kind": kind, "body": body})
        for socket in self._topics.get(topic, ()):
            socket.put(text, topic)

    def recount(self) -> None:
        """What waits may have changed without an event: count it."""
        self._recount = True

    # Sockets

    async def join(self, ws: WebSocket) -> None:
        """One socket, from open to close."""
        await ws.accept()
        socket = Socket(ws.state.person, ws)
        self._sockets.add(socket)
        you = {"you": socket.person.id, "role": str(socket.person.role)}
        socket.put(frames.encoded({"t": "ready", "build": self.build, **you, "seq": self.told}))
        self._presence.come(socket, socket.person)
        sender = asyncio.create_task(socket.send())
        try:
            while not socket.ended:
                message = await ws.receive()
                if socket.ended or message["type"] == "websocket.disconnect":  # shut out while it was waited for
                    break
                await self._take(socket, message.get("text"))
            if socket.ended:
                await sender
        finally:
            socket.end(frames.RESTART, "gone")
            sender.cancel()
            self._sockets.discard(socket)
            self._leave(socket, socket.topics)
            self._presence.gone(socket)

    async def _take(self, socket: Socket, text: str | None) -> None:
        try:
            if text is None:
                raise frames.MalformedError("frames are texts")
            frame = frames.frame_of(text)
        except frames.MalformedError as error:
            if error.op is not None:
                said = {"t": "nack", "op": error.op, "why": error.why, "remedy": "", "current": None, "again": False}
                socket.put(frames.encoded(said))
            else:
                socket.bye(frames.MALFORMED, error.why)
            return
        match frame["t"]:
            case "op":
                await socket.room()
                if socket.ended:
                    return
                self.submit(socket.person, frame, partial(self._answered, socket))
            case "sub":
                await self._subscribe(socket, frame["topics"], frame["since"])
            case "unsub":
                self._leave(socket, frame["topics"])
            case "seen":
                self._presence.seen(socket, frame["at"])
            case "ping":
                socket.put('{"t":"pong"}')

    def _answered(self, socket: Socket, answer: dict[str, Any]) -> None:
        socket.put(frames.encoded(answer))
        socket.landed()

    async def _subscribe(self, socket: Socket, topics: list[str], since: dict[str, int]) -> None:
        """Live from now on; what was missed is read meanwhile, and sent first."""
        if len(socket.topics | set(topics)) > frames.MANY_TOPICS:
            socket.bye(frames.MALFORMED, f"a tab listens to {frames.MANY_TOPICS} topics at most")
            return
        await self._catch_up(max(since.values(), default=0))
        for topic in topics:
            socket.topics.add(topic)
            self._topics.setdefault(topic, set()).add(socket)
            if topic in since:
                socket.held.setdefault(topic, deque())
        seq = self.told
        for topic in [topic for topic in topics if topic in since]:
            missed = await self._missed(socket, topic, since[topic], seq)
            later = socket.held.pop(topic, deque())
            for text in (*map(frames.encoded, missed), *later):
                socket.put(text)
        for topic in topics:
            self._tell_presence(topic, [socket])
        if "board" in topics:
            self._recount = True
        socket.put(frames.encoded({"t": "subbed", "topics": topics, "seq": seq}))

    def _leave(self, socket: Socket, topics: Iterable[str]) -> None:
        for topic in list(topics):
            socket.topics.discard(topic)
            here = self._topics.get(topic)
            if here is not None:
                here.discard(socket)
                if not here:
                    del self._topics[topic]

    def bye(self, person: str, why: str) -> None:
        """Say goodbye to all tabs of somebody whose role was changed or taken away."""
        for socket in self._sockets:
            if socket.person.id == person:
                socket.bye(frames.DISMISSED, why)

    # Presence, counts, heartbeat

    def _tell_presence(self, topic: str, sockets: Iterable[Socket]) -> None:
        who = self._presence.who(topic)
        blind = self.policies.of_topic(topic).blind
        texts: dict[str, str] = {}
        for socket in sockets:
            alone = blind and not socket.knows_all
            known = socket.person.id if alone else ""
            if known not in texts:
                shown = [one for one in who if not alone or one["id"] == known]
                texts[known] = frames.encoded({"t": "presence", "topic": topic, "who": shown})
            socket.put(texts[known], topic)

    async def _tick(self) -> None:
        counted = faded = 0.0
        while True:
            await asyncio.sleep(TICK)
            for topic in self._presence.changed():
                self._tell_presence(topic, self._topics.get(topic, ()))
            now = time.monotonic()
            if now - faded > BEAT:
                faded = now
                self._presence.fade()
            if self._recount and now - counted >= COUNTED and self._topics.get("board"):
                self._recount, counted = False, now
                with contextlib.suppress(AdequateError):
                    self._tell_counts(self._counts.body(await asyncio.to_thread(self._count_waiting)))

    def _tell_counts(self, body: dict[str, dict[str, int]]) -> None:
        """Those who label hear nothing of what they label blind: whatever they answer that changes no count had a known
        answer."""
        blind = {task for of in body.values() for task in of if self.policies.of(task).blind}
        known = {name: {task: n for task, n in of.items() if task not in blind} for name, of in body.items()}
        texts = {True: _counted(body), False: _counted({**known, "untold": sorted(blind)})}
        for socket in self._topics.get("board", ()):
            socket.put(texts[socket.knows_all], "board")

    def _count_waiting(self) -> dict[str, int]:
        with self.studio.store.sql.reading("counting what waits") as connection:
            return counts.waiting(connection)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(BEAT)
            for socket in self._sockets:
                socket.put('{"t":"ping"}')


def _counted(body: dict[str, Any]) -> str:
    return frames.encoded({"t": "ev", "topic": "board", "by": "", "at": time.time(), "kind": "counts", "body": body})


def _settle(answer: asyncio.Future[dict[str, Any]], frame: dict[str, Any]) -> None:
    if not answer.done():  # whoever asked may have left
        answer.set_result(frame)


def _ours(error: BaseException, ask: ops.Ask) -> AdequateError:
    known = error if isinstance(error, AdequateError) else translated(error, f"recording {ask.kind}")
    if known is not None:
        return known
    _log.error("%s failed", ask.kind, exc_info=error)
    return AdequateError(f"{ask.kind} failed here: {type(error).__name__}", remedy="tell whoever runs the server")
