"""From `project.py` to the project it declares.

The file is run as an ordinary module under a name of its own, with its folder importable while it runs. Whatever goes
wrong in it is said with the line of the user's file, never as our traceback.
"""

from __future__ import annotations

import hashlib
import linecache
import sys
import tokenize
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from traceback import extract_tb
from types import ModuleType

from adequate.errors import NoProjectError, SpecError
from adequate.spec.blame import mistake, short
from adequate.spec.project import Project

FILE = "project.py"
INSTALLED_AS = {"PIL": "pillow", "cv2": "opencv-python-headless", "sklearn": "scikit-learn", "yaml": "pyyaml"}


def load(path: Path | str) -> Project:
    """The one project that a file declares.

    Args:
        path: the file, or the folder that holds it as `project.py`.

    Raises:
        NoProjectError: there is no such file.
        SpecError: it isn't Python, fails when run, or declares none or several projects.
    """
    file = Path(path).absolute()
    file = file / FILE if file.is_dir() else file
    if not file.is_file():
        raise NoProjectError(f"there is no {short(str(file))}", remedy="adequate init NAME --from DATA writes one")
    module = run(file)
    found = list({id(value): value for value in vars(module).values() if isinstance(value, Project)}.values())
    if not found:
        raise SpecError(
            "it declares no project", remedy='project = aq.Project("name", text="COLUMN")', file=short(str(file))
        )
    if len(found) > 1:
        names = ", ".join(f"{project.name!r} (line {project.declared_at[1]})" for project in found)
        raise mistake(f"it declares {len(found)} projects: {names}", remedy="keep one a file", at=found[1].declared_at)
    return found[0].finish()


def run(file: Path) -> ModuleType:
    """The module of a file, run afresh.

    Raises:
        SpecError: it can't be read or compiled, or raises.
    """
    shown = short(str(file))
    linecache.checkcache(str(file))  # it may have been edited since: functions are hashed by their source
    module = ModuleType("adequate_project_" + hashlib.sha256(str(file).encode()).hexdigest()[:12])
    module.__file__ = str(file)
    try:
        with tokenize.open(file) as stream:
            code = compile(stream.read(), str(file), "exec", dont_inherit=True)
    except SyntaxError as error:
        line = (error.text or "").strip()
        raise SpecError(
            f"this isn't Python: {error.msg}" + (f"\n    {line}" if line else ""),
            remedy="correct the line, or what stands just above it",
            file=shown,
            line=error.lineno,
        ) from None
    except (OSError, ValueError) as error:
        raise SpecError(f"it can't be read: {error}", remedy="save it as UTF-8 text", file=shown) from None
    sys.modules[module.__name__] = module  # dataclasses and the like look their module up while it runs
    try:
        with importable(file.parent):
            exec(code, vars(module))
    except SpecError:
        raise
    except (Exception, SystemExit) as error:
        raise failure(file, error) from error
    return module


@contextmanager
def importable(folder: Path) -> Iterator[None]:
    """Let modules beside the file be imported, and forget them: another project may have others of the same name."""
    before = set(sys.modules)
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        for name in set(sys.modules) - before:
            where = getattr(sys.modules[name], "__file__", None)
            if where and Path(where).is_relative_to(folder) and "site-packages" not in Path(where).parts:
                del sys.modules[name]


def failure(file: Path, error: BaseException) -> SpecError:
    """What the user's code raised, at the last of its lines that led there."""
    frames = [frame for frame in extract_tb(error.__traceback__) if Path(frame.filename).is_relative_to(file.parent)]
    at = (frames[-1].filename, frames[-1].lineno or 1) if frames else (str(file), 1)
    if isinstance(error, ModuleNotFoundError):
        package = INSTALLED_AS.get(error.name or "", error.name)
        remedy = f"install it in this environment (pip install {package}), or check the name"
        return mistake(f"there is no module {error.name!r}", remedy=remedy, at=at)
    return mistake(f"it raised {type(error).__name__}: {error}", remedy="correct this line", at=at)
