"""More texts for a student to learn from: those of the pool, words dropped and others put in, answered by the teacher.

The one idea: the teacher can be asked anything, and a student of thousands of vectors has too few texts to learn from.
On CLINC150, 8,000 such texts beside 15,000 of the pool take a seventh of the flips from right to wrong away (137 of
4,500 test texts instead of 159), and cost some 15 CPU seconds of MiniLM.

Source: R. Tang et al., "Distilling Task-Specific Knowledge from BERT into Simple Neural Networks" (2019).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from adequate.bundles import heads as bundled
from adequate.bundles.static import EDGE, words
from adequate.shipping.material import Material
from adequate.types import Floats

if TYPE_CHECKING:
    from numpy.typing import NDArray

DROPPED, REPLACED = 0.1, 0.25  # of the words, about
CLOSEST = 9  # words that one may be replaced with
STRIP = 512  # words compared at once


def variants(
    texts: Sequence[str], known: Sequence[str], vectors: Floats, n: int, rng: np.random.Generator
) -> list[str]:
    """n texts, each one of `texts` without some of its words and with others replaced by words of like meaning.

    Args:
        known: v words; others of the texts stay as they are.
        vectors: shape (v, width), by which words are near; of width 0: any word may take the place of another.
    """
    picked = [texts[i] for i in rng.integers(0, len(texts), n).tolist()]
    laid = words(picked)
    at = {word: i for i, word in enumerate(known)}
    ids = np.array([at.get(word, -1) for word in laid])
    chance = rng.random(len(laid))
    chosen = np.flatnonzero((chance >= DROPPED) & (chance < DROPPED + REPLACED) & (ids >= 0))
    for i, other in zip(chosen.tolist(), _near(ids[chosen], vectors, len(known), rng).tolist(), strict=True):
        laid[i] = known[other]
    kept = [word for word, p in zip(laid, chance.tolist(), strict=True) if p >= DROPPED or word == EDGE]
    return [" ".join(text.split()) for text in " ".join(kept).split(EDGE)[1:-1]]


def answered(material: Material, texts: Sequence[str]) -> Mapping[str, Floats]:
    """The teacher's logits of any texts, by task, shape (n, k)."""
    xs = {block.name: block.of(texts) for block in material.blocks}
    out = {}
    for task, head in material.heads.items():
        at = {
            name: bundled.places(head.weights[name]) for name in head.blocks if head.weights[name].columns is not None
        }
        out[task] = bundled.logits(head, xs, at)
    return out


def _near(ids: NDArray[np.int64], vectors: Floats, v: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """For each word another one."""
    if vectors.shape[1] == 0 or v <= CLOSEST:
        return rng.integers(0, v, len(ids))
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6)
    asked, back = np.unique(ids, return_inverse=True)
    near = np.empty((len(asked), CLOSEST), np.int64)
    for first in range(0, len(asked), STRIP):
        close = unit[asked[first : first + STRIP]] @ unit.T
        near[first : first + STRIP] = np.argpartition(-close, CLOSEST, axis=1)[:, :CLOSEST]
    return near[back, rng.integers(0, CLOSEST, len(ids))]
