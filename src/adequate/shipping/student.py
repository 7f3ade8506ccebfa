"""A student without a network: vectors of words and pairs of words, trained to say what the accepted model says.

It is trained on the pool and on variants of its texts, all answered by the teacher. While it is trained, words share
the vectors of the pieces that they are made of, so that a rare word learns from those that look like it; what a word's
pieces say is then added to its own vector, and costs a server nothing. Temperatures are chosen on texts held out, for
the vectors as they are stored.

On CLINC150 (4,500 test texts) the teacher is right on .962 and the student on .945: 116 right answers become wrong, 40
wrong ones right. On HWU64 (1,076) .920 and .902, 41 and 21. Without splices, and with two thirds of the epochs, 118 and
49 become wrong. Five more or less are chance.

Left out, for no gain on HWU64: pairs with a word between (51), triples (46), the teacher's vectors as an aim beside its
answers (51 to 56), words dropped in training (44 to 45), words alone as texts (43 against 41), pieces of unknown words
at run time (43 to 45), two students averaged (46; CLINC150 117). Before that, on CLINC150: unsoftened probabilities, no
pairs (.932 instead of .940), width 256, pairs seen once, pairs of clusters, a hidden layer. An n-gram head beside the
student does help (107 and 37), but hashing n-grams takes longer than all the rest and their weights another MB or more.
Unknown words are read as the known ones that they look like (`bundles.alike`): with two typos a text of CLINC150 it is
right on .85, its teacher on .78.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.sparse import csr_array, diags_array, hstack

from adequate.bundles.static import Static
from adequate.encoders import ngrams
from adequate.encoders.bert import quantised
from adequate.shipping.distil import Wanted, distil, nearest
from adequate.shipping.heat import cooled
from adequate.shipping.material import Made, Material
from adequate.shipping.variants import asked
from adequate.shipping.vocabulary import chosen, laid
from adequate.training.heads import NEVER, Head, Weights, probabilities
from adequate.types import Floats

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

SOFT = 3.0  # times the teacher's temperature
SEEN = 330_000  # texts gone through in training, about: fewer epochs where there are more texts
EPOCHS = (3, 40)
ROWS = 21_000  # words that the pool lacks have what its own and the pairs leave of so many: 3 MB at width 128
PIECES = 13  # bits of the hash of a word's pieces


def build(
    material: Material,
    *,
    width: int = 128,
    bigrams: int = 65536,
    precision: Literal["int8", "fp16"] = "int8",
) -> Made:
    """Train a student. Some 30 CPU seconds for 15,000 short texts, and a minute of the teacher's for the first.

    Args:
        width: numbers a vector.
        bigrams: pairs of neighbouring words that have a vector, at most; 0: none.
        precision: of the vectors as stored.
    """
    rng = np.random.default_rng(material.seed)
    made = material.texts[: material.made]
    more = asked(material)
    empty = chosen(made, most=bigrams)
    empty = chosen(made, most=bigrams, more=more.beyond[: max(0, ROWS - len(empty.values))])
    texts = [*made, *more.texts]
    alive = {task: np.flatnonzero(head.bias > NEVER / 2) for task, head in material.heads.items()}
    wanted = {}
    for task, head in material.heads.items():
        logits = np.concatenate([material.logits[task][: material.made], more.logits[task]])[:, alive[task]]
        wanted[task] = Wanted(kind=head.kind, probs=probabilities(logits, head.kind, SOFT * head.temperature))
    shared = _pieces(empty.known)
    v, rows = len(empty.known), len(empty.values)
    x = laid(empty, texts)
    x = csr_array(hstack([x, x[:, :v] @ shared]))
    vectors = None
    if material.vectors is not None and more.vectors is not None:
        vectors = np.concatenate([material.vectors[: material.made], more.vectors])
    begun = _begun(vectors, x, width, rng)
    epochs = int(np.clip(round(SEEN / max(len(texts), 1)), *EPOCHS))
    student = distil(x, wanted, begun, epochs=epochs, rng=rng)
    table = student.table[:rows]
    table[:v] += shared @ student.table[rows:]
    block = _stored(empty, table, precision)
    heads = {
        task: _head(head, block, alive[task], student.weights[task], student.bias[task])
        for task, head in material.heads.items()
    }
    judged = slice(material.made, None) if material.held else slice(None)
    features = {block.name: block.of(material.texts[judged])}
    heads = {
        task: cooled(head, head.logits(features), material.heads[task].probs(material.logits[task][judged]))
        for task, head in heads.items()
    }
    steps = (f"static student: {v} words and {rows - v} pairs, width {width}, {precision}",)
    return Made(blocks=(block,), heads=heads, steps=steps)


def _pieces(known: Sequence[str]) -> csr_array:
    """The pieces that each word is made of, hashed, as unit rows: shape (v, 2**PIECES)."""
    hashes, of = ngrams.pieces(ngrams.stream(known)) if known else (np.zeros(0, np.uint64), np.zeros(0, np.int64))
    columns = (hashes >> np.uint64(64 - PIECES)).astype(np.int64)
    table = csr_array((np.ones(len(of), np.float32), (of, columns)), shape=(len(known), 1 << PIECES))
    length = np.sqrt(np.asarray(table.power(2).sum(axis=1)).ravel())
    return csr_array(diags_array(1 / np.maximum(length, 1)).astype(np.float32) @ table)


def _begun(vectors: Floats | None, x: csr_array, width: int, rng: np.random.Generator) -> Floats:
    """The table to begin with: sums nearest to the teacher's vectors, or random where it has none."""
    if vectors is None:
        return rng.normal(0, 1 / np.sqrt(width), (x.shape[1], width)).astype(np.float32)
    return nearest(x, _short(vectors, width))


def _short(vectors: Floats, width: int) -> Floats:
    """Their first principal components, as unit rows of this width."""
    centred = vectors - vectors.mean(axis=0)
    _, axes = np.linalg.eigh(centred.T @ centred)
    short = np.zeros((len(vectors), width), np.float32)
    parts = centred @ axes[:, ::-1][:, :width]
    short[:, : parts.shape[1]] = parts / np.maximum(np.linalg.norm(parts, axis=1, keepdims=True), 1e-6)
    return short


def _stored(block: Static, table: Floats, precision: Literal["int8", "fp16"]) -> Static:
    """The table as a bundle holds it."""
    if precision == "fp16":
        return replace(block, values=table.astype(np.float16), scales=np.ones(len(table), np.float16))
    scales = np.maximum(quantised(table, axis=1)[1].ravel(), 1e-6).astype(np.float16)
    values = np.clip(np.rint(table / scales[:, None].astype(np.float32)), -127, 127).astype(np.int8)
    return replace(block, values=values, scales=scales)


def _head(head: Head, block: Static, alive: NDArray[np.int64], weights: Floats, bias: Floats) -> Head:
    """The teacher's head on the student's features; labels that it never saw stay so."""
    k = len(head.labels)
    values, whole = np.zeros((block.width, k), np.float32), np.full(k, NEVER, np.float32)
    values[:, alive], whole[alive] = weights.astype(np.float16), bias  # a bundle keeps half the bytes
    own = {block.name: Weights(width=block.width, columns=None, values=values)}
    return replace(head, weights=own, bias=whole, temperature=1 / SOFT, mix=1.0)
