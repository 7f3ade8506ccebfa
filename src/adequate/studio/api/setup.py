"""Routes of the setup screen: a file comes in, what it seems to be is shown and corrected, a project is made of it.

The file waits in a folder of its own beside the project to be, and goes once its rows are in the store. Looking at it
and making the project happen in another process: what they need of Arrow and Lance doesn't stay in the server.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field

from adequate.errors import DataError, NoProjectError, SpecError
from adequate.store.faults import guarded
from adequate.studio.context import Owner
from adequate.studio.worker import Worker
from adequate.types import Kind

if TYPE_CHECKING:
    from adequate.spec.infer import Inferred, InferredTask

router = APIRouter(prefix="/api/setup", tags=["setup"])
WAITING = ".adequate-setup"  # the folder in which files wait
COLUMNS = ("text", "group", "time", "id")
T = TypeVar("T")
Name = Annotated[str, Field(min_length=1, max_length=200)]


class Asked(BaseModel):
    """What a person says of a file; what they leave out is inferred.

    Args:
        text, group, time, id: columns; "" says that there is none.
        tasks: columns that hold labels, or with `labels` the name of the one task.
        kinds: of tasks, by column: one label a row, or several.
    """

    files: Annotated[list[Name], Field(min_length=1, max_length=100)]
    text: str | None = None
    group: str | None = None
    time: str | None = None
    id: str | None = None
    tasks: list[str] = []
    labels: list[str] = []
    kinds: dict[str, Literal["classify", "multilabel"]] = {}
    normalise: bool = False
    encoding: str | None = None
    lenient: bool = False


class TaskAsked(BaseModel):
    """What a task must reach; fractions."""

    accuracy: float | None = None
    recall: float | None = None
    precision: float | None = None
    on: str | None = None


class Start(Asked):
    """What the project is to be."""

    name: Name
    targets: dict[str, TaskAsked] = {}
    slices: list[str] = []
    with_labels: bool = True


def folder(request: Request, _: Owner) -> Path:
    """The folder that is to become a project.

    Raises:
        NoProjectError: it is one already.
    """
    root: Path | None = getattr(request.app.state, "root", None)
    if root is None:
        raise NoProjectError("there is a project here already", remedy="add data to it: Import and export")
    return root


Folder = Annotated[Path, Depends(folder)]


@router.post("/file")
async def file(request: Request, root: Folder, name: str) -> dict[str, Any]:
    """A file, as the body of the request; the same name again replaces it."""
    target = waiting(root) / plain(name)
    with guarded("taking the file"):
        target.parent.mkdir(parents=True, exist_ok=True)
        (target.parent / ".gitignore").write_text("*\n")
        half = target.with_name(f".{target.name}.half")
        with half.open("wb") as out:
            async for piece in request.stream():
                await asyncio.to_thread(out.write, piece)
        half.replace(target)
    return {"name": target.name, "bytes": target.stat().st_size}


@router.post("/look")
async def look(root: Folder, asked: Asked) -> dict[str, Any]:
    """What the files seem to be."""
    return await beside(looked, root, asked)


@router.post("/start")
async def start(request: Request, root: Folder, asked: Start) -> dict[str, Any]:
    """Make the project. The page follows `then`, which signs its owner in there."""
    said = await beside(made, root, asked)
    await asyncio.to_thread(shutil.rmtree, waiting(root), ignore_errors=True)
    request.app.state.made.set()
    return said | {"then": request.app.state.then}


@router.get("/progress")
def progress(root: Folder) -> dict[str, Any]:
    """How far the making is."""
    try:
        said: dict[str, Any] = json.loads((waiting(root) / ".progress").read_text())
    except (OSError, ValueError):
        return {"what": "", "done": 0, "total": None}
    return said


def waiting(root: Path) -> Path:
    """Where files wait."""
    return root / WAITING


def plain(name: str) -> str:
    """The name of a file, if it is nothing more.

    Raises:
        DataError: it leads elsewhere.
    """
    if not name or name != Path(name).name or name.startswith(".") or len(name) > 200 or not name.isprintable():
        raise DataError(f"{name[:80]!r} can't be the name of a file here", remedy="rename it, then drop it again")
    return name


async def beside(function: Callable[..., T], *args: Any) -> T:
    """Run a function in a process of its own, which goes with it, and with us."""
    worker = Worker(None)
    try:
        return await worker.run(function, *args)
    finally:
        worker.close()


def looked(root: Path, asked: Asked) -> dict[str, Any]:
    """What the files seem to be, as the page shows it.

    Raises:
        ColumnError: a file has no column of the text's name.
    """
    from adequate.spec.infer import infer
    from adequate.spec.profile import missing
    from adequate.store.formats import inspect, together

    files = [
        inspect(waiting(root) / plain(name), encoding=asked.encoding, raw=True, lenient=asked.lenient)
        for name in asked.files
    ]
    columns = [*dict.fromkeys(name for file in files for name in file.schema.names)]
    sample = [
        {name: short(value) for name, value in row.items()}
        for file in files
        for row in next(iter(file)).slice(0, max(1, 5 // len(files))).to_pylist()
    ][:10]
    source = listed(asked.files)
    found = without(infer(together(files), name=root.resolve().name, source=source, **said(asked)), asked)
    for name, file in zip(asked.files, files, strict=True):
        if found.text not in file.schema.names:
            raise missing(found.text, file.schema.names, f"in {name}")
    return {
        "name": found.name,
        "rows": found.rows,
        "columns": columns,
        "sample": sample,
        **{role: getattr(found, role) for role in COLUMNS},
        "reasons": dict(found.reasons),
        "tasks": [shown(task) for task in found.tasks],
        "slices": [{"name": one.name, "why": one.why} for one in found.slices],
        "unused": list(found.unused),
        "notices": list(found.notices),
    }


def made(root: Path, asked: Start) -> dict[str, Any]:
    """The project, made."""

    last = 0.0

    def tell(what: str, done: int, total: int | None) -> None:
        nonlocal last
        if time.monotonic() - last > 0.2 or not done:
            last = time.monotonic()
            said = {"what": what, "done": done, "total": total}
            (waiting(root) / ".progress").write_text(json.dumps(said))

    def amend(found: Inferred) -> Inferred:
        found = without(found, asked)
        tasks = tuple(aimed(task, asked.targets.get(task.name)) for task in found.tasks)
        slices = tuple(one for one in found.slices if one.name in asked.slices)
        return replace(found, name=asked.name, source=listed(asked.files), tasks=tasks, slices=slices)

    from adequate.loop.begin import begin  # brings the encoders, which a server has no need of

    begun = begin(
        root,
        [waiting(root) / plain(name) for name in asked.files],
        encoding=asked.encoding,
        lenient=asked.lenient,
        with_labels=asked.with_labels,
        amend=amend,
        progress=tell,
        **said(asked),
    )
    added = begun.added
    return {"new": added.new, "known": added.known, "labels": added.labels, "notices": list(added.notices)}


def said(asked: Asked) -> dict[str, Any]:
    """What a person said of the columns, as `infer` takes it."""
    roles = {role: getattr(asked, role) or None for role in COLUMNS}
    kinds = {column: Kind(kind) for column, kind in asked.kinds.items()}
    return {
        **roles,
        "tasks": asked.tasks,
        "labels": asked.labels or None,
        "normalise": asked.normalise,
        "kinds": kinds,
    }


def listed(files: list[str]) -> str:
    """Names of files in a few words."""
    return files[0] if len(files) == 1 else f"{files[0]} and {len(files) - 1} more"


def without(found: Inferred, asked: Asked) -> Inferred:
    """The same without the roles that no column has, by what the person says."""
    gone = [role for role in ("group", "time", "id") if getattr(asked, role) == "" and getattr(found, role)]
    if not gone:
        return found
    columns = tuple(str(getattr(found, role)) for role in gone)
    none: dict[str, Any] = dict.fromkeys(gone)
    return replace(found, unused=(*found.unused, *columns), **none)


def aimed(task: InferredTask, asked: TaskAsked | None) -> InferredTask:
    """The task with the target that was asked for."""
    from adequate.spec.targets import Target

    if asked is None:
        return task
    if asked.on is not None and asked.on not in task.labels:
        raise SpecError(f"task {task.name!r} has no label {asked.on!r}", remedy="choose one of its labels")
    return replace(task, target=Target(**asked.model_dump()))


def shown(task: InferredTask) -> dict[str, Any]:
    """A task as the page shows it: its labels with how many rows each has, the commonest first."""
    measures = ("accuracy", "recall", "precision", "on")
    counts = [{"label": label, "rows": task.counts.get(label, 0)} for label in [*task.counts] or task.labels]
    return {
        "name": task.name,
        "column": task.column,
        "kind": str(task.kind),
        "rows": task.rows,
        "labels": counts,
        "target": {name: getattr(task.target, name) for name in measures},
    }


def short(value: object, most: int = 200) -> str:
    """A value as it is shown in a sample."""
    text = "" if value is None else ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) <= most else text[: most - 1] + "…"
