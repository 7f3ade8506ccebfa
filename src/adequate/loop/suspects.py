"""Labels that look wrong, most suspicious first: for people to look at again, never changed by themselves.

Two witnesses. The model, which hadn't seen the label, says another; the less probable the label, the earlier it comes
(`training.noise`). And a near copy: a text with nearly the same words has another label, so one of the two is wrong.
What somebody looked at and kept isn't brought up again under the same label.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import sqlalchemy as sa

from adequate.encoders.duplicates import earlier
from adequate.encoders.lexical import texts_of
from adequate.encoders.signatures import Signatures
from adequate.loop.memory import kept, moment
from adequate.loop.query import Query
from adequate.loop.search import hits, shown
from adequate.loop.selections import shown_parts
from adequate.loop.unseen import meant, unseen
from adequate.store.schema import event
from adequate.training.noise import suspicion
from adequate.types import Kind

if TYPE_CHECKING:
    from adequate.loop.engine import Engine
    from adequate.spec.project import Project
    from adequate.spec.tasks import Task
    from adequate.store import Store

KEPT = "kept"  # the kind of event by which a person says that a label is right after all
MODEL, COPY = "model", "copy"  # the two witnesses
OPTIONS = 6  # labels offered instead
COMPARED = 100_000  # labelled texts compared with each other


@dataclass(slots=True, kw_only=True)
class Suspect:
    """A label that looks wrong.

    Args:
        given: what it is labelled (of a set: the label in question, or the whole set).
        likelier: what it probably is; for `multilabel` the same label, of which `likely` says whether it is there.
        score: low is suspicious: the probability of what is given, one less where both witnesses speak.
        own, other: the two probabilities; None where no model was asked.
        options: what it may be instead, likeliest first.
        copy: row of a near copy that is labelled otherwise.
    """

    row: int
    given: Any
    likelier: Any = None
    likely: bool = True
    score: float = 0.0
    own: float | None = None
    other: float | None = None
    options: list[Any] = field(default_factory=list)
    copy: int | None = None
    copied: Any = None
    why: list[str] = field(default_factory=list)


def listed(engine: Engine, task: str | None, after: int, limit: int) -> dict[str, Any]:
    """A page of the labels that look wrong, as `GET /api/suspects` answers.

    Raises:
        UnknownNameError: no such task.
    """
    with engine.store() as store:
        project = engine.project
        of = meant(project, task)
        if of is None:
            return {"task": None, "total": 0, "by": {MODEL: 0, COPY: 0}, "suspects": [], "asked": False}
        found = kept(("suspects", moment(store), of.name), lambda: suspects(store, project, of))
        asked = unseen(store, project, of) is not None
        page = found[after : after + limit]
        return {
            "task": of.name,
            "total": len(found),
            "by": {way: sum(way in one.why for one in found) for way in (MODEL, COPY)},
            "asked": asked,
            "suspects": _told(store, project, page),
        }


def suspects(store: Store, project: Project, task: Task) -> list[Suspect]:
    """All labels of a task that look wrong, most suspicious first; nothing of the gate."""
    settled = _settled(store, task)
    found: dict[tuple[int, Any], Suspect] = {}
    for one in (*_by_model(store, project, task), *_by_copy(store, project, task)):
        if json.dumps(one.given) in settled.get(one.row, ()):
            continue
        same = found.setdefault((one.row, json.dumps(one.given)), one)
        if same is not one:  # both witnesses
            same.copy, same.copied, same.why = one.copy, one.copied, [*same.why, *one.why]
            same.score -= 1
    return sorted(found.values(), key=lambda one: (one.score, one.row))


def _by_model(store: Store, project: Project, task: Task) -> list[Suspect]:
    seen = unseen(store, project, task)
    if seen is None or len(seen.rows) == 0:
        return []
    doubt = suspicion(seen.probs, seen.gold, task.kind)
    order = doubt.order[doubt.score[doubt.order] < 0]
    k = len(seen.names)
    out = []
    for place in order.tolist():
        margin = float(doubt.score[place])
        if task.kind is Kind.MULTILABEL:
            at, code = divmod(place, k)
            there, p = bool(seen.gold[at, code]), float(seen.probs[at, code])
            own, given, likely = (p if there else 1 - p), seen.names[code], not there
        else:
            at, code = place, int(doubt.likelier[place])
            given, likely = seen.names[int(seen.gold[at])], True
            own = float(seen.probs[at, seen.gold[at]])
        if own == 0:  # no fold had met this label: that it isn't recognised is no evidence
            continue
        row = int(seen.rows[at])
        one = Suspect(row=row, given=given, likelier=seen.names[code], likely=likely, score=own, why=[MODEL])
        one.own, one.other = own, own - margin
        if task.kind is Kind.CLASSIFY:
            best = np.argsort(-seen.probs[at], kind="stable")[: OPTIONS + 1]
            one.options = [seen.names[i] for i in best.tolist() if seen.names[i] != given][:OPTIONS]
        out.append(one)
    return out


def _by_copy(store: Store, project: Project, task: Task) -> list[Suspect]:
    now = store.labels.current(task.name)
    rows = now["row"].to_numpy()
    open_ = shown_parts(store.examples.parts()[rows]) if len(rows) else np.zeros(0, bool)
    rows, values = rows[open_][:COMPARED], [v for v, keep in zip(now["value"].to_pylist(), open_, strict=True) if keep]
    if len(rows) < 2:
        return []
    leads = earlier(Signatures().encode(texts_of(store.examples.take(rows, [project.text]).column(0))))
    out = []
    for at in np.flatnonzero(leads >= 0).tolist():
        lead = int(leads[at])
        if values[at] == values[lead]:
            continue
        for this, that in ((at, lead), (lead, at)):  # which of the two is wrong, a person says
            given, copied = json.loads(values[this]), json.loads(values[that])
            one = Suspect(row=int(rows[this]), given=given, likelier=copied, copy=int(rows[that]), why=[COPY])
            one.copied, one.options = copied, [copied]
            out.append(one)
    return out


def _settled(store: Store, task: Task) -> dict[int, set[str]]:
    """What people said is right after all: labels as JSON, by row."""
    said = sa.select(event.c.row, event.c.value).where(event.c.kind == KEPT, event.c.task == task.name)
    out: dict[int, set[str]] = {}
    for row in store.sql.rows(said):
        out.setdefault(row.row, set()).add(json.dumps(json.loads(row.value)))
    return out


def _told(store: Store, project: Project, page: list[Suspect]) -> list[dict[str, Any]]:
    rows = np.array(sorted({one.row for one in page} | {one.copy for one in page if one.copy is not None}), np.int64)
    seen = {hit.row: shown(hit, Query()) for hit in hits(store, project, rows)}
    return [
        {
            **seen[one.row],
            "given": one.given,
            "likelier": one.likelier,
            "likely": one.likely,
            "score": round(one.score, 4),
            "own": None if one.own is None else round(one.own, 4),
            "other": None if one.other is None else round(one.other, 4),
            "why": one.why,
            "options": one.options,
            "copy": None if one.copy is None else {**seen[one.copy], "label": one.copied},
        }
        for one in page
    ]
