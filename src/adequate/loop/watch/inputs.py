"""Vectors of sampled texts, and whether they drift from those of the held-out examples."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from adequate.encoders.lexical import texts_of
from adequate.errors import NotEnoughDataError
from adequate.loop.subjects import Trained
from adequate.loop.unseen import lexical_of
from adequate.loop.watch.reference import held_out, when_tested
from adequate.monitoring.drift import Drift, drifted
from adequate.types import Doubles, Floats

if TYPE_CHECKING:
    from adequate.loop.watch.traffic import Row
    from adequate.spec.project import Project
    from adequate.store import Store

MOST = 2000  # texts of each side: with them a bet finds what matters
SEED = 0  # the same at each look, so that all looks are of one bet

Encode = Callable[[Sequence[str]], Floats]


def reference_of(store: Store, project: Project, model: str) -> tuple[Encode, Floats]:
    """What makes vectors of texts as the model reads them (of a model of words alone: their projection), and those of
    held-out examples, shape (m, d).

    Raises:
        NotEnoughDataError: the weights that the model was made with can't be had.
    """
    rows = held_out(store, max((when_tested(store, task, model) for task in project.learnable), default=0))
    rows = np.sort(np.random.default_rng(SEED).permutation(rows)[:MOST])
    texts = store.examples.take(rows, [project.text]).column(0).combine_chunks()
    try:
        trained = Trained.of(store, project, model)
        trained.learn(store, rows, texts)
        dense = [one.of for one in trained.dense.values()]
    except NotEnoughDataError:  # its heads, or the weights, are gone
        dense = []
    encode = dense[0] if dense else lexical_of(store, project, model).dense().encode
    return encode, encode(texts_of(texts))


def drift_of(rows: Sequence[Row], text: str, reference: Floats, encode: Encode) -> Drift | None:
    """Whether the texts of sampled rows drift, each text once; None where there is no text.

    The examples hold each text once too; and to know a text again is not to know what is new.
    """
    seen: dict[str, Row] = {}
    for row in even(rows):
        if isinstance(row.inputs.get(text), str):
            seen.setdefault(row.inputs[text], row)
    said = list(seen.values())
    most = min(MOST, len(reference))  # each is paired with one of those: spread over the window, not its first ones
    said = sorted(sorted(said, key=lambda row: row.uniform)[:most], key=lambda row: (row.at, row.id))
    if not said or not len(reference):
        return None
    live = encode([row.inputs[text] for row in said])
    return drifted(reference, live, np.random.default_rng(SEED))


def even(rows: Sequence[Row]) -> list[Row]:
    """Of rows that were drawn with several chances, those that one chance for all would have left."""
    if not rows:
        return []
    probability: Doubles = np.array([row.probability for row in rows])
    uniform = np.array([row.uniform for row in rows])
    # The sample may be cut by `uniform` already: stretched to its largest, it is even again within what is left.
    keep = uniform <= uniform.max() * probability.min() / probability
    return [row for row, kept in zip(rows, keep, strict=True) if kept]
