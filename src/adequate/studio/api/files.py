"""Routes of the studio: data and labels in and out, in our formats and those of other tools."""

from __future__ import annotations

import asyncio
import contextlib
import re
import shutil
import uuid
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse
from pydantic import BaseModel, Field

from adequate.errors import FormatError, unknown
from adequate.store.formats.exchange import FORMATS, missing
from adequate.studio.child import lines
from adequate.studio.context import Engineer, Here, Owner, Studio
from adequate.studio.roles import Can

if TYPE_CHECKING:
    from adequate.loop.engine import Engine

router = APIRouter(prefix="/api/files", tags=["files"])

TABLES = {"csv": ".csv", "jsonl": ".jsonl", "parquet": ".parquet"}
KEPT = 20  # jobs remembered


@dataclass(slots=True)
class Job:
    """A file on its way in."""

    id: str
    name: str
    by: str
    state: Literal["reading", "working", "done", "failed"] = "reading"
    now: dict[str, Any] = field(default_factory=dict)
    result: dict[str, Any] | None = None
    error: dict[str, str] | None = None

    def to_json(self) -> dict[str, Any]:
        """As the page shows it."""
        return {name: getattr(self, name) for name in self.__slots__}


class Out(BaseModel):
    """What to carry out.

    Args:
        format: `csv`, `jsonl`, `parquet`, or one of the exchange formats.
        tasks: only these; None: all.
    """

    format: str
    tasks: list[str] | None = Field(default=None)


@router.get("/formats")
def formats(_: Engineer) -> dict[str, Any]:
    """What can be read and written; `missing` says of some what must be installed first."""
    lacking = {name: {"message": error.message, "remedy": error.remedy} for name, error in missing().items()}
    return {"in": ["auto", "table", *FORMATS], "out": [*TABLES, *FORMATS], "missing": lacking}


@router.post("/import", status_code=202)
async def bring_in(request: Request, here: Here, person: Engineer, name: str, form: str = "auto") -> dict[str, Any]:
    """Take a file, streamed as the body; answers at once with the job that reads it: GET /api/files/jobs/ID."""
    if form not in ("auto", "table", *FORMATS):
        raise unknown("format", form, ["auto", "table", *FORMATS])
    job = Job(id=uuid.uuid4().hex[:12], name=plain(name), by=person.id)
    folder = _folder(here, "incoming") / job.id
    folder.mkdir()
    file = folder / job.name
    try:
        with file.open("wb") as out:
            async for piece in request.stream():
                await asyncio.to_thread(out.write, piece)
        if file.stat().st_size == 0:
            raise FormatError(f"{job.name} is empty", remedy="choose another file")
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    jobs = _jobs(here)
    jobs[job.id] = job
    for old in [one for one in list(jobs)[:-KEPT] if jobs[one].state in ("done", "failed")]:
        del jobs[old]
    tasks: set[asyncio.Task[None]] = here.extra.setdefault("file tasks", set())
    task = asyncio.create_task(_bring(here, job, file, form))
    tasks.add(task)
    task.add_done_callback(tasks.discard)
    return job.to_json()


async def _bring(here: Studio, job: Job, file: Path, form: str) -> None:
    """Read the file beside the server; the loop waits meanwhile, so that no cycle sees half of it."""
    try:
        async with here.engine.still("studio (adding data)"):
            job.state = "working"
            words = (str(here.root), str(file), form, job.name, job.by)
            async with contextlib.aclosing(lines("adequate.studio.bring", *words)) as said:
                async for line in said:
                    if "what" in line:
                        job.now = line
                    job.result, job.error = line.get("result", job.result), line.get("error", job.error)
        job.state = "done" if job.result is not None else "failed"
    except OSError as error:
        job.state, job.error = "failed", {"kind": "StoreError", "message": str(error), "remedy": "try again"}
    finally:
        shutil.rmtree(file.parent, ignore_errors=True)
        here.hub.recount()
        here.hub.tell("board", "added", {"job": job.id, "state": job.state})


@router.get("/jobs")
def jobs(here: Here, _: Engineer) -> list[dict[str, Any]]:
    """The files that came since the studio started, newest first."""
    return [job.to_json() for job in reversed(_jobs(here).values())]


@router.get("/jobs/{job}")
def one_job(job: str, here: Here, _: Engineer) -> dict[str, Any]:
    """How far a file is, and what came of it."""
    found = _jobs(here).get(job)
    if found is None:
        raise unknown("import", job, _jobs(here))
    return found.to_json()


