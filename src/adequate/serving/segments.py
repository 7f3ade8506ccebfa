"""The files that one server records in: appended to, one write a batch, a new one every 16 MB or hour.

What a write has taken survives `kill -9`; what was synced (at most every second) survives a power cut. Where the disk
is full or the folder can't be written, a batch goes in as a whole or not at all, and is tried again later.
"""

from __future__ import annotations

import os
import re
import secrets
import socket
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

BYTES = 16 << 20
SECONDS = 3_600.0
SYNC = 1.0  # seconds between two syncs


def server_name() -> str:
    """What a server is called that starts now: host, process, and something random."""
    host = re.sub(r"[^A-Za-z0-9]+", "-", socket.gethostname()).strip("-")[:40] or "host"
    return f"{host}-{os.getpid()}-{secrets.token_hex(3)}"


@dataclass(slots=True)
class Segments:
    """Of one server; one thread writes.

    Args:
        folder: its own; made when first written to.
        size, seconds: bytes and age at which a segment ends.
        fault: why the last batch could not be written; "": it could.
    """

    folder: Path
    size: int = BYTES
    seconds: float = SECONDS
    fault: str = ""
    _number: int = 0
    _file: int = -1
    _path: Path = Path()
    _written: int = 0
    _torn: bool = False  # the last line could not be taken back
    _since: float = 0.0
    _synced: float = 0.0
    _dirty: bool = False

    def append(self, lines: bytes) -> bool:
        """Write whole lines, all or none; whether they are written."""
        try:
            self._turn()
            self._write(b"\n" + lines if self._torn else lines)
        except OSError as error:
            self.fault = error.strerror or type(error).__name__
            return False
        self.fault = ""
        return True

    def sync(self) -> None:
        """Make sure of what was written, if the last time was a second ago."""
        now = time.monotonic()
        if self._dirty and now - self._synced >= SYNC:
            self._synced, self._dirty = now, False
            with suppress(OSError):  # it is in the file, and the next write will tell
                os.fdatasync(self._file)

    def close(self) -> None:
        """No more is written."""
        if self._file >= 0:
            with suppress(OSError):
                os.fsync(self._file)
                os.close(self._file)
            self._file = -1

    def _turn(self) -> None:
        """Open the next segment, where there is none, or it is full, old or gone."""
        old = self._written >= self.size or time.monotonic() - self._since >= self.seconds
        if self._file >= 0 and not old and self._path.exists():
            return
        self.close()
        if (
            self._number
        ):  # the project may have been moved: one of its folders, made anew, would keep it from coming back
            self.folder.parent.mkdir(exist_ok=True)
        self.folder.mkdir(parents=not self._number, exist_ok=True)
        self._number += 1
        self._path = self.folder / f"{self._number:06d}.jsonl"
        self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._written, self._torn, self._since = 0, False, time.monotonic()

    def _write(self, data: bytes) -> None:
        done = 0
        try:
            while done < len(data):
                done += os.write(self._file, data[done:])
        except OSError:
            if done:
                self._take_back(done)
            raise
        self._written += done
        self._torn, self._dirty = False, True

    def _take_back(self, done: int) -> None:
        try:
            os.ftruncate(self._file, self._written)
        except OSError:
            self._written += done
            self._torn = True
