"""Find examples: by words, by meaning, by likeness, narrowed by SQL, prediction and confidence.

Words and meaning are asked for together, and their two orders merged by reciprocal rank: who says "card was eaten" also
means "the machine kept my card". Source: Cormack, Clarke & Büttcher, "Reciprocal Rank Fusion", SIGIR (2009).

Examples of the gate part are sealed: they are found only by whoever asks for nothing else than SQL, and never shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.compute as pc

from adequate.encoders import onnx
from adequate.errors import NotEnoughDataError, unknown
from adequate.loop.answers import names_of
from adequate.mining.neighbours import nearest
from adequate.types import PARTS, Kind, Mask, Part, Rows

if TYPE_CHECKING:
    from adequate.spec.project import Project
    from adequate.spec.tasks import Task
    from adequate.store import Store

DEEP = 400  # of each order, how far down the other is looked for
HALF = 60.0  # the constant of reciprocal rank fusion


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """An example that was found.

    Args:
        example: its id.
        part: what it is used for.
        label: what it is labelled, by task.
        predicted: what the newest model says, with its confidence, by task.
    """

    example: str
    text: str
    part: str
    label: dict[str, Any]
    predicted: dict[str, tuple[Any, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Hits, best first, and how many there are in all; None: as many as are near enough."""

    hits: list[Hit]
    total: int | None


def find(
    store: Store,
    project: Project,
    words: str,
    *,
    where: str | None,
    predicted: str | None,
    below: float | None,
    like: str | None,
    task: str | None,
    limit: int,
) -> Found:
    """As `Engine.find`.

    Raises:
        NotEnoughDataError: predictions are asked for, and there is no model yet.
        SliceError: `where` isn't one valid expression.
        UnknownNameError: no such task, label or example.
    """
    count = store.examples.count
    if count == 0:
        return Found(hits=[], total=0)
    keep = store.examples.parts() != PARTS.index(Part.GATE)
    if where is not None:
        keep &= store.slices.mask("--where", where)
    if predicted is not None or below is not None:
        keep &= _answers(store, project, task, predicted, below, count)
    if words or like is not None:
        rows = _ranked(store, project, words, like, keep)
        return Found(hits=_hits(store, project, rows[:limit]), total=None)
    rows = np.flatnonzero(keep)
    return Found(hits=_hits(store, project, rows[:limit]), total=len(rows))


def _answers(
    store: Store, project: Project, task: str | None, predicted: str | None, below: float | None, count: int
) -> Mask:
    """The examples to which the newest model gives a label, or no answer with more than some confidence."""
    of = _task(project, task)
    model = _model(store, of.name)
    if model is None:
        raise NotEnoughDataError(f"no model has answered {of.name!r} yet", remedy="adequate run")
    names = names_of(store, of)
    if predicted is not None and predicted not in names:
        raise unknown("label", predicted, names)
    answers = store.predictions.read(of.name, model, columns=["label", "confidence"])
    keep = np.ones(len(answers), bool)
    if predicted is not None:
        labels = answers["label"].combine_chunks()
        if of.kind is Kind.MULTILABEL:
            at = np.repeat(np.arange(len(labels)), pc.list_value_length(labels).to_numpy())
            has = pc.equal(labels.flatten(), predicted).to_numpy(zero_copy_only=False)
            keep = np.bincount(at[has], minlength=len(labels)) > 0
        else:
            keep = pc.equal(labels, predicted).to_numpy(zero_copy_only=False)
    if below is not None:
        keep = keep & (answers["confidence"].to_numpy() <= below)
    whole = np.zeros(count, bool)
    whole[: len(keep)] = keep
    return whole


def _task(project: Project, name: str | None) -> Task:
    if name is None:
        return next(iter(project.tasks.values()))
    if name not in project.tasks:
        raise unknown("task", name, project.tasks)
    return project.tasks[name]


def _model(store: Store, task: str) -> str | None:
    for model in reversed(store.models.list()):
        if store.predictions.has(task, model.id):
            return model.id
    return None


def _ranked(store: Store, project: Project, words: str, like: str | None, keep: Mask) -> Rows:
    """Rows by the merged order of words, meaning and likeness; those that nothing brings up don't come."""
    orders: list[Rows] = []
    if words:
        by_words, _ = store.examples.search(words, DEEP + int(np.count_nonzero(~keep)))
        orders.append(by_words[keep[by_words]][:DEEP])
    rows = np.flatnonzero(keep)
    digest = onnx.digest("int8")
    embedded = store.blocks.count(digest)
    inside = rows[rows < embedded]
    if len(inside):
        block = store.blocks.block(digest)
        queries = []
        if words and onnx.available("int8"):
            queries.append(onnx.load("int8").encode([words])[0])
        if like is not None:
            queries.append(block.take(np.array([store.examples.row_of(like)]))[0])
        for query in queries:
            places, _ = nearest(block, inside, query[None], min(DEEP, len(inside)))
            orders.append(inside[places[0]])
    elif like is not None:
        text = store.examples.take(np.array([store.examples.row_of(like)]), [project.text])[project.text][0].as_py()
        by_words, _ = store.examples.search(text, DEEP)
        orders.append(by_words[keep[by_words]])
    score: dict[int, float] = {}
    for order in orders:
        for place, row in enumerate(order.tolist()):
            score[row] = score.get(row, 0.0) + 1 / (HALF + place)
    return np.array(sorted(score, key=lambda row: (-score[row], row)), np.int64)


def _hits(store: Store, project: Project, rows: Rows) -> list[Hit]:
    if len(rows) == 0:
        return []
    shown = store.examples.take(rows, ["aq_id", project.text, "aq_part"])
    label: list[dict[str, Any]] = [{} for _ in rows]
    said: list[dict[str, tuple[Any, float]]] = [{} for _ in rows]
    for task in project.tasks.values():
        now = store.labels.current(task.name)
        at = dict(zip(now["row"].to_pylist(), now["value"].to_pylist(), strict=True))
        model = _model(store, task.name)
        for i, row in enumerate(rows.tolist()):
            if row in at:
                label[i][task.name] = at[row]
        if model is not None:
            inside = np.flatnonzero(rows < store.predictions.count(task.name, model))
            answers = store.predictions.read(task.name, model, rows[inside], ["label", "confidence"])
            for i, answer in zip(inside.tolist(), answers.to_pylist(), strict=True):
                said[i][task.name] = answer["label"], answer["confidence"]
    return [
        Hit(example=example, text=text or "", part=str(PARTS[part]), label=label[i], predicted=said[i])
        for i, (example, text, part) in enumerate(
            zip(
                shown["aq_id"].to_pylist(),
                shown[project.text].to_pylist(),
                shown["aq_part"].to_pylist(),
                strict=True,
            )
        )
    ]
