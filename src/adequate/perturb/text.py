"""Perturbations of text."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from adequate.perturb.operator import Effect, Perturbation


def _swap(inputs: pa.Array, level: float, rng: np.random.Generator) -> pa.Array:
    out = []
    for text in inputs.to_pylist():
        words = (text or "").split(" ")
        luck = rng.random(len(words))
        for i, word in enumerate(words):
            if len(word) > 3 and luck[i] < level:
                at = 1 + int(rng.integers(len(word) - 2))
                words[i] = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
        out.append(" ".join(words) if text is not None else None)
    return pa.array(out, inputs.type)


swap_letters = Perturbation(
    "swap_letters", "text", Effect.SAME, "share of words with two neighbouring letters swapped", _swap
)
