"""Operations on many examples at once: label all that were selected, take that back, ask people about them.

    bulk.label       {selection, task, label, audit: {example: bool}, replace?, steer?}
    bulk.undo        {of: op}        in one transaction; what somebody changed since stays as they left it
    selection.queue  {selection, task, why}
    suspect.keep     {task, example, value}     a label that looked wrong is right after all

Nobody reads thousands of examples. So a random sample is looked at first; those that the person looked at are labelled
by a human, the others by a rule of policy `bulk`, each with what came of the audit. Only what teaches is labelled: the
gate never, steering examples where somebody says so. An example that has another label keeps it unless they say so.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from adequate.errors import ConflictError, DataError, LabelError, UnknownNameError, unknown
from adequate.labelling import policy
from adequate.loop import selections
from adequate.loop.selections import Selection
from adequate.store import Event, QueueItem, queue
from adequate.store.events import ANSWER, LABEL
from adequate.store.schema import answer, current_label, queue_item
from adequate.store.schema import event as log
from adequate.studio import tasks
from adequate.studio.ops import Ask, operation, rest_of
from adequate.studio.ops.answers import place
from adequate.studio.roles import Can
from adequate.types import Kind, Part, Source

if TYPE_CHECKING:
    from adequate.spec.tasks import Task

BULK, UNDONE, KEPT = "bulk", "bulk undone", "kept"
LEAST = 5  # of the sample that must have been looked at, where there are as many
RIGHT = 0.9  # of what was looked at
_FEW = 500  # rows named in one question


@dataclass(frozen=True, slots=True, kw_only=True)
class Sorted:
    """What labelling a selection does.

    Args:
        rows: that get the label.
        ids: of these.
        values: what each gets.
        same: have it already.
        conflicts: have another label, by label: kept, or replaced.
        steer: left out because they steer.
        replaced: whether those with another label are among `rows`.
    """

    rows: list[int]
    ids: list[str]
    values: list[Any]
    same: int
    conflicts: dict[str, int]
    steer: int
    replaced: bool

    def to_json(self) -> dict[str, Any]:
        """For the dialogue."""
        return {
            "fresh": len(self.rows),
            "same": self.same,
            "conflicts": self.conflicts,
            "steer": self.steer,
            "replaced": self.replaced,
        }


def sorted_out(
    connection: sa.Connection, task: Task, label: str, selection: Selection, *, replace: bool, steer: bool = False
) -> Sorted:
    """Which of a selection get a label, which have it, which have another."""
    held = _current(connection, task.name, selection.rows)
    rows, ids, values, same, left = [], [], [], 0, 0
    conflicts: dict[str, int] = {}
    for row, example, part in zip(selection.rows, selection.ids, selection.parts, strict=True):
        if part != Part.TEACH and not (steer and part == Part.STEER):
            left += part == Part.STEER
            continue
        before = json.loads(held[row].value) if row in held else None
        value: Any = [label] if task.kind is Kind.MULTILABEL else label
        if before is not None and task.kind is Kind.MULTILABEL:
            value = sorted({label, *before})
        if before == value:
            same += 1
            continue
        if before is not None:
            name = ", ".join(before) or "none" if isinstance(before, list) else str(before)
            conflicts[name] = conflicts.get(name, 0) + 1
            if not replace:
                continue
        rows.append(row)
        ids.append(example)
        values.append(value)
    most = dict(sorted(conflicts.items(), key=lambda pair: -pair[1]))
    return Sorted(rows=rows, ids=ids, values=values, same=same, conflicts=most, steer=left, replaced=replace)


@operation("bulk.label", needs=Can.BUILD)
def label_all(connection: sa.Connection, ask: Ask) -> Sequence[Event]:
    """Label all of a selection, but for those that were looked at and found to be something else."""
    body = ask.body
    task, label = tasks.named(ask.studio, body.get("task")), body.get("label")
    if task.kind not in (Kind.CLASSIFY, Kind.MULTILABEL) or not isinstance(label, str) or not label.strip():
        raise DataError(f"{label!r} can't be given to many examples of {task.name!r}", remedy="a label of the task")
    if task.labels is not None and label not in task.labels:
        raise LabelError(unknown("label", label, task.labels).message, remedy=f"there are: {', '.join(task.labels)}")
    selection = selections.recall(ask.studio.root, str(body.get("selection", "")))
    changes = body.get("replace") is True, body.get("steer") is True
    told = sorted_out(connection, task, label, selection, replace=changes[0], steer=changes[1])
    audit = _audit(body.get("audit"), told)
    right = sum(audit.values())
    summary = {"label": label, "selected": len(selection), "looked": len(audit), "right": right, "replaced": changes[0]}
    drawn = _current(connection, task.name, told.rows)
    events = [_summary(ask, BULK, task.name)]
    for row, example, value in zip(told.rows, told.ids, told.values, strict=True):
        if audit.get(example) is False:
            continue
        events.append(
            ask.event(
                LABEL,
                i=len(events),
                example=example,
                row=row,
                task=task.name,
                value=value,
                source=Source.HUMAN if example in audit else Source.RULE,
                why=f"labelled with {len(told.rows) - 1:,} others" if len(told.rows) > 1 else "labelled in bulk",
                policy=BULK,
                # One that is corrected was drawn as before.
                probability=drawn[row].probability if row in drawn else 1.0,
                body={"bulk": ask.op, "looked": len(audit), "right": right},
            )
        )
    if len(events) == 1:
        raise ConflictError("all of these have the label, or another that is kept", remedy="nothing has to be done")
    withdrawn = _withdraw(connection, task.name, [event.row for event in events[1:]])
    events[0] = replace(events[0], body={**summary, "labelled": len(events) - 1, "withdrawn": withdrawn})
    return events


@operation("bulk.undo", needs=Can.BUILD)
def undo(connection: sa.Connection, ask: Ask) -> Sequence[Event]:
    """Take a bulk back: each example is what it was before, unless somebody said something of it since."""
    of = str(ask.body.get("of", ""))
    head = connection.execute(sa.select(log).where(log.c.op == of, log.c.kind == BULK)).first()
    if head is None:
        raise UnknownNameError(f"no bulk was recorded under the name {of!r}", remedy="undo what was saved")
    columns = (log.c.row, log.c.example, log.c.seq)
    done = connection.execute(sa.select(*columns).where(rest_of(of), log.c.kind == LABEL)).all()
    rows = [row.row for row in done]
    last = _last(connection, head.task, rows)
    before = _last(connection, head.task, rows, before=head.seq)
    events = [_summary(ask, UNDONE, head.task)]
    for one in done:
        if last[one.row].seq != one.seq:
            continue
        held = before.get(one.row)
        was = None if held is None or held.value is None else held
        events.append(
            ask.event(
                LABEL,
                i=len(events),
                example=one.example,
                row=one.row,
                task=head.task,
                value=None if was is None else json.loads(was.value),
                source=Source.RULE if was is None else Source(was.source),
                why=f"undo of {head.seq}",
                policy=BULK if was is None else was.policy,
                probability=1.0 if was is None else was.probability,
            )
        )
    _answers_as_before(connection, head, rows)
    _ask_again(connection, json.loads(head.body or "{}").get("withdrawn", []))
    body = {"of": of, "undone": len(events) - 1, "kept": len(done) - len(events) + 1}
    events[0] = replace(events[0], body=body)
    return events


@operation("selection.queue", needs=Can.REVIEW)
def ask_people(connection: sa.Connection, ask: Ask) -> Sequence[Event]:
    """Put what `POST /api/selections/KEY/questions` made of a selection before everything else that waits."""
    task = tasks.named(ask.studio, ask.body.get("task"))
    name = f"{ask.body.get('selection', '')} {task.name}"
    found = ask.studio.extra.get("questions", {}).pop(name, None)
    if found is None:
        raise ConflictError("these were asked for already, or are no longer known", remedy="select them again")
    why = str(ask.body.get("why") or "").strip()[:200]
    if not why:
        raise DataError("why should people look at these?", remedy="a few words; labellers will see them")
    waiting = sa.select(sa.func.min(queue_item.c.rank)).where(queue_item.c.state == queue.WAITING)
    first = connection.scalar(waiting) or 0.0
    items = [replace(QueueItem(**item), why=why, rank=first - 1.0) for item in found]
    new = queue.put(connection, policy.asked(items, policy.of(ask.studio.store.overrides, task.name)))
    return [ask.event("queue", topic=f"queue:{task.name}", task=task.name, body={"asked": len(items), "new": new})]


@operation("suspect.keep", needs=Can.LABEL)
def keep(connection: sa.Connection, ask: Ask) -> Sequence[Event]:
    """A label that looked wrong is right: it isn't brought up again."""
    task = tasks.named(ask.studio, ask.body.get("task"))
    example, row = place(connection, ask, ask.body.get("example"))
    value = ask.body.get("value")
    if value is None:
        raise DataError("which label is right?", remedy="{task, example, value}")
    return [ask.event(KEPT, example=example, row=row, task=task.name, value=value, why="looked wrong, is right")]


