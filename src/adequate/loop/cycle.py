"""One cycle in the making: the open project, and what its steps have worked out so far.

Everything here can be worked out again from the store, so that a cycle that was killed goes on at the step it was at:
what a finished step left in memory is made anew, and comes out the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from adequate import __version__
from adequate.loop import features
from adequate.loop.answers import labels_of, names_of
from adequate.loop.chances import Chances
from adequate.loop.checks import edge, settle
from adequate.loop.subjects import Trained
from adequate.loop.subjects.trained import vectors
from adequate.loop.turn import Survey, World, split, survey, teach
from adequate.spec.slices import Slice
from adequate.spec.tasks import Task
from adequate.store.heaps import give_back
from adequate.testing.cells import Cell, declared
from adequate.testing.gate import Comparison
from adequate.testing.looks import Look
from adequate.testing.sampling import uniforms
from adequate.training import Head, Learned
from adequate.types import Doubles, Labels, Mask, Part, Progress, Rows, silent

if TYPE_CHECKING:
    from adequate.loop.state import State
    from adequate.spec.project import Project
    from adequate.store import Store

FEW = 1 << 16  # ids held at once: as Python's strings they take 100 bytes each
RECIPE = f"{__version__}/2"  # names the code that makes models; the number changes when what it makes does


@dataclass(eq=False)
class Cycle:
    """What the steps share.

    Args:
        number: of the cycle, in the journal.
        seed: of every random choice.
        batch: labels to ask for that teach; None: as the miner sees fit.
        notice: told, once, what a person should know.
        settled: by task, how its tests chose among heads that came near (`checks.settle`).
        edges: by task, what came of teaching at the edge (`checks.edge`).
        tests: candidate against baseline on the tests, once they were compared.
    """

    store: Store
    project: Project
    number: int
    state: State
    seed: int = 0
    batch: int | None = None
    progress: Progress = silent
    notice: Callable[[str], None] = lambda _text: None
    encoders: features.Encoders | None = None
    settled: dict[str, settle.Settled] = field(default_factory=dict)
    edges: dict[str, edge.Taught] = field(default_factory=dict)
    tests: Comparison | None = None
    _labels: dict[str, Labels] = field(default_factory=dict)
    _learned: dict[str, Learned] = field(default_factory=dict)
    _seen: dict[str, Survey] = field(default_factory=dict)

    @cached_property
    def world(self) -> World:
        """Everything but labels, as arrays."""
        store = self.store
        if self.encoders is None:
            self.encoders = features.of_store(store, self.project.text, self.notice, self.progress)
        dense, blocks = features.blocks(store, self.project.text, self.encoders, self.progress)
        parts = store.examples.parts()
        world = World(
            parts=parts, blocks=blocks, vectors=dense, slices=slices(store, self.project), uniform=np.ones(len(parts))
        )
        for part in (Part.STEER, Part.GATE):
            rows = world.rows(part)
            for start in range(0, len(rows), FEW):
                some = rows[start : start + FEW]
                world.uniform[some] = uniforms(store.examples.ids(some))
        return world

    @cached_property
    def names(self) -> dict[str, tuple[str, ...]]:
        """The labels of each task."""
        return {task.name: names_of(self.store, task) for task in self.project.learnable.values()}

    @cached_property
    def cells(self) -> dict[str, tuple[Cell, ...]]:
        """The cells of each task."""
        learnable, slices = self.project.learnable, self.project.slices
        every = declared(learnable.values(), slices.values(), self.names, self.project.targets)
        return {name: tuple(cell for cell in every if cell.task == name) for name in learnable}

    @property
    def recipe(self) -> str:
        """Names the code that makes models."""
        return RECIPE

    @cached_property
    def chances(self) -> Chances:
        """With which probability each gate example is labelled by now."""
        return Chances(self.store.root, self.number)

    def labels(self, task: Task) -> Labels:
        """The labels of a task that this cycle sees."""
        if task.name not in self._labels:
            self._labels[task.name] = labels_of(self.store, task, self.names[task.name], self.state.seq)
        return self._labels[task.name]

    def teachable(self) -> list[Task]:
        """The tasks with something to learn: two labels that differ."""
        found = []
        for task in self.project.learnable.values():
            gold = split(self.labels(task), self.world, Part.TEACH).gold
            if len(gold) and (gold.ndim == 2 or len(np.unique(gold)) > 1):
                found.append(task)
        return found

    def learned(self, task: Task) -> Learned:
        """The head of a task. Without a warm start: the model is a function of its inputs alone."""
        if task.name not in self._learned:
            self.progress(f"training {task.name}", 0, None)
            names, targets = self.names[task.name], self.project.targets
            head = teach(self.world, task, names, self.labels(task), targets=targets, seed=self.seed)
            self.settled[task.name] = settle.settled(self, task, head)
            head = self.settled[task.name].learned
            if edge.teaching(self.project, task.name):
                self.edges[task.name] = edge.taught(self, task, head)
                head = self.edges[task.name].learned
            self._learned[task.name] = head
        return self._learned[task.name]

    def seen(self, task: Task) -> Survey:
        """What the head answers for every example."""
        if task.name not in self._seen:
            self._seen[task.name] = survey(self.world, self.learned(task).head, self.progress)
            give_back()
        return self._seen[task.name]

    def subject(self, heads: Mapping[str, Head], name: str = "") -> Trained:
        """Heads that this cycle made, as a model to be tested."""
        _ = self.world  # a cycle that goes on here has no encoders before it
        assert self.encoders is not None
        name_of = self.encoders.dense.digest
        dense = {name_of: vectors(self.store.root, name_of)} if self.encoders.meaning else {}
        return Trained(name=name, heads=dict(heads), dense=dense, lexical=self.encoders.lexical)

    def chance(self, task: Task) -> Doubles:
        """Shape (gate rows,): the chance with which each is labelled by now."""
        return self.chances.read(task.name, len(self.world.rows(Part.GATE)))

    def ledger(self) -> list[Look]:
        """Every look at a cell so far, oldest first; a label that was renamed keeps what was spent on it."""
        rows = [row for entry in self.store.looks.list() for row in entry.detail.get("looks", ())]
        return [Look(**row | {"cell": self.project.cell(row["cell"]) or row["cell"]}) for row in rows]

    def identity(self) -> str:
        """The name of the model that these inputs make: 16 hex digits.

        Gate labels are no input, so that asking for them leaves the candidate the same.
        """
        made = hashlib.sha256()
        for batch in self.store.examples.scan(["aq_id"], size=1 << 16):
            made.update("".join(batch.column(0).to_pylist()).encode())
        for task in self.project.learnable.values():
            labels = self.labels(task)
            made.update(json.dumps([task.name, list(self.names[task.name])]).encode())
            for part in (Part.TEACH, Part.STEER):
                mine = split(labels, self.world, part)
                made.update(mine.rows.tobytes() + np.ascontiguousarray(mine.gold).tobytes())
        said = [self.project.digest(), self.seed, RECIPE, sorted(self.world.blocks)]
        if self.project.has_tests:
            said += [settle.RECIPE, edge.RECIPE]
        made.update(json.dumps(said).encode())
        return made.hexdigest()[:16]


def slices(store: Store, project: Project) -> dict[str, Mask]:
    """Every declared slice over all examples: SQL in one pass, functions in another."""
    sql = {name: made.sql for name, made in project.slices.items() if made.sql is not None}
    found = store.slices.masks(sql)
    return found | {name: slice_of(store, made) for name, made in project.slices.items() if made.function is not None}


def slice_of(store: Store, made: Slice, rows: Rows | None = None) -> Mask:
    """One slice over all examples, or over some rows."""
    if made.sql is not None:
        return store.slices.mask(made.name, made.sql, rows)
    assert made.function is not None
    return store.slices.apply(made.name, made.function, rows)
