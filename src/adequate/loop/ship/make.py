"""A recipe becomes a bundle on disk, opened again and measured: what is screened and gated is what would be shipped."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from adequate.bundles import Bundle, write
from adequate.shipping.material import Made, Material
from adequate.shipping.search import Recipe

TIMED = 1_024  # texts answered in batches to take the time ...
ENOUGH = 0.5  # ... or as many as take these seconds: they are not what is waited for
BATCH = 64  # texts in a batch
ALONE = 48  # texts asked one by one
ROUNDS = 3  # the best of so many: what disturbs a clock only ever adds


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What a bundle costs.

    Args:
        bytes: of all its files.
        seconds: CPU time a text, in batches of `BATCH`; the least of `ROUNDS`.
        alone: CPU time of one text asked alone, the median of `ALONE`; the least of `ROUNDS`.
    """

    bytes: int
    seconds: float
    alone: float


def made(recipe: Recipe, material: Material, folder: Path) -> Made:
    """A candidate.

    Args:
        folder: for files that the bundle will take; made and removed by the caller.

    Raises:
        AdequateError, ValueError: this material can't be cut so.
    """
    if recipe.form == "exact":
        return Made(blocks=tuple(material.blocks), heads=material.heads, steps=())
    if recipe.form == "encoder":
        from adequate.shipping.encoder import build as edit

        return edit(material, **recipe.options, folder=folder)
    if recipe.form == "static":
        from adequate.shipping.student import build as distil

        return distil(material, **recipe.options)
    from adequate.shipping.words import build as solve

    return solve(material, **recipe.options)


def bundled(candidate: Made, into: Path, *, project: str, text: str) -> Bundle:
    """The candidate as a bundle in `into/ID`, opened as a server would."""
    folder = write(into, project=project, text=text, blocks=candidate.blocks, heads=candidate.heads)
    return Bundle.open(folder)


def measured(bundle: Bundle, texts: Sequence[str]) -> Measured:
    """Size, and CPU time on one thread; the same texts for every candidate.

    Args:
        texts: some hundred; fewer are asked again.
    """
    some = [texts[i % len(texts)] for i in range(TIMED)]
    bundle.answer(some[:BATCH])  # what is made once is no cost of a text
    rounds = [(_batched(bundle, some), _alone(bundle, some[:ALONE])) for _ in range(ROUNDS)]
    return Measured(bytes=size(bundle.folder), seconds=min(b for b, _ in rounds), alone=min(a for _, a in rounds))


def _batched(bundle: Bundle, texts: Sequence[str]) -> float:
    """CPU seconds a text."""
    began, took, done = time.process_time(), 0.0, 0
    while done < len(texts) and took < ENOUGH:
        bundle.answer(texts[done : done + BATCH])
        took, done = time.process_time() - began, done + BATCH
    return took / done


def _alone(bundle: Bundle, texts: Sequence[str]) -> float:
    """CPU seconds of a text asked by itself, the median."""
    each = []
    for text in texts:
        began = time.process_time()
        bundle.answer([text])
        each.append(time.process_time() - began)
    return float(np.median(each))


def size(folder: Path) -> int:
    """Bytes of all files."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
