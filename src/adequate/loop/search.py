"""Find examples: by words, by meaning, by likeness, narrowed by any condition of `loop.query`.

Words and meaning are asked for together, and their two orders merged by reciprocal rank: who says "card was eaten" also
means "the machine kept my card". Source: Cormack, Clarke & Büttcher, "Reciprocal Rank Fusion", SIGIR (2009).

Examples of the gate part are sealed: they are found only by whoever asks for nothing else than SQL, and never shown.
How many were left out is told where a query looks at the data alone; counted by label or answer they would be verdicts.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import sqlalchemy as sa

from adequate.encoders import onnx
from adequate.errors import QueryError, UnknownNameError
from adequate.loop.filters import CONTENT, Filters, task_of
from adequate.loop.memory import kept, moment
from adequate.loop.query import PHRASE, TEXT, WORD, Query, Term
from adequate.loop.selections import shown_parts
from adequate.loop.unseen import dense, meant, newest, unseen
from adequate.mining.neighbours import nearest
from adequate.store.schema import current_label
from adequate.types import PARTS, Block, Doubles, Floats, Mask, Part, Rows, part_name

if TYPE_CHECKING:
    from adequate.loop.engine import Engine
    from adequate.spec.project import Project
    from adequate.spec.tasks import Task
    from adequate.store import Store

DEEP = 400  # of each order, how far down the other is looked for
HALF = 60.0  # the constant of reciprocal rank fusion
_RANKED = (WORD, TEXT, "like")
_SHAPING = ("task", "sort")  # conditions that leave nothing out


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
    row: int = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Hits, best first, and how many there are in all; None: as many as are near enough."""

    hits: list[Hit]
    total: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    """Everything that a query finds, in order.

    Args:
        rows: shape (n,).
        keys: shape (n,), what they are ordered by, descending; of equals the lower row comes first.
        exact: whether all that satisfies the query is here, or as much as is near enough.
        sealed: how many of the gate were left out; None where telling would be a verdict.
        places: by way of looking (`words`, `meaning`, `like`), the place of each row in its order.
    """

    rows: Rows
    keys: Doubles
    exact: bool
    sealed: int | None
    task: str | None
    places: dict[str, dict[int, int]] = field(default_factory=dict)

    def after(self, cursor: str, limit: int) -> tuple[Rows, str]:
        """A page, and the cursor of the next one ("" after the last).

        Raises:
            QueryError: that was no cursor.
        """
        start = 0
        if cursor:
            try:
                key, row = cursor.split("_")
                beyond = (self.keys < float(key)) | ((self.keys == float(key)) & (self.rows > int(row)))
            except ValueError:
                raise QueryError(f"after={cursor!r} isn't where a page ended", remedy="leave it away") from None
            start = int(beyond.argmax()) if beyond.any() else len(beyond)
        page = self.rows[start : start + limit]
        end = start + len(page)
        return page, f"{self.keys[end - 1]!s}_{self.rows[end - 1]}" if 0 < end < len(self.rows) and len(page) else ""


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
    if store.examples.count == 0:
        return Found(hits=[], total=0)
    of = meant(project, task)
    given = {"sql": where, "pred": predicted, "like": like, "task": None if of is None else of.name}
    terms = [Term(key=WORD, values=(words,))] if words else []
    terms += [Term(key=key, values=(value,)) for key, value in given.items() if value is not None]
    if below is not None:
        terms.append(Term(key="conf", op="<=", values=(repr(below),)))
    try:
        found = select(store, project, Query(tuple(terms)), sql="--where")
    except QueryError as error:  # what it points at is nothing that was typed
        raise UnknownNameError(error.message, remedy=error.remedy) from error
    return Found(hits=hits(store, project, found.rows[:limit]), total=len(found.rows) if found.exact else None)


def selected(store: Store, project: Project, query: Query) -> Selected:
    """As `select`; what was found is kept until the project changes, so that the next page is there at once."""
    name = ("selected", moment(store), str(query), tuple(project.slices.values()))
    return kept(name, lambda: select(store, project, query))


