"""Labels in and out: given values become events, events become arrays for the turn, and files again."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from adequate.encoders.identity import content_ids
from adequate.encoders.lexical import texts_of
from adequate.errors import ColumnError, NotEnoughDataError
from adequate.labelling.compared import scored
from adequate.loop.strange import check_names, check_places
from adequate.spec.profile import missing
from adequate.spec.tasks import Task
from adequate.spec.values import given, names_in, types
from adequate.store.events import Event
from adequate.store.formats import inspect
from adequate.types import Codes, Doubles, Kind, Labels, Mask, Rows, Source

if TYPE_CHECKING:
    from adequate.spec.project import Project
    from adequate.store import Store
    from adequate.store.formats import Data


def names_of(store: Store, task: Task) -> tuple[str, ...]:
    """A task's labels: those declared, or all that its current labels use, sorted."""
    if task.labels is not None:
        return task.labels
    values = store.labels.current(task.name)["value"].unique().to_pylist()
    listed: list[list[Any]] = [[value] if isinstance(value, str) else value for value in map(json.loads, values)]
    said = {one["label"] if task.kind is Kind.SPAN else one for value in listed for one in value}
    return tuple(sorted({now for name in said if (now := task.now(name)) is not None}))


def labels_of(store: Store, task: Task, names: Sequence[str], upto: int | None = None) -> Labels:
    """The current labels of a task as arrays; those that name no label of the task are left out.

    A label that was renamed after the event `upto` is read by its present name.
    """
    table = store.labels.current(task.name, upto)
    encoded = table["value"].combine_chunks().dictionary_encode()
    values = [json.loads(value) for value in encoded.dictionary.to_pylist()]
    code = codes_of(task, names)
    at = encoded.indices.to_numpy()
    if task.kind is Kind.MULTILABEL:
        rows = np.zeros((len(values), len(names)), bool)
        for i, value in enumerate(values):
            rows[i, [code[name] for name in value if name in code]] = True
        gold, keep = rows[at], np.ones(len(at), bool)
    else:
        codes = np.array([code.get(value, -1) for value in values], np.int32)
        gold = codes[at] if len(at) else np.zeros(0, np.int32)
        keep = gold >= 0
    labels = Labels(rows=table["row"].to_numpy(), gold=gold, probability=table["probability"].to_numpy())
    return labels.at(keep)


def said(store: Store, task: Task, rows: Sequence[int]) -> dict[int, Any]:
    """The labels that people and files give these examples now, by row, as JSON has them; of several a list.

    Those that were renamed are called by their present names, those that were retired aren't there.
    """
    table = store.labels.current(task.name)
    table = table.filter(pc.is_in(table["row"], pa.array(rows, pa.int64())))
    values = map(json.loads, table["value"].to_pylist())
    found = {row: named(task, value) for row, value in zip(table["row"].to_pylist(), values, strict=True)}
    return {row: value for row, value in found.items() if value is not None}


def named(task: Task, value: Any) -> Any:
    """A label by its present name, several as a list; None: it was retired, or is none that has a name."""
    if isinstance(value, list):
        return [now for one in value if isinstance(one, str) and (now := task.now(one)) is not None]
    return task.now(value) if isinstance(value, str) else None


def in_words(task: Task, names: Sequence[str]) -> Callable[[Any], str]:
    """What says an answer to people: a code, or for `multilabel` a row of booleans."""

    def say(value: Any) -> str:
        if task.kind is Kind.MULTILABEL:
            return ", ".join(np.array(names)[value]) or "none"
        return names[int(value)] if value >= 0 else "?"

    return say


def codes_of(task: Task, names: Sequence[str]) -> dict[str, int]:
    """Of each name of a label its code: of the present ones, and of those that were renamed."""
    code = {name: i for i, name in enumerate(names)}
    was = {old: code[new] for old, new in (task.renamed or {}).items() if new in code}
    return was | code