def _summary(ask: Ask, kind: str, task: str) -> Event:
    """The event that stands for the operation as a whole, and that an undo names; its body comes last."""
    return ask.event(kind, topic="board", task=task)


def _audit(given: object, told: Sorted) -> dict[str, bool]:
    """What the person said of the examples that they looked at: of those that are labelled."""
    if not isinstance(given, dict) or not all(isinstance(said, bool) for said in given.values()):
        raise DataError("no audit came with it", remedy="look at a sample first: audit {example: true or false}")
    known = set(told.ids)
    audit = {str(example): said for example, said in given.items() if example in known}
    least = min(LEAST, len(told.ids))
    if len(audit) < least:
        raise DataError(f"{len(audit)} of these were looked at", remedy=f"look at {least} or more of the sample")
    if sum(audit.values()) < RIGHT * len(audit):
        raise DataError(
            f"only {sum(audit.values())} of the {len(audit)} that were looked at are right",
            remedy="narrow the selection, or put it into the queue",
        )
    return audit


def _current(connection: sa.Connection, task: str, rows: Sequence[int]) -> dict[int, Any]:
    """The current labels of some rows, and the chance with which each was drawn."""
    found: dict[int, Any] = {}
    here = current_label.c
    for some in _pieces(rows):
        query = sa.select(here.row, here.value, here.probability).where(here.task == task, here.row.in_(some))
        found.update({row.row: row for row in connection.execute(query)})
    return found


