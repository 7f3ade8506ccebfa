"""What was changed in the studio, laid over what `project.py` declares.

The file is never edited by a program. A change made in the studio is a dated row with who and why; the project that
everybody works with is the file with the rows of today over it, and `adequate show --as-python` writes the two as one
file again. Of several changes to one thing the last one holds; one that no longer fits the file (its task is gone, its
label is unknown) waits without effect.

    target:TASK/SLICE/LABEL/METRIC     a fraction; LABEL/ is left out for accuracy; null: as in the file
    slice:NAME                         {sql, target, critical}; null: the slice is gone
    suite:NAME                         the fields of a `Suite` but its name; null: the suite is gone
    behaviour:NAME                     {task, perturbation, slices, target, reach, critical}: an invariance; null: gone
    labels:TASK                        names in order; null: as in the file
    renamed:TASK                       {a name that was: the name that it has now, or null where it was retired}
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from copy import copy
from dataclasses import dataclass, replace
from typing import Any

from adequate import perturb
from adequate.errors import TestError
from adequate.perturb import Effect, Perturbation
from adequate.spec.behaviours import REACH, SAME, TARGET, Behaviour
from adequate.spec.project import Project
from adequate.spec.slices import EVERYTHING, Slice
from adequate.spec.suites import Suite
from adequate.spec.tasks import Task


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that was changed, and to what.

    Args:
        what, value: as the module says.
        who, why: whoever did it, and their reason.
        at: seconds since 1970.
    """

    what: str
    value: Any
    who: str = ""
    why: str = ""
    at: float = 0.0


def laid_over(project: Project, changes: Iterable[Change]) -> Project:
    """The project with changes over it, oldest first; the one given stays as it is.

    >>> from adequate.spec import Target
    >>> mail = Project("mail", text="body")
    >>> topic = mail.classify("topic", labels=["a", "b"], target=Target(accuracy=0.9))
    >>> laid_over(mail, [Change("labels:topic", ["a", "c"])]).tasks["topic"].labels
    ('a', 'c')
    """
    last = {change.what: change for change in changes}
    made = copy(project)
    made.tasks, made.slices, made.targets = dict(project.tasks), dict(project.slices), dict(project.targets)
    made.suites, made.behaviours = dict(project.suites), dict(project.behaviours)
    laid = ((_lay(made, what, last[what].value), last[what]) for what in sorted(last, key=_order))
    made.changes = tuple(replace(change, what=what) for what, change in laid if what)
    return made


RENAME = "give it another name: --name NAME"


def fresh(project: Project, rows: Mapping[str, Any]) -> None:
    """Check that the project has no other slice or test of these names; a suite whose file has grown is the same.

    Args:
        rows: of the overlay: {what: value}.

    Raises:
        TestError: it has one.
    """
    for what, value in rows.items():
        kind, _, name = what.partition(":")
        kinds: Mapping[str, Mapping[str, Any]] = {"slice": project.slices} if kind == "slice" else {}
        for of, known in (_tests(project) if kind in ("behaviour", "suite") else kinds).items():
            grown = kind == of == "suite" and name in known and known[name].path == value["path"]
            if name in known and not grown:
                raise TestError(f"there is a{'n' * (of == 'assertion')} {of} {name!r} already", remedy=RENAME)


def _tests(project: Project) -> dict[str, Mapping[str, Any]]:
    """Those that share the names of cells, by kind."""
    return {"behaviour": project.behaviours, "suite": project.suites, "assertion": project.assertions}


def _elsewhere(project: Project, kind: str, name: str) -> bool:
    """Whether a test of another kind has the name: the file may have got one since."""
    return any(name in known for of, known in _tests(project).items() if of != kind)


def _order(what: str) -> tuple[int, str]:
    """Names first: what comes after is about them."""
    order = ("renamed", "labels", "slice", "target")
    kind = what.partition(":")[0]
    return (order.index(kind) if kind in order else len(order), what)


def _lay(project: Project, what: str, value: Any) -> str | None:
    """Lay one change; what it is about by the name that holds today, None where it changes nothing."""
    kind, _, name = what.partition(":")
    if kind == "target":
        cell = _target(project, name, value)
        return cell and f"target:{cell}"
    lay = _LAYERS.get(kind)
    return what if lay is not None and lay(project, name, value) else None


def _names(project: Project, name: str, value: Mapping[str, str | None] | None) -> bool:
    task = project.tasks.get(name)
    if task is None or value is None:
        return False
    project.tasks[name] = renamed(task, value)
    return project.tasks[name] != task


def _labels(project: Project, name: str, value: list[str] | None) -> bool:
    task = project.tasks.get(name)
    if task is None or value is None:
        return False
    project.tasks[name] = replace(task, labels=tuple(value))
    return project.tasks[name] != task


def renamed(task: Task, names: Mapping[str, str | None]) -> Task:
    """The task once some of its labels have other names; what was known of old names before still holds."""
    known = {old: names.get(new, new) if new is not None else None for old, new in (task.renamed or {}).items()}
    aim = task.target
    now = names.get(aim.on, aim.on) if aim.on is not None else None
    target = aim if now is None or now == aim.on else replace(aim, on=now)
    return replace(task, renamed={**known, **names} or None, target=target)


def _slice(project: Project, name: str, value: Mapping[str, Any] | None) -> bool:
    before = project.slices.get(name)
    if value is None:
        return project.slices.pop(name, None) is not None
    sql = value.get("sql")
    made = Slice(
        name=name,
        sql=sql if sql is not None or before is None else before.sql,
        function=before.function if before is not None and sql is None else None,
        target=value.get("target"),
        critical=bool(value.get("critical", False)),
    )
    if made.sql is None and made.function is None:  # the file's function was left out since
        return False
    project.slices[name] = made
    return made != before


def _suite(project: Project, name: str, value: Mapping[str, Any] | None) -> bool:
    before = project.suites.get(name)
    if value is None:
        return project.suites.pop(name, None) is not None
    made = Suite(name=name, **value)
    if (made.task and made.task not in project.tasks) or _elsewhere(project, "suite", name):
        return False
    project.suites[name] = made
    return made != before


def _behaviour(project: Project, name: str, value: Mapping[str, Any] | None) -> bool:
    before = project.behaviours.get(name)
    if value is None:
        return project.behaviours.pop(name, None) is not None
    change = getattr(perturb, str(value["perturbation"]), None)
    on = tuple(value.get("slices") or (EVERYTHING,))
    known = all(one == EVERYTHING or one in project.slices for one in on)
    if not isinstance(change, Perturbation) or change.effect is not Effect.SAME:
        return False
    if value["task"] not in project.tasks or not known or _elsewhere(project, "behaviour", name):
        return False
    made = Behaviour(
        name=name,
        task=value["task"],
        function=change,
        form="change",
        expect=SAME,
        target=value.get("target", TARGET),
        reach=value.get("reach", REACH),
        slices=on,
        critical=bool(value.get("critical", False)),
    )
    project.behaviours[name] = made
    return made != before


def _target(project: Project, key: str, value: float | None) -> str | None:
    cell = project.cell(key)
    if cell is None or value is None or project.targets.get(cell) == value:
        return None
    project.targets[cell] = float(value)
    return cell


_LAYERS: Mapping[str, Callable[[Project, str, Any], bool]] = {
    "renamed": _names,
    "labels": _labels,
    "slice": _slice,
    "suite": _suite,
    "behaviour": _behaviour,
}
