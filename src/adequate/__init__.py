"""adequate: a data engine for models.

Project, Target: what `project.py` declares. open, Engine: a project on disk, with the verbs of the command line.
connect: a studio that is running somewhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from adequate.spec import Project, Target

if TYPE_CHECKING:
    from pathlib import Path

    from adequate.client import Client
    from adequate.loop.engine import Engine

__version__ = "0.1.0"
__all__ = ["Engine", "Project", "Target", "__version__", "connect", "open"]


def open(root: Path | str | None = None) -> Engine:  # noqa: A001
    """The project in a folder, by default this one or the nearest above.

    Raises:
        NoProjectError: there is none.
        SpecError: its `project.py` can't be used.
    """
    from adequate.loop.engine import Engine

    return Engine.open(root)


def connect(url: str, token: str) -> Client:
    """A studio that is running somewhere, as the page has it.

    Raises:
        AccessError: the token opens nothing there.
        AdequateError: nobody answers there, or not a studio.
    """
    from adequate.client import connect

    return connect(url, token)


def __getattr__(name: str) -> object:
    if name != "Engine":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from adequate.loop.engine import Engine

    return Engine
