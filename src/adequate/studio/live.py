"""The hub: operations in, events out, over one WebSocket a tab."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from fastapi import FastAPI, WebSocket, WebSocketDisconnect

from adequate.errors import AdequateError, ConflictError
from adequate.store import Event
from adequate.studio import ops
from adequate.studio.roles import Person

if TYPE_CHECKING:
    from adequate.studio.context import Studio


@dataclass(eq=False)
class Socket:
    """One tab."""

    person: Person
    ws: WebSocket
    topics: set[str] = field(default_factory=set)
    out: asyncio.Queue[dict[str, Any]] = field(default_factory=lambda: asyncio.Queue(2000))


class Hub:
    """Takes operations, tells sockets."""

    studio: Studio

    def __init__(self) -> None:
        self.sockets: set[Socket] = set()

    def mount(self, app: FastAPI) -> None:
        """Add the WebSocket's route."""
        ops.load()
        app.add_api_websocket_route("/api/live", self.join)

    async def perform(self, person: Person, frame: dict[str, Any]) -> dict[str, Any]:
        """Run one operation; returns its `ack` or `nack` once it is safe, and tells who listens."""
        ask = ops.Ask(
            op=str(frame["op"]),
            kind=str(frame["kind"]),
            topic=str(frame["topic"]),
            body=frame.get("body") or {},
            rev=frame.get("rev"),
            person=person,
            at=time.time(),
            studio=self.studio,
        )

        def job(connection: sa.Connection) -> ops.Done:
            return ops.perform(connection, ask)

        try:
            done = await asyncio.wrap_future(self.studio.store.sql.submit(job))
        except AdequateError as error:
            current = error.current if isinstance(error, ConflictError) else None
            return {"t": "nack", "op": ask.op, "why": error.message, "remedy": error.remedy, "current": current}
        for seq, event in zip(done.seqs, done.events, strict=False):
            self.publish(seq, event)
        seq = max(done.seqs, default=0)
        return {"t": "ack", "op": ask.op, "seq": seq, "rev": seq}

    def publish(self, seq: int, event: Event) -> None:
        """Tell everybody who listens to the event's topic and may see it."""
        topic = event.topic or f"example:{event.example}"
        frame = {
            "t": "ev",
            "seq": seq,
            "topic": topic,
            "by": event.actor,
            "at": event.at,
            "kind": event.kind,
            "body": {
                "example": event.example,
                "task": event.task,
                "value": event.value,
                "source": str(event.source),
                **(event.body or {}),
            },
        }
        self.tell(topic, frame)

    def tell(self, topic: str, frame: dict[str, Any]) -> None:
        """Send a frame to whoever listens to a topic."""
        for socket in self.sockets:
            if topic in socket.topics:
                socket.out.put_nowait(frame)

    async def join(self, ws: WebSocket) -> None:
        """One socket, from open to close."""
        await ws.accept()
        socket = Socket(ws.state.person, ws)
        self.sockets.add(socket)
        sender = asyncio.create_task(self._send(socket))
        socket.out.put_nowait({"t": "ready", "build": "dev", "you": socket.person.id, "socket": uuid.uuid4().hex})
        try:
            while True:
                frame = json.loads(await ws.receive_text())
                if frame["t"] == "op":
                    socket.out.put_nowait(await self.perform(socket.person, frame))
                elif frame["t"] == "sub":
                    socket.topics |= set(frame["topics"])
        except WebSocketDisconnect:
            pass
        finally:
            self.sockets.discard(socket)
            sender.cancel()

    async def _send(self, socket: Socket) -> None:
        while True:
            await socket.ws.send_text(json.dumps(await socket.out.get(), ensure_ascii=False))
