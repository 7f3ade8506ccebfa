"""Frames: what may come up, checked once at the door, and what goes down."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from adequate.errors import AdequateError, ConflictError, StoreError
from adequate.store import Event
from adequate.store.events import ANSWER, LABEL

OP_BYTES = 64_000
READ_BYTES = 1_000_000  # of a frame that is read at all: one that is only too large for us is refused by its name
TOPICS = ("example:", "queue:", "guide:", "schema:", "run:")
WHOLE = ("board", "run", "people")
TOPIC_CHARS = 300
MANY_TOPICS = 500  # that one tab listens to
SECRET = ("gold", "suggestion", "saw")  # in the body of an event: nothing for those who label

RESTART, OVERFLOW, MALFORMED, DISMISSED = 1012, 4008, 4400, 4401

LARGEST = 2**53  # what a browser counts up to
DEEP = 40  # things in one another
_SUSPECT = re.compile(r"\\u(?:0000|[dD][89a-fA-F])|\d{16}|[\s:,[]-?\d[\d.]*[eE]\+?\d{2}|NaN|Infinity")
_HALF = re.compile("[\ud800-\udfff]")

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class MalformedError(Exception):
    """A frame that is not of this protocol."""

    def __init__(self, why: str, op: str | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.op = op


def encoded(frame: dict[str, Any] | list[dict[str, Any]]) -> str:
    """A frame as it goes over the wire."""
    return _encode(frame)


def frame_of(text: str) -> dict[str, Any]:
    """A frame that came up.

    Raises:
        MalformedError: it is not one; `op` is its name where it is an operation, to refuse it by.
    """
    try:
        frame = json.loads(text)
    except (ValueError, RecursionError):
        raise MalformedError("a frame that is not JSON") from None
    if not isinstance(frame, dict):
        raise MalformedError("a frame that is not an object")
    kind = frame.get("t")
    if (why := unfit(text, frame)) is not None:
        raise MalformedError(why, frame["op"] if kind == "op" and _is_name(frame.get("op")) else None)
    if kind == "op":
        return operation_of(frame, len(text) if text.isascii() else len(text.encode(errors="surrogatepass")))
    if kind in ("sub", "unsub"):
        topics, since = frame.get("topics"), frame.get("since") or {}
        if not isinstance(topics, list) or not isinstance(since, dict) or not all(map(is_topic, topics)):
            raise MalformedError(f"{kind} takes {{topics: [...], since: {{topic: number}}}} of topics there are")
        if not all(type(seq) is int and seq >= 0 for seq in since.values()):
            raise MalformedError("since takes numbers of events")
        return {"t": kind, "topics": list(dict.fromkeys(topics)), "since": since}
    if kind == "seen":
        if not isinstance(frame.get("at"), dict) or len(text) > 2000:
            raise MalformedError("seen takes a small {at: {example, ...}}")
        return frame
    if kind in ("ping", "pong"):
        return frame
    raise MalformedError(f"no frame of the kind {str(kind)[:40]!r}")


def operation_of(frame: dict[str, Any], size: int) -> dict[str, Any]:
    """An operation, checked.

    Raises:
        MalformedError: as for `frame_of`.
    """
    op = frame.get("op")
    if not _is_name(op):
        raise MalformedError("an operation is named by a text of at most 100 characters, without a /")
    if size > OP_BYTES:
        raise MalformedError(f"an operation may be {OP_BYTES:,} bytes long; this one is {size:,}", op)
    if not isinstance(frame.get("kind"), str) or not is_topic(frame.get("topic")):
        raise MalformedError("an operation has a kind and one of the topics that there are", op)
    if not isinstance(frame.get("body", {}), dict):
        raise MalformedError("the body of an operation is an object", op)
    if frame.get("rev") is not None and type(frame["rev"]) is not int:
        raise MalformedError("rev is the number of an event", op)
    return frame


def is_topic(topic: object) -> bool:
    """Whether this may be listened to."""
    return (
        isinstance(topic, str)
        and len(topic) <= TOPIC_CHARS
        and (topic in WHOLE or any(topic.startswith(kind) and len(topic) > len(kind) for kind in TOPICS))
    )


def nack(op: str, error: AdequateError) -> dict[str, Any]:
    """The answer to an operation that was refused."""
    return {
        "t": "nack",
        "op": op,
        "why": error.message,
        "remedy": error.remedy,
        "current": error.current if isinstance(error, ConflictError) else None,
        "again": isinstance(error, StoreError),
    }


def ack(op: str, seq: int) -> dict[str, Any]:
    """The answer to an operation that is committed."""
    return {"t": "ack", "op": op, "seq": seq, "rev": seq}


def topic_of(event: Event) -> str:
    """Whom an event is told."""
    return event.topic or f"example:{event.example}"


def event_frame(seq: int, event: Event, *, secrets: bool, blind: bool) -> dict[str, Any]:
    """An event as it is told.

    Args:
        secrets: with what only reviewers are to know: gold answers, suggestions.
        blind: whether those below them are to know no more of their own answers than that they gave them; what became
            the label at once had no known answer.
    """
    body = event.body if isinstance(event.body, dict) else {}
    if not secrets and any(name in body for name in SECRET):
        body = {name: value for name, value in body.items() if name not in SECRET}
    said = {"example": event.example, "task": event.task, "value": event.value, "source": str(event.source)}
    return {
        "t": "ev",
        "seq": seq,
        "op": event.op,
        "topic": topic_of(event),
        "by": event.actor,
        "at": event.at,
        "kind": ANSWER if event.kind == LABEL and blind and not secrets else event.kind,
        "body": said | body,
    }


def unfit(text: str, said: Any) -> str | None:
    """Why what a JSON text says can't be kept and told to others as it is; None where it can.

    JSON writes NUL, halves of characters, numbers beyond all bounds and any depth; databases and browsers take none.

    >>> unfit('{"a": "\\\\ud800"}', {"a": "\\ud800"}), unfit("[1e999]", [1e999]), unfit("[1]", [1])
    ('half a character in a text', 'a number that is too large', None)
    """
    suspect = _SUSPECT.search(text) is not None or text.count("[") + text.count("{") > DEEP
    return _unfit(said, DEEP) if suspect else None


def _unfit(said: Any, deeper: int) -> str | None:
    if isinstance(said, str):
        if "\x00" in said:
            return "the character NUL in a text"
        return "half a character in a text" if _HALF.search(said) else None
    if isinstance(said, (int, float)):
        return None if math.isfinite(said) and abs(said) <= LARGEST else "a number that is too large"
    if isinstance(said, (dict, list)):
        if not deeper:
            return f"more than {DEEP} things in one another"
        inner = [*said, *said.values()] if isinstance(said, dict) else said
        return next((why for one in inner if (why := _unfit(one, deeper - 1)) is not None), None)
    return None


def _is_name(op: object) -> bool:
    return isinstance(op, str) and 0 < len(op) <= 100 and "/" not in op and op.isprintable()
