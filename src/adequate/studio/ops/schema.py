"""Operations on a task's labels. Each is one transaction and has one undo; `project.py` isn't edited.

    schema.add      {task, label, why}
    schema.rename   {task, label, to, why}
    schema.merge    {task, labels, into, why}
    schema.split    {task, label, into, withdraw, ask, why}     ask: "all", "none", or rows to ask again
    schema.retire   {task, label, withdraw, why}
    schema.undo     {task, of}                                  the last change that still stands

What is offered afterwards is an override laid over the file (`spec.overlay`); each label that reads otherwise gets an
event that keeps its source and its probability. The first event, of kind `schema`, says what was done and how to undo
it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from adequate.errors import ConflictError, DataError, UnknownNameError
from adequate.labelling import policy, schema
from adequate.spec.load import load
from adequate.spec.overlay import Change, laid_over
from adequate.store import Event, QueueItem, queue
from adequate.store.events import LABEL, SCHEMA
from adequate.store.schema import current_label, guide_section, override, part_codes, queue_item
from adequate.store.schema import event as log
from adequate.studio import tasks
from adequate.studio.ops import Ask, operation
from adequate.studio.roles import Can
from adequate.types import PARTS, Source, part_name

if TYPE_CHECKING:
    from adequate.spec.tasks import Task

KIND = "schema"
OF_LABEL = "label:"  # the id of a label's section in the guide begins with it
ASKED_AGAIN = 100_000  # examples that a split asks again at most
_CHUNK = 10_000  # values in one question to the database


@operation("schema.add", needs=Can.BUILD)
@operation("schema.rename", needs=Can.BUILD)
@operation("schema.merge", needs=Can.BUILD)
@operation("schema.split", needs=Can.BUILD)
@operation("schema.retire", needs=Can.BUILD)
def change_labels(connection: sa.Connection, ask: Ask) -> Sequence[Event]:
    """Change the labels of a task as the kind says: what is offered, what is said already, what waits."""
    kind = ask.kind.removeprefix("schema.")
    task = _present(connection, ask)
    labels = tasks.labels(connection, ask.studio, task, anew=True)
    change = change_of(task, labels, kind, ask.body)
    why = ask.reason("a change of labels")
    before = {what: _held(connection, what) for what in (f"labels:{task.name}", f"renamed:{task.name}")}
    if ask.rev is not None and (last := _last(connection, task.name)) > ask.rev:
        raise ConflictError("the labels were changed since you opened this", remedy="look again", current={"rev": last})
    if task.labels is not None or kind in ("add", "split"):
        ask.decide(connection, f"labels:{task.name}", list(change.labels), why)
    ask.decide(connection, f"renamed:{task.name}", change.renamed or None, why)
    read = touched(connection, task.name, change)
    said = f"{kind}: {described(change, ask.body)}"
    events = [_label(ask, i, row, new, row.source, row.probability, said) for i, (row, new) in enumerate(read, start=1)]
    body = {
        "change": kind,
        "said": said,
        "labels": list(change.labels),
        "labels_before": labels,
        "maps": change.maps,
        "renamed": change.renamed,
        "before": before,
        "n": len(events),
        "suggestion": _waiting(connection, task.name, change),
        "asked": _ask_again(connection, ask, task) if kind == "split" else 0,
    }
    if kind == "rename":
        _carry(connection, task.name, _text(ask.body, "label"), _text(ask.body, "to"))
    return [_event(ask, task.name, body, why), *events]


@operation("schema.undo", needs=Can.BUILD)
def undo(connection: sa.Connection, ask: Ask) -> Sequence[Event]:
    """Take back the last change that still stands: names, and every label as it was, unless it was said anew since."""
    task = tasks.named(ask.studio, ask.body.get("task")).name
    standing = history(connection, task, standing=True)
    if not standing:
        raise UnknownNameError(f"the labels of {task!r} were not changed in the studio", remedy="nothing to undo")
    last = standing[-1]
    if ask.body.get("of") not in (None, last["seq"]):
        current = {"rev": last["seq"], "said": last["said"]}
        raise ConflictError(f"undo {last['said']!r} first", remedy="the last change goes first", current=current)
    seq, n, said = last["seq"], last["n"], f"undo of {last['said']}"
    restored = _restored(connection, seq, n)
    events = [_label(ask, i, *one, said) for i, one in enumerate(restored, start=1)]
    back = {now: was for was, now in last["maps"].items()} if last["change"] == "rename" else {}
    events += _later(connection, ask, task, last, back, said, {row.row for row, *_ in restored}, seq + n)
    for was, now in last["maps"].items() if last["change"] == "rename" else ():
        _carry(connection, task, now, was)
    for what, value in last["before"].items():
        ask.decide(connection, what, value, said)
    for number, (suggestion, gold, cell) in last["suggestion"].items():
        change = sa.update(queue_item).where(queue_item.c.id == int(number), queue_item.c.state == queue.WAITING)
        connection.execute(change.values(suggestion=suggestion, gold=gold, cell=cell))
    if last["asked"]:
        relabel = (queue_item.c.task == task, queue_item.c.policy == "relabel", queue_item.c.state == queue.WAITING)
        connection.execute(sa.update(queue_item).where(*relabel).values(state=queue.WITHDRAWN))
    body = {"change": "undo", "said": said, "of": seq, "labels": last["labels_before"], "n": len(events)}
    return [_event(ask, task, body, ""), *events]


def change_of(task: Task, labels: Sequence[str], kind: str, body: Mapping[str, Any]) -> schema.Change:
    """What an operation would change.

    Raises:
        LabelError: it makes no sense.
    """
    into, those = body.get("into"), body.get("labels")
    made: dict[str, Callable[[], schema.Change]] = {
        "add": lambda: schema.add(task, labels, _text(body, "label")),
        "rename": lambda: schema.rename(task, labels, _text(body, "label"), _text(body, "to")),
        "merge": lambda: schema.merge(task, labels, _texts(those, "labels"), _text(body, "into")),
        "split": lambda: schema.split(
            task, labels, _text(body, "label"), _texts(into, "into"), withdraw=body.get("withdraw") is not False
        ),
        "retire": lambda: schema.retire(task, labels, _text(body, "label"), withdraw=body.get("withdraw") is not False),
    }
    if kind not in made:
        raise UnknownNameError(f"labels can't be changed by {kind[:40]!r}", remedy=", ".join(made))
    return made[kind]()


def touched(connection: sa.Connection, task: str, change: schema.Change) -> list[tuple[Any, Any]]:
    """The current labels that would read otherwise: (row of `current_label`, new value)."""
    found = []
    whole = change.kind == "split"
    for row in with_labels(connection, task, change.maps):
        value = json.loads(row.value)
        new = schema.rewritten(value, change.maps, whole=whole)
        if new != value:
            found.append((row, new))
    return found


def with_labels(connection: sa.Connection, task: str, labels: Sequence[str] | Mapping[str, Any]) -> list[Any]:
    """The current labels of a task that use any of some names, by ascending row."""
    query = sa.select(current_label).where(current_label.c.task == task).order_by(current_label.c.row)
    if not labels:
        return []
    return [row for row in connection.execute(query) if not set(labels).isdisjoint(schema.names(json.loads(row.value)))]


def history(connection: sa.Connection, task: str, *, standing: bool = False) -> list[dict[str, Any]]:
    """The changes of a task's labels, oldest first.

    Args:
        standing: only those that were not undone.
    """
    query = sa.select(log).where(log.c.kind == KIND, log.c.task == task).order_by(log.c.seq)
    found = [
        {"seq": row.seq, "by": row.actor, "at": row.at, "why": row.why, **json.loads(row.body)}
        for row in connection.execute(query)
    ]
    undone = {one["of"] for one in found if one["change"] == "undo"}
    for one in found:
        one["undone"] = one["seq"] in undone
    return [one for one in found if one["change"] != "undo" and not one["undone"]] if standing else found


def described(change: schema.Change, body: Mapping[str, Any]) -> str:
    """A change in a few words."""
    if change.kind == "merge":
        return f"{', '.join(change.maps)} → {body['into']}"
    if change.kind == "split":
        return f"{body['label']} → {', '.join(body['into'])}"
    return f"{body['label']} → {body['to']}" if change.kind == "rename" else str(body["label"])


def _restored(connection: sa.Connection, seq: int, n: int) -> list[tuple[Any, Any, str, float]]:
    """What held before each label that a change rewrote and nobody has said anew: (row, value, source, probability)."""
    done, before = log.alias("done"), log.alias("before")
    same = sa.and_(before.c.task == done.c.task, before.c.row == done.c.row, before.c.kind == LABEL)
    last = (
        sa.select(done.c.row, sa.func.max(before.c.seq).label("held"))
        .join(before, sa.and_(same, before.c.seq < seq))
        .where(done.c.seq > seq, done.c.seq <= seq + n, ~_said_after(done, seq + n))
        .group_by(done.c.row)
    ).subquery()
    query = sa.select(log).join(last, log.c.seq == last.c.held).order_by(log.c.row)
    return [(row, json.loads(row.value), row.source, row.probability) for row in connection.execute(query)]


def _said_after(done: Any, seq: int) -> sa.ColumnElement[bool]:
    later = log.alias("later")
    same = (later.c.task == done.c.task, later.c.row == done.c.row, later.c.kind == LABEL)
    # What later changes of names rewrote, and undid since, nobody has said.
    return sa.exists().where(*same, later.c.seq > seq, later.c.policy != SCHEMA)


def _later(
    connection: sa.Connection,
    ask: Ask,
    task: str,
    last: Mapping[str, Any],
    back: Mapping[str, str | None],
    said: str,
    known: set[int],
    seq: int,
) -> list[Event]:
    """Labels said since by a name that goes: they follow a rename back; of others nobody can know what they were."""
    gone = [label for label in last["labels"] if label not in last["labels_before"]]
    found = [row for row in with_labels(connection, task, gone) if row.seq > seq and row.row not in known]
    strangers = [row for row in found if not back]
    if strangers:
        raise ConflictError(
            f"{len(strangers):,} examples were labelled {', '.join(map(repr, gone))} since then",
            remedy="merge or retire that label instead: nobody can know what they would have been",
            current={"rev": last["seq"], "n": len(strangers)},
        )
    return [
        _label(
            ask, len(known) + i, row, schema.rewritten(json.loads(row.value), back), row.source, row.probability, said
        )
        for i, row in enumerate(found, start=1)
    ]


def _waiting(connection: sa.Connection, task: str, change: schema.Change) -> dict[str, list[str | None]]:
    """Rewrite what waits for an answer; returns what it was, by item."""
    maps: dict[str, str | None] = {**change.renamed, **change.maps}
    columns = (queue_item.c.id, queue_item.c.suggestion, queue_item.c.gold, queue_item.c.cell)
    here = (queue_item.c.task == task, queue_item.c.state == queue.WAITING)
    was, now = {}, []
    for row in connection.execute(sa.select(*columns).where(*here)):
        new = (_suggestion(row.suggestion, maps), _gold(row.gold, maps), maps.get(row.cell, row.cell) or "")
        if new != (row.suggestion, row.gold, row.cell):
            was[str(row.id)] = [row.suggestion, row.gold, row.cell]
            now.append({"number": row.id, "s": new[0], "g": new[1], "c": new[2]})
    if now:
        bound: dict[str, Any] = {
            name: sa.bindparam(key) for name, key in (("suggestion", "s"), ("gold", "g"), ("cell", "c"))
        }
        connection.execute(sa.update(queue_item).where(queue_item.c.id == sa.bindparam("number")).values(bound), now)
    return was


def _carry(connection: sa.Connection, task: str, label: str, to: str) -> None:
    """What the guide says of a label goes with its name."""
    mine = guide_section.c.task == task
    if connection.scalar(sa.select(guide_section.c.rev).where(mine, guide_section.c.id == OF_LABEL + to)) is None:
        change = sa.update(guide_section).where(mine, guide_section.c.id == OF_LABEL + label)
        connection.execute(change.values(id=OF_LABEL + to, title=to))


def _suggestion(text: str | None, maps: Mapping[str, str | None]) -> str | None:
    if text is None:
        return None
    said = json.loads(text)
    new = said | {
        name: schema.rewritten(said[name], maps) for name in ("label", "second") if said.get(name) is not None
    }
    return text if new == said else None if new["label"] is None else json.dumps(new, ensure_ascii=False)


def _gold(text: str | None, maps: Mapping[str, str | None]) -> str | None:
    if text is None:
        return None
    said = json.loads(text)
    new = schema.rewritten(said, maps, whole=True)
    return text if new == said else None if new is None else json.dumps(new, ensure_ascii=False)


def _ask_again(connection: sa.Connection, ask: Ask, task: Task) -> int:
    """Put the examples of a label that was split into the queue."""
    wanted = ask.body.get("ask", "all")
    if wanted == "none":
        return 0
    label, into = _text(ask.body, "label"), ", ".join(ask.body["into"])
    rows = with_labels(connection, task.name, [label])
    if wanted != "all":
        if not isinstance(wanted, list) or not all(type(row) is int for row in wanted):
            raise DataError("ask is 'all', 'none', or rows of examples", remedy='"ask": "all"')
        chosen = set(wanted)
        rows = [row for row in rows if row.row in chosen]
    return asked_again(connection, ask, task.name, rows[:ASKED_AGAIN], f"{label} was split: {into}?", "relabel")


def asked_again(connection: sa.Connection, ask: Ask, task: str, rows: Sequence[Any], why: str, by: str) -> int:
    """Put labelled examples into the queue once more, before all else that waits; returns how many are new.

    Args:
        rows: of `current_label`.
        by: the policy of the items.
    """
    parts = parts_of(connection)
    texts: dict[int, str] = {}
    numbers = [row.row for row in rows]
    for start in range(0, len(numbers), _CHUNK):
        known = (queue_item.c.row.in_(numbers[start : start + _CHUNK]), queue_item.c.text.is_not(None))
        texts |= dict(connection.execute(sa.select(queue_item.c.row, queue_item.c.text).where(*known)).all())
    first = connection.scalar(
        sa.select(sa.func.min(queue_item.c.rank)).where(queue_item.c.task == task, queue_item.c.state == queue.WAITING)
    )
    items = [
        QueueItem(
            task=task,
            row=row.row,
            example=row.example,
            part=part_name(parts[row.row]),
            policy=by,
            why=why,
            probability=row.probability,
            rank=(first or 0.0) - 1.0,
            text=texts.get(row.row),
        )
        for row in rows
        if row.row < len(parts) and parts[row.row] < len(PARTS)
    ]
    return queue.put(connection, policy.asked(items, policy.of(ask.studio.store.overrides, task)))


def parts_of(connection: sa.Connection) -> bytes:
    """The part of every example, codes into `types.PARTS`."""
    query = sa.select(part_codes.c.codes).order_by(part_codes.c.first_row)
    return b"".join(connection.scalars(query))


def _present(connection: sa.Connection, ask: Ask) -> Task:
    """The task as this transaction has it: another change of it may stand in the same one, not yet committed."""
    name = tasks.named(ask.studio, ask.body.get("task")).name
    rows = connection.execute(sa.select(override).where(override.c.until.is_(None)).order_by(override.c.id))
    changes = [Change(row.what, json.loads(row.value)) for row in rows]
    return laid_over(load(ask.studio.root), changes).tasks[name]


def _held(connection: sa.Connection, what: str) -> Any:
    """What an override says now; None where there is none."""
    query = sa.select(override.c.value).where(override.c.what == what).order_by(override.c.id.desc()).limit(1)
    value = connection.scalar(query)
    return None if value is None else json.loads(value)


def _last(connection: sa.Connection, task: str) -> int:
    query = sa.select(sa.func.max(log.c.seq)).where(log.c.kind == KIND, log.c.task == task)
    return connection.scalar(query) or 0


def _label(ask: Ask, i: int, row: Any, value: Any, source: str, probability: float, why: str) -> Event:
    return ask.event(
        LABEL,
        i=i,
        example=row.example,
        row=row.row,
        task=row.task,
        value=value,
        source=Source(source),
        why=why,
        policy=SCHEMA,
        probability=probability,
    )


def _event(ask: Ask, task: str, body: dict[str, Any], why: str) -> Event:
    return ask.event(KIND, topic=f"schema:{task}", task=task, why=why, body=body)


def _text(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str):
        raise DataError(f"{name} is a label, not {str(value)[:40]!r}", remedy=f'"{name}": "..."')
    return value


def _texts(value: object, name: str) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value) or len(value) > 1000:
        raise DataError(f"{name} is a list of labels", remedy=f'"{name}": ["...", "..."]')
    return value
