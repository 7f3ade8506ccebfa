"""JSON lines: one object a line, UTF-8. Standard input and output, a file, a file that somebody else appends to.

A place in a file is a byte offset with the file's inode: a file that was replaced or cut (a log that was rotated) is
read from its beginning. An output file is cut back to what its place says before it is appended to, so that an answer
whose place was not kept yet is written once.
"""

from __future__ import annotations

import os
import select
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from adequate.errors import FormatError, StorageFullError
from adequate.serving.streams.protocol import Piece, Row, id_of
from adequate.store.sync import write_atomically

TOGETHER = 4096  # lines answered together, at most
CHUNK = 1 << 20  # bytes read at once
LONGEST = 64 << 20  # bytes of a line
WAIT = 0.1  # seconds between two looks at a file that may grow


class Lines:
    """A file of JSON lines, or standard input.

    Args:
        path: of the file; None: standard input.
        follow: whether to wait for more at its end.
    """

    def __init__(self, path: Path | None, *, follow: bool = False) -> None:
        self.path = path
        self.name = "-" if path is None else str(path)
        self._follow = follow
        self.stopped = False

    def pieces(self, place: Any) -> Iterator[Piece]:
        """Lines as they come."""
        if self.path is None:
            yield from self._read(sys.stdin.buffer, 0, None)
            return
        while not self.stopped:
            try:
                file = self.path.open("rb")
            except OSError as error:
                raise FormatError(
                    f"can't read {self.path}: {error.strerror}", remedy="name a file of JSON lines"
                ) from None
            with file:
                inode = os.fstat(file.fileno()).st_ino
                start = self._start(file, inode, place)
                yield from self._read(file, start, inode)
            place = None
            if not self._follow:
                return

    def done(self, piece: Piece) -> None:
        """Its place is with the answers."""

    def stop(self) -> None:
        """End at the next line."""
        self.stopped = True

    def _start(self, file: BinaryIO, inode: int, place: Any) -> int:
        if not isinstance(place, dict) or place.get("inode") != inode:
            return 0
        start = int(place["offset"])
        return start if start <= os.fstat(file.fileno()).st_size else 0

    def _read(self, file: BinaryIO, offset: int, inode: int | None) -> Iterator[Piece]:
        """Whole lines, those that are there together; returns at the end, or when the file was replaced."""
        if inode is not None:
            file.seek(offset)
        held = b""
        while not self.stopped:
            if inode is None and not select.select([file], [], [], WAIT)[0]:
                continue  # nothing comes just now: look whether to stop
            more = os.read(file.fileno(), CHUNK)
            ended = b""
            if more:
                *lines, held = (held + more).split(b"\n")
                if len(held) > LONGEST:
                    raise FormatError(f"a line of {self.name} has over {LONGEST >> 20} MB", remedy="one object a line")
            elif inode is not None and self._follow and not self._replaced(inode, offset):
                time.sleep(WAIT)
                continue
            else:
                ended, held = held, b""  # the last line may lack its end
                lines = [ended] if ended else []
            for first in range(0, len(lines), TOGETHER):
                piece, offset = self._piece(lines[first : first + TOGETHER], offset, inode, end=0 if ended else 1)
                if piece.ids:
                    yield piece
            if not more:
                return

    def _replaced(self, inode: int, offset: int) -> bool:
        """Whether the name means another file now, or the file was cut."""
        assert self.path is not None
        try:
            found = self.path.stat()
        except OSError:
            return False  # moved away, and not made anew yet
        return found.st_ino != inode or found.st_size < offset

    def _piece(self, lines: Sequence[bytes], offset: int, inode: int | None, *, end: int) -> tuple[Piece, int]:
        ids, rows = [], []
        for line in lines:
            if line.strip():
                row = parsed(line)
                ids.append(id_of(row if isinstance(row, dict) else {}, f"{self.name}:{offset}"))
                rows.append(row)
            offset += len(line) + end
        place = None if inode is None else {"inode": inode, "offset": offset}
        return Piece(ids=ids, rows=rows, place=place), offset


class Written:
    """Answers as JSON lines: to a file, or to standard output.

    Args:
        path: of the file, which is appended to; None: standard output.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._kept = None if path is None else path.with_name(f".{path.name}.place")
        self._file: BinaryIO = sys.stdout.buffer
        if path is None:
            return
        try:
            self._file = path.open("ab")
            self._cut()
        except OSError as error:
            raise _full(path, error) from error

    def place(self, source: str) -> Any:
        """What stands beside the file."""
        return self._places().get("places", {}).get(source)

    def put(self, answers: Sequence[Row], source: str, piece: Piece) -> None:
        """Append, sync, and keep the place.

        Raises:
            StorageFullError: they can't be written.
        """
        try:
            self._put(answers, source, piece)
        except OSError as error:
            if self.path is None:  # who reads has gone: no fault
                raise
            raise _full(self.path, error) from error

    def _put(self, answers: Sequence[Row], source: str, piece: Piece) -> None:
        self._file.write(b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in answers))
        self._file.flush()
        if self._kept is None:
            return
        os.fsync(self._file.fileno())
        known = self._places()
        places = known.get("places", {}) | ({} if piece.place is None else {source: piece.place})
        write_atomically(self._kept, orjson.dumps({"size": self._file.tell(), "places": places}))

    def close(self) -> None:
        """The file is whole already."""
        if self.path is not None:
            with suppress(OSError):  # what couldn't be written was said, and has no place
                self._file.close()

    def _cut(self) -> None:
        size = self._places().get("size")
        if isinstance(size, int) and size < os.fstat(self._file.fileno()).st_size:
            self._file.truncate(size)
            self._file.seek(0, os.SEEK_END)

    def _places(self) -> dict[str, Any]:
        try:
            found = orjson.loads(self._kept.read_bytes()) if self._kept else {}
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}


def _full(path: Path, error: OSError) -> StorageFullError:
    return StorageFullError(
        f"can't write {path}: {error.strerror}", remedy="check the disk and the folder; the same command goes on"
    )


def parsed(line: bytes) -> Row | str:
    """The object of a line, or what is wrong with it."""
    try:
        found = orjson.loads(line)
    except ValueError as error:
        return f"not JSON: {error}"
    return found if isinstance(found, dict) else f"not an object: {type(found).__name__}"
