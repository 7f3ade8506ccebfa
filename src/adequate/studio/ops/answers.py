"""Operations on answers: submit, sweep, skip, undo, set, adjudicate.

    answer.submit   {item, value, new?, saw?, guide?}      the answer to an item of the queue
    answer.sweep    {label, right: [item], wrong: [item], saw?, guide?}     "are these all ...?", in one transaction
    answer.skip     {item}
    answer.undo     {of: op}                               takes any of these back, by events that say what held before
    label.set       {task, example, value, new?, guide?}   a label changed outside the queue
    adjudicate      {item, value}                          what holds where answers differ

Who answers with `rev` (the number of the last label event of this example that they saw) is told when somebody else has
said something since, instead of writing over it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from adequate.errors import AccessError, ConflictError, DataError, UnknownNameError
from adequate.labelling import compared, policy
from adequate.labelling.answers import adjudicated, answered, taken_back
from adequate.labelling.compared import UNDONE
from adequate.store import Event, QueueItem, queue, quick
from adequate.store.events import ANSWER, CONSENSUS, LABEL
from adequate.store.schema import event as log
from adequate.store.schema import queue_item
from adequate.studio import tasks
from adequate.studio.ops import Ask, operation, rest_of
from adequate.studio.roles import Can
from adequate.types import Part

if TYPE_CHECKING:
    from adequate.spec.tasks import Task

SKIP, SWEEP = "skip", "sweep"
DIFFERED = "answers differed"
SWEPT = 200  # items of one sweep at most

_PLACES = [  # events first: they are found by their example
    sa.select(table.c.row).where(table.c.example == sa.bindparam("name"), table.c.row >= 0).limit(1)
    for table in (log, queue_item)
]
_ERASED = sa.select(log.c.seq).where(log.c.op == sa.bindparam("op"))
_LAST = (
    sa.select(log)
    .where(log.c.task == sa.bindparam("of"), log.c.row == sa.bindparam("at_row"), log.c.kind == LABEL)
    .order_by(log.c.seq.desc())
    .limit(1)
)


@operation("answer.submit", needs=Can.LABEL)
def submit(connection: sa.Connection, ask: Ask) -> Sequence[Event]:
    """An answer; it closes the item once enough people have answered."""
    return _answered(connection, ask, item_of(connection, ask.body.get("item")), ask.body.get("value"))


@operation("answer.sweep", needs=Can.LABEL)
def sweep(connection: sa.Connection, ask: Ask) -> Sequence[Event]:
    """One label for all that are right; those marked wrong stay in the queue and come first."""
    right, wrong = (ask.body.get(name) or [] for name in ("right", "wrong"))
    if not (isinstance(right, list) and isinstance(wrong, list) and 0 < len(right) + len(wrong) <= SWEPT):
        raise DataError(f"a sweep is of 1 to {SWEPT} items", remedy="{label, right: [item ...], wrong: [item ...]}")
    items = [item_of(connection, number) for number in wrong]
    for item in items:
        queue.reopen(connection, item.id, ask.person.id)
    first = item_of(connection, right[0]) if right else items[0]
    # The sweep itself is an event, so that one undo names all of it.
    events = [_event(ask, first, SWEEP, {"label": ask.body.get("label")}, body={"right": right, "wrong": wrong})]
    for number in right:
        events += _answered(connection, ask, item_of(connection, number), ask.body.get("label"), i=len(events))
    return events


@operation("answer.skip", needs=Can.LABEL)
def skip(connection: sa.Connection, ask: Ask) -> Sequence[Event]:
    """Put an item aside."""
    item = item_of(connection, ask.body.get("item"))
    queue.skip(connection, item.id, ask.person.id)
    return [_event(ask, item, SKIP, None)]


@operation("answer.undo", needs=Can.LABEL)
def undo(connection: sa.Connection, ask: Ask) -> Sequence[Event]:
    """Take back an operation of one's own, and ask its items again before all others."""
    of = str(ask.body.get("of", ""))
    done = connection.execute(sa.select(log).where(sa.or_(log.c.op == of, rest_of(of))).order_by(log.c.seq)).all()
    if not done:
        raise UnknownNameError(f"nothing was done under the name {of!r}", remedy="undo what was saved")
    if done[0].actor != ask.person.id:
        raise AccessError("that was somebody else's answer", remedy="open the example to change it")
    for name in {row.example for row in done}:
        _not_erased(connection, name)
    events: list[Event] = []
    for row in done:
        if row.actor == CONSENSUS:  # goes with the answer that made it
            continue
        i = len(events)
        if row.kind in (LABEL, ANSWER):
            events += taken_back(connection, row.seq, ask.person.id, op=ask.named(i))
        else:
            events.append(_undone(connection, ask, row, i))
    return events


@operation("label.set", needs=Can.LABEL)
def set_label(connection: sa.Connection, ask: Ask) -> Sequence[Event]:
    """A label changed: one's last ten, or any example that was opened by its address.

    Where several people are asked, blind, or with gold questions, one labeller's word is an answer among others and
    goes through the queue.
    """
    task = tasks.named(ask.studio, ask.body.get("task"))
    if not ask.person.can(Can.REVIEW):
        asked = policy.of(ask.studio.store.overrides, task.name)
        if asked.overlap > 1 or asked.apart:
            raise AccessError(
                f"{task.name} is labelled by several people, blind, or with gold questions: here one labeller's word "
                "is no label",
                remedy="answer in the queue; a reviewer decides where answers differ",
            )
    return [_said(connection, ask, task)]


