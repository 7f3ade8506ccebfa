"""The teacher's encoder made smaller: edits of its weights put together, written as a graph, and the heads refitted.

Nothing is trained: every step is a selection or a closed-form solution on texts without labels, so a candidate is made
in seconds. The order is fixed, because each step is made on what the one before it left: layers, attention heads and
neurons (`walk`), vocabulary and places (`trim`), precision (`encoders.bert`), heads (`refit`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from adequate.bundles.blocks import Graph, Words
from adequate.cores import cores
from adequate.encoders.bert import Precision, graph
from adequate.errors import NotEnoughDataError
from adequate.shipping import trim
from adequate.shipping.columns import rounded, strongest
from adequate.shipping.forward import Tokens, laid_out
from adequate.shipping.material import Made, Material
from adequate.shipping.refit import refit
from adequate.shipping.walk import Plan, walked
from adequate.training.heads import Weights
from adequate.types import Floats

if TYPE_CHECKING:
    from scipy.sparse import csr_array

CALIBRATED = 6144  # tokens that the layers are edited on
REFITTED = 4000  # texts that the heads are solved on: more mend a little more, and cost as long again


def build(
    material: Material,
    *,
    precision: Precision = "int8",
    vocabulary: int | None = None,
    ffn: float = 1.0,
    attention: float = 1.0,
    rank: int | None = None,
    layers: int | None = None,
    keep: int | None = None,
    folder: Path,
) -> Made:
    """A candidate with an edited encoder. Takes 3 to 15 s for MiniLM, most of it to encode texts for the heads.

    Args:
        precision: of the file; `fp16` computes in fp32.
        vocabulary: common words that stay whether or not the pool has them; None: all that it knows stay.
        ffn, attention: shares of the neurons and the attention heads that stay, in (0, 1].
        rank: of the feed-forward matrices; None: full.
        layers: how many stay; None: all.
        keep: the n-grams that a head goes on reading, of those that it reads; None: all; 0: none, and the encoder
            speaks for them too.
        folder: where the graph and the tokeniser are written.

    Raises:
        NotEnoughDataError: the teacher has no encoder.
        FormatError: the tokeniser can't be trimmed.
    """
    plan = Plan(layers=layers, attention=attention, ffn=ffn, rank=rank)
    block, steps = written(material, plan, precision=precision, vocabulary=vocabulary, folder=folder)
    texts = material.texts[: min(REFITTED, material.made)]
    vectors = {block.name: _vectors(material, block, texts)}
    own = material.lexical.digest
    read = any(own in head.blocks for head in material.heads.values())
    words = material.lexical.hashed(texts) if read and keep != 0 else None
    heads = {}
    for task, head in material.heads.items():
        logits = material.logits[task][: len(texts)]
        dense = [name for name in head.blocks if name != own]
        near = {block.name: head.weights[dense[0]].values} if dense else None
        if words is None or own not in head.blocks:
            heads[task] = refit(vectors, logits, head=head, near=near)
        elif not dense:
            heads[task] = head
        else:
            left = {own: _left(head.weights[own], words, keep, precision)}
            heads[task] = refit(vectors, logits, head=head, beside=left[own].scores(words), keep=left, near=near)
    if read and keep is not None:
        steps = (*steps, f"{keep} n-grams beside it" if keep else "without n-grams")
    return Made(
        blocks=(block,) if words is None else (block, Words(material.lexical)),
        heads=heads,
        steps=(*steps, f"heads refitted on {len(texts)} texts"),
    )


def _left(weights: Weights, words: csr_array, keep: int | None, precision: Precision) -> Weights:
    """The strongest columns, rounded; the heads are solved on what is left."""
    columns = np.arange(weights.width) if weights.columns is None else weights.columns
    at = strongest(words[:, columns], weights.values, keep)
    return replace(weights, columns=columns[at], values=rounded(weights.values[at], precision))


def _vectors(material: Material, block: Graph, texts: Sequence[str]) -> Floats:
    """Of the texts that heads are solved on; those of the last encoder are kept: the next recipe may differ in its
    n-grams alone."""
    name, made = material.found.get("vectors", ("", None))
    if name != block.name or made is None:
        made = replace(block, threads=cores()).of(texts)
        material.found["vectors"] = block.name, made
    return cast("Floats", made)


def written(
    material: Material, plan: Plan, *, precision: Precision, vocabulary: int | None, folder: Path
) -> tuple[Graph, tuple[str, ...]]:
    """The edited encoder as files in `folder`, named for all that its vectors depend on, and the steps taken.

    Raises:
        NotEnoughDataError: the teacher has no encoder.
        FormatError: the tokeniser can't be trimmed.
    """
    if material.weights is None:
        raise NotEnoughDataError("the model reads no encoder that could be edited", remedy="ship a lexical head")
    weights, tokenizer = trim.places(material.weights, material.tokens), material.tokenizer
    steps = list(plan.said)
    if not plan.empty:
        weights = walked(weights, _calibration(material), plan, heads=material.attention)
    if vocabulary is not None:
        seen = trim.tokenised(tokenizer, material.texts[: material.made], material.tokens)
        keep = trim.needed(tokenizer, seen, vocabulary)
        steps.append(f"vocabulary {len(weights[trim.WORDS])} -> {len(keep)}")
        weights, tokenizer = trim.words(weights, keep), trim.without(tokenizer, keep)
    model = graph(weights, heads=material.attention, precision=precision)
    steps.append(precision)
    digest = hashlib.sha256(b"%d " % material.tokens + hashlib.sha256(model).digest() + tokenizer).hexdigest()[:12]
    name = f"edited-{precision}-{digest}"
    folder.mkdir(parents=True, exist_ok=True)
    files = folder / f"{name}.onnx", folder / f"{name}.json"
    for file, content in zip(files, (model, tokenizer), strict=True):
        file.write_bytes(content)
    width = len(weights["embeddings.LayerNorm.weight"])
    alone = precision == "int8"
    return Graph(
        name=name, width=width, model=files[0], tokenizer=files[1], alone=alone, tokens=material.tokens
    ), tuple(steps)


def _calibration(material: Material) -> Tokens:
    """As many texts as have about `CALIBRATED` tokens."""
    first = trim.tokenised(material.tokenizer, material.texts[: min(CALIBRATED // 2, material.made)], material.tokens)
    ends = np.cumsum([len(each) for each in first])
    return laid_out(first[: int(np.searchsorted(ends, CALIBRATED)) + 1])
