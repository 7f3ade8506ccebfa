"""What is measured: cells, and how many labelled members of each are right.

A cell is one task on one slice (and one label) against one target. Each metric is a fraction of members that are
right, so that every cell is a plain binomial: accuracy has the slice's examples as members, recall of a label those
that truly have it, precision of a label those that were given it. A thousand cells are then a few bincounts.

Only labels that form an equal-probability sample of a cell count for it (`testing.sampling`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from adequate.errors import unknown
from adequate.spec.cells import spelt
from adequate.testing.sampling import Sample
from adequate.types import Codes, Doubles, Mask, Metric, Rows

if TYPE_CHECKING:
    from adequate.spec.slices import Slice
    from adequate.spec.tasks import Task

Answers: TypeAlias = Codes | Mask  # of n examples: (n,) codes for classify, (n, k) bool for multilabel

ALL = "all"  # the slice of every example


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One thing measured against one target.

    Args:
        task: its name.
        slice: its name; "all" for every example.
        label: for recall and precision, whose; None for accuracy.
        target: the least fraction that is good enough, in (0, 1].
        critical: must be adequate, not just not inadequate, before a model ships.

    >>> Cell(task="intent", label="refund", metric=Metric.RECALL, target=0.9).key
    'intent/all/refund/recall'
    """

    task: str
    slice: str = ALL
    label: str | None = None
    metric: Metric = Metric.ACCURACY
    target: float
    critical: bool = False

    @property
    def key(self) -> str:
        """What names the cell in ledgers and on the board; the target isn't part of it."""
        return spelt(self.task, self.slice, self.label, self.metric)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Of c cells, shape (c,) each.

    Args:
        n: labelled members.
        right: how many of them the model got right.
        drawn: how many labels were drawn to find those members: n, but for recall, whose members nobody knows before.
    """

    n: Rows
    right: Rows
    drawn: Rows

    @property
    def value(self) -> Doubles:
        """The share that is right; not a number where nothing is labelled."""
        share: Doubles = np.divide(self.right, self.n, out=np.full(len(self.n), np.nan), where=self.n > 0)
        return share


def declared(
    tasks: Iterable[Task],
    slices: Iterable[Slice],
    labels: Mapping[str, Sequence[str]],
    targets: Mapping[str, float] | None = None,
) -> list[Cell]:
    """The cells that tasks and slices ask for, in the order in which they were declared.

    Accuracy is one cell a task; recall and precision one for each label, or only for the one that the target is `on`.
    A slice is an accuracy cell of every task, against its own target or else the task's; with neither it isn't a cell.

    Args:
        labels: each task's labels by its name.
        targets: of single cells by `Cell.key`; they go before what the task or the slice asks for.
    """
    tasks, cells = list(tasks), []
    for task in tasks:
        aim = task.target
        if aim.accuracy is not None:
            cells.append(Cell(task=task.name, target=aim.accuracy))
        for label in (aim.on,) if aim.on is not None else labels[task.name]:
            for metric, target in ((Metric.RECALL, aim.recall), (Metric.PRECISION, aim.precision)):
                if target is not None:
                    cells.append(Cell(task=task.name, label=label, metric=metric, target=target))
    for part in slices:
        for task in tasks:
            goal = part.target if part.target is not None else task.target.accuracy
            if goal is not None:
                cells.append(Cell(task=task.name, slice=part.name, target=goal, critical=part.critical))
    own = targets or {}
    return [replace(cell, target=own[cell.key]) if cell.key in own else cell for cell in cells]


def count(
    cells: Sequence[Cell],
    labels: Sequence[str],
    gold: Answers,
    predicted: Answers,
    slices: Mapping[str, Mask] | None = None,
    *,
    sample: Sample | None = None,
) -> Counts:
    """Labelled members of each cell of one task, and how many are right. O(cells + examples x slices that are used).

    Args:
        cells: of one task.
        labels: its k labels; codes are positions in them.
        gold: shape (n,) codes, negative where there is no label; for multilabel (n, k) bool.
        predicted: the same shape; a negative code is never right.
        slices: shape (n,) by name; "all" need not be there.
        sample: how the labels came about; default: all labels that there are, drawn alike.

    Raises:
        UnknownNameError: a cell names a slice or a label that isn't there.
    """
    sample = sample or Sample.all(gold >= 0 if gold.ndim == 1 else np.ones(len(gold), bool))
    whole = gold == predicted if gold.ndim == 1 else (gold == predicted).all(axis=1)
    n, right, drawn = np.zeros((3, len(cells)), np.int64)
    for name, (at, codes) in by_slice(cells, labels, slices or {}).items():
        members = None if name == ALL else (slices or {})[name]
        if (of_all := at[codes < 0]).size:
            even = sample.even(members)
            n[of_all] = drawn[of_all] = np.count_nonzero(even)
            right[of_all] = np.count_nonzero(even & whole)
        if (codes >= 0).any():
            rows = np.arange(len(gold)) if members is None else np.flatnonzero(members)
            per_label = _classify if gold.ndim == 1 else _multilabel
            for metric in (Metric.RECALL, Metric.PRECISION):
                here = np.array([cells[i].metric is metric for i in at])
                found = per_label(metric, codes[here], gold[rows], predicted[rows], sample.at(rows), len(labels))
                n[at[here]], right[at[here]], drawn[at[here]] = found
    return Counts(n=n, right=right, drawn=drawn)


def by_slice(cells: Sequence[Cell], labels: Sequence[str], slices: Mapping[str, Mask]) -> dict[str, tuple[Rows, Rows]]:
    """For each slice that is used: the positions of its cells, and their label codes (-1: none)."""
    code = {label: i for i, label in enumerate(labels)}
    groups: dict[str, tuple[list[int], list[int]]] = {}
    for i, cell in enumerate(cells):
        if cell.slice != ALL and cell.slice not in slices:
            raise unknown("slice", cell.slice, slices)
        if cell.label is not None and cell.label not in code:
            raise unknown("label", cell.label, labels)
        at, codes = groups.setdefault(cell.slice, ([], []))
        at.append(i)
        codes.append(-1 if cell.label is None else code[cell.label])
    return {name: (np.array(at), np.array(codes)) for name, (at, codes) in groups.items()}


def _classify(
    metric: Metric, codes: Rows, gold: Answers, predicted: Answers, sample: Sample, k: int
) -> tuple[Rows, Rows, Rows]:
    """(n, right, drawn) of these labels."""
    of = gold if metric is Metric.RECALL else predicted
    even = sample.even() if metric is Metric.RECALL else sample.even_by(predicted.astype(np.int32, copy=False), k)
    n = np.bincount(of[even], minlength=k)
    right = np.bincount(of[even & (gold == predicted)], minlength=k)
    drawn = np.full(k, np.count_nonzero(even)) if metric is Metric.RECALL else n
    return n[codes], right[codes], drawn[codes]


def _multilabel(
    metric: Metric, codes: Rows, gold: Answers, predicted: Answers, sample: Sample, _k: int
) -> tuple[Rows, Rows, Rows]:
    """The same where an example may have several labels."""
    n, right, drawn = np.zeros((3, len(codes)), np.int64)
    for i, code in enumerate(codes.tolist()):
        has, given = gold[:, code].astype(bool), predicted[:, code].astype(bool)
        even = sample.even() if metric is Metric.RECALL else sample.even(given)
        n[i] = np.count_nonzero(even & (has if metric is Metric.RECALL else given))
        right[i] = np.count_nonzero(even & has & given)
        drawn[i] = np.count_nonzero(even)
    return n, right, drawn
