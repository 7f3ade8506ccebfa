"""Tests made of what was found: of failures, of a query, of examples that somebody picked out.

A test made so is a file of cases in the project's folder, or an invariance on a slice, and an override that lays it
over `project.py`, where its line can be pasted instead. Examples of the gate part are never in a file: whoever can
read it could learn from it.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from adequate import perturb
from adequate.errors import NotEnoughDataError, TestError, unknown
from adequate.loop import filters, search
from adequate.loop.answers import names_of
from adequate.loop.cycle import slice_of
from adequate.loop.query import PHRASE, TEXT, WORD, Query, Term, parse
from adequate.loop.selections import shown_parts
from adequate.loop.unseen import meant, newest, unseen
from adequate.perturb import Effect
from adequate.spec import python, python_tests, slices, suites
from adequate.spec.behaviours import REACH, SAME, TARGET, Behaviour
from adequate.spec.overlay import fresh
from adequate.spec.slices import EVERYTHING, Slice
from adequate.spec.suites import Suite
from adequate.spec.targets import fraction
from adequate.store.formats import inspect, write
from adequate.store.looks import Override
from adequate.types import PARTS, TESTS, Kind, Part, Rows

if TYPE_CHECKING:
    from adequate.spec.project import Project
    from adequate.spec.tasks import Task
    from adequate.store import Store

FOLDER = "tests"
MOST = 50  # cases of a query that only ranks: what comes later resembles it less and less
FROM = "from"  # the column of a file that says where a case came from


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A test that was made.

    Args:
        lines: what declares it in `project.py`.
        rows: the override rows that do the same, as {what: value}; `record` writes them.
        path: its file, None where it needs none.
        cases, added: cases in the file, and those of them that are new.
        sealed: examples of the gate part that were left out.
        otherwise: examples that were left out because people gave them another label.
    """

    lines: tuple[str, ...]
    rows: Mapping[str, Any] = field(default_factory=dict)
    path: Path | None = None
    cases: int = 0
    added: int = 0
    sealed: int = 0
    otherwise: int = 0


def from_failures(
    store: Store,
    project: Project,
    task: str | None = None,
    *,
    cell: str | None = None,
    name: str = "failures",
    file: str | Path | None = None,
    target: float | None = None,
) -> Made:
    """A file of what the newest model gets wrong now: steering examples with a label, failing cases whose right
    answer is known.

    Args:
        cell: only those of this cell: TASK/SLICE, or a test's key.
        name: of the test, and of its file.
        file: relative to the project's folder (default: tests/NAME.csv); cases that it has stay.
        target: share of the cases that must hold; None: all of them (`must_pass`).

    Raises:
        NotEnoughDataError: there is no model, or nothing fails.
        UnknownNameError: no such task or cell.
    """
    of = _classified(project, task if task or not cell else cell.partition("/")[0])
    model = newest(store, of.name)
    if model is None:
        raise NotEnoughDataError(f"no model has answered {of.name!r} yet", remedy="adequate run")
    cases = [*_wrong(store, project, of, cell), *_failed(store, of, model, cell)]
    if not cases:
        where = f" in {cell}" if cell else ""
        raise NotEnoughDataError(
            f"model {model} fails nothing{where} whose right answer is known", remedy="adequate test"
        )
    return _file(store, project, of, cases, name=name, file=file, target=target)


def from_rows(
    store: Store,
    project: Project,
    rows: Rows | Sequence[int],
    *,
    task: str | None = None,
    expect: str | None = None,
    name: str,
    file: str | Path | None = None,
    target: float | None = None,
) -> Made:
    """A file of examples that somebody picked out.

    Args:
        rows: which; those of the gate part are left out.
        expect: the right answer to them all, which leaves out those that people labelled otherwise; None: to each its
            label, which leaves out those without.

    Raises:
        UnknownNameError: `expect` is no label of the task.
        NotEnoughDataError: none is left.
    """
    of = _classified(project, task)
    if expect is not None and expect not in (names := names_of(store, of)):
        raise unknown("label", expect, names)
    wanted = np.asarray(rows, np.int64)
    parts = store.examples.parts()[wanted]
    wanted, sealed = wanted[shown_parts(parts)], int(np.count_nonzero(parts == PARTS.index(Part.GATE)))
    gold = _labels(store, of)
    right = [gold.get(row) if expect is None else expect for row in wanted.tolist()]
    agreed = [
        label is not None and gold.get(row, label) == label for row, label in zip(wanted.tolist(), right, strict=True)
    ]
    kept = wanted[np.array(agreed, bool)] if len(wanted) else wanted
    otherwise = 0 if expect is None else len(wanted) - len(kept)
    if not len(kept):
        raise NotEnoughDataError(
            f"no example is left for the test: {len(wanted)} found, {otherwise} labelled otherwise, {sealed} sealed",
            remedy="look for others, or label them first",
        )
    labels = [label for label, good in zip(right, agreed, strict=True) if good and label is not None]
    cases = _cases(store, project, kept, labels)
    made = _file(store, project, of, cases, name=name, file=file, target=target)
    return Made(**{**_fields(made), "sealed": sealed, "otherwise": otherwise})


