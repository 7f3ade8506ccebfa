"""What a tab does, over a real WebSocket.

say(ws, t=..., ...)            a frame up
until(ws, *t, ...)             the next frame of a kind that fits, others passed over
heard(ws)                      all frames until the answer to a ping
joined(ws, *topics)            listening, as of now
operate(ws, kind, topic, ...)  an operation; its `ack` or `nack`
closing(ws)                    the code with which the server ends it
"""

from __future__ import annotations

import json
import uuid
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from adequate.store import Event, QueueItem
from adequate.types import Source


def say(ws: ClientConnection, **frame: Any) -> None:
    """Send a frame."""
    ws.send(json.dumps(frame))


def until(ws: ClientConnection, *t: str, timeout: float = 60, **fits: Any) -> dict[str, Any]:
    """The next frame of one of these kinds whose fields are these."""
    while True:
        frame: dict[str, Any] = json.loads(ws.recv(timeout))
        if frame["t"] in t and all(frame.get(name) == value for name, value in fits.items()):
            return frame


def heard(ws: ClientConnection) -> list[dict[str, Any]]:
    """All that the server had sent when it answered a ping of ours."""
    say(ws, t="ping")
    found = []
    while (frame := json.loads(ws.recv(60)))["t"] != "pong":
        found.append(frame)
    return found


def joined(ws: ClientConnection, *topics: str, **more: Any) -> ClientConnection:
    """Listening to topics."""
    say(ws, t="sub", topics=topics, **more)
    until(ws, "subbed", topics=list(topics))
    return ws


def operate(ws: ClientConnection, kind: str, topic: str, op: str = "", **body: Any) -> dict[str, Any]:
    """Ask for an operation, and wait for its answer."""
    op = op or uuid.uuid4().hex
    say(ws, t="op", op=op, kind=kind, topic=topic, body=body)
    while True:
        frame: dict[str, Any] = json.loads(ws.recv(60))
        if frame["t"] in ("ack", "nack") and frame["op"] == op:
            return frame


def closing(ws: ClientConnection) -> int:
    """The code with which the server ends a socket, whatever it says before."""
    try:
        while True:
            ws.recv(60)
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd is not None else 0


def comment(item: QueueItem, text: str) -> Event:
    """What somebody elsewhere says of a question's example."""
    return Event(
        example=item.example,
        row=item.row,
        task="intent",
        value={"text": text},
        actor="elsewhere",
        source=Source.HUMAN,
        kind="comment",
    )
