"""What the engines below say when the disk, a permission or a server fails, in our words.

The one place where errors of the operating system, SQLite, PostgreSQL and Lance become ours. Lance has no error
numbers (it raises OSError with a sentence), so sentences are matched too.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from errno import EACCES, EDQUOT, EFBIG, ENOSPC, EPERM, EROFS

from sqlalchemy import exc
from sqlalchemy.exc import DBAPIError, OperationalError

from adequate.errors import AdequateError, BusyError, DataError, StorageFullError, StoreError

_FULL = ("no space left", "disk is full", "disk full", "file too large", "quota exceeded", "disk i/o error")
_DENIED = ("permission denied", "readonly database", "read-only file system", "unable to open database file")
_DAMAGED = ("malformed", "not a database", "was not found", "not found:")
FAULTS = (OSError, DBAPIError, MemoryError, OverflowError, UnicodeEncodeError, exc.TimeoutError)
_AWAY = ("connection", "server closed", "could not translate host", "timeout expired", "database system is")


@contextmanager
def guarded(doing: str) -> Iterator[None]:
    """Raise the errors of what runs inside as `StoreError`s that begin with `doing`.

    >>> with guarded("adding examples"):
    ...     raise OSError(28, "No space left on device")
    Traceback (most recent call last):
    adequate.errors.StorageFullError: adding examples: no space left on the disk
      → free some space and run the same command again; nothing that was acknowledged is lost
    """
    try:
        yield
    except FAULTS as error:
        said = translated(error, doing)
        if said is None:
            raise
        raise said from error


def translated(error: BaseException, doing: str) -> AdequateError | None:
    """The error of ours that says the same; None where it is a mistake of ours, and must be seen as one.

    >>> print(translated(OverflowError("Python int too large to convert to SQLite INTEGER"), "adding").message)
    adding: a number or a character that can't be kept
    """
    if isinstance(error, (OverflowError, UnicodeEncodeError, exc.DataError)):
        return DataError(
            f"{doing}: a number or a character that can't be kept",
            remedy="plain text, and numbers of 15 digits at most",
        )
    if isinstance(error, exc.TimeoutError):  # all connections are taken
        return BusyError(f"{doing}: the database is too busy", remedy="try again in a moment")
    lost = isinstance(error, OperationalError) or getattr(error, "connection_invalidated", False)
    if isinstance(error, DBAPIError) and not lost and not _known(error):
        return None  # a broken statement or constraint
    return explain(error, doing) if isinstance(error, (OSError, DBAPIError, MemoryError)) else None


def explain(error: BaseException, doing: str) -> StoreError:
    """The error of ours that says the same."""
    text = str(error.orig if isinstance(error, DBAPIError) else error).lower()
    number = getattr(error, "errno", None)
    if number in (ENOSPC, EDQUOT, EFBIG) or any(sign in text for sign in _FULL):
        return StorageFullError(
            f"{doing}: no space left on the disk",
            remedy="free some space and run the same command again; nothing that was acknowledged is lost",
        )
    if number in (EACCES, EPERM, EROFS) or any(sign in text for sign in _DENIED):
        return StorageFullError(
            f"{doing}: no permission to write the project's folder",
            remedy="check who owns PROJECT/.adequate and whether the disk is mounted read-only",
        )
    if any(sign in text for sign in _DAMAGED):
        return StoreError(f"{doing}: a part of the store is damaged or missing ({_first_line(error)})")
    if "database is locked" in text:
        return BusyError(
            f"{doing}: another process has held the database for too long",
            remedy="try again; if it goes on, find who holds PROJECT/.adequate/store.sqlite",
        )
    if any(sign in text for sign in _AWAY):
        return StoreError(
            f"{doing}: the database does not answer ({_first_line(error)})",
            remedy="start the server, or open the project with --db URL",
        )
    return StoreError(f"{doing}: {_first_line(error)}")


def _known(error: BaseException) -> bool:
    text = str(error).lower()
    return any(sign in text for sign in (*_FULL, *_DENIED, *_DAMAGED))


def _first_line(error: BaseException) -> str:
    text = str(error.orig if isinstance(error, DBAPIError) else error).strip()
    return text.splitlines()[0] if text else type(error).__name__
