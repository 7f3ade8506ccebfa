"""What may be answered, and what becomes of an answer.

Labels are compared exactly; one that differs from a known label only in case or spaces is refused with the label that
was meant, for taking it silently would hide a mistake in a file and refusing it bare would be of no help.
"""

from __future__ import annotations

from collections.abc import Sequence

from adequate.errors import LabelError, unknown
from adequate.store import Event, QueueItem, Store
from adequate.types import Kind, Source


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
    """Record the answer to an item of the queue, and close the item; returns the event's number."""
    return answer_all(store, [(item, value)], actor=actor, source=source)[0]


def answer_all(
    store: Store, answers: Sequence[tuple[QueueItem, str | Sequence[str]]], *, actor: str, source: Source
) -> list[int]:
    """As `answer` for several items in one transaction: a wait for the disk once, not for each."""
    said = [(item.id, _event(item, value, actor, source)) for item, value in answers]
    return store.queue.answer_all(said)


def _event(item: QueueItem, value: str | Sequence[str], actor: str, source: Source) -> Event:
    return Event(
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


def undo(store: Store, item: QueueItem, seq: int, *, actor: str) -> int:
    """Take back the answer `seq` to an item, and ask it again first; returns the new event's number."""
    return store.queue.undo(item.id, seq, actor)


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
