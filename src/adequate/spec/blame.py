"""Which line of the user's file made this mistake?

A declaration is checked where it is made, so the line to show is that of the first caller outside this package.
"""

from __future__ import annotations

import linecache
import sys
from pathlib import Path

from adequate.errors import SpecError

PACKAGE = str(Path(__file__).parents[1])


def caller() -> tuple[str, int]:
    """File and 1-based line of the innermost frame that isn't ours.

    >>> caller()[1]
    1
    """
    frame = sys._getframe(1)
    # Generated code (`<string>`: the `__init__` of a dataclass) stands between us and the user too.
    while frame.f_back and (frame.f_code.co_filename.startswith(PACKAGE) or frame.f_code.co_filename == "<string>"):
        frame = frame.f_back
    return frame.f_code.co_filename, frame.f_lineno


def mistake(message: str, *, remedy: str = "", at: tuple[str, int] | None = None) -> SpecError:
    """The error for a declaration that can't stand; it shows the line that did it.

    Args:
        at: file and line, if not the present caller's.
    """
    file, line = at or caller()
    source = linecache.getline(file, line).strip()
    shown = f"{message}\n    {source}" if source else message
    return SpecError(shown, remedy=remedy, file=short(file), line=line)


def short(file: str) -> str:
    """A path as the user would type it: relative where it lies below the working directory."""
    path = Path(file)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else file
