"""`adequate trigger`: a small head that asks production for more of what a cell lacks.

What a cell lacks: of a label's recall or precision, examples of the label; of a slice, what the model gets wrong there;
of a test, examples like its failing cases. The head reads a dense block of the release, which production computes
anyway, and is learned from labels that teach and steer, against those that say otherwise and the pool. A block is named
by all that its features depend on, so a trigger works on in any later release that has the block.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from adequate.bundles import Bundle
from adequate.errors import NotEnoughDataError, unknown
from adequate.loop.answers import labels_of, names_of
from adequate.loop.checks.asked import behind, is_test
from adequate.loop.dig import cell_named, examples_of
from adequate.loop.production.yields import label_of
from adequate.mining.seeking import OTHER, POOL, WANTED, Seeker, seeker
from adequate.spec.cells import label_in
from adequate.store import Trigger
from adequate.testing.cells import ALL
from adequate.testing.outputs import Output
from adequate.types import PARTS, Floats, Mask, Part, Rows

if TYPE_CHECKING:
    from adequate.spec.project import Project
    from adequate.store import Release, Store

PER_DAY = 50
PRECISION = 0.5
LABELLED, UNLABELLED = 4_000, 4_000  # examples that it learns from, at most


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """A trigger that was made: `found` says what to expect of it."""

    trigger: Trigger
    found: Seeker
    release: str


def seek(
    store: Store,
    project: Project,
    key: str,
    *,
    who: str,
    why: str = "",
    release: str | None = None,
    per_day: int = PER_DAY,
    precision: float = PRECISION,
    seed: int = 0,
) -> Sought:
    """Make a trigger for a cell; one that is at work for it ends. Encodes some thousand texts.

    Args:
        key: of a cell or test, as the board names it; TASK/all/LABEL/recall of any label.
        release: whose features it reads; None: the release that serves, before there is one the last.
        per_day: rows that it may record a day.
        precision: share of what fires that should be of the kind, in (0, 1].

    Raises:
        UnknownNameError: there is no such cell or label, or no release.
        NotEnoughDataError: too few examples are of the kind, or the release has no dense block.
    """
    task, wanted, others, seeks = _wanted(store, project, key)
    served = store.releases.serving().all
    one = store.releases.get(release or served or "last")
    rng = np.random.default_rng(seed)
    rows, known = _learned_from(store, task, wanted, others, rng)
    texts = [text or "" for text in store.examples.take(rows, [project.text]).column(0).to_pylist()]
    block, features, output = _features(store, one, task, texts)
    groups = store.examples.take(rows, ["aq_group"]).column(0).combine_chunks().dictionary_encode().indices
    found = seeker(
        features,
        known,
        groups.to_numpy().astype(np.int32),
        precision=precision,
        share=_share(output, known == POOL, label_of(key)),
    )
    trigger = Trigger(
        cell=key,
        task=task,
        release="",
        block=block,
        weights=found.weights,
        threshold=found.threshold,
        per_day=per_day,
        card={
            "seeks": seeks,
            "from": one.id,
            **{name: round(getattr(found, name), 4) for name in ("expected", "recall", "rate")},
        },
        who=who,
        why=why,
    )
    number = store.triggers.put(trigger)
    return Sought(trigger=next(one for one in store.triggers.list() if one.id == number), found=found, release=one.id)


def _wanted(store: Store, project: Project, key: str) -> tuple[str, Rows, Rows, str]:
    """The task of a cell, what is of the kind that it lacks, what has a label and isn't, and its name for people."""
    if is_test(key):
        task = key.partition("/")[0]
        wanted, others = behind(store, key), store.labels.current(task)["row"].to_numpy()
        seeks = f"texts that fail {label_in(key)}"
    elif (label := label_of(key)) is not None and (of := project.learnable.get(key.partition("/")[0])) is not None:
        task, names = of.name, names_of(store, of)
        if label not in names:
            raise unknown("label", label, names)
        labels, code = labels_of(store, of, names), names.index(label)
        has = labels.gold == code if labels.gold.ndim == 1 else labels.gold[:, code]
        wanted, others, seeks = labels.rows[has], labels.rows[~has], f"texts of {label}"
    else:
        cell, of = cell_named(store, project, key)
        task = of.name
        wanted, others = examples_of(store, project, of, cell, names_of(store, of))
        seeks = f"texts that {of.name} gets wrong" + (f" in {cell.slice}" if cell.slice != ALL else "")
    return task, _open(store, wanted), _open(store, np.setdiff1d(others, wanted)), seeks


def _open(store: Store, rows: Rows) -> Rows:
    """Those that don't measure, each once."""
    codes = store.examples.parts()[rows]
    return np.unique(rows[np.isin(codes, (PARTS.index(Part.TEACH), PARTS.index(Part.STEER)))])


def _learned_from(
    store: Store, task: str, wanted: Rows, others: Rows, rng: np.random.Generator
) -> tuple[Rows, np.ndarray]:
    """Rows, and what is known of each; drawn where there are too many."""
    open_ = store.examples.parts() == PARTS.index(Part.TEACH)
    open_[store.labels.current(task)["row"].to_numpy()] = False
    open_[wanted] = False
    pool = np.flatnonzero(open_)
    kinds = ((wanted, LABELLED, WANTED), (others, LABELLED, OTHER), (pool, UNLABELLED, POOL))
    drawn = [(rng.permutation(rows)[:most], kind) for rows, most, kind in kinds]
    rows = np.concatenate([of for of, _ in drawn]).astype(np.int64)
    known = np.concatenate([np.full(len(of), kind, np.int32) for of, kind in drawn])
    return rows, known


def _features(store: Store, one: Release, task: str, texts: Sequence[str]) -> tuple[str, Floats, Output]:
    """The dense block that a release's head of the task reads, the texts' features, and what it answers."""
    bundle = Bundle.open(store.releases.folder(one))
    answers = bundle.answer(texts, [task])
    dense = {name: found for name, found in answers.features.items() if isinstance(found, np.ndarray)}
    if not dense:
        raise NotEnoughDataError(
            f"release {one.id} reads words alone; a trigger is a direction among vectors",
            remedy="adequate ship one with an encoder or static vectors, or an assertion for words that tell",
        )
    return *next(iter(dense.items())), answers.outputs[task]


def _share(output: Output, pool: Mask, label: str | None) -> float | None:
    """What share of the pool is likely of the kind, by the release's calibrated probabilities: labels were picked."""
    if output.probs is None or not pool.any():
        return None
    probs = output.probs[pool]
    if label is None:
        return float(1 - probs.max(axis=1).mean()) if output.answers.ndim == 1 else None
    return float(probs[:, list(output.labels).index(label)].mean()) if label in output.labels else None