def _last(connection: sa.Connection, task: str, rows: Sequence[int], *, before: int | None = None) -> dict[int, Any]:
    """The last label event of each row, or the last before an event."""
    found: dict[int, Any] = {}
    for some in _pieces(rows):
        these = (log.c.task == task, log.c.row.in_(some), log.c.kind == LABEL)
        last = sa.select(sa.func.max(log.c.seq)).where(*these, *(() if before is None else (log.c.seq < before,)))
        found.update(
            {row.row: row for row in connection.execute(sa.select(log).where(log.c.seq.in_(last.group_by(log.c.row))))}
        )
    return found


def _withdraw(connection: sa.Connection, task: str, rows: Sequence[int]) -> list[int]:
    """Nobody needs to be asked any more; returns the items."""
    found: list[int] = []
    for some in _pieces(rows):
        these = (queue_item.c.task == task, queue_item.c.row.in_(some), queue_item.c.state == queue.WAITING)
        found += connection.scalars(sa.select(queue_item.c.id).where(*these)).all()
    _become(connection, found, queue.WAITING, queue.WITHDRAWN)
    return found


def _ask_again(connection: sa.Connection, items: Sequence[int]) -> None:
    _become(connection, items, queue.WITHDRAWN, queue.WAITING)


def _become(connection: sa.Connection, items: Sequence[int], was: str, state: str) -> None:
    for some in _pieces(items):
        these = (queue_item.c.id.in_(some), queue_item.c.state == was)
        connection.execute(sa.update(queue_item).where(*these).values(state=state))


def _answers_as_before(connection: sa.Connection, head: Any, rows: Sequence[int]) -> None:
    """What the person said of the examples that they looked at is what they had said before."""
    for some in _pieces(rows):
        these = (answer.c.task == head.task, answer.c.actor == head.actor, answer.c.row.in_(some))
        mine = sa.select(answer.c.row).join(log, log.c.seq == answer.c.seq).where(*these, rest_of(head.op))
        touched = list(connection.scalars(mine))
        connection.execute(sa.delete(answer).where(*these[:2], answer.c.row.in_(touched)))
        said = (log.c.task == head.task, log.c.actor == head.actor, log.c.row.in_(touched), log.c.seq < head.seq)
        human = sa.or_(log.c.kind == ANSWER, sa.and_(log.c.kind == LABEL, log.c.source == str(Source.HUMAN)))
        last = sa.select(sa.func.max(log.c.seq)).where(*said, human).group_by(log.c.row)
        before = connection.execute(sa.select(log).where(log.c.seq.in_(last), log.c.value.is_not(None))).all()
        if before:
            columns = [column.name for column in answer.columns]
            connection.execute(sa.insert(answer), [{name: getattr(row, name) for name in columns} for row in before])


def _pieces(rows: Sequence[int]) -> Iterator[list[int]]:
    for start in range(0, len(rows), _FEW):
        yield list(rows[start : start + _FEW])
