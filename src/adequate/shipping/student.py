"""A student without a network: vectors of words and pairs of words, trained to say what the accepted model says."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
from scipy.sparse import csr_array

from adequate.bundles.static import Static
from adequate.encoders.bert import quantised
from adequate.shipping.distil import Wanted, distil, nearest
from adequate.shipping.heat import cooled
from adequate.shipping.material import Made, Material
from adequate.shipping.vocabulary import chosen, laid
from adequate.training.heads import NEVER, Head, Weights, probabilities
from adequate.types import Floats

SOFT = 3.0  # times the teacher's temperature
TEXTS = 300_000  # seen in training, about: epochs are fewer where there are more texts


def build(
    material: Material,
    *,
    width: int = 128,
    bigrams: int = 65536,
    precision: Literal["int8", "fp16"] = "int8",
    vocabulary: bool = True,
) -> Made:
    """Train a student. 10-20 CPU seconds for 15,000 short texts.

    Args:
        width: numbers a vector.
        bigrams: pairs of neighbouring words that have a vector, at most; 0: none.
        precision: of the vectors as stored.
        vocabulary: only words of the pool; else also the encoder's whole words.
    """
    made, rng = material.texts[: material.made], np.random.default_rng(material.seed)
    empty = chosen(made, most=bigrams, more=() if vocabulary else _whole(material))
    x = laid(empty, made)
    alive = {task: np.flatnonzero(head.bias > NEVER / 2) for task, head in material.heads.items()}
    wanted = {
        task: Wanted(
            kind=head.kind,
            probs=probabilities(
                material.logits[task][: material.made][:, alive[task]], head.kind, SOFT * head.temperature
            ),
        )
        for task, head in material.heads.items()
    }
    begun = _begun(material, x, width, rng)
    epochs = int(np.clip(round(TEXTS / max(len(made), 1)), 2, 100))
    student = distil(x, wanted, begun, epochs=epochs, rng=rng)
    block = _stored(empty, student.table, precision)
    features = block.of(material.texts)
    heads = {
        task: _head(head, block, alive[task], student.weights[task], student.bias[task])
        for task, head in material.heads.items()
    }
    judged = slice(material.made, None) if material.held else slice(None)
    heads = {
        task: cooled(
            head, head.logits({block.name: features[judged]}), material.heads[task].probs(material.logits[task][judged])
        )
        for task, head in heads.items()
    }
    steps = (f"static student: {len(block.known)} words and {len(block.pairs)} pairs, width {width}, {precision}",)
    return Made(blocks=(block,), heads=heads, steps=steps)


def _whole(material: Material) -> list[str]:
    """The whole words of the encoder's tokeniser."""
    if not material.tokenizer:
        return []
    import orjson

    names = orjson.loads(material.tokenizer)["model"]["vocab"]
    return [name for name in names if name.isalnum()]


def _begun(material: Material, x: csr_array, width: int, rng: np.random.Generator) -> Floats:
    """The table to begin with: sums nearest to the teacher's vectors, or random where it has none."""
    if material.vectors is None:
        return rng.normal(0, 1 / np.sqrt(width), (x.shape[1], width)).astype(np.float32)
    vectors = material.vectors[: material.made]
    centred = vectors - vectors.mean(axis=0)
    _, _, axes = np.linalg.svd(centred.T @ centred)
    short = centred @ axes[:width].T
    short /= np.maximum(np.linalg.norm(short, axis=1, keepdims=True), 1e-6)
    if short.shape[1] < width:
        short = np.pad(short, ((0, 0), (0, width - short.shape[1])))
    return nearest(x, short)


def _stored(block: Static, table: Floats, precision: Literal["int8", "fp16"]) -> Static:
    """The table as a bundle holds it."""
    if precision == "fp16":
        return replace(block, values=table.astype(np.float16), scales=np.ones(len(table), np.float16))
    scales = np.maximum(quantised(table, axis=1)[1].ravel(), 1e-6).astype(np.float16)
    values = np.clip(np.rint(table / scales[:, None].astype(np.float32)), -127, 127).astype(np.int8)
    return replace(block, values=values, scales=scales)


def _head(head: Head, block: Static, alive: np.ndarray, weights: Floats, bias: Floats) -> Head:
    k = len(head.labels)
    values, whole = np.zeros((block.width, k), np.float32), np.full(k, NEVER, np.float32)
    values[:, alive], whole[alive] = weights, bias
    own = {block.name: Weights(width=block.width, columns=None, values=values)}
    return replace(head, weights=own, bias=whole, temperature=1 / SOFT, mix=1.0)
