"""The one thread that writes what is recorded: redacts it, gives each row its id, and appends a batch with one write.

While the disk is full or the folder can't be written it keeps one batch and tries that again every second; what comes
meanwhile waits up to a bound, and is dropped and counted beyond. Nobody who answers requests ever waits for it.
"""

from __future__ import annotations

import logging
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from threading import Event, Lock, Thread
from typing import Any

import orjson

from adequate.serving.seen import Row
from adequate.serving.segments import Segments
from adequate.store.recordings import expire

BEAT = 0.1  # seconds between two writes
AGAIN = 1.0  # seconds until a write that failed is tried again
TALLY = 10.0  # seconds between two counts
AT_ONCE = 500  # rows of one write
WAITING = 1 << 14  # rows that may wait
CHARACTERS = 1 << 24  # that they may hold together
HOUR = 3_600.0
_log = logging.getLogger(__name__)

Redactor = Callable[[Sequence[str]], list[str]]


class Writer:
    """Writes rows and tallies to the segments of one server.

    Args:
        name: of the server: rows are called NAME-1, NAME-2 and so on, in the order in which they are written.
        tallies: the counts since it was last asked, as lines; it is told how many rows of each release were written and
            dropped since.
        redact, keep_days: may be changed at any time.
    """

    def __init__(
        self,
        segments: Segments,
        name: str,
        redact: Redactor,
        tallies: Callable[[Counter[str], Counter[str]], list[Row]],
        *,
        keep_days: float,
    ) -> None:
        self._segments = segments
        self._name = name
        self.redact = redact
        self._tallies = tallies
        self.keep_days = keep_days
        self._lock = Lock()
        self._rows: deque[tuple[Row, int]] = deque()
        self._held = 0
        self._number = 0
        self._pending: tuple[bytes, int] | None = None
        self._retry = self._told = self._expired = 0.0
        self._recorded: Counter[str] = Counter()
        self._dropped: Counter[str] = Counter()
        self._ended = Event()
        self._thread = Thread(target=self._run, name="adequate-writer", daemon=True)
        self.written = 0  # rows, all told
        self.dropped = 0

    @property
    def fault(self) -> str:
        """Why nothing can be written now; "": it can."""
        return self._segments.fault

    def start(self) -> None:
        """Begin."""
        self._told = time.monotonic()
        self._thread.start()

    def put(self, rows: Iterable[Row]) -> None:
        """Write these soon, or drop and count those for which there is no room."""
        with self._lock:
            for row in rows:
                size = sum(len(value) for value in row["inputs"].values() if isinstance(value, str))
                if len(self._rows) >= WAITING or self._held + size > CHARACTERS:
                    self._dropped[row["release"]] += 1
                    self.dropped += 1
                else:
                    self._rows.append((row, size))
                    self._held += size

    def close(self, *, within: float = 10.0) -> None:
        """Write what waits, and the last counts."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(within)

    def _run(self) -> None:
        while not (last := self._ended.wait(BEAT)):
            self._beat()
        self._retry = 0.0
        self._beat(last=last)
        self._segments.close()

    def _beat(self, *, last: bool = False) -> None:
        now = time.monotonic()
        try:
            if now >= self._retry and self._again():
                while rows := self._taken():
                    if not self._written(rows, []):
                        break
                if self._pending is None and (last or now - self._told >= TALLY):
                    self._tell(now)
            self._segments.sync()
            if now - self._expired >= HOUR:
                self._expired = now
                expire(self._segments.folder.parent, self.keep_days)
        except Exception:  # what it can't write must not end the thread
            _log.exception("recording failed")

    def _tell(self, now: float) -> None:
        self._told = now
        with self._lock:
            recorded, self._recorded = self._recorded, Counter()
            dropped, self._dropped = self._dropped, Counter()
        if lines := self._tallies(recorded, dropped):
            self._written([], lines)

    def _taken(self) -> list[Row]:
        with self._lock:
            some = [self._rows.popleft() for _ in range(min(AT_ONCE, len(self._rows)))]
            self._held -= sum(size for _, size in some)
        return [row for row, _ in some]

    def _written(self, rows: list[Row], tallies: list[Row]) -> bool:
        """Write a batch; where that fails it waits for the next try."""
        redacted(rows, self.redact)
        for row in rows:
            self._number += 1
            row["id"] = f"{self._name}-{self._number}"
            self._recorded[row["release"]] += 1
        self._pending = (b"".join(encoded(line) + b"\n" for line in (*rows, *tallies)), len(rows))
        return self._again()

    def _again(self) -> bool:
        """Write what waits for another try; whether nothing waits any more."""
        if self._pending is None:
            return True
        if not self._segments.append(self._pending[0]):
            self._retry = time.monotonic() + AGAIN
            return False
        self.written += self._pending[1]
        self._pending = None
        return True


def redacted(rows: Sequence[Row], redact: Redactor) -> None:
    """Take what must not leave out of every string of the inputs, however deep, and of what is suggested."""
    places: list[tuple[Any, Any]] = []
    for row in rows:
        for name in ("inputs", "suggested"):
            if name in row:
                row[name] = {key: _plain(value) for key, value in row[name].items()}  # a copy: they are the request's
                places.extend(_strings(row[name]))
    for (holder, key), text in zip(places, redact([holder[key] for holder, key in places]), strict=True):
        holder[key] = text


def _strings(value: Any) -> Iterator[tuple[Any, Any]]:
    """Where strings stand in a value: what holds each, and at which key."""
    for key, one in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(one, str):
            yield value, key
        elif isinstance(one, (dict, list)):
            yield from _strings(one)


def encoded(value: Any) -> bytes:
    """As JSON; what JSON has no form for as its words, half characters as question marks."""
    try:
        return orjson.dumps(value, default=str, option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS)
    except (TypeError, ValueError):  # half a character, or a number of more than 64 bits
        return orjson.dumps(_plain(value))


def _plain(value: Any) -> Any:
    """A copy in what JSON has: half characters as question marks, large numbers and whatever else as words."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_plain(str(key)): _plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    if value is None or isinstance(value, (bool, float)) or (isinstance(value, int) and abs(value) < 2**63):
        return value
    return _plain(str(value))
