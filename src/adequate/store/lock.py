"""Who may write to a project: one process at a time, by a lock that dies with its holder.

Where a database server orders the writes, several studios may hold the lock together; no other verb runs meanwhile.

`flock` is released by the kernel however the process ends, so a lock left by `kill -9` blocks nobody. The file's
text (who, doing what, since when) is only for the message to the one who has to wait.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from adequate.errors import BusyError
from adequate.store.faults import guarded


@contextmanager
def locked(path: Path, verb: str, *, shared: bool = False) -> Iterator[None]:
    """Hold the project's lock.

    Args:
        path: the lock file; made if it isn't there, never removed.
        verb: what this process is about to do, for the others' message.
        shared: hold it together with others that ask for it so.

    Raises:
        BusyError: another process, or another store opened in this one, holds it.
    """
    with guarded("opening the project for writing"):
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _busy(path) from None
        with guarded("opening the project for writing"):
            os.ftruncate(handle, 0)
            os.pwrite(handle, json.dumps({"pid": os.getpid(), "verb": verb, "since": time.time()}).encode(), 0)
        yield
    finally:
        os.close(handle)


@contextmanager
def taking_turns(path: Path) -> Iterator[None]:
    """Wait until nobody else is in the section that a lock file stands for, and keep others out until the end."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _busy(path: Path) -> BusyError:
    try:
        holder = json.loads(path.read_text())
    except (OSError, ValueError):  # the holder has taken the lock but not yet said who it is
        return BusyError("another process is writing to this project", remedy="try again in a moment")
    since = datetime.fromtimestamp(holder["since"], UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    doing = f"adequate {holder['verb']}" if holder["verb"] else "a program"
    return BusyError(
        f"{doing} (process {holder['pid']}) has been writing to this project since {since}",
        remedy="wait until it ends, or stop it; reading (board, show, find) works meanwhile",
    )
