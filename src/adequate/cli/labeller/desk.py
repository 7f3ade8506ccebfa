"""Between the questions and the store: what comes next, what the model says of it, and every answer safe at once.

A few items are leased at a time, and again with each question, so a lease lasts as long as its labeller works. What
was answered is committed before anybody is told that it is saved.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from adequate import labelling
from adequate.cli.labeller.question import Question, likely
from adequate.errors import StoreError
from adequate.labelling import policy
from adequate.loop.answers import names_of
from adequate.types import Kind, Part, Source

if TYPE_CHECKING:
    from adequate.spec.project import Project
    from adequate.spec.tasks import Task
    from adequate.store import QueueItem, Store

AHEAD = 5  # leased at a time


@dataclass(frozen=True, slots=True)
class _Done:
    """An item that was answered (`seq` is the event's number) or put aside (None)."""

    item: QueueItem
    seq: int | None
    labels: tuple[str, ...] = ()


@dataclass(slots=True)
class Desk:
    """One labeller's sitting.

    Args:
        store: open for writing.
        tasks: those to label, in the order in which they are asked.
        actor: who answers.
    """

    store: Store
    project: Project
    tasks: Sequence[Task]
    actor: str
    _item: QueueItem | None = None
    _done: list[_Done] = field(default_factory=list)
    _names: dict[str, list[str]] = field(default_factory=dict)
    _models: dict[str, str | None] = field(default_factory=dict)

    def ask(self) -> Question | None:
        """The next question, None when nothing waits that nobody else holds. The one taken back comes first."""
        for task in self.tasks:
            items = self.store.queue.next(task.name, self.actor, AHEAD)
            if items:
                self._item = items[0]
                return self._question(task, items[0])
        self._item = None
        return None

    def answer(self, value: str | Sequence[str]) -> str:
        """Record the answer to the question asked last; returns what was saved, for people."""
        item, task = self._asked()
        known = self._known(task)
        given = (value,) if isinstance(value, str) else tuple(value)
        labels = known if task.labels is not None else [*known, *(name for name in given if name not in known)]
        kept = labelling.check(value, task=task.name, kind=task.kind, labels=labels)
        seq = labelling.answer(self.store, item, kept, actor=self.actor)
        self._names[task.name] = labels
        self._done.append(_Done(item, seq, given))
        return ", ".join(given) or "none"

    def skip(self) -> None:
        """Put the question asked last aside."""
        item, _ = self._asked()
        self.store.queue.skip(item.id, self.actor)
        self._done.append(_Done(item, None))

    def undo(self) -> str | None:
        """Ask the last question again, its answer taken back; returns what it was, None if there is nothing left."""
        if not self._done:
            return None
        last = self._done.pop()
        if last.seq is None:
            self.store.queue.reopen(last.item.id, self.actor)
            return "put aside"
        labelling.undo(self.store, last.item, last.seq, actor=self.actor)
        standing = set(names_of(self.store, self.project.tasks[last.item.task]))
        names = self._names[last.item.task]
        names[:] = [name for name in names if name in standing]  # one that only the answer taken back used is gone
        return ", ".join(last.labels) or "none"

    def renew(self) -> None:
        """Hold what is leased for longer."""
        self.store.queue.renew(self.actor)

    def leave(self) -> None:
        """Let others have what is leased."""
        with suppress(StoreError):  # a lease runs out by itself; what went wrong before is what matters
            self.store.queue.give_back(self.actor)

    @property
    def answered(self) -> int:
        """Answers of this sitting that stand."""
        return sum(done.seq is not None for done in self._done)

    @property
    def skipped(self) -> int:
        """Questions of this sitting put aside."""
        return len(self._done) - self.answered

    def waiting(self) -> dict[str, int]:
        """How many items wait, by task, those included that others hold."""
        waiting = {task.name: 0 for task in self.tasks}
        for task, _, _, items in self.store.queue.counts():
            if task in waiting:
                waiting[task] += items
        return waiting

    def _asked(self) -> tuple[QueueItem, Task]:
        if self._item is None:
            raise RuntimeError("no question was asked")
        return self._item, self.project.tasks[self._item.task]

    def _question(self, task: Task, item: QueueItem) -> Question:
        blind = item.part == Part.GATE
        labels = self._known(task)
        alone = not policy.of(self.store.overrides, task.name).suggestions
        shown = not (blind or alone)
        rule, ruled = self._ruled(task, item) if shown else (None, None)
        suggestion, runner_up, confidence = (ruled, (), None) if rule or not shown else self._suggested(task, item.row)
        used = [label for done in self._done if done.item.task == task.name for label in done.labels]
        text = self.store.examples.take(np.array([item.row]), [self.project.text]).column(0)[0].as_py()
        return Question(
            task=task.name,
            kind=task.kind,
            text=text or "",
            labels=tuple(labels),
            options=likely(labels, [*(suggestion or ()), *runner_up], used),
            suggestion=suggestion,
            rule=rule,
            confidence=confidence,
            blind=blind,
            alone=alone,
            open=task.labels is None,
            normalise=task.normalise,
            why=item.why,
            cell=item.cell,
            number=len(self._done) + 1,
            of=len(self._done) + sum(self.waiting().values()),
        )

    def _known(self, task: Task) -> list[str]:
        """The task's labels; those that this sitting brought come last, so that no digit moves under a finger."""
        if task.name not in self._names:
            self._names[task.name] = list(names_of(self.store, task))
        return self._names[task.name]

    def _ruled(self, task: Task, item: QueueItem) -> tuple[str | None, tuple[str, ...] | None]:
        """The assertion that brought the question, if it suggests an answer, and which."""
        said = {} if item.suggestion is None else json.loads(item.suggestion)
        if said.get("source") != Source.RULE:
            return None, None
        labels = tuple(said["label"]) if task.kind is Kind.MULTILABEL else (said["label"],)
        return (said["model"], labels) if set(labels) <= set(self._known(task)) else (None, None)

    def _suggested(self, task: Task, row: int) -> tuple[tuple[str, ...] | None, tuple[str, ...], float | None]:
        """What the newest model answers, what else it held likely, and how sure it is."""
        model = self._model(task)
        if model is None or self.store.predictions.count(task.name, model) <= row:
            return None, (), None
        found = self.store.predictions.read(task.name, model, np.array([row])).to_pylist()[0]
        label, second = found["label"], found["runner_up"]
        labels = tuple(label) if task.kind is Kind.MULTILABEL else (label,)
        if not set(labels) <= set(self._known(task)):  # project.py has changed since the model was made
            return None, (), None
        return labels, (second,), found["confidence"]

    def _model(self, task: Task) -> str | None:
        """The newest model that answers for the task. None is made meanwhile: this sitting holds the project."""
        if task.name not in self._models:
            names = [model.id for model in reversed(self.store.models.list())]
            able = (name for name in names if self.store.predictions.has(task.name, name))
            self._models[task.name] = next(able, None)
        return self._models[task.name]
