"""Labels that the names of labels suggest, for bulk accept: never a person's answer, and taken back as one.

On intents and news topics, where names mean something, the quarter of the pool that lies clearest around one label's
name was right for 89-98 %. Accepted guesses teach, with source `model`; they never steer or measure, and whatever a
person says of such an example holds instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from adequate.errors import NotEnoughDataError
from adequate.loop.cycle import Cycle
from adequate.loop.state import State
from adequate.loop.turn import know
from adequate.mining import confident
from adequate.store import Event
from adequate.store.events import SCHEMA
from adequate.store.schema import current_label
from adequate.store.schema import event as log
from adequate.testing.assertions import SAID
from adequate.types import Kind, Progress, Source, silent

if TYPE_CHECKING:
    from adequate.spec.project import Project
    from adequate.spec.tasks import Task
    from adequate.store import Store

POLICY = "guess"


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """An example of the pool and the label that it probably has; `margin` says how clearly, against the next best."""

    row: int
    example: str
    text: str
    label: str
    margin: float


def guesses(store: Store, project: Project, task: Task, progress: Progress = silent) -> list[Guess]:
    """The quarter of the pool whose label is clearest, clearest first.

    Raises:
        NotEnoughDataError: the task takes several labels, has no names yet, or there is no language model.
    """
    state = State(rows=store.examples.count, seq=store.labels.last_seq())
    cycle = Cycle(store=store, project=project, number=0, state=state, progress=progress)
    names, world = cycle.names[task.name], cycle.world
    assert cycle.encoders is not None
    if task.kind is Kind.MULTILABEL or len(names) < 2 or not cycle.encoders.meaning:
        raise NotEnoughDataError(
            f"guesses for {task.name!r} need one label an example, two declared labels and the language model",
            remedy="declare its labels in project.py; adequate label asks people meanwhile",
        )
    phrases = cycle.encoders.phrases(names)
    knowledge = know(world, task, names, cycle.labels(task), None, None, cycle.cells[task.name], phrases)
    found = confident(knowledge, np.random.default_rng(0))
    order = np.argsort(-found.margin, kind="stable")
    rows = found.rows[order]
    texts = store.examples.take(rows, [project.text])[project.text].to_pylist()
    return [
        Guess(row=row, example=example, text=text or "", label=names[code], margin=float(margin))
        for row, example, text, code, margin in zip(
            rows.tolist(), store.examples.ids(rows), texts, found.codes[order], found.margin[order], strict=True
        )
    ]


def accept(store: Store, task: Task, found: list[Guess], *, actor: str, rule: str | None = None) -> int:
    """Let guesses teach; returns how many. Who accepted them is recorded, but they stay a model's, or a rule's.

    Args:
        rule: the assertion that suggested them; None: the names of the labels did.
    """
    events = [
        Event(
            example=guess.example,
            row=guess.row,
            task=task.name,
            value=[name for name in guess.label.split(SAID) if name] if task.kind is Kind.MULTILABEL else guess.label,
            actor=actor,
            source=Source.MODEL if rule is None else Source.RULE,
            why=f"accepted in bulk; its margin is {guess.margin:.2f}" if rule is None else _why(rule),
            policy=POLICY,
        )
        for guess in found
    ]
    store.labels.record(events)
    return len(events)


def withdraw(store: Store, task: Task, *, actor: str, rule: str | None = None) -> int:
    """Take back every accepted guess that still holds; returns how many. What was labelled otherwise stays.

    Args:
        rule: the assertion that suggested them; None: the names of the labels did.
    """
    source = Source.MODEL if rule is None else Source.RULE
    mine = (log.c.task == task.name, log.c.policy == POLICY, log.c.source == str(source))
    query = sa.select(log.c.row).where(*mine, *([] if rule is None else [log.c.why == _why(rule)]))
    guessed = {one.row for one in store.sql.rows(query)}
    later = sa.select(current_label.c.row).where(
        current_label.c.task == task.name, current_label.c.seq == log.c.seq, log.c.policy.in_((POLICY, SCHEMA))
    )
    held = {one.row for one in store.sql.rows(later)} & guessed
    now = store.labels.current(task.name)
    now = now.filter(pc.is_in(now["row"], value_set=pa.array(sorted(held), pa.int64())))
    events = [
        Event(
            example=row["example"],
            row=row["row"],
            task=task.name,
            value=None,
            actor=actor,
            source=source,
            why="accepted guesses taken back",
            policy=POLICY,
        )
        for row in now.to_pylist()
    ]
    store.labels.record(events)
    return len(events)


def _why(rule: str) -> str:
    """The reason that is recorded with a label which an assertion suggested."""
    return f"suggested by {rule}"