def record(
    store: Store,
    task: Task,
    said: pa.Table,
    *,
    actor: str,
    source: Source,
    why: str,
    overwrite: bool,
    policy: str = "",
    where: str = "the file",
    file: Data | None = None,
) -> int:
    """Record values for examples; saying the same again changes nothing.

    Args:
        said: columns example (id) and value (string, list of strings, or list of spans).
        overwrite: also where the example has a label already.
        where, file: they come from, to be named where a label can't be taken.

    Returns:
        How many labels are new or changed. Examples that the project doesn't have are passed over.
    """
    now = store.labels.current(task.name)
    have = dict(zip(now["row"].to_pylist(), now["value"].to_pylist(), strict=True))
    drawn = dict(zip(now["row"].to_pylist(), now["probability"].to_pylist(), strict=True))
    spelled = set(names_of(store, task)) | set(names_in(said["value"].combine_chunks()))
    check_names(task, sorted(spelled), where, file)
    rows = store.examples.rows_of(said["example"])
    events = []
    words = list(zip(rows.tolist(), said["example"].to_pylist(), said["value"].to_pylist(), strict=True))
    if overwrite:  # of a file's several words on one example the last holds, however often the file is read
        words = list({word[1]: word for word in words}.values())
    for row, example, value in words:
        if row < 0 or (row in have and not overwrite):
            continue
        value = _kept(value)
        if row in have and _kept(json.loads(have[row])) == value:
            continue
        chance = drawn.get(row, 1.0)  # a corrected label was drawn as the one before it
        have[row] = json.dumps(value)
        said_before = json.dumps([task.name, example, value, actor, str(source)])
        # A file added again says nothing new; an import that overrides is a new word each time.
        op = uuid.uuid4().hex if overwrite else hashlib.sha256(said_before.encode()).hexdigest()[:32]
        events.append(
            Event(
                example=example,
                row=row,
                task=task.name,
                value=value,
                actor=actor,
                source=source,
                why=why,
                policy=policy,
                probability=chance,
                op=op,
            )
        )
    store.labels.record(events)
    return len(events)


def _kept(value: Any) -> Any:
    """A set of labels, or spans, in one order, whoever gave it."""
    if not isinstance(value, list):
        return value
    if value and isinstance(value[0], dict):
        return sorted(value, key=lambda one: (one["start"], one["end"], one["label"]))
    return sorted(set(value))


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What a file of labels brought: new or changed labels by task, and texts that aren't in the project."""

    labels: dict[str, int]
    strangers: int


def read_labels(project: Project, path: Path, encoding: str | None = None) -> dict[str, pa.Table]:
    """What a file says, by task: columns example and value. Examples are found by `aq_id` or by their text.

    Raises:
        ColumnError: it has neither, or no column of any task.
    """
    return _read(project, inspect(path, encoding=encoding, types=types(project)))


def _read(project: Project, file: Data) -> dict[str, pa.Table]:
    names = file.schema.names
    if "aq_id" not in names and project.text not in names:
        raise missing(project.text, names, f"in {file.path}")
    able = [task for task in project.tasks.values() if task.kind is not Kind.SCORE]
    tasks = [task for task in able if task.column in names]
    if not tasks:
        wanted = ", ".join(repr(task.column) for task in able)
        raise ColumnError(
            f"{file.path} has no column of labels", remedy=f"expected {wanted}; there are: {', '.join(names)}"
        )
    said: dict[str, list[pa.Table]] = {task.name: [] for task in tasks}
    for batch in file:
        ids = batch["aq_id"] if "aq_id" in names else content_ids(texts_of(batch[project.text]))
        for task in tasks:
            values = given(batch[task.column], task)
            if task.kind is Kind.SPAN and project.text in names:
                check_places(task, batch[project.text], values)
            said[task.name].append(pa.table({"example": ids, "value": values}).filter(pc.is_valid(values)))
    return {name: pa.concat_tables(pieces) for name, pieces in said.items()}


def import_labels(
    store: Store, project: Project, path: Path, *, encoding: str | None = None, actor: str = "import"
) -> Imported:
    """Record the labels of a file; where an example has another label, the file's wins and the history stays."""
    counts: dict[str, int] = {}
    strangers: set[str] = set()
    file = inspect(path, encoding=encoding, types=types(project))
    for name, said in _read(project, file).items():
        strangers |= set(said["example"].filter(pa.array(store.examples.rows_of(said["example"]) < 0)).to_pylist())
        counts[name] = record(
            store,
            project.tasks[name],
            said,
            actor=actor,
            source=Source.IMPORT,
            why=f"imported from {path.name}",
            overwrite=True,
            where=str(path),
            file=file,
        )
    return Imported(labels=counts, strangers=len(strangers))


