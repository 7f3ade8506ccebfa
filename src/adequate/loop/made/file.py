"""A file of cases in the project's folder, and the suite that it is. Cases that it has stay; nothing stands in it
twice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from adequate.errors import TestError
from adequate.loop.made.declared import Made
from adequate.loop.unseen import meant
from adequate.spec import python, python_tests, suites
from adequate.spec.overlay import fresh
from adequate.spec.targets import fraction
from adequate.store.formats import inspect, write
from adequate.types import Kind, Rows

if TYPE_CHECKING:
    from adequate.spec.project import Project
    from adequate.spec.tasks import Task
    from adequate.store import Store

FOLDER = "tests"
FROM = "from"  # the column of a file that says where a case came from


def filed(
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
    rows = {f"suite:{made.name}": {key: value for key, value in asdict(made).items() if key != "name"}}
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


def _plain(name: str) -> str:
    """A name as that of a file."""
    return "".join(char if char.isalnum() or char in "-_" else "_" for char in name)


def cases_of(store: Store, project: Project, rows: Rows, labels: Sequence[str]) -> list[dict[str, str]]:
    table = store.examples.take(rows, ["aq_id", project.text])
    columns = (table["aq_id"].to_pylist(), table[project.text].to_pylist(), labels)
    return [{"text": text or "", "label": label, FROM: example} for example, text, label in zip(*columns, strict=True)]


def classified(project: Project, task: str | None) -> Task:
    of = meant(project, task)
    if of is None or of.kind is not Kind.CLASSIFY:
        what = "there is no task" if of is None else f"the task {of.name!r} has several labels an example"
        raise TestError(f"{what}; a file of cases has one right answer each", remedy="--task TASK")
    return of
