"""What the model says of labelled examples that it didn't learn from: else nearly every label would look right.

Teaching examples are answered by heads fitted to the other folds, with the newest model's choice of features and its
rule; steering examples by the model itself, which never saw them. Near-duplicates and other groups stay in one fold, so
that an example isn't vouched for by its own copy. Nothing of the gate is looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from adequate.encoders import onnx
from adequate.encoders.lexical import Lexical
from adequate.errors import unknown
from adequate.loop.answers import labels_of, names_of
from adequate.loop.features import weighing
from adequate.loop.memory import kept
from adequate.training.folds import Folded, spread
from adequate.training.heads import Head, decisions
from adequate.training.saved import load
from adequate.types import PARTS, Block, Part, Rows

if TYPE_CHECKING:
    from adequate.spec.project import Project
    from adequate.spec.tasks import Task
    from adequate.store import Store
    from adequate.training.heads import Gold
    from adequate.types import Codes, Floats, Labels, Mask


@dataclass(frozen=True, slots=True, kw_only=True)
class Unseen:
    """Of m labelled examples outside the gate, by ascending row.

    Args:
        rows: shape (m,).
        names: the k labels.
        gold: (m,) codes or (m, k) bool.
        probs: (m, k), calibrated, by heads that had not seen the example.
        answers: as gold: what those heads would answer.
    """

    rows: Rows
    names: tuple[str, ...]
    gold: Gold
    probs: Floats
    answers: Codes | Mask

    @property
    def wrong(self) -> Mask:
        """Where label and answer differ, shape (m,)."""
        differs = np.asarray(self.gold != self.answers)
        return differs if differs.ndim == 1 else np.asarray(differs.any(axis=1))


def meant(project: Project, task: str | None) -> Task | None:
    """The task of that name, or the first, of those that the loop trains; None where there is none.

    Raises:
        UnknownNameError: there is none of that name.
    """
    tasks = project.learnable
    if task and task not in tasks:
        raise unknown("task", task, tasks)
    return tasks[task] if task else next(iter(tasks.values()), None)


def newest(store: Store, task: str) -> str | None:
    """The newest model that has answered a task."""
    for model in reversed(store.models.list()):
        if store.predictions.has(task, model.id):
            return model.id
    return None


def unseen(store: Store, project: Project, task: Task) -> Unseen | None:
    """What a model that hadn't seen them says of the labelled examples; None before the first model.

    It takes four fits the first time, a second or so for a few thousand labels, and is kept until a label changes.
    """
    model = newest(store, task.name)
    if model is None:
        return None
    name = ("unseen", str(store.root), task.name, model, store.labels.last_seq(), store.examples.count)
    return kept(name, lambda: _unseen(store, project, task, model))


def _unseen(store: Store, project: Project, task: Task, model: str) -> Unseen | None:
    folder = store.models.folder(model)
    if not (folder / task.name).exists():  # a model that was wrapped, or removed
        return None
    names = names_of(store, task)
    head = load(folder / task.name).relabelled(names)
    found = blocks(store, project, model, head)
    labels = labels_of(store, task, names)
    parts = store.examples.parts()[labels.rows]
    rows = min((len(block) for block in found.values()), default=0)
    if not found or rows == 0:
        return None
    reached = labels.rows < rows
    taught = labels.at(reached & (parts == PARTS.index(Part.TEACH)))
    steer = labels.at(reached & (parts == PARTS.index(Part.STEER)))
    logits = np.concatenate([_folded(store, found, head, taught), _straight(found, head, steer)])
    order = np.argsort(np.concatenate([taught.rows, steer.rows]), kind="stable")
    logits = logits[order]
    return Unseen(
        rows=np.concatenate([taught.rows, steer.rows])[order],
        names=names,
        gold=np.concatenate([taught.gold, steer.gold])[order],
        probs=head.probs(logits),
        answers=decisions(np.asarray(logits / head.temperature + head.offsets, np.float32), task.kind),
    )


def _folded(store: Store, found: dict[str, Block], head: Head, labels: Labels) -> Floats:
    if len(labels) == 0:
        return np.zeros((0, len(head.labels)), np.float32)
    groups = store.examples.take(labels.rows, ["aq_group"])["aq_group"].combine_chunks().dictionary_encode()
    folds = spread(labels.gold, kind=head.kind, seed=0, groups=groups.indices.to_numpy().astype(np.int64))
    xs = {name: block.take(labels.rows) for name, block in found.items()}
    made = Folded(xs, labels.gold, np.ones(len(labels)), folds, kind=head.kind, k=len(head.labels))
    return made.logits(tuple(found), head.l2, head.mix)


def _straight(found: dict[str, Block], head: Head, labels: Labels) -> Floats:
    if len(labels) == 0:
        return np.zeros((0, len(head.labels)), np.float32)
    return head.logits({name: block.take(labels.rows) for name, block in found.items()})


def blocks(store: Store, project: Project, model: str, head: Head) -> dict[str, Block]:
    """The features that a head reads, by the name of their block; none where they can't be had here any more."""
    found: dict[str, Block] = {}
    for name in head.blocks:
        if name.startswith("lexical-"):
            lexical = lexical_of(store, project, model)
            if lexical.digest != name:
                return {}
            found[name] = lexical.block(store.examples, project.text)
        elif store.blocks.count(name):
            found[name] = store.blocks.block(name)
        else:
            return {}
    return found


def lexical_of(store: Store, project: Project, model: str | None) -> Lexical:
    """The lexical encoder as the pool of a model's day weighed it, or as today's does."""
    file = None if model is None else store.models.folder(model) / "idf.npy"
    if file is not None and file.is_file():
        return Lexical(idf=np.load(file, allow_pickle=False))
    name = ("lexical", str(store.root), store.examples.digest())
    return kept(name, lambda: Lexical().fit_idf(weighing(store, project.text)))


def dense(store: Store, project: Project, model: str | None) -> Block | None:
    """The vectors that are stored of the examples: of the language model, or of their words; None: none yet."""
    if store.blocks.count(onnx.digest("int8")):
        return store.blocks.block(onnx.digest("int8"))
    if model is None:
        return None
    projected = lexical_of(store, project, model).dense().digest
    return store.blocks.block(projected) if store.blocks.count(projected) else None