def exported(store: Store, project: Project, tasks: Sequence[str] | None = None) -> pa.Table:
    """Every labelled example with its text, its labels by task, and who or what gave the last one; spans as JSON.

    Of a task of scores: what the comparisons make of each example (a log strength), and how often it was compared.

    Args:
        tasks: only the labels of these; None: of all.

    Raises:
        NotEnoughDataError: nothing is labelled yet.
    """
    chosen = [name for name in project.tasks if tasks is None or name in tasks]
    tables = {name: store.labels.current(name) for name in chosen if project.tasks[name].kind is not Kind.SCORE}
    scores = {name: _scores(store, name) for name in chosen if name not in tables}
    every = [*(table["row"].to_numpy() for table in tables.values()), *(found[0] for found in scores.values())]
    rows = np.unique(np.concatenate([np.zeros(0, np.int64), *every]))
    if len(rows) == 0:
        raise NotEnoughDataError("there is no label to export", remedy="adequate label")
    out = store.examples.take(rows, ["aq_id", project.text, "aq_part"])
    for name, table in tables.items():
        kind = project.tasks[name].kind
        at = np.searchsorted(rows, table["row"].to_numpy())
        values: list[str | list[str] | None] = [None] * len(rows)
        sources: list[str | None] = [None] * len(rows)
        for place, value, source in zip(
            at.tolist(), table["value"].to_pylist(), table["source"].to_pylist(), strict=True
        ):
            values[place] = json.loads(value) if project.tasks[name].learnable else value
            sources[place] = source
        type_ = pa.list_(pa.string()) if kind is Kind.MULTILABEL else pa.string()
        out = out.append_column(project.tasks[name].column, pa.array(values, type_))
        out = out.append_column(f"{name}_source", pa.array(sources, pa.string()))
    for name, (of, score, times) in scores.items():
        at = np.searchsorted(rows, of)
        column, compared = np.full(len(rows), np.nan), np.zeros(len(rows), np.int64)
        column[at], compared[at] = score, times
        out = out.append_column(project.tasks[name].column, pa.array(column, from_pandas=True))  # NaN: no score
        out = out.append_column(f"{name}_compared", pa.array(compared))
    return out


def _scores(store: Store, task: str) -> tuple[Rows, Doubles, Rows]:
    """The rows of a task of scores that were compared, their scores, and how often."""
    found = scored(store, task)
    rows = store.examples.rows_of(pa.array(list(found), pa.string()))
    score, times = np.array(list(found.values()), np.float64).reshape(-1, 2).T
    there = rows >= 0
    return rows[there], score[there], times[there].astype(np.int64)


def answered(store: Store, task: Task, model: str, rows: Rows, names: Sequence[str]) -> Codes | Mask:
    """What a model answered for some rows, as codes into `names` (-1: a label that isn't among them).

    A model that knew a label by another name is understood by the present one.
    """
    labels = store.predictions.read(task.name, model, rows, ["label"])["label"].combine_chunks()
    by_name = codes_of(task, names)
    known, code = pa.array(by_name, pa.string()), np.array([*by_name.values(), -1], np.int32)
    if task.kind is Kind.CLASSIFY:
        found = pc.fill_null(pc.index_in(labels, value_set=known), -1)
        codes: Codes = code[found.to_numpy(zero_copy_only=False)]
        return codes
    given = np.zeros((len(rows), len(names)), bool)
    at = np.repeat(np.arange(len(rows)), pc.list_value_length(labels).to_numpy())
    flat = code[pc.fill_null(pc.index_in(labels.flatten(), value_set=known), -1).to_numpy(zero_copy_only=False)]
    given[at[flat >= 0], flat[flat >= 0]] = True
    return given


def answers_for(said: Mapping[str, pa.Table], task: str) -> dict[str, str | list[str]]:
    """What an answer file says of each example of one task, by id."""
    table = said.get(task)
    if table is None:
        return {}
    return dict(zip(table["example"].to_pylist(), table["value"].to_pylist(), strict=True))
