"""A test of what the newest model gets wrong now."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from adequate.errors import NotEnoughDataError
from adequate.loop.cycle import slice_of
from adequate.loop.made.declared import Made
from adequate.loop.made.file import FROM, cases_of, classified, filed
from adequate.loop.unseen import newest, unseen
from adequate.spec.cells import label_in
from adequate.spec.slices import EVERYTHING
from adequate.types import PARTS, TESTS, Metric, Part

if TYPE_CHECKING:
    from adequate.spec.project import Project
    from adequate.spec.tasks import Task
    from adequate.store import Store


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
    of = classified(project, task if task or not cell else cell.partition("/")[0])
    model = newest(store, of.name)
    if model is None:
        raise NotEnoughDataError(f"no model has answered {of.name!r} yet", remedy="adequate run")
    cases = [*_wrong(store, project, of, cell), *_failed(store, of, model, cell)]
    if not cases:
        where = f" in {cell}" if cell else ""
        raise NotEnoughDataError(
            f"model {model} fails nothing{where} whose right answer is known", remedy="adequate test"
        )
    return filed(store, project, of, cases, name=name, file=file, target=target)


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
    label = project.cell(cell) if cell and label_in(cell) else None
    if label is not None and (named := label_in(label)) in seen.names:
        bad &= seen.gold == seen.names.index(named)
    return cases_of(store, project, seen.rows[bad], [seen.names[int(code)] for code in seen.gold[bad]])


def _of_test(cell: str | None) -> bool:
    """Whether a cell is one of a test, whose failures are kept by its key."""
    metric = (cell or "").rpartition("/")[2]
    return metric in TESTS


def _failed(store: Store, task: Task, model: str, cell: str | None) -> list[dict[str, str]]:
    """Failing cases of tests, where the right answer is known; what an assertion suggests is only likely."""
    found = []
    for key, one in store.failures.read(model):
        if not key.startswith(f"{task.name}/") or (cell and not f"{key}/".startswith(f"{cell}/")):
            continue
        if key.endswith(f"/{Metric.ASSERTION}"):
            continue
        sealed = one.row >= 0 and store.examples.parts()[one.row] == PARTS.index(Part.GATE)
        if one.suggested and not sealed:
            found.append({"text": one.text, "label": one.suggested, FROM: key})
    return found