@router.post("/export")
async def carry_out(out: Out, here: Here, _: Engineer) -> dict[str, Any]:
    """Write the labelled examples; answers with what was lost and where to fetch the file, once."""
    if out.format not in (*TABLES, *FORMATS):
        raise unknown("format", out.format, [*TABLES, *FORMATS])
    folder = _folder(here, "outgoing") / uuid.uuid4().hex[:12]
    folder.mkdir()
    try:
        made = await here.worker.run(_carried, str(folder), out.format, out.tasks)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return {"id": folder.name, **made}


@router.post("/everything")
async def everything(here: Here, _: Owner) -> dict[str, Any]:
    """All that the project knows, as one archive of Parquet and JSON lines: examples, events, models, people."""
    folder = _folder(here, "outgoing") / uuid.uuid4().hex[:12]
    folder.mkdir()
    try:
        made = await here.worker.run(_everything, str(folder))
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return {"id": folder.name, **made}


@router.get("/exports/{export}")
def fetch(export: str, here: Here, person: Engineer) -> FileResponse:
    """The file that an export wrote."""
    folder = _folder(here, "outgoing") / export
    files = list(folder.iterdir()) if re.fullmatch(r"[0-9a-f]{12}", export) and folder.is_dir() else []
    if not files:
        raise unknown("export", export, [])
    if files[0].name.endswith("-everything.zip"):
        person.must(Can.OWN)
    return FileResponse(files[0], filename=files[0].name)


def plain(name: str) -> str:
    """The last part of a file's name, without anything that a disk or a terminal could take amiss.

    >>> plain("../../a b\x1b[31m.csv")
    'a b_[31m.csv'
    """
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    return re.sub(r"[^\w .()\[\]-]", "_", last).strip(" .")[-120:] or "file"


def _jobs(here: Studio) -> dict[str, Job]:
    found: dict[str, Job] = here.extra.setdefault("jobs", {})
    return found


def _folder(here: Studio, name: str) -> Path:
    """Where files lie for a while; what an earlier server left there is gone."""
    folder = here.root / ".adequate" / name
    if name not in here.extra:
        shutil.rmtree(folder, ignore_errors=True)
        here.extra[name] = True
    folder.mkdir(exist_ok=True)
    return folder


def _carried(engine: Engine, folder: str, form: str, tasks: list[str] | None) -> dict[str, Any]:
    """In the worker: write one file into the folder."""
    from adequate.loop.answers import exported
    from adequate.loop.exchange import carried_out
    from adequate.store.formats import write

    for name in tasks or ():
        if name not in engine.project.tasks:
            raise unknown("task", name, engine.project.tasks)
    ending = TABLES.get(form, FORMATS.get(form, ""))
    file = Path(folder) / f"{plain(engine.project.name)}-{form}{ending}"
    with engine.store() as store:
        if form in TABLES:
            table = exported(store, engine.project, tasks)
            write(file, table)
            made: dict[str, Any] = {"texts": table.num_rows, "losses": []}
        else:
            carried = carried_out(store, engine.project, file, form, tasks=tasks)
            made = {"texts": carried.texts, "losses": carried.losses.to_json()}
    written = [one for one in Path(folder).rglob("*") if one.is_file()]
    if len(written) > 1:  # a folder, or a file with its config
        whole = Path(folder).parent / f"{Path(folder).name}.zip"
        _zipped(whole, Path(folder), written)
        shutil.rmtree(folder)
        Path(folder).mkdir()
        file = whole.replace(Path(folder) / f"{plain(engine.project.name)}-{form}.zip")
    return {"name": file.name, "bytes": file.stat().st_size, **made}


def _zipped(archive: Path, folder: Path, files: list[Path]) -> None:
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as out:
        for one in sorted(files):
            out.write(one, one.relative_to(folder))


def _everything(engine: Engine, folder: str) -> dict[str, Any]:
    """In the worker: write all tables. What lets somebody in (hashes of links, tokens, passwords) stays."""
    from adequate.loop.everything import written

    file = Path(folder) / f"{plain(engine.project.name)}-everything.zip"
    with engine.store() as store:
        written(store, engine.project, file)
    return {"name": file.name, "bytes": file.stat().st_size, "texts": None, "losses": []}
