"""Operations on a task's guide: its sections, decisions, and what must be looked at again after one.

    guide.put        {task, id, title, markdown, place?}   `rev` is the section's that its author had before them
    guide.del        {task, id}
    decision.add     {task, text, label?}                  a rule with a date and a name
    guide.answer     {task, of: comment, text, label?}     an open question becomes a rule
    guide.recheck    {task, of: decision}                  ask again what was labelled before it

Who writes over a section that somebody else has changed is refused and shown theirs. The revision of a guide is the
number of the last event that changed it; each label event keeps the one that was before its author.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from adequate.errors import ConflictError, DataError, UnknownNameError
from adequate.labelling.schema import names
from adequate.store import Event
from adequate.store.schema import current_label, guide_section
from adequate.store.schema import event as log
from adequate.store.sql import alone, upsert
from adequate.studio import tasks
from adequate.studio.ops import Ask, operation
from adequate.studio.ops.comments import COMMENT, FLAG, RESOLVED
from adequate.studio.ops.schema import asked_again
from adequate.studio.roles import Can

GUIDE, DECISION, RECHECK = "guide", "decision", "recheck"
LONGEST = 50_000  # characters of a section
RULE = 4_000  # of a decision


@operation("guide.put", needs=Can.REVIEW)
def put(connection: sa.Connection, ask: Ask) -> Sequence[Event]:
    """Write a section."""
    task = tasks.named(ask.studio, ask.body.get("task")).name
    name = _line(ask.body.get("id"), "id", 300)
    title = _line(ask.body.get("title"), "title", 200)
    markdown = _text(ask.body.get("markdown"), "section", LONGEST)
    held = _held(connection, ask, task, name)
    place: Any = ask.body.get("place")
    if type(place) not in (int, float):
        place = held.place if held is not None else _next_place(connection, task)
    rev = _next(connection)
    row = {"task": task, "id": name, "title": title, "markdown": markdown, "place": float(place)}
    upsert(connection, guide_section, [row | {"rev": rev, "actor": ask.person.id, "at": ask.at}])
    return [_event(ask, task, GUIDE, {"id": name, "title": title, "markdown": markdown, "place": place})]


@operation("guide.del", needs=Can.REVIEW)
def delete(connection: sa.Connection, ask: Ask) -> Sequence[Event]:
    """Take a section away; its text stays in the events."""
    task = tasks.named(ask.studio, ask.body.get("task")).name
    name = _line(ask.body.get("id"), "id", 300)
    if _held(connection, ask, task, name) is None:
        raise UnknownNameError(f"no section {name!r} in the guide of {task!r}", remedy="look again")
    connection.execute(sa.delete(guide_section).where(guide_section.c.task == task, guide_section.c.id == name))
    return [_event(ask, task, GUIDE, {"id": name, "gone": True})]


@operation("decision.add", needs=Can.REVIEW)
def decide(connection: sa.Connection, ask: Ask) -> Sequence[Event]:
    """A rule, with a date and a name."""
    return [_decision(connection, ask, {})]


@operation("guide.answer", needs=Can.REVIEW)
def answer(connection: sa.Connection, ask: Ask) -> Sequence[Event]:
    """An open question becomes a rule, and is resolved."""
    task, of = tasks.named(ask.studio, ask.body.get("task")).name, ask.body.get("of")
    query = sa.select(log).where(log.c.seq == of, log.c.kind.in_((COMMENT, FLAG)), log.c.task == task)
    asked = connection.execute(query).first() if type(of) is int else None
    if asked is None or asked.value is None:  # None: its example was erased
        raise UnknownNameError(f"no question {of!r}", remedy="look again: it may be answered already")
    value = json.loads(asked.value)
    question = {"of": of, "question": value.get("text") or value.get("reason"), "example": asked.example}
    rule = _decision(connection, ask, question)
    return [rule, ask.event(RESOLVED, i=1, example=asked.example, row=asked.row, task=task, value={"of": of})]


@operation("guide.recheck", needs=Can.REVIEW)
def recheck(connection: sa.Connection, ask: Ask) -> Sequence[Event]:
    """Ask again what was labelled before a decision."""
    task = tasks.named(ask.studio, ask.body.get("task")).name
    of = ask.body.get("of")
    query = sa.select(log).where(log.c.seq == of, log.c.kind == DECISION, log.c.task == task)
    row = connection.execute(query).first() if type(of) is int else None
    if row is None:
        raise UnknownNameError(f"no decision {of!r}", remedy="look again")
    body = json.loads(row.body)
    if body.get("label") is None:
        raise DataError("this decision is about no label in particular", remedy="say which label it is about")
    rows = affected(connection, task, [(row.seq, body["label"])])[row.seq]
    why = f"check again: {body['text'][:200]}"
    new = asked_again(connection, ask, task, rows, why, "recheck")
    return [_event(ask, task, RECHECK, {"of": of, "n": len(rows), "new": new})]


def affected(connection: sa.Connection, task: str, decisions: Sequence[tuple[int, str]]) -> dict[int, list[Any]]:
    """Of each decision (its number, its label) the current labels that were given before it, or by an older guide."""
    found: dict[int, list[Any]] = {seq: [] for seq, _ in decisions}
    query = (
        sa.select(current_label, log.c.guide)
        .join(log, log.c.seq == current_label.c.seq)
        .where(current_label.c.task == task)
        .order_by(current_label.c.row)
    )
    for row in connection.execute(query) if decisions else ():
        said = names(json.loads(row.value))
        for seq, label in decisions:
            if label in said and (row.seq < seq or (row.guide is not None and row.guide < seq)):
                found[seq].append(row)
    return found


def revision(connection: sa.Connection, task: str) -> int:
    """The number of the last event that changed the guide of a task, 0 before the first."""
    mine = (log.c.topic == f"guide:{task}", log.c.kind.in_((GUIDE, DECISION)))
    return connection.scalar(sa.select(sa.func.max(log.c.seq)).where(*mine)) or 0


def _decision(connection: sa.Connection, ask: Ask, more: dict[str, Any]) -> Event:
    task = tasks.named(ask.studio, ask.body.get("task"))
    text = _text(ask.body.get("text"), "decision", RULE).strip()
    if not text:
        raise DataError("a decision is a rule in words", remedy="write what holds from now on")
    label = ask.body.get("label")
    if label is not None:
        known = tasks.labels(connection, ask.studio, task, anew=True)
        label = task.now(str(label)) if label not in known else label
        if label not in known:
            raise UnknownNameError(f"no label {str(ask.body['label'])[:80]!r}", remedy="choose one of the task's")
    return _event(ask, task.name, DECISION, {"text": text, "label": label, **more})


def _held(connection: sa.Connection, ask: Ask, task: str, name: str) -> Any:
    """The section as it is.

    Raises:
        ConflictError: it is another than its author saw.
    """
    here = (guide_section.c.task == task, guide_section.c.id == name)
    held = connection.execute(sa.select(guide_section).where(*here)).first()
    if (held.rev if held is not None else 0) != (ask.rev or 0):
        columns = ("id", "title", "markdown", "rev", "actor", "at")
        current = {"rev": 0} if held is None else {column: getattr(held, column) for column in columns}
        did = "was taken away" if held is None else f"was changed by {held.actor}"
        raise ConflictError(
            f"this section {did} since you opened it", remedy="join what you both wrote", current=current
        )
    return held


def _next(connection: sa.Connection) -> int:
    """The number that the event of this operation will have: nobody else records until this transaction ends."""
    alone(connection)
    return (connection.scalar(sa.select(sa.func.max(log.c.seq))) or 0) + 1


def _next_place(connection: sa.Connection, task: str) -> float:
    query = sa.select(sa.func.max(guide_section.c.place)).where(guide_section.c.task == task)
    return (connection.scalar(query) or 0.0) + 1.0


def _event(ask: Ask, task: str, kind: str, body: dict[str, Any]) -> Event:
    return ask.event(kind, topic=f"guide:{task}", task=task, body=body)


def _line(value: object, what: str, most: int) -> str:
    if not isinstance(value, str) or not value.strip() or not value.isprintable() or len(value) > most:
        raise DataError(f"{what} is one line of 1 to {most} characters", remedy=f"a shorter {what}, without breaks")
    return value.strip()


def _text(value: object, what: str, most: int) -> str:
    if not isinstance(value, str) or len(value) > most:
        size = f"{len(value):,} characters" if isinstance(value, str) else "no text"
        raise DataError(f"a {what} has at most {most:,} characters; this is {size}", remedy="make two of it")
    if "\x00" in value or any("\ud800" <= char <= "\udfff" for char in value):
        raise DataError(f"this {what} holds characters that can't be kept", remedy="paste it as plain text")
    return value
