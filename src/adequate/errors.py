"""Every error that `adequate` raises on purpose.

A message says what was asked, what was found (the value) and what to do (`remedy`: a command where there is one).
`docs/errors.md` has a heading for each.

    AdequateError
    ├── SpecError             project.py can't be used as it stands (points at file and line)
    ├── DataError             a file or a value in it can't be taken
    │   ├── FormatError       the file is empty, truncated, or not what its name says
    │   ├── ColumnError       a named column isn't there
    │   ├── DuplicateIdError  one id stands for two different inputs
    │   ├── LabelError        a label that the task doesn't know, or names that differ in case or spaces only
    │   └── RefusedError      a file breaks a rule that says `block`
    ├── TestError             a behaviour, an assertion or a suite can't be run as it stands
    ├── SubjectError          a model under test fails, or what it returns can't be answers
    ├── SliceError            a slice's SQL or function fails, reads what it may not, or takes too long
    ├── QueryError            a search can't be understood (points at the place)
    ├── StoreError            the project's store can't be read or written
    │   ├── NoProjectError    no project here
    │   ├── BusyError         another process is writing to this project
    │   ├── StorageFullError  no space or no permission
    │   └── VersionError      written by a newer version
    ├── ResourceError         weights or a data set can't be fetched, or don't match their hash
    ├── NotEnoughDataError    too few labels or examples for what was asked
    ├── AccessError           nobody is signed in, or their role doesn't reach that far
    │   └── TooManyTriesError too many wrong passwords, keys or tokens
    ├── ConflictError         somebody changed the same thing since it was read
    ├── UnknownNameError      no such task, label, model, slice or example (suggests near names)
    └── MissingExtraError     an optional dependency isn't installed
"""

from __future__ import annotations

from contextlib import contextmanager
from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class AdequateError(Exception):
    """Base of all. `str(error)` is the whole message, remedy included.

    Args:
        message: what was asked and what was found.
        remedy: what to do now; a command where there is one.

    >>> print(AdequateError("no column 'body' in mail.csv", remedy="name one of: text, label"))
    no column 'body' in mail.csv
      → name one of: text, label
    """

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message}\n  → {self.remedy}" if self.remedy else self.message


class SpecError(AdequateError):
    """`project.py` can't be used as it stands.

    Args:
        file: the path of the file, as the user would type it.
        line: 1-based line in it.
    """

    def __init__(self, message: str, *, remedy: str = "", file: str = "", line: int | None = None) -> None:
        where = f"{file}:{line}: " if file and line else f"{file}: " if file else ""
        super().__init__(where + message, remedy=remedy)
        self.file = file
        self.line = line


class DataError(AdequateError):
    """A file, or a value in it, can't be taken."""


class FormatError(DataError):
    """The file is empty, truncated, in another encoding, or not what its name says."""


class ColumnError(DataError):
    """A named column isn't in the data."""


class DuplicateIdError(DataError):
    """One id stands for two different inputs."""


class LabelError(DataError):
    """A label that the task doesn't know, or labels that differ in case or spaces only."""


class RefusedError(DataError):
    """A file breaks a rule that says `block`; nothing of it was added.

    Args:
        report: what was found, `loop.incoming.Report`.
    """

    def __init__(self, message: str, *, remedy: str = "", report: object = None) -> None:
        super().__init__(message, remedy=remedy)
        self.report = report


class SliceError(AdequateError):
    """A slice's SQL or function fails, reads what it may not, or takes too long."""


class TestError(AdequateError):
    """A behaviour, an assertion or a suite can't be run as it stands: names the function, the line and the row."""

    __test__ = False  # no test case, whatever pytest thinks of its name


