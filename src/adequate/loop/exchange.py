"""Labels to and from other tools: a project carried out as Label Studio, Prodigy, doccano ... have it, and brought in.

Bringing in is idempotent: a text is one example, and what one person said of it once is one event, however often the
file is read. Where several people said something of a text it goes the way of every such question: agreed, it is the
label; disputed, it waits for a reviewer. What can't be carried is counted, with examples, and never silently dropped.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import sqlalchemy as sa

from adequate.encoders.identity import content_ids
from adequate.labelling.answers import answered
from adequate.loop.answers import names_of
from adequate.loop.ingest import add
from adequate.loop.steps import SHOWN
from adequate.spec.tasks import Task
from adequate.store.events import Event, record
from adequate.store.formats import exchange
from adequate.store.formats.exchange import Losses, Marked, Said
from adequate.store.formats.exchange.marked import plain
from adequate.store.formats.records import encoded
from adequate.store.queue import QueueItem, put
from adequate.store.schema import current_label, queue_item
from adequate.store.schema import event as log
from adequate.types import PARTS, Kind, Progress, Source, part_name, silent

if TYPE_CHECKING:
    from adequate.spec.project import Project
    from adequate.store import Store

CHUNK = 8192  # texts held at once
HUMAN = (Source.HUMAN, Source.IMPORT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """What was written, and what the format has no place for."""

    texts: int
    losses: Losses


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """What a file brought.

    Args:
        new, known: texts that the project didn't have, and those that it did.
        labels: labels that are new or changed, by task.
        disputed: texts on which its people differ: they wait for a reviewer.
        losses: what the project has no place for.
        notices: what a person should know.
    """

    new: int
    known: int
    labels: dict[str, int]
    disputed: int
    losses: Losses
    notices: tuple[str, ...]


def carried_out(
    store: Store,
    project: Project,
    path: Path,
    name: str,
    *,
    tasks: Sequence[str] | None = None,
    progress: Progress = silent,
) -> Carried:
    """Write every labelled example in another tool's format.

    Args:
        name: of `exchange.FORMATS`.
        tasks: only these; None: all.
    """
    losses = Losses()
    chosen = [task for task in project.tasks.values() if tasks is None or task.name in tasks]
    for task in [task for task in chosen if task.kind is Kind.SCORE]:
        losses.add("task of scores: no such format has them", task.name)
    chosen = [task for task in chosen if task.kind is not Kind.SCORE]
    rows = _labelled(store, chosen)
    known = {task.name: (task.kind, _names(store, task)) for task in chosen}

    def records() -> Iterator[Marked]:
        for start in range(0, len(rows), CHUNK):
            yield from _marked(store, project, chosen, rows[start : start + CHUNK])
            progress(f"writing {path.name}", min(start + CHUNK, len(rows)), len(rows))

    return Carried(texts=exchange.write(path, name, records(), known, losses), losses=losses)


def _labelled(store: Store, tasks: Sequence[Task]) -> np.ndarray:
    of = current_label.c.task.in_([task.name for task in tasks])
    (rows,) = store.sql.columns(sa.select(current_label.c.row).where(of).distinct().order_by(current_label.c.row))
    return np.array(rows, np.int64)


def _names(store: Store, task: Task) -> tuple[str, ...]:
    if task.kind is not Kind.SPAN or task.labels is not None:
        return names_of(store, task)
    said = store.labels.current(task.name)["value"].to_pylist()
    return tuple(sorted({mark["label"] for value in said for mark in json.loads(value)}))


def _marked(store: Store, project: Project, tasks: Sequence[Task], rows: np.ndarray) -> Iterator[Marked]:
    """Some rows, one at a time: columns are held, and no object for each of their texts, which memory is slow with."""
    own = [name for name in store.examples.schema.names if not name.startswith("aq_") and name != project.text]
    shown = store.examples.take(rows, ["aq_id", project.text, "aq_part", *own])
    texts, ids = shown[project.text].to_pylist(), shown["aq_id"].to_pylist()
    meta = shown.select(own).to_pylist() if own else [{}] * len(rows)
    parts = [part_name(code) for code in shown["aq_part"].to_pylist()]
    kinds = {task.name: task.kind for task in tasks}
    columns = (current_label.c.row, current_label.c.task, current_label.c.value, log.c.actor, log.c.at, log.c.source)
    query = sa.select(*columns).join(log, log.c.seq == current_label.c.seq).order_by(current_label.c.row)
    span = current_label.c.row.between(int(rows[0]), int(rows[-1]))
    of, task, value, actor, at, source = store.sql.columns(query.where(span, current_label.c.task.in_(list(kinds))))
    read = {one: orjson.loads(one) for one in set(value)}  # most answers come again and again
    starts, ends = (np.searchsorted(of, rows, side).tolist() for side in ("left", "right"))
    for text, name, known, part, start, end in zip(texts, ids, meta, parts, starts, ends, strict=True):
        yield Marked(
            text=text or "",
            said=[
                Said(
                    field=task[i],
                    kind=kinds[task[i]],
                    value=read[value[i]],
                    by=actor[i],
                    at=at[i],
                    source=Source.HUMAN if source[i] in HUMAN else Source.MODEL,
                )
                for i in range(start, end)
            ],
            meta={**plain(known), "aq_part": part},
            id=name,
        )


def brought_in(
    store: Store, project: Project, path: Path, name: str, *, actor: str = "import", progress: Progress = silent
) -> Brought:
    """Add the texts of another tool's file and record what was said of them.

    Args:
        name: of `exchange.FORMATS`.
        actor: who said what the file ascribes to nobody.

    Raises:
        FormatError: the file isn't of that format; nothing was added.
    """
    losses = Losses()
    folder = store.root / ".adequate"
    texts_file, said_file = (folder / f"incoming.{os.getpid()}.{part}.jsonl" for part in ("texts", "said"))
    labels: dict[str, int] = {}
    disputed = done = 0
    try:
        # The file is read once, and as a whole before anything of it is added.
        _spooled(texts_file, said_file, project, exchange.read(path, name, losses))
        texts = add(store, project, [texts_file], with_labels=False, actor=actor, progress=progress)
        fields = {task.name: set(_names(store, task)) for task in project.tasks.values()}
        with said_file.open("rb") as said:
            while some := [_unspooled(line) for line in islice(said, CHUNK)]:
                events = _events(store, project, fields, some, path.name, actor, losses)
                questions = {one.example: one for one in _questions(store, events, some)}
                disputed += _recorded(store, events, questions, labels)
                done += len(some)
                progress(f"recording the labels of {path.name}", done, None)
    finally:
        texts_file.unlink(missing_ok=True)
        said_file.unlink(missing_ok=True)
    return Brought(
        new=texts.new,
        known=texts.known,
        labels=labels,
        disputed=disputed,
        losses=losses,
        notices=tuple(notice for notice in texts.notices if texts_file.name not in notice),  # of a file that is ours
    )


def _spooled(texts: Path, said: Path, project: Project, records: Iterable[Marked]) -> None:
    """The texts and what else is known of them as ordinary data; and beside it what was said of them."""
    ours = {project.text, *(task.column for task in project.tasks.values())}
    with texts.open("wb") as data, said.open("wb") as answers:
        for one in records:
            meta = {key: value for key, value in one.meta.items() if key not in ours and not key.startswith("aq_")}
            data.write(encoded({project.text: one.text, **meta}) + b"\n")
            if one.said:
                words = [[o.field, o.kind, o.value, o.by, o.at, o.source] for o in one.said]
                answers.write(encoded([one.text, one.id, words]) + b"\n")


def _unspooled(line: bytes) -> Marked:
    text, name, words = orjson.loads(line)
    said = [
        Said(field=f, kind=Kind(kind), value=value, by=by, at=at, source=Source(source))
        for f, kind, value, by, at, source in words
    ]
    return Marked(text=text, said=said, id=name)


def _events(
    store: Store,
    project: Project,
    fields: dict[str, set[str]],
    records: Sequence[Marked],
    file: str,
    actor: str,
    losses: Losses,
) -> dict[tuple[str, int], list[Event]]:
    """What was said, by task and row; of one person's words on one text the last."""
    ids = content_ids([one.text for one in records])
    rows, parts = store.examples.rows_of(ids).tolist(), store.examples.parts()
    found: dict[tuple[str, int], dict[str, Event]] = {}
    for one, example, row in zip(records, ids, rows, strict=True):
        if row < 0 or parts[row] >= len(PARTS):
            losses.add("answers to a text that was erased from the project", one.id)
            continue
        for said in one.said:
            where = one.id or one.text
            task = _task(project, said, losses)
            value = None if task is None else _value(task, said, fields[task.name], where, losses)
            if task is None or value is None:
                continue
            by = said.by or actor
            named = encoded(["exchange", task.name, example, value, by, said.at])
            found.setdefault((task.name, row), {})[by] = Event(
                example=example,
                row=row,
                task=task.name,
                value=value,
                actor=by,
                source=Source.HUMAN if said.by else Source.IMPORT,
                at=said.at if said.at is not None else time.time(),
                why=f"came with {file}",
                op=hashlib.sha256(named).hexdigest()[:32],
            )
    return {key: list(events.values()) for key, events in found.items()}


