"""adequate: a data engine for models.

Project, Target: what `project.py` declares. cases, rises, falls, perturb: what its tests are made of. wrap: anybody's
model, to be tested. open, Engine: a project on disk, with the verbs of the command line. connect: a studio that is
running somewhere.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from adequate import perturb
    from adequate.client import Client
    from adequate.loop.engine import Engine
    from adequate.loop.subjects.foreign import wrap
    from adequate.spec import Project, Target, cases, falls, rises

__version__ = "0.1.0"
__all__ = [
    "Engine",
    "Project",
    "Target",
    "__version__",
    "cases",
    "connect",
    "falls",
    "open",
    "perturb",
    "rises",
    "wrap",
]

# Imported when first asked for: every run of pytest in an environment that has adequate imports this module.
_FROM = {
    "Engine": "adequate.loop.engine",
    "wrap": "adequate.loop.subjects.foreign",
    **dict.fromkeys(("Project", "Target", "cases", "falls", "rises"), "adequate.spec"),
}


def open(root: Path | str | None = None) -> Engine:  # noqa: A001
    """The project in a folder, by default this one or the nearest above.

    Raises:
        NoProjectError: there is none.
        SpecError: its `project.py` can't be used.
        MissingExtraError: only the light part is installed, which serves bundles.
    """
    from adequate import errors

    errors.engine()
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
    if name == "perturb":
        return import_module("adequate.perturb")
    if name not in _FROM:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name in ("Engine", "wrap"):
        import_module("adequate.errors").engine()
    return getattr(import_module(_FROM[name]), name)
