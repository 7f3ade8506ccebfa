"""Routes of the studio: how people label together: agreement, skill, what is disputed."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import sqlalchemy as sa
from fastapi import APIRouter

from adequate.labelling.ledger import Ledger, shown
from adequate.labelling.pace import pauses, typical
from adequate.labelling.skill import skill
from adequate.spec.tasks import Task
from adequate.store import Store
from adequate.store.events import ANSWER, LABEL
from adequate.store.schema import answer, person, queue_item
from adequate.store.schema import event as log
from adequate.studio import tasks
from adequate.studio.context import Here, Reviewer, Studio
from adequate.studio.ops.answers import DIFFERED
from adequate.types import Kind, Source

router = APIRouter(prefix="/api", tags=["together"])

WEEK = 7 * 86_400.0
LENT = 1.0  # halves the error of skills where labels are many and answers few (52 labels, 135 examples: .077 to .038)
FEW = 20  # examples that others answered, too: below that nothing is said of a person's skill


@dataclass(slots=True)
class Known:
    """A task's ledger, and up to which event it holds."""

    task: Task
    ledger: Ledger
    seq: int
    door: asyncio.Lock = field(default_factory=asyncio.Lock)
    skills: tuple[int, dict[str, tuple[float, int]]] = (-1, {})


@router.get("/together/{task}")
async def together(task: str, here: Here, _: Reviewer) -> dict[str, Any]:
    """Agreement on a task, overall and by label; each person's answers, pace and skill; each two people; disputes.

    Fractions in [0, 1]; `skill` is the expected share of right answers (Dawid and Skene); it and `gold` have
    Clopper-Pearson bounds of 95 %; `pace` is the median of seconds between two answers, pauses left out.
    """
    found = tasks.named(here, task)
    known = _known(here, found)
    async with known.door:
        return await asyncio.to_thread(_view, here.store, found, known)


def _known(here: Studio, task: Task) -> Known:
    kept: dict[str, Known] = here.extra.setdefault("ledgers", {})
    found = kept.get(task.name)
    if found is None or found.task != task:  # its labels have changed: old answers read differently
        found = kept[task.name] = Known(task, Ledger(task.kind, list(task.labels or ())), -1)
    return found


def _view(store: Store, task: Task, known: Known) -> dict[str, Any]:
    _catch_up(store, task, known)
    ledger = known.ledger
    truth = _truth(store, task)
    believed = _skills(task, known, truth | _decided(store, task), _asked(store, task.name))
    met = ledger.pairs()
    names = {row.id: row.name for row in store.sql.rows(sa.select(person.c.id, person.c.name))}
    return {
        "task": task.name,
        "alpha": ledger.alpha,
        "measure": "f1" if task.kind is Kind.SPAN else "alpha",
        "shared": ledger.shared,
        "by_label": [
            {"label": name, "alpha": value} for name, value in sorted(ledger.by_label().items(), key=lambda one: one[1])
        ],
        "people": _people(store, task.name, names, believed, truth),
        "pairs": [
            {
                "one": names.get(one, one),
                "other": names.get(other, other),
                "examples": pair.examples,
                "same": pair.same,
            }
            for one, other, pair in met
        ],
        "disputed": _disputed(store, task.name, names),
    }


def _now(task: Task, value: Any) -> Any:
    """An answer by the present names of its labels; None where the only one is retired."""
    if isinstance(value, str):
        return task.now(value)
    if task.kind is Kind.MULTILABEL:
        return [now for name in value if (now := task.now(name)) is not None]
    return value


def _catch_up(store: Store, task: Task, known: Known) -> None:
    """Everything at first; later only what came since. A label from a file or a model is nobody's answer."""
    if known.seq < 0:
        known.seq = store.sql.value(sa.select(sa.func.max(log.c.seq))) or 0
        columns = (answer.c.row, answer.c.actor, answer.c.value)
        for row in store.sql.rows(sa.select(*columns).where(answer.c.task == task.name, answer.c.seq <= known.seq)):
            known.ledger.said(row.row, row.actor, _now(task, json.loads(row.value)))
        return
    theirs = sa.or_(log.c.kind == ANSWER, sa.and_(log.c.kind == LABEL, log.c.source == str(Source.HUMAN)))
    since = sa.select(log.c.seq, log.c.row, log.c.actor, log.c.value).where(
        log.c.seq > known.seq, log.c.task == task.name
    )
    for row in store.sql.rows(since.where(theirs).order_by(log.c.seq)):
        known.ledger.said(row.row, row.actor, None if row.value is None else _now(task, json.loads(row.value)))
        known.seq = row.seq


def _skills(
    task: Task, known: Known, truth: dict[int, Any], asked: dict[int, set[str]]
) -> dict[str, tuple[float, int]]:
    """The expected share of right answers of each person, from the examples that several answered or one is known of,
    and from how many.

    Who met fewer than `FEW` such examples has none: it would say more of the examples than of them.

    Args:
        asked: of gold questions, by row, who answered them as such. What others said of these made their known answer,
            and can't be measured by it.
    """
    if known.skills[0] != known.seq:
        items, people, codes, rows, names, answers = known.ledger.arrays()
        code = {said: i for i, said in enumerate(answers)}
        told = np.array([code.get(shown(truth[row]), -1) if row in truth else -1 for row in rows], np.int32)
        counts = np.array(
            [rows[i] not in asked or names[who] in asked[rows[i]] for i, who in zip(items, people, strict=True)], bool
        )
        items, people, codes = items[counts], people[counts], codes[counts]
        met = np.bincount(items, minlength=len(rows))
        use = (met > 1) | ((met > 0) & (told >= 0))
        believed: dict[str, tuple[float, int]] = {}
        if use.any() and task.kind is not Kind.SPAN:
            some = use[items]
            n, k, place = int(use.sum()), len(answers), np.cumsum(use) - 1
            found = skill(
                *(place[items[some]], people[some], codes[some]),
                n=n,
                p=len(names),
                k=k,
                known=told[use],
                lent=LENT,
            )
            believed = {
                name: (float(found.accuracy[i]), int(found.answers[i]))
                for i, name in enumerate(names)
                if found.answers[i] >= FEW
            }
        known.skills = (known.seq, believed)
    return known.skills[1]


