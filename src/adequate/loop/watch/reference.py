"""What the model answered for examples that it didn't learn from: what production is compared with.

These are the examples of the parts `steer` and `gate`, drawn by a hash, labelled or not. Of the sealed ones nothing
comes out but counts. What came later, from production itself, is left out: it would hide what changed. A release
answers them itself, `OWN` of them: how sure a small student is has little to do with how sure its teacher was, and the
difference would look like drift.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from adequate.encoders.lexical import texts_of
from adequate.loop.answers import labels_of, names_of
from adequate.loop.checks.predicted import present
from adequate.loop.subjects.cached import joined
from adequate.loop.subjects.shipped import TOGETHER
from adequate.monitoring.estimate import Answers
from adequate.monitoring.rates import BINS, Counts
from adequate.testing.outputs import confidence, said
from adequate.types import PARTS, Doubles, Mask, Part, Rows

if TYPE_CHECKING:
    from adequate.bundles import Bundle
    from adequate.spec.tasks import Task
    from adequate.store import Store

KEPT = ["label", "confidence"]
MOST = 50_000  # examples: beyond them no share becomes surer
OWN = 4_000  # that a release answers itself, in a few seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """Of one task.

    Args:
        names: k labels.
        n: held-out examples that were answered.
        counts: shape (k,), how often each label was given.
        histogram: shape (BINS,), of confidences.
        answers: to the m that have a label; `right`: shape (m,), which of them are.
    """

    names: tuple[str, ...]
    n: int
    counts: Counts
    histogram: Counts
    answers: Answers
    right: Mask


def held_out(store: Store, before: int, most: int = MOST) -> Rows:
    """The examples that no model learns from, of the first `before`, at most so many, evenly spaced."""
    parts = store.examples.parts()[:before]
    rows = np.flatnonzero(np.isin(parts, [PARTS.index(Part.STEER), PARTS.index(Part.GATE)]))
    return rows[np.linspace(0, len(rows) - 1, min(most, len(rows)), dtype=np.int64)] if len(rows) else rows


def when_tested(store: Store, task: str, model: str) -> int:
    """How many examples there were when a model was tested: those that it was asked about."""
    known = store.predictions.has(task, model)
    return store.predictions.count(task, model) if known else store.examples.count


def reference(store: Store, task: Task, model: str) -> Reference | None:
    """What a model answered for the held-out examples; None where it answered for none."""
    rows = held_out(store, when_tested(store, task.name, model))
    if not len(rows):
        return None
    said = store.predictions.read(task.name, model, rows, KEPT)
    label = pa.concat_arrays(said["label"].chunks)
    return _reference(store, task, rows, label, said["confidence"].to_numpy().astype(float))


def own_reference(store: Store, task: Task, text: str, model: str, bundle: Bundle) -> Reference | None:
    """What a release answers for held-out examples; None where there are none, or it doesn't answer the task.

    O(examples): it is asked now.

    Args:
        text: the column of the input.
        model: that the release was made from.
    """
    rows = held_out(store, when_tested(store, task.name, model), OWN)
    if not len(rows) or task.name not in bundle.tasks:
        return None
    texts = texts_of(store.examples.take(rows, [text]).column(0))
    pieces = [
        bundle.answer(texts[start : start + TOGETHER], [task.name]).outputs[task.name]
        for start in range(0, len(texts), TOGETHER)
    ]
    whole = joined(pieces)
    sure = confidence(whole)
    assert sure is not None
    return _reference(store, task, rows, said(whole), sure)


def _reference(store: Store, task: Task, rows: Rows, label: pa.Array, confidence: Doubles) -> Reference | None:
    names = names_of(store, task)
    if not names:
        return None
    given = chosen(present(label, task), names)
    labels = labels_of(store, task, names)
    known = np.flatnonzero(np.isin(labels.rows, rows))
    at = np.searchsorted(rows, labels.rows[known])
    gold = labels.gold[known]
    right = (given[at] == gold).all(axis=1) if gold.ndim == 2 else given[at, np.maximum(gold, 0)] & (gold >= 0)
    weight = 1 / np.clip(labels.probability[known], 1e-3, 1)
    return Reference(
        names=names,
        n=len(rows),
        counts=given.sum(axis=0),
        histogram=histogram(confidence),
        answers=Answers(confidence=confidence[at], weight=weight),
        right=right,
    )


def chosen(label: pa.Array, names: tuple[str, ...]) -> Mask:
    """Which of k labels each answer gives, shape (n, k)."""
    several = pa.types.is_list(label.type)
    flat = label.flatten() if several else label
    rows = pc.list_parent_indices(label).to_numpy() if several else np.arange(len(label))
    codes = pc.index_in(flat, pa.array(names, pa.string())).fill_null(-1).to_numpy(zero_copy_only=False)
    out = np.zeros((len(label), len(names)), bool)
    out[rows[codes >= 0], codes[codes >= 0]] = True
    return out


def histogram(confidence: np.ndarray) -> Counts:
    """Confidences counted as servers count them, shape (BINS,)."""
    return np.bincount(np.clip((confidence * BINS).astype(int), 0, BINS - 1), minlength=BINS)
