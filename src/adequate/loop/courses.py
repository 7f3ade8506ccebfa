"""The labelled data that a replay runs over: a project's own labels, or those of a file."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from adequate.encoders.identity import content_ids, part_of
from adequate.encoders.lexical import texts_of
from adequate.errors import NotEnoughDataError, SliceError, UnknownNameError, unknown
from adequate.loop import features, place
from adequate.loop.answers import labels_of, names_of, read_labels
from adequate.loop.cycle import slice_of, slices
from adequate.loop.replay import OURS, Course, Replay, replay
from adequate.loop.strange import check_names
from adequate.loop.turn import World
from adequate.mining import Policy
from adequate.spec.profile import missing
from adequate.spec.values import given, types
from adequate.store.formats import inspect
from adequate.testing.cells import declared
from adequate.testing.sampling import uniforms
from adequate.types import Codes, Kind, Labels, Mask, Progress, Rows, silent

if TYPE_CHECKING:
    from adequate.spec.project import Project
    from adequate.spec.tasks import Task
    from adequate.store import Store

HELD_OUT = 0.3  # of the groups, for the truth, where no test file is given


def rerun(
    *,
    data: Path | None,
    root: Path | None,
    task: str | None,
    test: Path | None,
    oracle: Path | None = None,
    against: Sequence[str],
    budget: int,
    seeds: int,
    progress: Progress = silent,
    notice: Callable[[str], None] = lambda _text: None,
) -> Replay:
    """Replay a project (or a file, as if it were one) with the engine and the policies to compare it with.

    Raises:
        UnknownNameError: no such task or policy.
        NotEnoughDataError: too few labels to replay.
    """
    for name in against:
        if name not in get_args(Policy):
            raise unknown("policy", name, [policy for policy in get_args(Policy) if policy != OURS])
    policies = list(dict.fromkeys([OURS, *against]))
    if data is None:
        return _project(place.find(root), task, test, oracle, policies, budget, seeds, progress, notice)
    from adequate.loop.begin import begin

    with tempfile.TemporaryDirectory(prefix="adequate-replay-") as folder:
        begun = begin(Path(folder) / data.stem, [data], tasks=[task] if task else (), progress=progress)
        return _project(begun.engine.root, task, test, None, policies, budget, seeds, progress, notice)


def _project(
    root: Path,
    task: str | None,
    test: Path | None,
    oracle: Path | None,
    policies: Sequence[str],
    budget: int,
    seeds: int,
    progress: Progress,
    notice: Callable[[str], None],
) -> Replay:
    from adequate import store

    project = place.effective(root)
    with store.open(root, verb="replay", text=project.text) as opened:
        course = course_of(opened, project, _chosen(project, task), test, oracle, progress, notice)
    return replay(course, policies, budget=budget, seeds=seeds, progress=progress)


def _chosen(project: Project, name: str | None) -> Task:
    """The task meant: by its name or its column; the only one there is, if none was said."""
    if name is None and len(project.learnable) == 1:
        return next(iter(project.learnable.values()))
    for task in project.learnable.values():
        if name in (task.name, task.column):
            return task
    if name is None:
        raise UnknownNameError(
            f"which of the {len(project.learnable)} tasks?", remedy=f"--label {next(iter(project.learnable), 'NAME')}"
        )
    raise unknown("task", name, project.learnable)


def course_of(
    store: Store,
    project: Project,
    task: Task,
    test: Path | None,
    oracle: Path | None = None,
    progress: Progress = silent,
    notice: Callable[[str], None] = lambda _text: None,
) -> Course:
    """Everything that a replay needs, in memory: labelled examples, and others that tell the truth."""
    if oracle is None:
        names = names_of(store, task)
        labels = labels_of(store, task, names)
    else:
        names, labels = _told(store, project, task, oracle)
    if len(labels) < 20 or len(names) < 2:
        raise NotEnoughDataError(
            f"task {task.name!r} has {len(labels):,} labels of {len(names)} kinds; a replay needs labelled data",
            remedy="adequate label import gold.csv",
        )
    found = features.of_store(store, project.text, notice, progress)
    dense, blocks = features.blocks(store, project.text, found, progress)
    ids = np.array(store.examples.ids(labels.rows))
    groups = store.examples.take(labels.rows, ["aq_group"])["aq_group"].to_pylist()
    parts = store.examples.parts()[labels.rows]
    masks = {name: mask[labels.rows] for name, mask in slices(store, project).items()}

    def world(keep: Rows) -> World:
        held = {name: features.Held(name=name, matrix=block.take(labels.rows[keep])) for name, block in blocks.items()}
        vectors = held.get(dense.name) or features.Held(name=dense.name, matrix=dense.take(labels.rows[keep]))
        return World(
            parts=parts[keep],
            blocks=held,
            vectors=vectors,
            slices={name: mask[keep] for name, mask in masks.items()},
            uniform=uniforms(ids[keep].tolist()),
        )

    if test is None:
        notice(f"no --test: truth comes from {HELD_OUT:.0%} of the groups, held out")
        out = part_of([f"test {group}" for group in groups], (1 - HELD_OUT, 0.0, HELD_OUT)) == 2
        keep, away = np.flatnonzero(~out), np.flatnonzero(out)
        truth_world, truth = world(away), labels.gold[away]
    else:
        seen = set(ids.tolist())
        truth_world, truth = _test_world(project, task, names, test, found, seen, progress, notice)
        keep = np.arange(len(labels))
    there = [made for made in project.slices.values() if made.name in truth_world.slices]
    used = declared([task], there, {task.name: names}, project.targets)
    return Course(
        task=task,
        names=names,
        cells=tuple(used),
        world=world(keep),
        gold=labels.gold[keep],
        test=truth_world,
        truth=truth,
        phrases=found.phrases(names) if found.meaning else None,
    )


def _told(store: Store, project: Project, task: Task, path: Path) -> tuple[tuple[str, ...], Labels]:
    """What a file says of the project's examples."""
    said = read_labels(project, path).get(task.name)
    if said is None:
        raise NotEnoughDataError(f"{path} has no labels of {task.name!r}", remedy=f"it needs a column {task.column!r}")
    rows, first = np.unique(store.examples.rows_of(said["example"]), return_index=True)
    first = first[rows >= 0]
    values = said["value"].combine_chunks().take(pa.array(first))
    found = pc.unique(values.flatten() if task.kind is Kind.MULTILABEL else values).drop_null().to_pylist()
    names = task.labels or tuple(sorted(found))
    gold = _codes(task, values, names)
    known = gold >= 0 if gold.ndim == 1 else np.ones(len(gold), bool)
    return names, Labels(rows=rows[rows >= 0], gold=gold, probability=np.ones(len(gold))).at(known)


