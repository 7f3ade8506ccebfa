"""Routes around an answer: comments, drafts of spans, pairs and scores, flags, disputes, practice."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import sqlalchemy as sa
from fastapi import APIRouter, Query

from adequate.errors import DataError
from adequate.labelling import compared, policy
from adequate.labelling import pairs as ranking
from adequate.store import queue as store
from adequate.store.schema import answer, current_label, queue_item
from adequate.store.schema import event as log
from adequate.studio import tasks
from adequate.studio.context import Here, Labeller, Reviewer, Viewer
from adequate.studio.ops.comments import COMMENT, FLAG, RESOLVED
from adequate.studio.ops.spans import SPAN
from adequate.studio.roles import Can, Person
from adequate.types import Kind, Part, Source, part_name

if TYPE_CHECKING:
    from adequate.loop.engine import Engine
    from adequate.studio.context import Studio

router = APIRouter()

COMPARED = 2_000  # examples that one score task ranks at most
TRIED, CANDIDATES = 3, 40  # examples to practise on; those looked at for short ones that may be shown
SHOWN = 500  # rows of a list for reviewers


@router.get("/examples/{example}/talk")
def talk(here: Here, person: Labeller, example: str, task: str) -> dict[str, Any]:
    """Comments on an example, its flag, and what others are drafting; nothing of it for labellers of a blind queue."""
    of = tasks.named(here, task)
    with here.store.sql.reading() as connection:
        alone = unseen(here, connection, person, of.name, example)
        said = (log.c.example == example, log.c.kind.in_((COMMENT, RESOLVED, FLAG, SPAN, "label", "answer")))
        held = sa.or_(log.c.value.is_not(None), log.c.kind.in_(("label", "answer")))  # else its example was erased
        rows = connection.execute(sa.select(log).where(*said, held).order_by(log.c.seq)).all()
        sealed = sa.select(queue_item.c.id).where(queue_item.c.example == example, queue_item.c.part == str(Part.GATE))
        hidden = not person.can(Can.REVIEW) and connection.scalar(sealed.limit(1)) is not None
    if alone:
        rows = [row for row in rows if row.actor == person.id]
    elif hidden:
        rows = [row for row in rows if row.actor == person.id or row.kind in (COMMENT, RESOLVED, FLAG)]
    resolved = {_value(row)["of"] for row in rows if row.kind == RESOLVED}
    flags = [row for row in rows if row.kind == FLAG and row.task == of.name]
    return {
        "comments": [
            {
                "seq": row.seq,
                "by": row.actor,
                "at": row.at,
                "text": _value(row)["text"],
                "resolved": row.seq in resolved,
            }
            for row in rows
            if row.kind == COMMENT
        ],
        "flag": {"by": flags[-1].actor, **_value(flags[-1])} if flags and _value(flags[-1])["on"] else None,
        "drafts": drafts([row for row in rows if row.task == of.name]),
    }


def drafts(rows: list[Any]) -> dict[str, list[Any]]:
    """The spans that each person has made since they last answered, from events oldest first."""
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        if row.kind in ("label", "answer"):
            found.pop(row.actor, None)
        elif row.kind == SPAN:
            value, mine = _value(row), found.setdefault(row.actor, {})
            if value.get("gone"):
                mine.pop(value["id"], None)
            else:
                mine[value["id"]] = value
    return {actor: list(spans.values()) for actor, spans in found.items() if spans}


@router.get("/queues/{task}/pairs")
async def pairs(here: Here, person: Labeller, task: str, n: Annotated[int, Query(ge=1, le=20)] = 5) -> dict[str, Any]:
    """Pairs to compare next, with their texts: those compared least, each against its nearest in strength."""
    of = _score(here, task)
    asked = sa.select(queue_item.c.example, queue_item.c.state)
    members = asked.where(queue_item.c.task == of, queue_item.c.state.in_((store.WAITING, store.ANSWERED)))
    with here.store.sql.reading() as connection:
        rows = connection.execute(members.order_by(queue_item.c.id.desc()).limit(COMPARED)).all()
        said = compared.games(connection, of)
    waiting = {row.example for row in rows if row.state == store.WAITING}
    names = list(dict.fromkeys([*(row.example for row in rows), *(side for game in said for side in game[:2])]))
    at = {name: i for i, name in enumerate(names)}
    games = [(at[a], at[b], won) for a, b, won in said]
    rng = np.random.default_rng([len(said), *person.id.encode()])
    chosen = ranking.pairs(len(names), games, n, rng, {at[name] for name in waiting})
    ids = [names[place] for pair in chosen for place in pair]
    found = await texts(here, ids)
    sides = [{"example": name, "text": found.get(name, "")} for name in ids]
    return {
        "pairs": list(zip(sides[::2], sides[1::2], strict=True)),
        "compared": len(said),
        "examples": len(names),
        "waiting": len(waiting),
    }


@router.get("/queues/{task}/scores")
def scores(here: Here, _: Viewer, task: str) -> dict[str, Any]:
    """What the comparisons so far make of each example: log strengths of Bradley and Terry, highest first."""
    of = _score(here, task)
    with here.store.sql.reading() as connection:
        said = compared.games(connection, of)
    ranked = [
        {"example": name, "score": round(score, 4), "compared": times}
        for name, (score, times) in compared.scores(said).items()
    ]
    return {"task": of, "compared": len(said), "scores": ranked}


def _score(here: Studio, task: str) -> str:
    of = tasks.named(here, task)
    if of.kind is not Kind.SCORE:
        raise DataError(f"task {of.name!r} doesn't compare examples, it is of kind {of.kind}")
    return of.name


@router.get("/queues/{task}/flagged")
async def flagged(here: Here, _: Reviewer, task: str) -> dict[str, Any]:
    """What people flagged and nobody has unflagged, newest first."""
    of = tasks.named(here, task)
    with here.store.sql.reading() as connection:
        last = sa.select(sa.func.max(log.c.seq)).where(log.c.kind == FLAG, log.c.task == of.name)
        flags = sa.select(log).where(log.c.seq.in_(last.group_by(log.c.example)), log.c.value.is_not(None))
        query = flags.order_by(log.c.seq.desc())
        rows = [row for row in connection.execute(query.limit(SHOWN)) if _value(row)["on"]]
    found = await texts(here, [row.example for row in rows])
    return {
        "items": [
            {
                "example": row.example,
                "by": row.actor,
                "at": row.at,
                "reason": _value(row)["reason"],
                "text": found.get(row.example, "")[:300],
            }
            for row in rows
        ]
    }


@router.get("/queues/{task}/disputed")
async def disputes(here: Here, _: Reviewer, task: str) -> dict[str, Any]:
    """Items on which people's answers differ, with who said what; the answers' order is that in which they came."""
    of = tasks.named(here, task)
    with here.store.sql.reading() as connection:
        open_ = (queue_item.c.task == of.name, queue_item.c.state == store.DISPUTED)
        rows = connection.execute(sa.select(queue_item).where(*open_).order_by(queue_item.c.id).limit(SHOWN)).all()
        said = sa.select(answer).where(answer.c.task == of.name, answer.c.item.in_([row.id for row in rows]))
        answers: dict[int, list[dict[str, Any]]] = {}
        for one in connection.execute(said.order_by(answer.c.seq)):
            answers.setdefault(one.item, []).append({"by": one.actor, "at": one.at, "value": json.loads(one.value)})
    found = await texts(here, [row.example for row in rows if row.text is None])
    return {
        "items": [
            {
                "item": row.id,
                "example": row.example,
                "text": found.get(row.example, "") if row.text is None else row.text,
                "cell": row.cell,
                "answers": answers.get(row.id, []),
            }
            for row in rows
        ]
    }


def disputed(connection: sa.Connection, task: str) -> int:
    """How many items wait for somebody to say what holds."""
    query = sa.select(sa.func.count()).where(queue_item.c.task == task, queue_item.c.state == store.DISPUTED)
    return connection.scalar(query) or 0


@router.get("/queues/{task}/practice")
async def practice(here: Here, _: Labeller, task: str) -> dict[str, Any]:
    """Three examples whose labels came with the data, to try the keys on; never one that is still asked, or sealed."""
    of = tasks.named(here, task)
    waits = sa.select(queue_item.c.row).where(queue_item.c.task == of.name, queue_item.c.state == store.WAITING)
    query = sa.select(current_label.c.example, current_label.c.value).where(
        current_label.c.task == of.name,
        current_label.c.source.in_((str(Source.IMPORT), str(Source.HUMAN))),
        current_label.c.row.not_in(waits),
    )
    with here.store.sql.reading() as connection:
        rows = connection.execute(query.order_by(current_label.c.seq).limit(CANDIDATES)).all()
    found = await texts(here, [row.example for row in rows])
    opened = here.extra["opened"] if rows else {}
    usable = [row for row in rows if row.example in found and opened[row.example][1] == Part.TEACH]
    short = sorted(usable, key=lambda row: len(found[row.example]))[:TRIED]
    return {
        "items": [{"example": row.example, "text": found[row.example], "value": json.loads(row.value)} for row in short]
    }


def unseen(here: Studio, connection: sa.Connection, person: Person, task: str, example: str) -> bool:
    """Whether what others say of an example is hidden from somebody."""
    if person.can(Can.REVIEW):
        return False
    if policy.of(here.store.overrides, task).apart:
        return True
    query = sa.select(queue_item.c.id).where(
        queue_item.c.task == task, queue_item.c.example == example, queue_item.c.blind
    )
    return connection.scalar(query.limit(1)) is not None


async def texts(here: Studio, examples: list[str]) -> dict[str, str]:
    """The whole texts of examples that are there; their rows and parts are kept for what is asked of them next."""
    if not examples:
        return {}
    found = await here.worker.run(_read, examples)
    opened = here.extra.setdefault("opened", {})
    for name, (row, part, _) in found.items():
        opened[name] = row, part
    return {name: text for name, (_, _, text) in found.items()}


def _read(engine: Engine, examples: list[str]) -> dict[str, tuple[int, str, str]]:
    import pyarrow as pa

    with engine.store() as opened:
        rows = opened.examples.rows_of(pa.array(examples, pa.string()))
        known = [(name, int(row)) for name, row in zip(examples, rows, strict=True) if row >= 0]
        taken = opened.examples.take([row for _, row in known], [engine.project.text]).column(0).to_pylist()
        parts = opened.examples.parts()
    return {name: (row, part_name(parts[row]), text or "") for (name, row), text in zip(known, taken, strict=True)}


def _value(row: Any) -> Any:
    return json.loads(row.value)
