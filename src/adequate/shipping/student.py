"""A student without a network: vectors of words and pairs of words, trained to say what the accepted model says.

It is trained on the pool and on variants of its texts, all answered by the teacher. It knows all words of the encoder's
vocabulary, those that no text has too: a vector follows from what the word is like (`likeness`), which while it is
trained is a second part of every word's; it is then added to the word's own, and costs a server nothing. Numbers of 4
bits lose next to nothing, and make room for these words. Temperatures are chosen on texts held out, for the vectors as
they are stored.

What it learns from decides. On CLINC150 (4,500 test texts) the teacher is right on .962. A student of 4 portions is
right on .944: 122 right answers become wrong, 41 wrong ones right. Of 84,000 texts, in 7 epochs, it is right on .950:
97 and 44. On HWU64 (1,076) it is .903 of 4 portions, the teacher .920: 38 and 20. Some ten more or less are chance. On
3,000 other texts of CLINC150, 28,000 texts, cross-entropy to the teacher: .239 without likeness, .221 with meaning,
.217 with letters too, .210 with all words of the vocabulary and twice the letters; .213 when words shared vectors of
their pieces, at twice the time.

Left out, for no gain. On CLINC150 now: labels mixed with what the teacher says, less soft probabilities, twice the
rate, texts crossed where two share a word (worse than spliced ones), batches of 512, width 256 (with 84,000 texts). On
HWU64 before: pairs with a word between, triples, the teacher's vectors as an aim beside its answers, words dropped in
training, pieces of unknown words at run time, two students averaged. On CLINC150 before: pairs seen once, pairs of
clusters, a hidden layer. Neighbours by the table of tokens, not by the encoder's vectors of words alone, save 7 CPU
seconds and teach about as much (119 and 39; HWU64 39 and 17). An n-gram head beside the student does help (9 of 116),
but hashing n-grams takes longer than all the rest. Unknown words are read as the known ones that they look like
(`bundles.alike`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from adequate.bundles.halves import packed
from adequate.bundles.static import Static
from adequate.shipping.distil import Wanted, distil, nearest
from adequate.shipping.heat import cooled
from adequate.shipping.likeness import likeness, short
from adequate.shipping.material import Made, Material
from adequate.shipping.variants import asked, beyond
from adequate.shipping.vocabulary import chosen, laid
from adequate.training.heads import NEVER, Head, Weights, probabilities
from adequate.types import Floats

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from scipy.sparse import csr_array

SOFT = 3.0  # times the teacher's temperature
SEEN = 6_000_000  # rows gone through in training, about: fewer epochs where there are more texts, or longer ones
EPOCHS = (8, 40)
BYTES = 2_650_000  # of rows: what the pool's words and the pairs leave of it, words have that the pool lacks
OFTEN = 50  # texts with a word, from which it counts no more in what words are like
FAINT = 5  # texts with a word from which half of what they say is its own, not what it is like
PRIOR = 3.0  # penalty on the matrix of what words are like, to begin with
Precision = Literal["int4", "int8", "fp16"]
SIZES: dict[Precision, float] = {"int4": 0.5, "int8": 1, "fp16": 2}  # bytes a number


def build(
    material: Material,
    *,
    width: int = 128,
    bigrams: int = 65536,
    precision: Precision = "int4",
    portions: int = 4,
) -> Made:
    """Train a student. Some 10 CPU seconds for 15,000 short texts, and of the teacher's 10 a portion for the first.

    Args:
        width: numbers a vector; even.
        bigrams: pairs of neighbouring words that have a vector, at most; 0: none, and few words that the pool lacks.
        precision: of the vectors as stored.
        portions: of variants that the teacher is asked, 7,000 short texts each.
    """
    rng = np.random.default_rng(material.seed)
    made = material.texts[: material.made]
    more = asked(material, portions)
    empty = _known(material, made, bigrams, int(BYTES / (SIZES[precision] * width + 12)))
    texts = [*made, *more.texts]
    alive = {task: np.flatnonzero(head.bias > NEVER / 2) for task, head in material.heads.items()}
    wanted = {}
    for task, head in material.heads.items():
        logits = np.concatenate([material.logits[task][: material.made], more.logits[task]])[:, alive[task]]
        wanted[task] = Wanted(kind=head.kind, probs=probabilities(logits, head.kind, SOFT * head.temperature))
    x = laid(empty, texts)
    like = likeness(material, empty.known)
    vectors = None
    if material.vectors is not None and more.vectors is not None:
        vectors = np.concatenate([material.vectors[: material.made], more.vectors])
    own, turned = _begun(vectors, x, like, width, rng)
    epochs = int(np.clip(round(SEEN / max(x.nnz, 1)), *EPOCHS))
    student = distil(x, wanted, own, like=like, turned=turned, epochs=epochs, rng=rng)
    block = _stored(empty, student.table, precision)
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
    words, pairs = len(empty.known), len(empty.pairs)
    steps = (f"static student: {words} words and {pairs} pairs, width {width}, {precision}, from {len(texts)} texts",)
    return Made(blocks=(block,), heads=heads, steps=steps)


def _known(material: Material, made: Sequence[str], bigrams: int, rows: int) -> Static:
    """What it has vectors of, so many at most if these are more than the pool's words and the pairs."""
    own = chosen(made, most=bigrams)
    left = max(0, rows - len(own.values)) if bigrams else len(own.known)
    return chosen(made, most=bigrams, more=beyond(material.tokenizer, made)[:left])


def _begun(
    vectors: Floats | None, x: csr_array, like: Floats, width: int, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """The rows' own vectors and the matrix to begin with: sums nearest to the teacher's vectors, or random where it
    has none.
    """
    if vectors is None:
        table = rng.normal(0, 1 / np.sqrt(width), (x.shape[1], width)).astype(np.float32)
        return table, np.zeros((like.shape[1], width), np.float32)
    aims = np.zeros((len(vectors), width), np.float32)
    aims[:, : vectors.shape[1]] = short(vectors, width)
    table = nearest(x, aims)
    often = np.asarray(x[:, : len(like)].sum(axis=0), np.float32)
    weight = np.minimum(often, OFTEN)[:, None]
    gram = like.T @ (weight * like) + np.float32(PRIOR) * np.eye(like.shape[1], dtype=np.float32)
    turned = np.linalg.solve(gram, like.T @ (weight * table[: len(like)]))
    table[: len(like)] -= like @ turned
    table[: len(like)] *= (often / (often + FAINT))[:, None]
    return table, turned


def _stored(block: Static, table: Floats, precision: Precision) -> Static:
    """The table as a bundle holds it."""
    if precision == "fp16":
        return replace(block, values=table.astype(np.float16), scales=np.ones(len(table), np.float16))
    most = 7 if precision == "int4" else 127
    scales = np.maximum(np.abs(table).max(axis=1) / most, 1e-6).astype(np.float16)
    values = np.clip(np.rint(table / scales[:, None].astype(np.float32)), -most, most).astype(np.int8)
    return replace(block, values=packed(values) if precision == "int4" else values, scales=scales)


def _head(head: Head, block: Static, alive: NDArray[np.int64], weights: Floats, bias: Floats) -> Head:
    """The teacher's head on the student's features; labels that it never saw stay so."""
    k = len(head.labels)
    values, whole = np.zeros((block.width, k), np.float32), np.full(k, NEVER, np.float32)
    values[:, alive], whole[alive] = weights.astype(np.float16), bias  # a bundle keeps half the bytes
    own = {block.name: Weights(width=block.width, columns=None, values=values)}
    return replace(head, weights=own, bias=whole, temperature=1 / SOFT, mix=1.0)
