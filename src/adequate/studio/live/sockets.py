"""One tab: what it sends is taken in order, what it is sent waits in a queue that has an end."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field

from starlette.websockets import WebSocket, WebSocketDisconnect

from adequate.studio.live import frames
from adequate.studio.roles import Can, Person

BEHIND = 2000  # frames that wait for a tab at most
FLYING = 256  # operations of a tab under way: more of them wait in its connection


@dataclass(eq=False, slots=True)
class Socket:
    """One tab.

    Args:
        person: who it is.
        ws: its connection, accepted.
    """

    person: Person
    ws: WebSocket
    topics: set[str] = field(default_factory=set)
    held: dict[str, deque[str]] = field(default_factory=dict)  # of topics whose past is being read: what came since
    flying: int = 0
    _out: deque[str] = field(default_factory=deque)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _landed: asyncio.Event = field(default_factory=asyncio.Event)
    _end: tuple[int, str] | None = None
    knows_all: bool = False  # reviewers and above see all of an event

    def __post_init__(self) -> None:
        self.knows_all = self.person.can(Can.REVIEW)

    def put(self, text: str, topic: str | None = None) -> None:
        """Send a frame when its turn comes; one of a topic whose past is still being read waits for that."""
        if self._end is not None:
            return
        waiting = self._out if topic is None or topic not in self.held else self.held[topic]
        waiting.append(text)
        if len(waiting) > BEHIND:
            self.end(frames.OVERFLOW, f"{BEHIND:,} frames behind")
        self._wake.set()

    def end(self, code: int, why: str) -> None:
        """Close it, after what waits; at once where that is too much."""
        if self._end is None:
            self._end = (code, why)
            if code == frames.OVERFLOW:
                self._out.clear()
        self._wake.set()

    def bye(self, code: int, why: str) -> None:
        """Say why, and close it."""
        self.put(frames.encoded({"t": "bye", "why": why}))
        self.end(code, why)

    @property
    def ended(self) -> bool:
        """Whether it is being closed."""
        return self._end is not None

    def landed(self) -> None:
        """One of its operations was answered."""
        self.flying -= 1
        self._landed.set()

    async def room(self) -> None:
        """Wait until one more operation may be under way."""
        while self.flying >= FLYING and not self.ended:
            self._landed.clear()
            await self._landed.wait()
        self.flying += 1

    async def send(self) -> None:
        """Send what there is to send, until the end."""
        ws, out = self.ws, self._out
        try:
            while True:
                while out:
                    await ws.send({"type": "websocket.send", "text": out.popleft()})
                if self._end is not None:
                    code, why = self._end
                    self._landed.set()
                    await ws.close(code, why[:100])
                    return
                self._wake.clear()
                await self._wake.wait()
        except (RuntimeError, WebSocketDisconnect):  # it went while we spoke
            self._end = self._end or (1006, "gone")
            self._landed.set()