def from_query(
    store: Store,
    project: Project,
    text: str,
    *,
    where: str | None = None,
    expect: str | None = None,
    same: str | None = None,
    task: str | None = None,
    name: str | None = None,
    target: float = TARGET,
    reach: float = REACH,
    limit: int | None = None,
) -> Made:
    """A test of the examples that a query finds: a suite of them, or an invariance on the slice that they are.

    Args:
        text: as in Explore: words, "a phrase", label:..., sql:"...".
        where: SQL that must hold as well.
        expect: the label that they all have; makes a suite.
        same: a perturbation that must not matter; makes a slice and a behaviour.
        target: share of cases that must hold.
        limit: cases at most (default: all, or 50 where words only rank them).

    Raises:
        QueryError: the query can't be read.
        TestError: neither or both of `expect` and `same`; or with `same`, the query is no condition over the columns.
    """
    if (expect is None) == (same is None):
        raise TestError("say what must hold of what was found", remedy="--expect LABEL, or --same PERTURBATION")
    query = parse(text)
    if where is not None:
        query = Query((*query.terms, Term(key="sql", values=(where,))))
    called = slices.named(name or _named(text or where or ""), "test")
    if same is not None:
        return _invariance(store, project, query, same, task=task, name=called, target=target, reach=reach)
    found = search.select(store, project, query, sql="--where")
    most = limit or (len(found.rows) if found.exact else MOST)
    made = from_rows(store, project, found.rows[:most], task=task, expect=expect, name=called, target=target)
    return Made(**{**_fields(made), "sealed": found.sealed or 0})


def record(store: Store, project: Project, made: Made, *, who: str, why: str = "") -> None:
    """Lay the test over `project.py`, as what is changed in the studio is: the next run tests it.

    Raises:
        TestError: the project has another test of that name.
    """
    fresh(project, made.rows)
    for what, value in made.rows.items():
        store.overrides.put(
            Override(what=what, value=value, who=who, why=why or "made of what was found", at=time.time())
        )


# --- what fails


def _wrong(store: Store, project: Project, task: Task, cell: str | None) -> list[dict[str, str]]:
    """Steering examples that the newest model, which never saw them, gets wrong."""
    seen = unseen(store, project, task)
    part = (cell or "").split("/")[1] if cell and "/" in cell else EVERYTHING
    if seen is None or (part != EVERYTHING and part not in project.slices) or _of_test(cell):
        return []
    steer = store.examples.parts()[seen.rows] == PARTS.index(Part.STEER)
    bad = seen.wrong & steer
    if part != EVERYTHING:
        bad &= slice_of(store, project.slices[part], seen.rows)
    label = project.cell(cell) if cell and cell.count("/") == 3 else None
    if label is not None and (named := label.split("/")[2]) in seen.names:
        bad &= seen.gold == seen.names.index(named)
    return _cases(store, project, seen.rows[bad], [seen.names[int(code)] for code in seen.gold[bad]])


def _of_test(cell: str | None) -> bool:
    """Whether a cell is one of a test, whose failures are kept by its key."""
    metric = (cell or "").rpartition("/")[2]
    return metric in TESTS


def _failed(store: Store, task: Task, model: str, cell: str | None) -> list[dict[str, str]]:
    """Failing cases of tests, where the right answer is known."""
    found = []
    for key, one in store.failures.read(model):
        if not key.startswith(f"{task.name}/") or (cell and not f"{key}/".startswith(f"{cell}/")):
            continue
        sealed = one.row >= 0 and store.examples.parts()[one.row] == PARTS.index(Part.GATE)
        if one.suggested and not sealed:
            found.append({"text": one.text, "label": one.suggested, FROM: key})
    return found


# --- files


def _file(
    store: Store,
    project: Project,
    task: Task,
    cases: Iterable[Mapping[str, str]],
    *,
    name: str,
    file: str | Path | None,
    target: float | None,
) -> Made:
    """Write the cases, after those that the file has."""
    path = Path(file) if file is not None else Path(FOLDER) / f"{_plain(name)}.csv"
    whole = path if path.is_absolute() else store.root / path
    said = str(whole.relative_to(store.root)) if whole.is_relative_to(store.root) else str(whole)
    exact = target is None
    made = suites.declare(
        said,
        task.name,
        name=None if exact else name,
        target=1.0 if target is None else fraction("target", target),
        exact=exact,
        critical=exact,
    )
    rows = {f"suite:{made.name}": _value(made)}
    fresh(project, rows)
    held = _held(whole, project.text, task.column) if whole.is_file() else {}
    before = len(held)
    for case in cases:
        held[case["text"]] = (case["label"], case[FROM])
    whole.parent.mkdir(parents=True, exist_ok=True)
    labels, where = zip(*held.values(), strict=True)
    write(whole, pa.table({project.text: list(held), task.column: list(labels), FROM: list(where)}))
    return Made(
        lines=(python_tests.suite(made, python.call),),
        rows=rows,
        path=whole,
        cases=len(held),
        added=len(held) - before,
    )


