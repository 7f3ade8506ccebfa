"""A new project from a file: what it seems to be is written into `project.py`, and the data is added."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from adequate import store
from adequate.errors import StoreError
from adequate.loop import place
from adequate.loop.engine import Engine
from adequate.loop.ingest import Ingested
from adequate.spec.infer import NONE, Inferred, infer, write
from adequate.spec.load import FILE, load
from adequate.store.faults import guarded
from adequate.store.formats import inspect, together
from adequate.store.sync import write_atomically
from adequate.types import Kind, Progress, silent


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A project that was just made."""

    engine: Engine
    inferred: Inferred
    added: Ingested


def begin(
    root: Path,
    files: Sequence[Path],
    *,
    text: str | None = None,
    group: str | None = None,
    time: str | None = None,
    id: str | None = None,  # noqa: A002
    tasks: Sequence[str] = (),
    labels: Sequence[str] | None = None,
    normalise: bool = False,
    kinds: Mapping[str, Kind] = NONE,
    encoding: str | None = None,
    lenient: bool = False,
    with_labels: bool = True,
    db: str | None = None,
    amend: Callable[[Inferred], Inferred] = lambda found: found,
    progress: Progress = silent,
) -> Begun:
    """Look at the files, write `project.py`, add them.

    Args:
        root: the folder to make; it may exist, but hold no project yet.
        text, group, time, id, tasks, labels, normalise, kinds: what the user says of the columns; the rest is inferred.
        lenient: leave out rows that can't be read, and say which.
        with_labels: record the labels in the files; without, they are only used to name the tasks' labels.
        db: URL of a PostgreSQL database; None: an SQLite file in the project.
        amend: given what was inferred, returns what is written: where a person has looked at it before.

    Raises:
        StoreError: there is a project already.
        DataError: a file can't be taken; nothing was made.
    """
    if (root / FILE).exists() or (root / place.STORE).exists():
        raise StoreError(
            f"there is a project in {root} already", remedy=f"add data to it: adequate add FILE --project {root}"
        )
    progress("looking at the data", 0, None)
    found = infer(
        together([inspect(file, encoding=encoding, raw=True, lenient=lenient) for file in files]),
        name=root.resolve().name,
        source=str(files[0]) if len(files) == 1 else f"{files[0]} and {len(files) - 1} more",
        text=text,
        group=group,
        time=time,
        id=id,
        tasks=tasks,
        labels=labels,
        normalise=normalise,
        kinds=kinds,
    )
    found = amend(found)
    fresh = not root.exists()
    with guarded(f"making a project in {root}"):
        root.mkdir(parents=True, exist_ok=True)
        write_atomically(root / FILE, write(found, every_label=not with_labels).encode())
    try:
        engine = Engine(root, load(root))
        store.create(root, db=db, text=engine.project.text).close()
        added = engine.add(*files, encoding=encoding, lenient=lenient, labels=with_labels, progress=progress)
    except BaseException:
        # Nothing half made: a second try must find the folder as the first one did.
        shutil.rmtree(root if fresh else root / place.STORE, ignore_errors=True)
        (root / FILE).unlink(missing_ok=True)
        raise
    return Begun(engine=engine, inferred=found, added=added)
