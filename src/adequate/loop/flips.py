"""What changed between two models: which answers, for better or worse, and which new labels lie nearest to the losses.

Only labelled examples outside the gate are looked at; the gate's verdicts are the gate's to give. Examples that a model
learned from say little about it, so they are counted apart: the surprise (mid-p McNemar) is of those that neither model
learned from, which are the steering ones and whatever was labelled since.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import sqlalchemy as sa

from adequate.loop.answers import answered, in_words, labels_of, names_of
from adequate.loop.cycle import slices
from adequate.loop.unseen import dense
from adequate.mining.neighbours import QUERIES, nearest
from adequate.spec.cells import spelt
from adequate.store.schema import current_label
from adequate.store.schema import event as log
from adequate.testing.bounds import mid_p
from adequate.types import PARTS, Codes, Mask, Part, Rows

if TYPE_CHECKING:
    from adequate.loop.engine import Engine
    from adequate.spec.project import Project
    from adequate.spec.tasks import Task
    from adequate.store import Store
    from adequate.store.models import Model

SHOWN = 60  # examples of each kind
PAIRS = 14  # pairs of labels
NEAREST = 3  # new labels for each loss


def changed(engine: Engine, baseline: str, candidate: str) -> dict[str, Any]:
    """Everything of two models that differs, by task.

    Args:
        baseline, candidate: ids, or beginnings of them.

    Raises:
        UnknownNameError: there is no such model.
    """
    with engine.store() as store:
        old, new = store.models.get(baseline), store.models.get(candidate)
        masks = slices(store, engine.project)
        return {
            "baseline": old.id,
            "candidate": new.id,
            "tasks": [
                _task(store, engine.project, task, old, new, masks)
                for task in engine.project.learnable.values()
                if all(store.predictions.has(task.name, model.id) for model in (old, new))
            ],
            "cells": _cells(store, old.id, new.id),
        }


def _task(store: Store, project: Project, task: Task, old: Model, new: Model, masks: dict[str, Mask]) -> dict[str, Any]:
    names = names_of(store, task)
    both = min(store.predictions.count(task.name, model.id) for model in (old, new))
    labels = labels_of(store, task, names)
    parts = store.examples.parts()
    labels = labels.at((parts[labels.rows] != PARTS.index(Part.GATE)) & (labels.rows < both))
    was, now = (answered(store, task, model.id, labels.rows, names) for model in (old, new))
    right_was, right_now = _same(was, labels.gold), _same(now, labels.gold)
    fixed, broke = right_now & ~right_was, right_was & ~right_now
    words = _words(store, task, labels.rows)
    learned = _first(store, task, labels.rows) <= max(old.label_seq, new.label_seq)
    taught = (parts[labels.rows] == PARTS.index(Part.TEACH)) & learned
    fresh = ~taught
    lost, won = int(np.count_nonzero(broke & fresh)), int(np.count_nonzero(fixed & fresh))
    say = in_words(task, names)
    shown = {
        kind: np.flatnonzero(which)[np.argsort(taught[which], kind="stable")][:SHOWN]
        for kind, which in (("broke", broke), ("fixed", fixed))
    }
    near = _nearest(store, project, task, labels.rows[shown["broke"]], old, new, say_of=(names, say))
    return {
        "task": task.name,
        "labelled": len(labels),
        "unseen": int(np.count_nonzero(fresh)),
        "answers": both,
        "moved": _moved(store, task, old.id, new.id, both),
        "fixed": {"unseen": won, "taught": int(np.count_nonzero(fixed & taught))},
        "broke": {"unseen": lost, "taught": int(np.count_nonzero(broke & taught))},
        "p": float(mid_p(lost, won)) if lost + won else None,
        "slices": [
            {"slice": name, "fixed": int(np.count_nonzero(fixed & here)), "broke": int(np.count_nonzero(broke & here))}
            for name, mask in masks.items()
            if (here := mask[labels.rows]).any()
        ],
        "pairs": _pairs(say, labels.gold, was, now, fixed, broke),
        "examples": {
            kind: _examples(store, project, task, new.id, labels.rows[at], labels.gold[at], was[at], now[at], say)
            for kind, at in shown.items()
        },
        "nearest": near,
        "who": {kind: [_who(words, i, taught) for i in at.tolist()] for kind, at in shown.items()},
    }


def _same(answers: Codes | Mask, gold: Codes | Mask) -> Mask:
    same = np.asarray(answers == gold)
    return same if same.ndim == 1 else np.asarray(same.all(axis=1))


def _words(store: Store, task: Task, rows: Rows) -> dict[str, Any]:
    """Who said what these examples are, and when: arrays in the order of `rows`."""
    query = (
        sa.select(current_label.c.row, log.c.seq, log.c.actor, log.c.source, log.c.at)
        .join(log, log.c.seq == current_label.c.seq)
        .where(current_label.c.task == task.name)
    )
    known = {row.row: row for row in store.sql.rows(query)}
    said = [known[row] for row in rows.tolist()]
    return {
        "seq": np.array([one.seq for one in said], np.int64),
        "actor": [one.actor for one in said],
        "source": [one.source for one in said],
        "at": [one.at for one in said],
    }


def _first(store: Store, task: Task, rows: Rows) -> Rows:
    """The number of each example's first label event: whatever was corrected since, a model of that day knew it."""
    query = sa.select(log.c.row, sa.func.min(log.c.seq)).where(log.c.task == task.name, log.c.kind == "label")
    first = dict(store.sql.rows(query.group_by(log.c.row)))
    return np.array([first[row] for row in rows.tolist()], np.int64)