def _task(project: Project, said: Said, losses: Losses) -> Task | None:
    """Which task an answer is of: the one its field names, or the only one of its kind."""
    if said.source is not Source.HUMAN:
        losses.add("prediction of another model: the engine makes its own")
        return None
    for task in project.tasks.values():
        if said.field in (task.name, task.column):
            return task
    kinds = (Kind.SPAN,) if said.kind is Kind.SPAN else (Kind.CLASSIFY, Kind.MULTILABEL)
    fitting = [task for task in project.tasks.values() if task.kind in kinds]
    if len(fitting) == 1:
        return fitting[0]
    losses.add(f"answer to {said.field or 'a question'!r}, of which the project has no task", said.kind)
    return None


def _value(task: Task, said: Said, names: set[str], where: str, losses: Losses) -> Any:
    """The answer as the task takes it; None where it can't."""
    value = said.value
    if task.kind is Kind.SPAN:
        used = {mark["label"] for mark in value} if said.kind is Kind.SPAN else None
    elif task.kind is Kind.MULTILABEL:
        value = [value] if isinstance(value, str) else value
        used = set(value)
    else:
        used = {value} if isinstance(value, str) else None
    if used is None:
        losses.add(f"answer that isn't of the kind of {task.name!r} ({task.kind})", where)
        return None
    strange = used - names if task.labels is not None else set()
    if strange:
        losses.add(f"label that {task.name!r} doesn't declare", sorted(strange)[0])
        return None
    return value


