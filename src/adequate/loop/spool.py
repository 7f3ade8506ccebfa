"""What a file of another tool says, on its way into a project: its texts as columns, and beside them what was said.

A file is read once, and as a whole before anything of it is added. What was read waits in two files of ours: what of it
the project has no place for is counted on the way, and no text or answer is kept in memory.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import orjson

from adequate.encoders.identity import content_ids
from adequate.spec.tasks import Task
from adequate.store.formats.exchange import Losses, Marked, Said
from adequate.store.formats.pieces import put
from adequate.store.formats.records import columns, encoded
from adequate.types import Kind, Source

if TYPE_CHECKING:
    from adequate.spec.project import Project

TEXTS = 8192  # texts held at once
WORDS = 1 << 16  # answers that are recorded together


@dataclass(slots=True)
class Words:
    """What was said, by column.

    Args:
        example, name: of each text, its id and what the file calls it.
        many: how much was said of each text.
        task, value, actor, source, at, op: of each word, text after text; `at` is None where the file doesn't say.
    """

    example: list[str] = field(default_factory=list)
    name: list[str] = field(default_factory=list)
    many: list[int] = field(default_factory=list)
    task: list[str] = field(default_factory=list)
    value: list[Any] = field(default_factory=list)
    actor: list[str] = field(default_factory=list)
    source: list[Source] = field(default_factory=list)
    at: list[float | None] = field(default_factory=list)
    op: list[str] = field(default_factory=list)


def words(file: Path) -> Iterator[Words]:
    """What was said, some 65,536 answers at a time; all that one line of the other tool's file said is together."""
    with file.open("rb") as lines:
        for line in lines:
            yield Words(**orjson.loads(line))


@dataclass(slots=True, kw_only=True)
class Spool:
    """Takes texts in; at the end `flush` it.

    Args:
        texts, said: where to write.
        names: of each task its labels.
        actor: who said what the file ascribes to nobody.
        losses: counts what the project has no place for.
    """

    texts: BinaryIO
    said: BinaryIO
    project: Project
    names: Mapping[str, set[str]]
    actor: str
    losses: Losses
    _rows: list[dict[str, Any]] = field(default_factory=list)
    _words: Words = field(default_factory=Words)
    _tasks: dict[tuple[str, bool], Task | None] = field(default_factory=dict)

    def take(self, one: Marked) -> None:
        """One more text, what else is known of it, and what was said of it."""
        ours = {self.project.text, *(task.column for task in self.project.tasks.values())} if one.meta else ()
        meta = {key: value for key, value in one.meta.items() if key not in ours and not key.startswith("aq_")}
        self._rows.append({self.project.text: one.text, **meta})
        held = self._words
        before = len(held.task)
        for said in one.said:
            task = self._task(said)
            value = None if task is None else self._value(task, said, one.id or one.text)
            if task is not None and value is not None:
                held.task.append(task.name)
                held.value.append(value)
                held.actor.append(said.by or self.actor)
                held.source.append(Source.HUMAN if said.by else Source.IMPORT)
                held.at.append(said.at)
        held.many.append(len(held.task) - before)
        held.name.append(one.id)
        if len(self._rows) >= TEXTS:
            self._put_texts()
        if len(held.task) >= WORDS:
            self.flush()

    def flush(self) -> None:
        """Write what is held."""
        self._put_texts()
        if self._words.task:
            held = {name: getattr(self._words, name) for name in Words.__dataclass_fields__}
            self.said.write(encoded(held) + b"\n")
        self._words = Words()

    def _put_texts(self) -> None:
        if not self._rows:
            return
        try:
            put(self.texts, columns(self._rows))
        except UnicodeEncodeError:  # halves of a character, which no file of ours can have
            self._rows = orjson.loads(encoded(self._rows))
            put(self.texts, columns(self._rows))
        held = self._words
        at, first = len(held.op), len(held.example)
        held.example += content_ids([row[self.project.text] for row in self._rows])
        for example, many in zip(held.example[first:], held.many[first:], strict=True):
            for i in range(at, at + many):
                named = encoded(["exchange", held.task[i], example, held.value[i], held.actor[i], held.at[i]])
                held.op.append(hashlib.sha256(named).hexdigest()[:32])
            at += many
        self._rows = []

    def _task(self, said: Said) -> Task | None:
        """Which task an answer is of: the one its field names, or the only one of its kind."""
        if said.source is not Source.HUMAN:
            self.losses.add("prediction of another model: the engine makes its own")
            return None
        asked = (said.field, said.kind is Kind.SPAN)
        if asked not in self._tasks:
            self._tasks[asked] = self._fitting(*asked)
        task = self._tasks[asked]
        if task is None:
            self.losses.add(f"answer to {said.field or 'a question'!r}, of which the project has no task", said.kind)
        return task

    def _fitting(self, name: str, spans: bool) -> Task | None:
        for task in self.project.tasks.values():
            if name in (task.name, task.column):
                return task
        kinds = (Kind.SPAN,) if spans else (Kind.CLASSIFY, Kind.MULTILABEL)
        fitting = [task for task in self.project.tasks.values() if task.kind in kinds]
        return fitting[0] if len(fitting) == 1 else None

    def _value(self, task: Task, said: Said, where: str) -> Any:
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
            self.losses.add(f"answer that isn't of the kind of {task.name!r} ({task.kind})", where)
            return None
        strange = used - self.names[task.name] if task.labels is not None else set()
        if strange:
            self.losses.add(f"label that {task.name!r} doesn't declare", sorted(strange)[0])
            return None
        return value
