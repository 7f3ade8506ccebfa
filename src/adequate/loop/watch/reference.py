"""What the model answered for examples that it didn't learn from: what production is compared with.

These are the examples of the parts `steer` and `gate`, drawn by a hash, labelled or not. Of the sealed ones nothing
comes out but counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from adequate.loop.answers import labels_of, names_of
from adequate.loop.checks.predicted import present
from adequate.monitoring.estimate import Answers
from adequate.monitoring.rates import BINS, Counts
from adequate.types import PARTS, Mask, Part, Rows

if TYPE_CHECKING:
    from adequate.spec.tasks import Task
    from adequate.store import Store

KEPT = ["label", "confidence"]
MOST = 50_000  # examples: beyond them no share becomes surer


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


def held_out(store: Store) -> Rows:
    """The examples that no model learns from, at most `MOST`, evenly spaced."""
    rows = np.flatnonzero(np.isin(store.examples.parts(), [PARTS.index(Part.STEER), PARTS.index(Part.GATE)]))
    return rows[np.linspace(0, len(rows) - 1, min(MOST, len(rows)), dtype=np.int64)] if len(rows) else rows


def reference(store: Store, task: Task, model: str) -> Reference | None:
    """What a model answered for the held-out examples; None where it answered for none."""
    names = names_of(store, task)
    rows = held_out(store)
    rows = rows[rows < store.predictions.count(task.name, model)]
    if not len(rows) or not names:
        return None
    said = store.predictions.read(task.name, model, rows, KEPT)
    label = present(pa.concat_arrays(said["label"].chunks), task)
    confidence = said["confidence"].to_numpy().astype(float)
    given = chosen(label, names)
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
