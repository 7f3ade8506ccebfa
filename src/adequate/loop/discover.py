"""Slices that nobody declared, in which the newest model is worse: found, shown with examples, and accepted.

Looked for among the labelled examples outside the gate, by what models that hadn't seen them answer (`loop.unseen`);
the gate stays sealed: it is neither searched nor shown, only counted as part of the pool. What is accepted is an
override, as a slice made in the studio is, and from then on a cell.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from zlib import crc32

import numpy as np

from adequate.errors import NotEnoughDataError, TestError, UnknownNameError
from adequate.loop.cycle import slice_of
from adequate.loop.memory import kept, moment
from adequate.loop.unseen import Unseen, dense, meant, newest, unseen
from adequate.spec import python, slices
from adequate.spec.slices import Slice
from adequate.store.looks import Override
from adequate.testing.discover import LEAST, Discovered, discover
from adequate.testing.discover import jaccard as shared
from adequate.testing.rules import conditions

if TYPE_CHECKING:
    from adequate.spec.project import Project
    from adequate.spec.tasks import Task
    from adequate.store import Store
    from adequate.types import Doubles, Floats, Mask, Rows

FEWEST = 50  # labelled examples without which there is nothing to look in
SHOWN = 12  # failing examples that are given with a slice
DECLARED = 0.8  # a slice that shares more than this with a declared one is that one
SHARE = 0.005  # of the labelled examples, that a condition holds of at least


def found(store: Store, project: Project, task: str | None = None, *, seed: int = 0) -> list[dict[str, Any]]:
    """Slices in which the newest model is worse than elsewhere, or seems to be; kept until the project changes.

    First those that are `proven`, then those that are suspected, the surest first. Each as JSON: `number` (from 1),
    `name`, `sql`, `said` (for people), `task`, `proven`, `luck` (chance that a search like this finds anything as bad
    where there is nothing), `support` (examples of the whole project that satisfy it), `labelled`; of those labelled,
    one a group, `n`, `accuracy`, `outside` (accuracy of the others), `gap` and `low`, its bound, sure of all that was
    looked at together; `decide`: labels of the slice, drawn by chance, that would decide, null where thousands would;
    `failures`: up to 12 examples {id, row, part, text, label, answered}, never of the gate; `line`: what declares it in
    `project.py`.

    Raises:
        NotEnoughDataError: there is no model yet, or too few labels.
        UnknownNameError: no such task.
    """
    of = meant(project, task)
    if of is None:
        raise NotEnoughDataError("the project has no task that is trained", remedy='project.classify("...", ...)')
    name = ("discovered", moment(store), project.digest(), of.name, seed)
    return kept(name, lambda: _found(store, project, of, seed))


def accept(
    store: Store,
    project: Project,
    one: Mapping[str, Any],
    *,
    who: str,
    why: str = "",
    name: str | None = None,
    target: float | None = None,
) -> str:
    """Make a slice that was found one of the project's, from now on a cell of each task; returns its name.

    Args:
        one: of `found`, or any mapping with `name` and `sql`.
        target: accuracy that every task must reach on it; None: as on all examples.

    Raises:
        SpecError: the name can't be typed.
        SliceError: the condition can't be run.
        TestError: there is such a slice already.
    """
    called = slices.named(name or one["name"])
    if called in project.slices:
        raise TestError(f"there is a slice {called!r} already", remedy="give it another name: --name NAME")
    made = slices.declare(called, one["sql"], None, target, False)
    store.slices.mask(called, made.sql or "", np.zeros(1, np.int64) if store.examples.count else None)
    value = {"sql": made.sql, "target": made.target, "critical": False}
    if not why and "accuracy" in one:
        why = f"found: accuracy {one['accuracy']:.0%} against {one['outside']:.0%}"
    store.overrides.put(Override(what=f"slice:{called}", value=value, who=who, why=why, at=time.time()))
    return called


def numbered(offered: Sequence[dict[str, Any]], number: int) -> dict[str, Any]:
    """One of what was found, by its number.

    Raises:
        UnknownNameError: there is no such number.
    """
    if not 1 <= number <= len(offered):
        raise UnknownNameError(
            f"{len(offered)} slices were found, none is number {number}", remedy="adequate test --discover"
        )
    return offered[number - 1]


def _found(store: Store, project: Project, task: Task, seed: int) -> list[dict[str, Any]]:
    seen = unseen(store, project, task)
    if seen is None:
        raise NotEnoughDataError(f"no model has answered {task.name!r} yet", remedy="adequate run")
    if len(seen.rows) < FEWEST:
        raise NotEnoughDataError(
            f"{len(seen.rows)} examples outside the gate have a label for {task.name!r}: too few to look for slices in",
            remedy=f"label at least {FEWEST}",
        )
    table = store.examples.take(seen.rows)
    names = table["aq_group"].combine_chunks().dictionary_encode()
    groups = names.indices.to_numpy().astype(np.int64)
    skip = [*(one.column for one in project.tasks.values()), project.id or "", project.group or ""]
    said = conditions(table, project.text, skip=skip, least=max(LEAST, int(SHARE * len(seen.rows))))
    offered = discover(
        said,
        seen.wrong,
        groups,
        np.random.default_rng([seed, crc32(task.name.encode())]),
        vectors=_vectors(store, project, task, seen.rows),
        doubts=_doubts(seen),
        known=[slice_of(store, one, seen.rows) for one in project.slices.values()],
    )
    return _told(store, project, task, seen, offered)


def _doubts(seen: Unseen) -> Doubles:
    """The chance that each answer is wrong, as the model sees it."""
    if seen.answers.ndim == 1:
        return np.asarray(1.0 - seen.probs[np.arange(len(seen.rows)), seen.answers], np.float64)
    return np.asarray(1.0 - np.where(seen.answers, seen.probs, 1 - seen.probs).prod(axis=1), np.float64)


def _vectors(store: Store, project: Project, task: Task, rows: Rows) -> Floats | None:
    block = dense(store, project, newest(store, task.name))
    if block is None or len(rows) == 0 or int(rows[-1]) >= len(block):
        return None
    vectors = np.asarray(block.take(rows), np.float32)
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9), np.float32)


def _told(
    store: Store, project: Project, task: Task, seen: Unseen, offered: Sequence[Discovered]
) -> list[dict[str, Any]]:
    """As JSON has it, but for what is declared already: all examples are seen here."""
    masks = store.slices.masks({str(i): one.condition.sql for i, one in enumerate(offered)})
    declared = [slice_of(store, one) for one in project.slices.values()] if offered else []
    told: list[dict[str, Any]] = []
    for i, one in enumerate(offered):
        mask = masks[str(i)]
        if any(shared(mask, other) > DECLARED for other in declared):
            continue
        if not np.array_equal(
            mask[seen.rows], one.mask
        ):  # the store reads some letter otherwise: not what was measured
            continue
        name = _named(one.condition.name, {*project.slices, *(other["name"] for other in told)})
        inside = 1 - one.wrong / one.n
        target = max(0.01, np.floor(100 * (1 - one.wrong_outside / one.outside)) / 100)
        told.append(
            {
                "number": len(told) + 1,
                "name": name,
                "sql": one.condition.sql,
                "said": one.condition.said,
                "task": task.name,
                "proven": one.proven,
                "luck": one.luck,
                "support": int(mask.sum()),
                "labelled": int(one.mask.sum()),
                "n": one.n,
                "accuracy": inside,
                "outside": 1 - one.wrong_outside / one.outside,
                "gap": one.gap,
                "low": one.low,
                "decide": one.labels,
                "target": float(target),
                "failures": _failures(store, project, seen, one.mask & seen.wrong),
                "line": python.slice_(Slice(name=name, sql=one.condition.sql, target=float(target))),
            }
        )
    return told


def _failures(store: Store, project: Project, seen: Unseen, bad: Mask) -> list[dict[str, Any]]:
    """Examples that are answered wrongly, those first of which the model was surest."""
    at = np.flatnonzero(bad)
    sure = seen.probs[at].max(axis=1)
    at = at[np.argsort(-sure, kind="stable")][:SHOWN]
    shown = store.examples.take(seen.rows[at], ["aq_id", project.text])
    parts = store.examples.parts()[seen.rows[at]]
    from adequate.types import part_name

    return [
        {
            "id": example,
            "row": int(seen.rows[place]),
            "part": part_name(part),
            "text": text or "",
            "label": label_of(seen, seen.gold[place]),
            "answered": label_of(seen, seen.answers[place]),
        }
        for place, part, example, text in zip(
            at.tolist(), parts.tolist(), shown["aq_id"].to_pylist(), shown[project.text].to_pylist(), strict=True
        )
    ]


def label_of(seen: Unseen, code: Any) -> str | list[str]:
    """The name of a label, or of several."""
    if np.ndim(code) == 0:
        return seen.names[int(code)]
    return [name for name, given in zip(seen.names, code.tolist(), strict=True) if given]


def _named(name: str, taken: set[str]) -> str:
    """A name that a slice may have and none has."""
    plain = " ".join("".join(char if char.isprintable() and char != "/" else " " for char in name).split())[:60].strip()
    plain = plain if plain and plain != slices.EVERYTHING else f"slice {plain}".strip()
    return next(one for one in (plain, *(f"{plain} {i}" for i in range(2, 1000))) if one not in taken)