@operation("adjudicate", needs=Can.REVIEW)
def adjudicate(connection: sa.Connection, ask: Ask) -> Sequence[Event]:
    """What holds where answers differ."""
    item = item_of(connection, ask.body.get("item"))
    _unchanged(connection, ask, item.task, item.row, None)
    event = _event(ask, item, LABEL, _kept(connection, ask, item, ask.body.get("value")), why=DIFFERED)
    return adjudicated(connection, item.id, event)


def item_of(connection: sa.Connection, number: object) -> QueueItem:
    """An item of the queue by its number.

    Raises:
        UnknownNameError: there is none.
    """
    if not isinstance(number, int) or isinstance(number, bool):
        raise UnknownNameError(f"no item {number!r} in the queue", remedy="ask for the next ones")
    return queue.find(connection, number)[0]


def place(connection: sa.Connection, ask: Ask, example: object) -> tuple[str, int]:
    """An example's id and row: from what was ever asked or said of it, or from the screen that opened it.

    Raises:
        UnknownNameError: it was neither asked, nor labelled, nor opened.
    """
    name = str(example)
    _not_erased(connection, name)
    for query in _PLACES:
        found = quick.first(connection, query, {"name": name})
        if found is not None:
            return name, found.row
    if name in (opened := ask.studio.extra.get("opened", {})):
        return name, opened[name][0]
    raise UnknownNameError(f"no example {name!r} was asked or opened", remedy="open it first")


def _not_erased(connection: sa.Connection, example: str) -> None:
    if quick.first(connection, _ERASED, {"op": f"erase:{example}"}) is not None:
        raise UnknownNameError(f"the example {example[:100]!r} was erased", remedy="nothing more is said of it")


def last_label(connection: sa.Connection, task: str, row: int) -> Any:
    """The last label event of an example: its `seq` is the `rev` of what is shown."""
    return quick.first(connection, _LAST, {"of": task, "at_row": row})


def _answered(connection: sa.Connection, ask: Ask, item: QueueItem, value: Any, *, i: int = 0) -> list[Event]:
    kept = _kept(connection, ask, item, value)
    # What others say of a sealed example, or where there are gold questions, is not for labellers, so they can't be
    # told of it either.
    told = not (item.blind or ask.studio.hub.policies.of(item.task).blind) and (
        item.part != Part.GATE or ask.person.can(Can.REVIEW)
    )
    if item.overlap == 1 and told:
        _unchanged(connection, ask, item.task, item.row, kept)
    hidden = item.blind or item.part == Part.GATE
    return answered(connection, item.id, _event(ask, item, LABEL, kept, i=i, saw=None if hidden else _saw(ask)))


def _kept(connection: sa.Connection, ask: Ask, item: QueueItem, value: Any) -> Any:
    task = tasks.named(ask.studio, item.task)
    length = None if item.text is None else len(item.text)
    return tasks.checked(connection, ask.studio, task, value, new=ask.body.get("new") is True, length=length)


def _said(connection: sa.Connection, ask: Ask, task: Task) -> Event:
    example, row = place(connection, ask, ask.body.get("example"))
    value = ask.body.get("value")
    kept = tasks.checked(connection, ask.studio, task, value, new=ask.body.get("new") is True)
    _unchanged(connection, ask, task.name, row, kept)
    last = last_label(connection, task.name, row)
    drawn = {} if last is None else {"policy": last.policy, "probability": last.probability}  # as before
    seen = {"guide": _guide(ask), "saw": _saw(ask)}
    return ask.event(LABEL, example=example, row=row, task=task.name, value=kept, why="changed", **drawn, **seen)


def _unchanged(connection: sa.Connection, ask: Ask, task: str, row: int, value: Any) -> None:
    """Refuse to write over what somebody else said since."""
    if ask.rev is None:
        return
    last = last_label(connection, task, row)
    if last is None or last.seq <= ask.rev or last.actor == ask.person.id:
        return
    held = None if last.value is None else json.loads(last.value)
    if held != value:
        raise ConflictError(
            f"{last.actor} has changed this since",
            remedy="keep theirs, or answer again",
            current={"value": held, "by": last.actor, "at": last.at, "seq": last.seq},
        )


def _undone(connection: sa.Connection, ask: Ask, row: Any, i: int) -> Event:
    """The event that says that something other than an answer no longer counts."""
    if row.kind == SKIP:
        queue.reopen(connection, row.item, ask.person.id)
    if row.kind == compared.PAIR:
        game = json.loads(row.value)
        compared.count(connection, row.task, (game["a"], game["b"]), -1)
    return ask.event(
        UNDONE,
        i=i,
        example=row.example,
        row=row.row,
        task=row.task,
        value={"kind": row.kind, "seq": row.seq},
        why=f"undo of {row.seq}",
        item=row.item,
        body={"of": row.op},
    )


def _event(ask: Ask, item: QueueItem, kind: str, value: Any, *, why: str | None = None, **more: Any) -> Event:
    """Something said of what an item asks about."""
    return ask.event(
        kind,
        example=item.example,
        row=item.row,
        task=item.task,
        value=value,
        why=item.why if why is None else why,
        policy=item.policy,
        probability=item.probability,
        item=item.id,
        guide=_guide(ask),
        **more,
    )


def _guide(ask: Ask) -> int | None:
    found = ask.body.get("guide")
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def _saw(ask: Ask) -> Any:
    found = ask.body.get("saw")
    return found if isinstance(found, dict | None) else None