class SubjectError(AdequateError):
    """A model under test fails, or what it returns can't be answers.

    Args:
        model: its name.
        row: 0-based, of the inputs that it was asked about; None where no single one is to blame.

    >>> print(SubjectError("it answered nothing", model="mail:predict", row=3))
    model mail:predict, row 3: it answered nothing
    """

    def __init__(self, message: str, *, remedy: str = "", model: str = "", row: int | None = None) -> None:
        where = ", ".join([*([f"model {model}"] if model else []), *([] if row is None else [f"row {row}"])])
        super().__init__(f"{where}: {message}" if where else message, remedy=remedy)
        self.said = message
        self.model = model
        self.row = row

    def moved(self, *, model: str | None = None, row: int | None = None) -> SubjectError:
        """The same of a model that has a name by now, or of the row that this one was among others."""
        model = self.model if model is None else model
        return SubjectError(self.said, remedy=self.remedy, model=model, row=self.row if row is None else row)


class QueryError(AdequateError):
    """A search can't be understood.

    Args:
        at, end: where in what was typed, in code points.
    """

    def __init__(self, message: str, *, remedy: str = "", at: int = 0, end: int = 0) -> None:
        super().__init__(message, remedy=remedy)
        self.at = at
        self.end = end


class StoreError(AdequateError):
    """The project's store can't be read or written."""


class NoProjectError(StoreError):
    """There is no project here."""


class BusyError(StoreError):
    """Another process is writing to this project."""


class StorageFullError(StoreError):
    """No space left, or no permission to write."""


class VersionError(StoreError):
    """The store was written by a newer version."""


class ResourceError(AdequateError):
    """Weights or a data set can't be fetched, or don't match their hash."""


class NotEnoughDataError(AdequateError):
    """Too few labels or examples for what was asked."""


class AccessError(AdequateError):
    """Nobody is signed in, or their role doesn't reach that far."""


class TooManyTriesError(AccessError):
    """Too many wrong passwords, keys or tokens in a minute."""


class ConflictError(AdequateError):
    """Somebody changed the same thing since it was read.

    Args:
        current: how it is now, as JSON has it.
    """

    def __init__(self, message: str, *, remedy: str = "", current: object = None) -> None:
        super().__init__(message, remedy=remedy)
        self.current = current


class UnknownNameError(AdequateError):
    """No such task, label, model, slice or example.

    >>> print(unknown("task", "intnt", ["intent", "urgent"]))
    no task 'intnt'; did you mean 'intent'?
      → there are: intent, urgent
    """


class MissingExtraError(AdequateError):
    """An optional dependency isn't installed."""


_EXTRAS = {  # what is imported, by the extra that brings it; others say it where they are needed
    "serve": "httptools pyarrow starlette uvicorn uvloop",
    "engine": "argon2 duckdb fastapi jinja2 lance limits matplotlib onnx platformdirs safetensors scipy sqlalchemy "
    "sqlglot websockets",
}


@contextmanager
def installed() -> Iterator[None]:
    """Whatever is imported inside and isn't installed is said with the extra that brings it: the base of the package is
    no more than a bundle needs.

    Raises:
        MissingExtraError: something of an extra isn't installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        module = (error.name or "").partition(".")[0]
        extra = next((extra for extra, modules in _EXTRAS.items() if module in modules.split()), None)
        if extra is None:
            raise
        what = "the engine" if extra == "engine" else f"the extra {extra!r}"
        raise MissingExtraError(
            f"this needs {what} of adequate ({module} isn't installed)", remedy=f"pip install 'adequate[{extra}]'"
        ) from error


def engine() -> None:
    """Nothing, where the engine is installed: it is said at once, not when half of the work is done. 0.1 ms.

    Raises:
        MissingExtraError: only the light part is, which serves bundles.
    """
    from importlib.util import find_spec

    with installed():
        if find_spec("lance") is None:
            raise ModuleNotFoundError("No module named 'lance'", name="lance")


def unknown(kind: str, name: str, known: Iterable[str]) -> UnknownNameError:
    """The error for a name that isn't there, with the nearest ones that are."""
    names = list(known)
    near = get_close_matches(name, names, n=1, cutoff=0.6)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    shown = ", ".join(names[:20]) + (f" and {len(names) - 20} more" if len(names) > 20 else "")
    remedy = f"there are: {shown}" if names else f"there is no {kind} yet"
    return UnknownNameError(f"no {kind} {name!r}{hint}", remedy=remedy)
