"""Labels to and from other tools: a project carried out as Label Studio, Prodigy, doccano ... have it, and brought in.

Bringing in is idempotent: a text is one example, and what one person said of it once is one event, however often the
file is read. Where several people said something of a text it goes the way of every such question: agreed, it is the
label; disputed, it waits for a reviewer. What can't be carried is counted, with examples, and never silently dropped.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import compress
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import orjson
import sqlalchemy as sa

from adequate.labelling.answers import answered
from adequate.loop.answers import names_of
from adequate.loop.ingest import add
from adequate.loop.spool import Spool, Words, words
from adequate.loop.steps.questions import SHOWN
from adequate.spec.tasks import Task
from adequate.store.events import Event, Many, record, record_many
from adequate.store.formats import exchange
from adequate.store.formats.exchange import Losses, Marked, Said
from adequate.store.formats.exchange.marked import plain
from adequate.store.formats.pieces import SUFFIX
from adequate.store.queue import QueueItem, put
from adequate.store.schema import current_label, queue_item
from adequate.store.schema import event as log
from adequate.store.sql import among
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
    return tuple(sorted({mark["label"] for value in said for mark in orjson.loads(value)}))


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
    texts_file, said_file = (folder / f"incoming.{os.getpid()}{suffix}" for suffix in (SUFFIX, ".said"))
    names = {task.name: set(_names(store, task)) for task in project.tasks.values()}
    labels: Counter[str] = Counter()
    disputed = done = 0
    try:
        with texts_file.open("wb") as texts, said_file.open("wb") as said:
            spool = Spool(texts=texts, said=said, project=project, names=names, actor=actor, losses=losses)
            for one in exchange.read(path, name, losses):
                spool.take(one)
            spool.flush()
        added = add(store, project, [texts_file], with_labels=False, actor=actor, progress=progress)
        for some in words(said_file):
            new, open_ = _recorded(store, project, some, f"came with {path.name}", losses)
            labels, disputed, done = labels + new, disputed + open_, done + len(some.example)
            progress(f"recording the labels of {path.name}", done, None)
    finally:
        texts_file.unlink(missing_ok=True)
        said_file.unlink(missing_ok=True)
    return Brought(
        new=added.new,
        known=added.known,
        labels=dict(labels),
        disputed=disputed,
        losses=losses,
        notices=(
            *(broken.said for broken in added.tests.broken),
            *(notice for notice in added.notices if texts_file.name not in notice),  # of a file that is ours
        ),
    )


def _recorded(store: Store, project: Project, said: Words, why: str, losses: Losses) -> tuple[Counter[str], int]:
    """Record a chunk in one transaction: new labels by task, and how many are disputed.

    Of one person's words on one text the last holds. What is recorded already stays as it is.
    """
    many, where = np.array(said.many), store.examples.rows_of(said.example)
    here = where >= 0
    here[here] = store.examples.parts()[where[here]] < len(PARTS)
    for i in np.flatnonzero(~here & (many > 0)).tolist():
        losses.add("answers to a text that was erased from the project", said.name[i])
    text = np.repeat(np.arange(len(many)), many)
    rows = where[text].tolist()
    one, several = _shared(said, rows, np.flatnonzero(here[text]))
    single = Many(
        why=why,
        example=[said.example[i] for i in text[one].tolist()],
        row=[rows[i] for i in one],
        task=[said.task[i] for i in one],
        value=[said.value[i] for i in one],
        actor=[said.actor[i] for i in one],
        source=[said.source[i] for i in one],
        at=[time.time() if (at := said.at[i]) is None else at for i in one],
        probability=[1.0] * len(one),
        op=[said.op[i] for i in one],
    )
    events = [[_event(said, i, said.example[text[i]], rows[i], why) for i in those] for those in several]
    questions = _questions(store, project, [those[0] for those in events])

    def job(connection: sa.Connection) -> tuple[Counter[str], int]:
        labels = Counter(compress(single.task, record_many(connection, single)))
        before = _before(connection, [event.op for those in events for event in those])
        disputed = 0
        for those, question in zip(events, questions, strict=True):
            if not all(event.op in before for event in those):
                agreed = _several(connection, replace(question, overlap=len(those)), those)
                labels[question.task] += agreed
                disputed += not agreed
        return +labels, disputed

    return store.sql.write(job, "recording labels")


def _shared(said: Words, rows: Sequence[int], there: np.ndarray) -> tuple[list[int], list[list[int]]]:
    """Of those words the ones that are one person's on a text, and those of several people, together."""
    codes = {task: code for code, task in enumerate(dict.fromkeys(said.task))}
    asked = [(rows[i] * len(codes)) + codes[said.task[i]] for i in there.tolist()]
    _, question, times = np.unique(asked, return_inverse=True, return_counts=True)
    again = times[question] > 1 if len(asked) else np.zeros(0, bool)
    one = there[~again].tolist()
    people: dict[tuple[str, int], dict[str, int]] = {}
    for i in there[again].tolist():
        people.setdefault((said.task[i], rows[i]), {})[said.actor[i]] = i
    last = [list(those.values()) for those in people.values()]
    return sorted(one + [those[0] for those in last if len(those) == 1]), [those for those in last if len(those) > 1]


def _event(said: Words, i: int, example: str, row: int, why: str) -> Event:
    at = said.at[i]
    return Event(
        example=example,
        row=row,
        task=said.task[i],
        value=said.value[i],
        actor=said.actor[i],
        source=Source(said.source[i]),
        at=time.time() if at is None else at,
        why=why,
        op=said.op[i],
    )


def _questions(store: Store, project: Project, firsts: Sequence[Event]) -> list[QueueItem]:
    """Of each text on which several people said something: the question that each of them has answered."""
    parts = store.examples.parts()
    rows = np.array([event.row for event in firsts], np.int64)
    texts = store.examples.take(rows, [project.text])[project.text].to_pylist() if firsts else []
    return [
        QueueItem(
            task=event.task,
            row=event.row,
            example=event.example,
            part=part_name(parts[event.row]),
            why=event.why,
            policy="import",
            rank=1.0,
            text=text if len(text) <= SHOWN else None,
        )
        for event, text in zip(firsts, texts, strict=True)
    ]


def _before(connection: sa.Connection, ops: Sequence[str]) -> set[str]:
    return set(connection.scalars(sa.select(log.c.op).where(among(connection, log.c.op, ops)))) if ops else set()


def _several(connection: sa.Connection, question: QueueItem, events: Sequence[Event]) -> bool:
    """Several people's words on one text: a question that each of them answers. Whether they agree."""
    put(connection, [question])
    here = (queue_item.c.task == events[0].task, queue_item.c.row == question.row)
    number = connection.scalar(sa.select(sa.func.max(queue_item.c.id)).where(*here))
    assert number is not None
    made: list[Event] = []
    for event in events:
        made = answered(connection, number, replace(event, source=Source.HUMAN))
        record(connection, made)
    return len(made) > 1