def _questions(
    store: Store, said: dict[tuple[str, int], list[Event]], records: Sequence[Marked]
) -> Iterator[QueueItem]:
    """Of each text on which several people said something: the question that each of them has answered."""
    several = [events for events in said.values() if len(events) > 1]
    if not several:
        return
    parts = store.examples.parts()
    texts = dict(zip(content_ids([one.text for one in records]), (one.text for one in records), strict=True))
    for events in several:
        first = events[0]
        text = texts[first.example]
        yield QueueItem(
            task=first.task,
            row=first.row,
            example=first.example,
            part=part_name(parts[first.row]),
            why=first.why,
            policy="import",
            overlap=len(events),
            rank=1.0,
            text=text if len(text) <= SHOWN else None,
        )


def _recorded(
    store: Store, said: dict[tuple[str, int], list[Event]], questions: dict[str, QueueItem], labels: dict[str, int]
) -> int:
    """Record a chunk in one transaction; returns how many are disputed. What is recorded already stays as it is."""

    def job(connection: sa.Connection) -> int:
        ops = [event.op for events in said.values() for event in events]
        before = _before(connection, ops)
        single = [events[0] for events in said.values() if len(events) == 1 and events[0].op not in before]
        record(connection, single)
        for event in single:
            labels[event.task] = labels.get(event.task, 0) + 1
        disputed = 0
        for events in said.values():
            if len(events) > 1 and not all(event.op in before for event in events):
                agreed = _several(connection, questions[events[0].example], events)
                labels[events[0].task] = labels.get(events[0].task, 0) + agreed
                disputed += not agreed
        return disputed

    return store.sql.write(job, "recording labels")


def _before(connection: sa.Connection, ops: Sequence[str]) -> set[str]:
    found: set[str] = set()
    for start in range(0, len(ops), 10_000):
        some = sa.select(log.c.op).where(log.c.op.in_(ops[start : start + 10_000]))
        found |= set(connection.scalars(some))
    return found


def _several(connection: sa.Connection, question: QueueItem, events: Sequence[Event]) -> bool:
    """Several people's words on one text: a question that each of them answers. Whether they agree."""
    put(connection, [replace(question, task=events[0].task)])
    here = (queue_item.c.task == events[0].task, queue_item.c.row == question.row)
    number = connection.scalar(sa.select(sa.func.max(queue_item.c.id)).where(*here))
    assert number is not None
    made: list[Event] = []
    for event in events:
        made = answered(connection, number, replace(event, source=Source.HUMAN))
        record(connection, made)
    return len(made) > 1
