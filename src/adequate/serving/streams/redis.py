"""Redis Streams as source and sink: consumer groups, claims after a crash.

An entry is one field `json` with an object, or a field for each column. The group remembers what was given to whom:
what a consumer was given and never acknowledged is claimed by another one a minute later. Where source and sink are in
one Redis, an answer is added and its input acknowledged in one script, and an input that was acknowledged meanwhile is
not answered twice: exactly once. Otherwise at least once, and each answer carries the id of its input.

A Redis that goes away is waited for. Needs `pip install 'adequate[redis]'`.
"""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit, urlunsplit

import orjson

from adequate.errors import DataError, MissingExtraError, StorageFullError
from adequate.serving.streams.protocol import Piece, Row, Source, id_of

T = TypeVar("T")
TOGETHER = 512  # entries given at once
BLOCK = 500  # milliseconds to wait for entries before looking whether to stop
IDLE = 60_000  # milliseconds after which what another consumer holds is taken from it
CLAIM = 15.0  # seconds between two looks for such
PAUSE = 0.5  # seconds before a Redis that is away is tried again
_log = logging.getLogger(__name__)

# Add the answers whose inputs were not acknowledged before: KEYS in, out; ARGV group, then id and answer in turns.
ANSWER = """
local added = 0
for i = 2, #ARGV, 2 do
  if redis.call('XACK', KEYS[1], ARGV[1], ARGV[i]) == 1 then
    redis.call('XADD', KEYS[2], '*', 'json', ARGV[i + 1])
    added = added + 1
  end
end
return added
"""


class Address:
    """redis://[:PASSWORD@]HOST[:PORT]/STREAM[?db=0&group=adequate]."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        said = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        self.stream = parts.path.strip("/")
        if not self.stream:
            raise DataError(f"{_bare(url)} names no stream", remedy="redis://localhost:6379/mail")
        if strange := said.keys() - {"db", "group"}:
            raise DataError(f"{_bare(url)}: unknown {', '.join(sorted(strange))}", remedy="there are: db, group")
        self.group = said.get("group", "adequate")
        self.server = urlunsplit((parts.scheme, parts.netloc, f"/{said.get('db', '0')}", "", ""))
        self.name = _bare(url)

    def connect(self) -> Any:
        """A client; it connects when first used."""
        try:
            import redis
        except ModuleNotFoundError:
            raise MissingExtraError("Redis needs its client", remedy="pip install 'adequate[redis]'") from None
        return redis.Redis.from_url(self.server, socket_timeout=10, socket_connect_timeout=5)


class Group:
    """A stream read as one consumer of a group."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self.name = address.name
        self.consumer = f"{socket.gethostname()}-{os.getpid()}"
        self.redis = address.connect()
        self.stopped = False
        self._unheard = False  # whether what we were given last may be in an answer that was lost

    def pieces(self, _place: Any) -> Iterator[Piece]:
        """What this consumer was given and didn't finish, what others left, then what is new."""
        start, claimed = "0", 0.0
        while not self.stopped:
            if time.monotonic() - claimed > CLAIM:
                claimed = time.monotonic()
                yield from self._pieces(self._left)
            found = self._tried(partial(self._given, start))
            if start == "0" and not found:
                start = ">"
                continue
            if found:
                yield self._piece(found)
                start = start if start == ">" else found[-1][0].decode()

    def done(self, piece: Piece) -> None:
        """Acknowledge; those that the sink did acknowledge are so already."""
        self._tried(lambda: self.redis.xack(self.address.stream, self.address.group, *piece.place))

    def stop(self) -> None:
        """End within half a second."""
        self.stopped = True

    def _pieces(self, take: Callable[[], list[Any]]) -> Iterator[Piece]:
        while not self.stopped and (found := self._tried(take)):
            yield self._piece(found)

    def _given(self, start: str) -> list[Any]:
        start = "0" if self._unheard else start  # it is ours already, and would wait until it is claimed
        self._unheard = True
        found = self.redis.xreadgroup(
            self.address.group, self.consumer, {self.address.stream: start}, count=TOGETHER, block=BLOCK
        )
        self._unheard = False
        entries = found.values() if isinstance(found, dict) else [given for _, given in found or []]
        flat = [one for given in entries for one in given]
        return list(_entries(flat))

    def _left(self) -> list[Any]:
        """What others hold for too long."""
        said = self.redis.xautoclaim(self.address.stream, self.address.group, self.consumer, IDLE, count=TOGETHER)
        return list(_entries(said[1]))

    def _piece(self, entries: Sequence[tuple[bytes, Mapping[bytes, bytes]]]) -> Piece:
        rows = [_row(fields) for _, fields in entries]
        names = [name.decode() for name, _ in entries]
        ids = [id_of(row if isinstance(row, dict) else {}, name) for row, name in zip(rows, names, strict=True)]
        return Piece(ids=ids, rows=rows, place=names)

    def _tried(self, work: Callable[[], T]) -> T | None:
        """As `patiently`; a group that isn't there is made."""
        import redis

        def grouped() -> T:
            try:
                return work()
            except redis.exceptions.ResponseError as error:
                if "NOGROUP" not in str(error):
                    raise
            self._make()
            return work()

        return patiently(grouped, self.name, lambda: self.stopped)

    def _make(self) -> None:
        import redis

        try:
            self.redis.xgroup_create(self.address.stream, self.address.group, id="0", mkstream=True)
        except redis.exceptions.ResponseError as error:
            if "BUSYGROUP" not in str(error):  # another consumer was first
                raise