def _held(path: Path, text: str, label: str) -> dict[str, tuple[str, str]]:
    """The cases of a file, by their text."""
    data = inspect(path)
    table = pa.Table.from_batches(list(data), data.schema)
    for column in (text, label):
        if column not in table.column_names:
            raise TestError(
                f"{path.name} has no column {column!r}; it has {', '.join(table.column_names)}",
                remedy="another file: -o FILE",
            )
    columns = [table[name].cast(pa.string()).to_pylist() for name in (text, label)]
    where = table[FROM].cast(pa.string()).to_pylist() if FROM in table.column_names else [""] * len(table)
    return {a or "": (b or "", c or "") for a, b, c in zip(*columns, where, strict=True)}


def _value(made: Suite) -> dict[str, Any]:
    return {key: value for key, value in asdict(made).items() if key != "name"}


def _cases(store: Store, project: Project, rows: Rows, labels: Sequence[str]) -> list[dict[str, str]]:
    table = store.examples.take(rows, ["aq_id", project.text])
    columns = (table["aq_id"].to_pylist(), table[project.text].to_pylist(), labels)
    return [{"text": text or "", "label": label, FROM: example} for example, text, label in zip(*columns, strict=True)]


def _labels(store: Store, task: Task) -> dict[int, str]:
    """What people or the data say of each row."""
    import json

    now = store.labels.current(task.name)
    values = [json.loads(value) for value in now["value"].to_pylist()]
    return {
        row: task.now(value) or value
        for row, value in zip(now["row"].to_pylist(), values, strict=True)
        if isinstance(value, str)
    }


def _classified(project: Project, task: str | None) -> Task:
    of = meant(project, task)
    if of is None or of.kind is not Kind.CLASSIFY:
        what = "there is no task" if of is None else f"the task {of.name!r} has several labels an example"
        raise TestError(f"{what}; a file of cases has one right answer each", remedy="--task TASK")
    return of


# --- invariances


def _invariance(
    store: Store, project: Project, query: Query, same: str, *, task: str | None, name: str, target: float, reach: float
) -> Made:
    """A slice of what the query means, and a behaviour on it."""
    of = meant(project, task)
    if of is None:
        raise TestError("the project has no task that is trained", remedy='project.classify("...", ...)')
    change = perturb.named(same)
    if change.effect is not Effect.SAME:
        raise TestError(
            f"{same} may change what is right, so the answer needn't stay the same",
            remedy=f"ask people: adequate test propose --with {same}",
        )
    words = [
        Term(key=PHRASE, values=(word,))
        for term in query.terms
        if term.key == WORD
        for value in term.values
        for word in value.split()
    ]
    condition = Query((*words, *(term for term in query.terms if term.key not in (WORD, "task", "sort"))))
    sql = None if query.of(TEXT) else filters.as_sql(store, project, condition)
    if sql is None:
        raise TestError(
            "a slice is a condition over the columns of the examples; this query looks at labels, answers or likeness",
            remedy='words, "a phrase", slice:NAME or --where SQL',
        )
    store.slices.mask(name, sql, np.zeros(1, np.int64) if store.examples.count else None)
    on = next((one.name for one in project.slices.values() if one.sql == sql), None)
    slice_ = Slice(name=on or name, sql=sql)
    called = name if on else f"{name} {same}"
    behaviour = Behaviour(
        name=called,
        task=of.name,
        function=change,
        form="change",
        expect=SAME,
        target=fraction("target", target),
        reach=fraction("reach", reach),
        slices=(slice_.name,),
    )
    rows: dict[str, Any] = {} if on else {f"slice:{slice_.name}": {"sql": sql, "target": None, "critical": False}}
    rows[f"behaviour:{called}"] = {
        "task": of.name,
        "perturbation": same,
        "slices": [slice_.name],
        "target": behaviour.target,
        "reach": behaviour.reach,
        "critical": False,
    }
    lines = [] if on else [python.slice_(slice_)]
    lines.append(python_tests.behaviour(behaviour, python.call, python.Words))
    return Made(lines=tuple(lines), rows=rows)


# --- names


def _fields(made: Made) -> dict[str, Any]:
    return {name: getattr(made, name) for name in made.__slots__}


def _named(text: str) -> str:
    """A name of what was asked."""
    plain = "".join(char if char.isalnum() or char in " -_" else " " for char in text)
    return " ".join(plain.split())[:40].strip() or "found"


def _plain(name: str) -> str:
    """A name as that of a file."""
    return "".join(char if char.isalnum() or char in "-_" else "_" for char in name)
