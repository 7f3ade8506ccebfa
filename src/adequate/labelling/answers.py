"""What may be answered, and what becomes of an answer.

Labels are compared exactly; one that differs from a known label only in case or spaces is refused with the label that
was meant, for taking it silently would hide a mistake in a file and refusing it bare would be of no help.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from adequate.errors import LabelError, unknown
from adequate.labelling.policy import settle
from adequate.store import Event, QueueItem, Store, queue
from adequate.store.events import ANSWER, CONSENSUS, LABEL, find, holder, inverse, record
from adequate.types import Kind, Source

if TYPE_CHECKING:
    import sqlalchemy as sa


def check(value: str | Sequence[str], *, task: str, kind: Kind, labels: Sequence[str]) -> str | list[str]:
    """The answer as it is kept: one label, or the set of labels in the task's order.

    Raises:
        LabelError: the task has no such label, or the answer isn't of the task's kind.

    >>> check(["b", "a", "b"], task="topics", kind=Kind.MULTILABEL, labels=["a", "b", "c"])
    ['a', 'b']
    >>> check("Fee ", task="intent", kind=Kind.CLASSIFY, labels=["fee", "refund"])
    Traceback (most recent call last):
    adequate.errors.LabelError: task 'intent' has no label 'Fee '; 'fee' differs from it in case or spaces only
      → write it as 'fee'
    """
    if kind is Kind.CLASSIFY:
        if not isinstance(value, str):
            raise LabelError(f"task {task!r} takes exactly one label, not {list(value)!r}")
        return _known(value, task, labels)
    if isinstance(value, str):
        raise LabelError(f"task {task!r} takes any number of labels, not the single text {value!r}")
    given = {_known(label, task, labels) for label in value}
    return [label for label in labels if label in given]


def answer(
    store: Store, item: QueueItem, value: str | Sequence[str], *, actor: str, source: Source = Source.HUMAN
) -> int:
    """Record the answer to an item of the queue; returns the event's number."""
    return answer_all(store, [(item, value)], actor=actor, source=source)[0]


def answer_all(
    store: Store, answers: Sequence[tuple[QueueItem, str | Sequence[str]]], *, actor: str, source: Source
) -> list[int]:
    """As `answer` for several items in one transaction: all of them hold, or none."""

    def job(connection: sa.Connection) -> list[int]:
        numbers = []
        for item, value in answers:
            event = Event(
                example=item.example,
                row=item.row,
                task=item.task,
                value=value,
                actor=actor,
                source=source,
                why=item.why,
                policy=item.policy,
                probability=item.probability,
            )
            numbers.append(record(connection, answered(connection, item.id, event))[0])
        return numbers

    return store.sql.write(job, "recording answers")


def undo(store: Store, item: QueueItem, seq: int, *, actor: str) -> int:
    """Take back the answer `seq` to an item, and ask it again first; returns the new event's number."""
    return store.sql.write(
        lambda connection: record(connection, taken_back(connection, seq, actor, item=item.id))[0], "undoing an answer"
    )


def answered(connection: sa.Connection, item: int, event: Event) -> list[Event]:
    """What an answer makes of an item: the events to record, in the transaction of the caller's that closes it.

    Where one person is asked, the answer is the label. Where several are, it is an `answer`, and the last of them makes
    a label if all agree (`policy.settle`) and a dispute if not. An answer to a question whose answer is known is only
    ever an `answer`. Whoever answers again replaces what they said. Any answer counts, also one whose lease has run
    out: work done is never refused.

    Args:
        connection: of the transaction.
        item: of the queue.
        event: what was said, of whatever kind; the first event returned is this one, its `op` too.

    Raises:
        UnknownNameError: no such item.
    """
    if queue.close_single(connection, item):
        return [replace(event, kind=LABEL, item=item)]
    found, state = queue.find(connection, item)
    if found.gold is None and event.source is not Source.HUMAN:  # a program or a file is nobody: its word holds at once
        queue.close(connection, item, answers=found.answers)
        return [replace(event, kind=LABEL, item=item)]
    if found.gold is not None:
        queue.pause(connection, item, event.actor, answers=0)
        return [replace(event, kind=ANSWER, item=item)]
    return _one_of_several(connection, found, state, event)