def _truth(store: Store, task: Task) -> dict[int, Any]:
    """The answers that are known of gold questions, by row."""
    asked = sa.select(queue_item.c.row, queue_item.c.gold)
    where = (queue_item.c.task == task.name, queue_item.c.gold.is_not(None))
    return {row.row: _now(task, json.loads(row.gold)) for row in store.sql.rows(asked.where(*where))}


def _asked(store: Store, task: str) -> dict[int, set[str]]:
    """Of each gold question, by row, who answered it as one."""
    query = sa.select(queue_item.c.row, answer.c.actor).outerjoin(answer, answer.c.item == queue_item.c.id)
    found: dict[int, set[str]] = {}
    for row in store.sql.rows(query.where(queue_item.c.task == task, queue_item.c.gold.is_not(None))):
        found.setdefault(row.row, set()).add(row.actor)
    return found


def _decided(store: Store, task: Task) -> dict[int, Any]:
    """What reviewers decided where people differed, by row."""
    said = sa.select(log.c.row, log.c.value).where(log.c.task == task.name, log.c.kind == LABEL, log.c.why == DIFFERED)
    rows = store.sql.rows(said.order_by(log.c.seq))
    return {row.row: _now(task, json.loads(row.value)) for row in rows if row.value is not None}


def _people(
    store: Store, task: str, names: dict[str, str], believed: dict[str, tuple[float, int]], truth: dict[int, Any]
) -> list[dict[str, Any]]:
    """Everybody who answered, most answers first."""
    from adequate.testing.bounds import clopper_pearson  # brings scipy, which a server that labels has no need of

    gold = _gold(store, task, truth)
    since = time.time() - WEEK
    counts = (
        sa.select(answer.c.actor, sa.func.count().label("answers"), sa.func.max(answer.c.at).label("last"))
        .where(answer.c.task == task)
        .group_by(answer.c.actor)
    )
    found = []
    for row in store.sql.rows(counts.order_by(sa.desc("answers"))):
        right, asked = gold.get(row.actor, (0, 0))
        low, high = (float(bound) for bound in clopper_pearson(right, asked, 0.025)) if asked else (None, None)
        share, n = believed.get(row.actor, (None, 0))
        # As if the truth of these were known: what isn't known for certain can only widen it.
        ends = (None, None) if share is None else clopper_pearson(round(share * n), n, 0.025)
        least, most = (None if end is None else float(end) for end in ends)
        found.append(
            {
                "id": row.actor,
                "name": names.get(row.actor, row.actor),
                "answers": row.answers,
                "last": row.last,
                "pace": _pace(store, task, row.actor, since),
                "skill": share,
                "skill_low": least,
                "skill_high": most,
                "gold": {"right": right, "asked": asked, "low": low, "high": high},
            }
        )
    return found


def _gold(store: Store, task: str, truth: dict[int, Any]) -> dict[str, tuple[int, int]]:
    """Of each person, gold questions answered right, and answered. What they said before of an example, and made its
    known answer, is none."""
    found: dict[str, tuple[int, int]] = {}
    said = sa.select(answer.c.actor, answer.c.row, answer.c.value).join(queue_item, queue_item.c.id == answer.c.item)
    for row in store.sql.rows(said.where(answer.c.task == task, queue_item.c.gold.is_not(None))):
        right, n = found.get(row.actor, (0, 0))
        found[row.actor] = right + (shown(json.loads(row.value)) == shown(truth[row.row])), n + 1
    return found


def _pace(store: Store, task: str, actor: str, since: float) -> float | None:
    times = sa.select(log.c.at).where(log.c.task == task, log.c.actor == actor, log.c.at > since)
    return typical(pauses([row.at for row in store.sql.rows(times.where(log.c.kind.in_([LABEL, ANSWER])))]))


def _disputed(store: Store, task: str, names: dict[str, str]) -> list[dict[str, Any]]:
    """What several people answered differently and nobody has decided yet, longest waiting first."""
    columns = (queue_item.c.id, queue_item.c.example, queue_item.c.row, queue_item.c.text, queue_item.c.at)
    query = sa.select(*columns).where(queue_item.c.task == task, queue_item.c.state == "disputed")
    items = store.sql.rows(query.order_by(queue_item.c.at, queue_item.c.id).limit(200))
    rows = [item.row for item in items]
    said: dict[int, list[dict[str, Any]]] = {}
    for row in store.sql.rows(sa.select(answer).where(answer.c.task == task, answer.c.row.in_(rows))):
        said.setdefault(row.row, []).append(
            {"by": names.get(row.actor, row.actor), "value": json.loads(row.value), "at": row.at}
        )
    return [
        {"item": item.id, "example": item.example, "text": item.text, "answers": said.get(item.row, [])}
        for item in items
    ]