def _who(words: dict[str, Any], i: int, taught: Mask) -> dict[str, Any]:
    return {name: words[name][i] for name in ("actor", "source", "at")} | {"taught": bool(taught[i])}


def _moved(store: Store, task: Task, old: str, new: str, n: int) -> int:
    """How many of all answers are others."""
    rows = np.arange(n)
    was, now = (store.predictions.read(task.name, model, rows, ["label"])["label"] for model in (old, new))
    same: int = sum(a == b for a, b in zip(was.to_pylist(), now.to_pylist(), strict=True))
    return n - same


def _pairs(say: Any, gold: Any, was: Any, now: Any, fixed: Mask, broke: Mask) -> list[dict[str, Any]]:
    """Which label is taken for which other, more often and less often than before; the largest changes first."""
    more = Counter((say(gold[i]), say(now[i])) for i in np.flatnonzero(broke).tolist())
    less = Counter((say(gold[i]), say(was[i])) for i in np.flatnonzero(fixed).tolist())
    pairs = sorted(more.keys() | less.keys(), key=lambda pair: (-more[pair], -less[pair], pair))
    ranked = sorted(pairs, key=lambda pair: -(more[pair] + less[pair]))[:PAIRS]
    return [
        {"gold": gold, "taken_for": other, "broke": more[gold, other], "fixed": less[gold, other]}
        for gold, other in ranked
    ]


def _examples(
    store: Store, project: Project, task: Task, model: str, rows: Rows, gold: Any, was: Any, now: Any, say: Any
) -> list[dict[str, Any]]:
    if len(rows) == 0:
        return []
    texts = store.examples.take(rows, ["aq_id", project.text])
    sure = store.predictions.read(task.name, model, rows, ["confidence"])["confidence"].to_pylist()
    return [
        {
            "example": example,
            "text": (text or "")[:2000],
            "gold": say(gold[i]),
            "was": say(was[i]),
            "now": say(now[i]),
            "confidence": sure[i],
        }
        for i, (example, text) in enumerate(
            zip(texts["aq_id"].to_pylist(), texts[project.text].to_pylist(), strict=True)
        )
    ]


def _nearest(
    store: Store, project: Project, task: Task, rows: Rows, old: Model, new: Model, *, say_of: Any
) -> list[list[dict[str, Any]]]:
    """For each of these rows the nearest teaching labels that the new model learned and the old one did not."""
    names, say = say_of
    vectors = dense(store, project, new.id)
    labels = labels_of(store, task, names)
    words = _words(store, task, labels.rows)
    since = (words["seq"] > old.label_seq) & (words["seq"] <= new.label_seq)
    since &= store.examples.parts()[labels.rows] == PARTS.index(Part.TEACH)
    fresh = labels.at(since & (labels.rows < (len(vectors) if vectors is not None else 0)))
    if vectors is None or len(fresh) == 0 or len(rows) == 0:
        return [[] for _ in rows]
    order = np.argsort(rows)
    where, similar = nearest(vectors, fresh.rows, np.asarray(vectors.take(rows[order][:QUERIES]), np.float32), NEAREST)
    found: list[list[dict[str, Any]]] = [[] for _ in rows]
    spoken = dict(zip(labels.rows.tolist(), range(len(labels)), strict=True))
    texts = store.examples.take(fresh.rows, ["aq_id", project.text])
    ids, bodies = texts["aq_id"].to_pylist(), texts[project.text].to_pylist()
    for query, row in enumerate(order[:QUERIES].tolist()):
        for at, score in zip(where[query].tolist(), similar[query].tolist(), strict=True):
            if at < 0:
                continue
            word = spoken[int(fresh.rows[at])]
            found[row].append(
                {
                    "example": ids[at],
                    "text": (bodies[at] or "")[:300],
                    "label": say(fresh.gold[at]),
                    "similar": round(score, 3),
                    **{name: words[name][word] for name in ("actor", "source", "at")},
                }
            )
    return found


def _cells(store: Store, old: str, new: str) -> list[dict[str, Any]]:
    """Cells whose state, change or value is another, what got worse first."""
    keys = ("task", "slice", "label", "metric")
    before = {tuple(row[key] for key in keys): row for row in store.cells.read(old).to_pylist()}
    found = []
    for row in store.cells.read(new).to_pylist():
        was = before.get(tuple(row[key] for key in keys))
        if was is None or (was["state"] == row["state"] and row["change"] in (None, "not_regressed")):
            continue
        found.append(
            {
                "key": spelt(*(row[key] for key in keys)),
                **{key: row[key] for key in (*keys, "target", "change", "critical")},
                "was": {name: was[name] for name in ("value", "low", "high", "state", "n")},
                "now": {name: row[name] for name in ("value", "low", "high", "state", "n")},
            }
        )
    rank = {"regressed": 0, "suspect": 1, "improved": 2}
    return sorted(found, key=lambda one: (rank.get(one["change"] or "", 3), one["now"]["state"] == "adequate"))
