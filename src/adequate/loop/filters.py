"""Which examples satisfy the conditions of a query? One mask over all of them, and which task the query is about.

What only looks at the data (phrases, SQL, slices, parts) is asked in one pass; labels and people are SQL; answers are
those of the newest model. `is:wrong` means wrong by a model that had not seen the label (`loop.unseen`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from adequate.errors import NotEnoughDataError, QueryError, UnknownNameError, unknown
from adequate.loop import selections
from adequate.loop.answers import names_of
from adequate.loop.query import PHRASE, Query, Term
from adequate.loop.unseen import newest, unseen
from adequate.store.schema import answer, current_label, event
from adequate.types import PARTS, Codes, Kind, Mask, Rows

if TYPE_CHECKING:
    from adequate.spec.project import Project
    from adequate.spec.slices import Slice
    from adequate.spec.tasks import Task
    from adequate.store import Store

CONTENT = ("sql", "slice", "part", PHRASE)  # the conditions that look at the data alone
UNSURE = 0.2  # a margin below this is undecided


def task_of(store: Store, project: Project, query: Query) -> Task | None:
    """The task that a query's labels and answers are of: the one it names, or the first that has all the labels it
    names, or the first. None where the project has none.

    Raises:
        QueryError: no such task.
    """
    named = next(iter(query.of("task")), None)
    if named is not None:
        if named.value not in project.tasks:
            raise _at(named, unknown("task", named.value, project.tasks))
        return project.tasks[named.value]
    wanted = {value for term in query.of("label", "pred", "second", "pair") for value in term.values}
    for task in project.tasks.values():
        if wanted and wanted <= set(names_of(store, task)):
            return task
    return next(iter(project.tasks.values()), None)


@dataclass(slots=True)
class Filters:
    """The conditions of one query over one project.

    Args:
        task: that labels and answers are of.
        sql: what a mistake in `sql:` is called by.
    """

    store: Store
    project: Project
    query: Query
    task: Task | None
    sql: str = "sql:"

    def content(self) -> Mask:
        """Which examples satisfy the conditions that look at the data alone, those of the gate among them."""
        n = self.store.examples.count
        keep = np.ones(n, bool)
        by_sql: dict[str, str] = {}
        turned: set[str] = set()
        for number, term in enumerate(self.query.of(*CONTENT)):
            if term.key == "part":
                codes = [PARTS.index(part) for part in PARTS if part in term.values]
                keep &= np.isin(self.store.examples.parts(), codes) != term.negate
                continue
            if term.key == "slice" and any(one.function is not None for one in self._slices(term)):
                members = [self._member(one) for one in self._slices(term)]
                keep &= np.any(members, axis=0) != term.negate
                continue
            name = self.sql if term.key == "sql" else f"{term} ({number})"
            by_sql[name] = " OR ".join(f"({sql})" for sql in self.predicates(term))
            turned |= {name} if term.negate else set()
        for name, mask in self.store.slices.masks(by_sql).items():
            keep &= mask != (name in turned)
        return keep

    def others(self) -> Mask:
        """Which examples satisfy the rest: labels, answers, people."""
        keep = np.ones(self.store.examples.count, bool)
        for term in self.query.terms:
            test = _TESTS.get(term.key)
            if test is not None:
                keep &= test(self, term) != term.negate
        return keep

    def predicates(self, term: Term) -> Iterator[str]:
        """A phrase, a slice or SQL as SQL over the examples' columns, one for each alternative."""
        column = '"' + self.project.text.replace('"', '""') + '"'
        for value in term.values:
            if term.key == PHRASE:
                yield f"contains(lower({column}), lower('{value.replace(chr(39), chr(39) * 2)}'))"
            elif term.key == "slice":
                yield next(one.sql or "false" for one in self._slices(Term(key="slice", values=(value,))))
            else:
                yield value

    def _slices(self, term: Term) -> list[Slice]:
        for value in term.values:
            if value not in self.project.slices:
                raise _at(term, unknown("slice", value, self.project.slices))
        return [self.project.slices[value] for value in term.values]

    def _member(self, one: Slice) -> Mask:
        if one.function is not None:
            return self.store.slices.apply(one.name, one.function)
        return self.store.slices.mask(one.name, one.sql or "false")

    # --- labels and people

    def _of_task(self, term: Term) -> Task:
        if self.task is None:
            raise QueryError(f"{term.key} needs a task, and the project has none", at=term.start, end=term.end)
        return self.task

    def _named(self, term: Term) -> list[int]:
        names = names_of(self.store, self._of_task(term))
        for value in term.values:
            if value not in names:
                raise _at(term, unknown("label", value, names))
        return [names.index(value) for value in term.values]

    def label(self, term: Term) -> Mask:
        self._named(term)
        now = self.store.labels.current(self._of_task(term).name)
        encoded = now["value"].combine_chunks().dictionary_encode()
        fits = np.array([_holds(json.loads(value), term.values) for value in encoded.dictionary.to_pylist()], bool)
        at = encoded.indices.to_numpy()
        return self._mask(now["row"].to_numpy()[fits[at]] if len(at) else [])

    def source(self, term: Term) -> Mask:
        here = current_label.c
        return self._where(
            sa.select(here.row).where(here.task == self._of_task(term).name, here.source.in_(term.values))
        )

    def by(self, term: Term) -> Mask:
        task = self._of_task(term).name
        said = sa.select(answer.c.row).where(answer.c.task == task, answer.c.actor.in_(term.values))
        gave = sa.select(current_label.c.row).join(event, event.c.seq == current_label.c.seq)
        gave = gave.where(current_label.c.task == task, event.c.actor.in_(term.values))
        return self._where(said) | self._where(gave)

    def flag(self, term: Term) -> Mask:
        found = np.zeros(self.store.examples.count, bool)
        for value in term.values:
            if value == "labelled":
                found |= self._where(sa.select(current_label.c.row).where(current_label.c.task == self._task(term)))
            elif value == "wrong":
                found |= self._wrong(term)
            else:
                found |= self._flagged()
        return found

    def _task(self, term: Term) -> str:
        return self._of_task(term).name

    def _flagged(self) -> Mask:
        last = sa.select(sa.func.max(event.c.seq)).where(event.c.kind == "flag").group_by(event.c.row, event.c.task)
        rows = self.store.sql.rows(sa.select(event.c.row, event.c.value, event.c.body).where(event.c.seq.in_(last)))
        return self._mask([row.row for row in rows if row.value not in (None, "null", "false", '""')])

    def has(self, _: Term) -> Mask:
        return self._where(sa.select(event.c.row).where(event.c.kind == "comment", event.c.row >= 0).distinct())

    def selection(self, term: Term) -> Mask:
        try:
            return self._mask(selections.recall(self.store.root, term.value).rows)
        except UnknownNameError as error:
            raise _at(term, error) from None

    # --- what the model says

    def _wrong(self, term: Term) -> Mask:
        found = unseen(self.store, self.project, self._of_task(term))
        if found is None:
            raise NotEnoughDataError("nothing can be wrong before there is a model", remedy="adequate run")
        return self._mask(found.rows[found.wrong])

    def _said(self, term: Term, *columns: str) -> pa.Table:
        task = self._of_task(term)
        model = newest(self.store, task.name)
        if model is None:
            raise NotEnoughDataError(f"no model has answered {task.name!r} yet", remedy="adequate run")
        return self.store.predictions.read(task.name, model, columns=list(columns))

    def pred(self, term: Term) -> Mask:
        self._named(term)
        column = "label" if term.key == "pred" else "runner_up"
        labels = self._said(term, column)[column].combine_chunks()
        wanted = pa.array(term.values)
        if pa.types.is_list(labels.type):
            at = np.repeat(np.arange(len(labels)), pc.list_value_length(labels).to_numpy())
            inside = pc.is_in(labels.flatten(), value_set=wanted).to_numpy(zero_copy_only=False)
            return self._whole(np.bincount(at[inside], minlength=len(labels)) > 0)
        return self._whole(pc.is_in(labels, value_set=wanted).to_numpy(zero_copy_only=False))

    def number(self, term: Term) -> Mask:
        column = {"conf": "confidence", "margin": "margin"}[term.key]
        values, bar = self._said(term, column)[column].to_numpy(), np.float32(term.value)
        compare = {"<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal}[term.op]
        return self._whole(compare(values, bar))

    def pair(self, term: Term) -> Mask:
        """Label and answer (of a model that hadn't seen it) are the two, or, where there is no label, the model can't
        decide between them."""
        one, other = self._named(term)
        task = self._of_task(term)
        found = unseen(self.store, self.project, task)
        between = np.zeros(self.store.examples.count, bool)
        if task.kind is Kind.CLASSIFY:
            said = self._said(term, "label", "runner_up", "margin")
            both = [pc.is_in(said[name], value_set=pa.array(term.values)) for name in ("label", "runner_up")]
            close = said["margin"].to_numpy() < UNSURE
            between = self._whole(both[0].to_numpy() & both[1].to_numpy() & close)
        if found is None:
            return between
        mixed = confused(found.gold, found.answers, one, other)
        labelled = self._mask(found.rows)
        return (between & ~labelled) | self._mask(found.rows[mixed])

    # --- rows to masks

    def _where(self, query: sa.Select[Any]) -> Mask:
        return self._mask([row[0] for row in self.store.sql.rows(query)])

    def _mask(self, rows: Rows | list[int]) -> Mask:
        found = np.zeros(self.store.examples.count, bool)
        at = np.asarray(rows, np.int64)
        found[at[(at >= 0) & (at < len(found))]] = True
        return found

    def _whole(self, kept: Mask) -> Mask:
        found = np.zeros(self.store.examples.count, bool)
        found[: len(kept)] = kept[: len(found)]
        return found


def as_sql(store: Store, project: Project, query: Query) -> str | None:
    """A query as one condition over the examples' columns; None where it looks at more than the data."""
    filters = Filters(store=store, project=project, query=query, task=None)
    said = []
    for term in query.terms:
        if term.key in ("task", "sort"):
            continue
        by_function = term.key == "slice" and any(one.function is not None for one in filters._slices(term))
        if term.key not in ("sql", "slice", PHRASE) or by_function:
            return None
        either = " OR ".join(f"({sql})" for sql in filters.predicates(term))
        said.append(f"NOT coalesce(({either}), false)" if term.negate else f"({either})")
    return " AND ".join(said) or None


def confused(gold: Codes | Mask, answers: Codes | Mask, one: int, other: int) -> Mask:
    """Where one of two labels is given and the other answered."""
    if gold.ndim == 1:
        return np.asarray(((gold == one) & (answers == other)) | ((gold == other) & (answers == one)))
    missed, extra = gold & ~answers.astype(bool), answers.astype(bool) & ~gold.astype(bool)
    return np.asarray((missed[:, one] & extra[:, other]) | (missed[:, other] & extra[:, one]))


def _holds(value: Any, wanted: tuple[str, ...]) -> bool:
    """Whether a label, a set of labels or spans hold one of these names."""
    held = value if isinstance(value, list) else [value]
    return any((one.get("label") if isinstance(one, dict) else one) in wanted for one in held)


def _at(term: Term, error: UnknownNameError) -> QueryError:
    return QueryError(error.message, remedy=error.remedy, at=term.start, end=term.end)


_TESTS = {
    "label": Filters.label,
    "source": Filters.source,
    "by": Filters.by,
    "is": Filters.flag,
    "has": Filters.has,
    "in": Filters.selection,
    "pred": Filters.pred,
    "second": Filters.pred,
    "conf": Filters.number,
    "margin": Filters.number,
    "pair": Filters.pair,
}