def select(store: Store, project: Project, query: Query, *, sql: str = "sql:") -> Selected:
    """All that a query finds.

    Args:
        sql: what a mistake in the SQL is called by.

    Raises:
        QueryError: no such label, task, slice, example or selection; it says where.
        NotEnoughDataError: it asks for answers, and no model has given any.
        SliceError: its SQL isn't one valid expression.
    """
    n = store.examples.count
    task = task_of(store, project, query)
    filters = Filters(store=store, project=project, query=query, task=task, sql=sql)
    content = filters.content()
    parts = store.examples.parts()
    keep = content & shown_parts(parts) & filters.others()
    blind = all(term.key in (*CONTENT, *_SHAPING) for term in query.terms)
    sealed = int(np.count_nonzero(content & (parts == PARTS.index(Part.GATE)))) if blind else None
    name = task.name if task is not None else None
    if not query.of(*_RANKED):
        rows = np.flatnonzero(keep)
        keys = _sorted_by(store, query, task, rows)
        order = np.lexsort((rows, -keys))
        return Selected(rows=rows[order], keys=keys[order], exact=True, sealed=sealed, task=name)
    orders = _orders(store, project, query, keep)
    score = np.zeros(n)
    for order in orders.values():
        score[order] += 1 / (HALF + np.arange(len(order)))
    rows = np.flatnonzero(score)
    keys = score[rows] if query.only("sort") in (None, "match") else _sorted_by(store, query, task, rows)
    best = np.lexsort((rows, -keys))
    places = {way: {int(row): place for place, row in enumerate(order.tolist())} for way, order in orders.items()}
    return Selected(rows=rows[best], keys=keys[best], exact=False, sealed=sealed, task=name, places=places)


