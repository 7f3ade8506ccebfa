"""Small encoders and data for the tests: a BERT of two layers with random weights, and a second way to compute it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.special import erf

from adequate.types import Doubles, Floats, Rows

WORDS, PLACES, WIDTH, WIDE, HEADS, LAYERS = 50, 40, 32, 64, 4, 2


def weights(seed: int = 0) -> dict[str, Floats]:
    """The state dict of a small BERT."""
    rng = np.random.default_rng(seed)
    shapes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (WORDS, WIDTH),
        "embeddings.position_embeddings.weight": (PLACES, WIDTH),
        "embeddings.token_type_embeddings.weight": (2, WIDTH),
    }
    for layer in range(LAYERS):
        name = f"encoder.layer.{layer}"
        sizes = {f"attention.self.{part}": (WIDTH, WIDTH) for part in ("query", "key", "value")}
        sizes |= {"attention.output.dense": (WIDTH, WIDTH), "output.dense": (WIDTH, WIDE)}
        for part, shape in (sizes | {"intermediate.dense": (WIDE, WIDTH)}).items():
            shapes |= {f"{name}.{part}.weight": shape, f"{name}.{part}.bias": shape[:1]}
    made = {name: rng.normal(0, 0.3, shape).astype(np.float32) for name, shape in shapes.items()}
    norms = ["embeddings.LayerNorm"]
    norms += [f"encoder.layer.{n}.{part}.LayerNorm" for n in range(LAYERS) for part in ("attention.output", "output")]
    for norm in norms:
        made[f"{norm}.weight"] = rng.normal(1, 0.1, WIDTH).astype(np.float32)
        made[f"{norm}.bias"] = rng.normal(0, 0.1, WIDTH).astype(np.float32)
    return made


def bert(weights: Mapping[str, Floats], ids: Rows, heads: int) -> Doubles:
    """One text through BERT in double precision, as the paper has it: the unit mean of its tokens."""
    w = {name: array.astype(np.float64) for name, array in weights.items()}

    def norm(x: Doubles, name: str) -> Doubles:
        centred = x - x.mean(axis=-1, keepdims=True)
        return (
            centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-12) * w[f"{name}.weight"]
            + w[f"{name}.bias"]
        )

    def linear(x: Doubles, name: str) -> Doubles:
        return x @ w[f"{name}.weight"].T + w[f"{name}.bias"]

    t = len(ids)
    tokens = w["embeddings.word_embeddings.weight"][ids] + w["embeddings.position_embeddings.weight"][:t]
    x = norm(tokens + w["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
    for n in range(sum(name.endswith("intermediate.dense.bias") for name in w)):
        layer = f"encoder.layer.{n}"
        q, k, v = (
            linear(x, f"{layer}.attention.self.{part}").reshape(t, heads, -1).transpose(1, 0, 2)
            for part in ("query", "key", "value")
        )
        scores = q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[-1])
        attention = np.exp(scores - scores.max(axis=-1, keepdims=True))
        attention /= attention.sum(axis=-1, keepdims=True)
        seen = (attention @ v).transpose(1, 0, 2).reshape(t, -1)
        x = norm(x + linear(seen, f"{layer}.attention.output.dense"), f"{layer}.attention.output.LayerNorm")
        wide = linear(x, f"{layer}.intermediate.dense")
        wide = wide * 0.5 * (1 + erf(wide / np.sqrt(2)))
        x = norm(x + linear(wide, f"{layer}.output.dense"), f"{layer}.output.LayerNorm")
    mean = x.mean(axis=0)
    unit: Doubles = mean / np.linalg.norm(mean)
    return unit
