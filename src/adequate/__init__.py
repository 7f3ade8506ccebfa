"""adequate: a data engine for models.

Project, Target: what `project.py` declares. cases, rises, falls, perturb: what its tests are made of. open, Engine: a
project on disk, with the verbs of the command line. connect: a studio that is running somewhere.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from adequate.spec import Project, Target, cases, falls, rises

if TYPE_CHECKING:
    from pathlib import Path

    from adequate import perturb
    from adequate.client import Client
    from adequate.loop.engine import Engine

__version__ = "0.1.0"
__all__ = ["Engine", "Project", "Target", "__version__", "cases", "connect", "falls", "open", "perturb", "rises"]


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
    if name == "perturb":  # Arrow takes a third of a second to import: only whoever perturbs waits for it
        return import_module("adequate.perturb")
    if name != "Engine":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from adequate.loop.engine import Engine

    return Engine