def _sorted_by(store: Store, query: Query, task: Task | None, rows: Rows) -> Doubles:
    """What rows are ordered by, descending."""
    how = query.only("sort")
    if how == "random":  # the same order each time, so that pages fit together
        mixed = (rows.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(11)
        return mixed.astype(np.float64)
    model = newest(store, task.name) if task is not None else None
    if how not in ("conf", "margin") or task is None or model is None:
        return np.zeros(len(rows))
    column = "confidence" if how == "conf" else "margin"
    values = store.predictions.read(task.name, model, columns=[column])[column].to_numpy()
    keys = np.full(len(rows), -np.inf)  # what nobody has answered for comes last
    inside = rows < len(values)
    keys[inside] = -values[rows[inside]].astype(np.float64)
    return keys


def _orders(store: Store, project: Project, query: Query, keep: Mask) -> dict[str, Rows]:
    """Rows by words, by meaning and by likeness, best first; those that nothing brings up don't come."""
    out: dict[str, Rows] = {}

    def by_words(words: str) -> Rows:
        found, _ = store.examples.search(words, DEEP + int(np.count_nonzero(~keep)))
        return found[keep[found]][:DEEP]

    model = next((made for task in project.tasks if (made := newest(store, task))), None)
    block = dense(store, project, model)
    rows = np.flatnonzero(keep)
    inside = rows if block is None else rows[rows < len(block)]
    speaks = block is not None and block.name == onnx.digest("int8") and onnx.available("int8")

    def by_vector(vector: Floats) -> Rows:
        assert block is not None
        places, _ = nearest(block, inside, vector[None], min(DEEP, len(inside)))
        best: Rows = inside[places[0]]
        return best

    if query.words:
        out["words"] = by_words(query.words)
        if speaks and len(inside):
            out["meaning"] = by_vector(_encoded(query.words))
    for term in query.of(TEXT):
        usable = speaks and len(inside)
        out["like"] = by_vector(_encoded(term.value)) if usable else by_words(term.value)
    for term in query.of("like"):
        row = _row(store, term)
        vector = None if block is None or row >= len(block) else _vector(block, row)
        if vector is None or len(inside) == 0:
            text = store.examples.take(np.array([row]), [project.text])[project.text][0].as_py()
            out["like"] = by_words(text or "")
        else:
            out["like"] = by_vector(vector)
    return out


def _row(store: Store, term: Term) -> int:
    try:
        return store.examples.row_of(term.value)
    except UnknownNameError as error:
        raise QueryError(error.message, remedy=error.remedy, at=term.start, end=term.end) from None


def _encoded(text: str) -> Floats:
    encoder = kept(("encoder", "int8"), lambda: onnx.load("int8"))
    vector: Floats = encoder.encode([text])[0]
    return vector


def _vector(block: Block, row: int) -> Floats:
    return np.asarray(block.take(np.array([row]))[0], np.float32)


def hits(store: Store, project: Project, rows: Rows) -> list[Hit]:
    """What there is to show of these rows, in this order."""
    if len(rows) == 0:
        return []
    shown = store.examples.take(rows, ["aq_id", project.text, "aq_part"])
    label: dict[int, dict[str, Any]] = {row: {} for row in rows.tolist()}
    now = current_label.c
    for said in store.sql.rows(sa.select(now.task, now.row, now.value).where(now.row.in_(rows.tolist()))):
        label[said.row][said.task] = json.loads(said.value)
    predicted: dict[int, dict[str, tuple[Any, float]]] = {row: {} for row in rows.tolist()}
    for name in project.learnable:
        model = newest(store, name)
        if model is None:
            continue
        known = rows[rows < store.predictions.count(name, model)]
        answers = store.predictions.read(name, model, known, ["label", "confidence"]).to_pylist()
        for row, answer in zip(known.tolist(), answers, strict=True):
            predicted[row][name] = answer["label"], answer["confidence"]
    columns = (shown["aq_id"].to_pylist(), shown[project.text].to_pylist(), shown["aq_part"].to_pylist())
    return [
        Hit(
            example=example,
            text=text or "",
            part=part_name(part),
            label=label[row],
            predicted=predicted[row],
            row=row,
        )
        for row, example, text, part in zip(rows.tolist(), *columns, strict=True)
    ]


def page(engine: Engine, query: Query, after: str, limit: int) -> dict[str, Any]:
    """One page of what a query finds, as JSON has it: what `GET /api/search` answers."""
    with engine.store() as store:
        found = selected(store, engine.project, query)
        rows, following = found.after(after, limit)
        fresh = _unseen(store, engine.project, query, found.task, rows)
        return {
            "total": len(found.rows),
            "exact": found.exact,
            "sealed": found.sealed,
            "task": found.task,
            "after": following,
            "hits": [shown(hit, query, found) | fresh.get(hit.row, {}) for hit in hits(store, engine.project, rows)],
        }


def _unseen(store: Store, project: Project, query: Query, task: str | None, rows: Rows) -> dict[int, dict[str, Any]]:
    """What a model that hadn't seen their labels says of rows, where the query is about what is mixed up."""
    about = query.of("pair") or [term for term in query.of("is") if "wrong" in term.values]
    seen = unseen(store, project, project.tasks[task]) if about and task in project.learnable else None
    if seen is None or task is None:
        return {}
    at = {int(row): place for place, row in enumerate(seen.rows.tolist())}
    told = {}
    for row in rows.tolist():
        if row in at:
            answer, probs = seen.answers[at[row]], seen.probs[at[row]]
            if seen.gold.ndim == 1:
                label: Any = seen.names[int(answer)]
                sure = float(probs[int(answer)])
            else:
                label = [name for name, given in zip(seen.names, answer.tolist(), strict=True) if given]
                sure = float(np.where(answer, probs, 1 - probs).prod())
            told[row] = {"unseen": {"label": label, "confidence": round(sure, 4)}}
    return told


LONG = 320  # code points of a text shown in a list
BEFORE = 60  # shown before the first match, where that lies deep in a long text


def shown(hit: Hit, query: Query, found: Selected | None = None) -> dict[str, Any]:
    """A hit as a list shows it: an excerpt around what matched, and why it came."""
    words = [*query.words.split(), *(t.value for t in query.of(PHRASE) if not t.negate)]
    marks = _marks(hit.text, words)
    start = 0 if not marks or marks[0][1] <= LONG - BEFORE else max(0, marks[0][0] - BEFORE)
    end = min(len(hit.text), start + LONG)
    why = []
    for way, places in (found.places if found is not None else {}).items():
        if hit.row in places:
            why.append(f"{way} {places[hit.row] + 1:,}")
    return {
        "id": hit.example,
        "row": hit.row,
        "text": hit.text[start:end],
        "cut": [start > 0, end < len(hit.text)],
        "marks": [[a - start, b - start] for a, b in marks if start <= a and b <= end],
        "part": hit.part,
        "labels": hit.label,
        "predictions": {
            task: {"label": label, "confidence": round(sure, 4)} for task, (label, sure) in hit.predicted.items()
        },
        "why": why,
    }


def _marks(text: str, words: list[str]) -> list[tuple[int, int]]:
    """Where words stand in a text, without overlaps, in code points."""
    import re

    if not words:
        return []
    # Not lower-cased first: that may change how long a text is.
    either = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    return [found.span() for found in re.finditer(either, text, re.IGNORECASE)][:40]