class Answers:
    """A stream that answers are added to.

    Args:
        address: of the stream.
        source: that inputs come from; a group in the same Redis is answered in one stroke.
    """

    def __init__(self, address: Address, source: Source | None = None) -> None:
        self.address = address
        self.redis = address.connect()
        self._source = source
        self._from = source if isinstance(source, Group) and source.address.server == address.server else None

    @property
    def _places(self) -> str:
        return f"{self.address.stream}:places"

    def place(self, source: str) -> Any:
        """Kept in the hash `STREAM:places`."""
        kept = self._tried(lambda: self.redis.hget(self._places, source))
        return None if kept is None else orjson.loads(kept)

    def put(self, answers: Sequence[Row], source: str, piece: Piece) -> None:
        """Add them, and acknowledge or keep the place, in one stroke.

        Raises:
            StorageFullError: Redis was away until we were stopped; they are answered again by the next run.
        """
        told = [orjson.dumps(row) for row in answers]
        if self._from is not None:
            group = self._from.address
            turns = [part for pair in zip(piece.place, told, strict=True) for part in pair]
            keys = (group.stream, self.address.stream)
            self._done(lambda: self.redis.eval(ANSWER, 2, *keys, group.group, *turns))
            return

        kept = None if piece.place is None or isinstance(piece.place, list) else orjson.dumps(piece.place)
        tried = False

        def all_of_it() -> Any:
            nonlocal tried
            if tried and kept is not None and self.redis.hget(self._places, source) == kept:
                return []  # it was done, and the answer that said so was lost
            tried = True
            with self.redis.pipeline(transaction=True) as pipe:
                for one in told:
                    pipe.xadd(self.address.stream, {"json": one})
                if kept is not None:
                    pipe.hset(self._places, source, kept)
                return pipe.execute()

        self._done(all_of_it)

    def _done(self, work: Callable[[], Any]) -> None:
        if self._tried(work) is None:
            raise StorageFullError(
                f"{self.address.name} was away: the last answers aren't there", remedy="the same command goes on there"
            )

    def close(self) -> None:
        """Let go of the connection."""
        self.redis.close()

    def _tried(self, work: Callable[[], T]) -> T | None:
        return patiently(work, self.address.name, lambda: self._source is not None and self._source.stopped)


def patiently(work: Callable[[], T], name: str, stopped: Callable[[], bool]) -> T | None:
    """Do it, again and again while Redis is away; None where it was still away when we were stopped.

    Raises:
        DataError: Redis refuses, now and later: a wrong password, no right to do it, no memory, a key of another kind.
    """
    import redis

    refused = (
        redis.exceptions.ResponseError,
        redis.exceptions.AuthenticationError,  # these two are told as if the connection were gone
        redis.exceptions.AuthorizationError,
    )
    waits = False
    while True:
        try:
            return work()
        except refused as error:
            raise DataError(
                f"{name}: Redis refuses: {error}", remedy="check the address, and what it may do"
            ) from error
        except (redis.exceptions.ConnectionError, redis.exceptions.TimeoutError) as error:
            if stopped():
                return None
            if not waits:
                _log.warning("%s is away, and waited for: %s", name, error)
            waits = True
            time.sleep(PAUSE)


def _entries(found: Sequence[Any]) -> Iterator[tuple[bytes, Mapping[bytes, bytes]]]:
    """Entries that still hold something: one that was deleted while it waited is given without fields."""
    return ((name, fields) for name, fields in found if fields)


def _row(fields: Mapping[bytes, bytes]) -> Row | str:
    try:
        if b"json" in fields:
            found = orjson.loads(fields[b"json"])
            return found if isinstance(found, dict) else f"not an object: {type(found).__name__}"
        return {name.decode(): value.decode() for name, value in fields.items()}
    except ValueError as error:
        return f"can't be read: {error}"


def _bare(url: str) -> str:
    """Without user and password."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