def _test_world(
    project: Project,
    task: Task,
    names: Sequence[str],
    path: Path,
    found: features.Encoders,
    seen: set[str],
    progress: Progress,
    notice: Callable[[str], None],
) -> tuple[World, Codes | Mask]:
    """The test file as a world of its own. Examples that the project has too are left out: they would be no test."""
    table = pa.Table.from_batches(inspect(path, types=types(project), text=project.text))
    if task.column not in table.column_names:
        raise missing(task.column, table.column_names, f"in {path}")
    said = given(table[task.column].combine_chunks(), task)
    flat = said.flatten() if task.kind is Kind.MULTILABEL else said
    values = pc.unique(flat).drop_null().to_pylist()
    strange = sorted(set(values) - set(names))
    if strange:
        notice(f"{path} has {len(strange)} labels that the project lacks ({', '.join(strange[:3])}…): left out")
    else:
        check_names(task, values, str(path))
    ids = content_ids(texts_of(table[project.text]))
    fresh = np.array([one not in seen for one in ids])
    if not fresh.all():
        notice(f"{int((~fresh).sum()):,} examples of {path} are in the project too: left out of the test")
    gold = _codes(task, said, names)
    known = gold >= 0 if gold.ndim == 1 else np.asarray(pc.is_valid(said).to_numpy(zero_copy_only=False))
    keep = np.flatnonzero(fresh & known)
    table = table.take(pa.array(keep))
    dense, blocks = features.held(texts_of(table[project.text]), found, progress)
    world = World(
        parts=np.zeros(len(keep), np.uint8),
        blocks=blocks,
        vectors=dense,
        slices=_slices_of(project, table, notice),
        uniform=np.ones(len(keep)),
    )
    return world, gold[keep]


def _codes(task: Task, said: pa.Array, names: Sequence[str]) -> Codes | Mask:
    """Given values as the turn has them; -1 where there is none, or none of the task's."""
    if task.kind is Kind.CLASSIFY:
        codes = pc.fill_null(pc.index_in(said, value_set=pa.array(names, pa.string())), -1)
        return np.asarray(codes.to_numpy(zero_copy_only=False), np.int32)
    out = np.zeros((len(said), len(names)), bool)
    at = np.repeat(np.arange(len(said)), pc.fill_null(pc.list_value_length(said), 0).to_numpy())
    codes = pc.fill_null(pc.index_in(said.flatten(), value_set=pa.array(names, pa.string())), -1)
    found = codes.to_numpy(zero_copy_only=False)
    out[at[found >= 0], found[found >= 0]] = True
    return out


def _slices_of(project: Project, table: pa.Table, notice: Callable[[str], None]) -> dict[str, Mask]:
    """The project's slices over a table that isn't in its store: they are asked of a store that lives as long."""
    from adequate import store

    ours = {
        "aq_id": pa.array([str(i) for i in range(len(table))]),
        "aq_group": pa.array([""] * len(table)),
        "aq_part": pa.array(np.zeros(len(table), np.uint8)),
    }
    for name, values in ours.items():
        table = table.append_column(name, values)
    found: dict[str, Mask] = {}
    with (
        tempfile.TemporaryDirectory(prefix="adequate-test-") as folder,
        store.create(Path(folder), text=project.text) as place_for_test,
    ):
        place_for_test.examples.append(table.combine_chunks().to_batches())
        for name, made in project.slices.items():
            try:
                found[name] = slice_of(place_for_test, made)
            except SliceError as error:
                notice(f"slice {name!r} is left out: the test file can't answer it ({error.message})")
    return found
