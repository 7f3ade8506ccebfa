"""Data in: files become examples, each in a group and so in a part; the labels that a file brings become events.

A file is checked as a whole before anything of it is written. Writing is idempotent, example by example and label by
label, so that an interrupted `add` is finished by running it again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from adequate.encoders.identity import Identity, content_ids, identify
from adequate.encoders.lexical import texts_of
from adequate.errors import DuplicateIdError
from adequate.loop import incoming
from adequate.loop.answers import names_of, record
from adequate.loop.strange import check_names, check_places
from adequate.spec.values import given, names_in, types
from adequate.store import Added
from adequate.store.formats import Data, inspect
from adequate.types import PARTS, Kind, Part, Progress, Source, silent

if TYPE_CHECKING:
    from adequate.spec.project import Project
    from adequate.spec.tasks import Task
    from adequate.store import Store

CHUNK = 100_000  # rows named and grouped at once
# Steering takes few; a gate of this size can prove common cells, and leaves most of the rare examples to learn from.
FRACTIONS = (0.80, 0.05, 0.15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingested:
    """What came of adding files.

    Args:
        new: examples that weren't there.
        known: rows whose text was there already, in the store or earlier in the files.
        labels: labels recorded, by task.
        notices: what a person should know, one sentence each.
        tests: what came of testing the files first.
    """

    new: int
    known: int
    labels: dict[str, int]
    notices: tuple[str, ...]
    tests: incoming.Report


def add(
    store: Store,
    project: Project,
    paths: Sequence[Path],
    *,
    encoding: str | None = None,
    lenient: bool = False,
    with_labels: bool = True,
    actor: str = "import",
    report: Path | None = None,
    progress: Progress = silent,
) -> Ingested:
    """Add files to a project.

    Args:
        lenient: leave out rows that can't be read, and say which.
        with_labels: record the labels that the tasks' columns hold; without, the columns are left out all the same,
            because a label that a slice could read would leak.
        report: where to list the rows that break a rule for a column (default: beside the project's data).

    Raises:
        DataError: a file can't be taken as it is; nothing of it was added.
        RefusedError: one breaks a rule that says `block`; nothing of any was added.
    """
    files = [
        inspect(path, encoding=encoding, types=types(project), text=project.text, lenient=lenient) for path in paths
    ]
    notices = [notice for file in files for notice in file.notices]
    for file in files:
        _check_ids(store, project, file)
    if with_labels:
        _check_labels(store, project, files)
    tests = incoming.examined(store, project, files, report=report)
    notices += tests.notices
    new = known = near = 0
    recorded: dict[str, int] = {}
    for file in files:
        added, sealed = _append(store, project, file, progress)
        near += sealed
        new, known = new + added.new, known + added.known
        if with_labels:
            for task, said in _said(project, file).items():
                notices += _contradictions(task, said)
                recorded[task.name] = recorded.get(task.name, 0) + record(
                    store,
                    task,
                    said,
                    actor=actor,
                    source=Source.IMPORT,
                    why=f"came with {file.path.name}",
                    overwrite=False,
                    where=str(file.path),
                )
    if near:
        notices.append(f"{near:,} new texts are nearly those of sealed examples: they measure, too, and don't teach")
    return Ingested(new=new, known=known, labels=recorded, notices=tuple(notices), tests=tests)


def _append(store: Store, project: Project, file: Data, progress: Progress) -> tuple[Added, int]:
    """The file's examples with our columns, without its labels; a chunk is in the store before the next is named.

    Returns:
        what was added, and how many new texts are near-duplicates of examples of the gate part.
    """
    hidden = {task.column for task in project.tasks.values()}
    first, new, known, done, near = store.examples.count, 0, 0, 0, 0
    for chunk in _chunks(file):
        columns = chunk.column_names
        who = identify(
            store,
            texts_of(chunk[project.text]),
            column=project.text,
            fractions=FRACTIONS,
            declared=chunk[project.group].combine_chunks() if project.group in columns else None,
            group_column=project.group,
        )
        near += _near_sealed(store, who)
        kept = chunk.select([name for name in columns if name not in hidden])
        for name, values in (("aq_id", who.ids), ("aq_group", who.groups), ("aq_part", who.parts)):
            kept = kept.append_column(name, pa.array(values))
        added = store.examples.append(kept.combine_chunks().to_batches())
        new, known, done = new + added.new, known + added.known, done + len(chunk)
        progress(f"adding {file.path.name}", done, file.rows)
    return Added(new=new, known=known, first_row=first), near


def _near_sealed(store: Store, who: Identity) -> int:
    """How many texts are nearly, not exactly, those of gate examples that there are."""
    parts = store.examples.parts()
    stored = np.flatnonzero((who.near >= 0) & (who.near < len(parts)))
    sealed = stored[parts[who.near[stored]] == PARTS.index(Part.GATE)]
    rows, at = np.unique(who.near[sealed], return_inverse=True)
    ids = store.examples.ids(rows)
    return sum(who.ids[i] != ids[j] for i, j in zip(sealed.tolist(), at.tolist(), strict=True))


def _chunks(file: Data) -> Iterator[pa.Table]:
    held: list[pa.RecordBatch] = []
    for batch in file:
        held.append(batch)
        if sum(len(one) for one in held) >= CHUNK:
            yield pa.Table.from_batches(held)
            held = []
    if held:
        yield pa.Table.from_batches(held)


def _said(project: Project, file: Data) -> dict[Task, pa.Table]:
    """The labels that a file brings, by task: columns example and value."""
    tasks = _told(project, file)
    said: dict[Task, list[pa.Table]] = {task: [] for task in tasks}
    for batch in file:
        ids = content_ids(texts_of(batch[project.text]))
        for task in tasks:
            values = given(batch[task.column], task)
            said[task].append(pa.table({"example": ids, "value": values}).filter(pc.is_valid(values)))
    return {task: pa.concat_tables(pieces) for task, pieces in said.items() if pieces}


def _told(project: Project, file: Data) -> list[Task]:
    """The tasks whose labels a file holds; scores come from comparisons alone."""
    return [task for task in project.tasks.values() if task.kind is not Kind.SCORE and task.column in file.schema.names]


def _contradictions(task: Task, said: pa.Table) -> list[str]:
    """Texts that come with two labels, as a notice; the first is recorded."""
    if task.kind is not Kind.CLASSIFY:
        return []
    pairs = said.group_by(["example", "value"]).aggregate([])
    many = len(pairs) - len(pc.unique(pairs["example"]))
    return [f"{many:,} texts came with more than one label of {task.name!r}: the first is recorded"] if many else []


def _check_labels(store: Store, project: Project, files: Sequence[Data]) -> None:
    """Refuse files with a label that the task doesn't know, or one that differs from another in case or spaces."""
    for task in project.tasks.values():
        names = set(names_of(store, task)) if task.kind is not Kind.SCORE else set()
        for file in files:
            if task not in _told(project, file):
                continue
            for batch in file:
                values = given(batch[task.column], task)
                if task.kind is Kind.SPAN:
                    check_places(task, batch[project.text], values)
                names |= set(names_in(values))
            check_names(task, sorted(names), str(file.path), file)


def _check_ids(store: Store, project: Project, file: Data) -> None:
    """Refuse a file in which one id stands for two texts, or for another text than in the store."""
    if project.id is None or project.id not in file.schema.names:
        return
    pieces = [pa.table({"name": batch[project.id], "id": content_ids(texts_of(batch[project.text]))}) for batch in file]
    if project.id in store.examples.schema.names:
        pieces += [
            pa.table({"name": pc.cast(batch[project.id], pa.string()), "id": batch["aq_id"]})
            for batch in store.examples.scan([project.id, "aq_id"])
        ]
    pairs = pa.concat_tables(pieces).group_by(["name", "id"]).aggregate([])
    counts = pairs.filter(pc.is_valid(pairs["name"])).group_by("name").aggregate([("id", "count")])
    twice = counts.filter(pc.greater(counts["id_count"], 1))["name"].to_pylist()
    if twice:
        shown = ", ".join(repr(name) for name in sorted(twice)[:5])
        more = f" and {len(twice) - 5:,} more" if len(twice) > 5 else ""
        raise DuplicateIdError(
            f"in {file.path.name}, {project.id}={shown}{more} stands for different texts; nothing was added",
            remedy=f"give each text an id of its own, or take id={project.id!r} out of project.py",
        )