def adjudicated(connection: sa.Connection, item: int, event: Event) -> list[Event]:
    """A reviewer's word on an item, disputed or not: it is the label, whatever was answered."""
    found, _ = queue.find(connection, item)
    queue.close(connection, item, answers=found.answers)
    return [replace(event, kind=LABEL, item=item)]


def taken_back(
    connection: sa.Connection, seq: int, actor: str, *, item: int | None = None, op: str | None = None
) -> list[Event]:
    """The events that take back the answer or label `seq`; what it answered is asked again, before all others.

    Args:
        connection: of the transaction.
        seq: the event's number.
        actor: who takes it back.
        item: of the queue, where the event doesn't say.
        op: names the first event.

    Raises:
        UnknownNameError: no such event, or it is neither answer nor label.
        LabelError: something was said of the same example since.
    """
    event = find(connection, seq)
    item = event.item if event.item is not None else item
    op = uuid.uuid4().hex if op is None else op
    if event.kind == ANSWER and item is not None:
        found, state = queue.find(connection, item)
        why = f"undo of {seq}"
        gone = replace(event, value=None, at=time.time(), why=why, actor=actor, op=op, saw=None, body=None)
        if found.gold is not None:
            queue.reopen(connection, item, actor, answers=0)
            return [gone]
        return _one_of_several(connection, found, state, gone)
    undone = replace(inverse(connection, seq, actor), item=item, op=op)
    if item is not None:
        found, _ = queue.find(connection, item)
        if 1 < found.overlap <= found.answers:  # it was a reviewer's word: all have answered, nobody is asked
            queue.close(connection, item, queue.DISPUTED, answers=found.answers)
        else:
            queue.reopen(connection, item, actor)
    return [undone]


def _one_of_several(connection: sa.Connection, item: QueueItem, state: str, event: Event) -> list[Event]:
    """An answer, or its withdrawal, where several people are asked."""
    values = queue.said(connection, item)
    values.pop(event.actor, None)
    if event.value is not None:
        values[event.actor] = event.value
    events = [replace(event, kind=ANSWER, item=item.id)]
    agreed = settle(values.values()) if len(values) >= item.overlap else None
    held = holder(connection, item.task, item.row) if state == queue.ANSWERED else None
    if held is not None and held != CONSENSUS:  # a reviewer has spoken
        return events
    if agreed is not None:
        queue.close(connection, item.id, answers=len(values))
        return [*events, _consensus(event, item, agreed, f"{len(values)} people agree")]
    if held == CONSENSUS:
        events.append(_consensus(event, item, None, "the answers no longer agree"))
    if len(values) >= item.overlap:
        queue.close(connection, item.id, queue.DISPUTED, answers=len(values))
    elif event.value is None:
        queue.reopen(connection, item.id, event.actor, answers=len(values))
    else:
        queue.pause(connection, item.id, event.actor, answers=len(values))
    return events


def _consensus(event: Event, item: QueueItem, value: Any, why: str) -> Event:
    return Event(
        example=item.example,
        row=item.row,
        task=item.task,
        value=value,
        actor=CONSENSUS,
        source=Source.HUMAN,
        at=event.at,
        why=why,
        policy=item.policy,
        probability=item.probability,
        op=f"{event.op}/1",
        item=item.id,
    )


def _known(label: str, task: str, labels: Sequence[str]) -> str:
    if label in labels:
        return label
    meant = [known for known in labels if _folded(known) == _folded(label)]
    if meant:
        raise LabelError(
            f"task {task!r} has no label {label!r}; {meant[0]!r} differs from it in case or spaces only",
            remedy=f"write it as {meant[0]!r}",
        )
    missing = unknown("label", label, labels)
    raise LabelError(f"task {task!r}: {missing.message}", remedy=missing.remedy)


def _folded(label: str) -> str:
    return " ".join(label.casefold().split())
