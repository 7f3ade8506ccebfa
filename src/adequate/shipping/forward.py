"""A BERT encoder in NumPy, step by step: what edits need to see of its inside, without a runtime that shows it.

The one idea: all tokens of all texts lie in one table, (t, width), because everything but attention treats each token
by itself. Texts are sorted by length, so those of one length are one contiguous piece of the table and attend in one
product; nothing is padded. A thousand short texts take about 2 s on one core.

Source: J. Devlin et al., "BERT" (2019).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import erf

from adequate.encoders.bert import depth
from adequate.types import Floats, Rows

Weights = Mapping[str, Floats]  # the state dict of an encoder, by its published names


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """Texts as one run of tokens, the shortest text first.

    Args:
        ids: shape (t,), of all tokens.
        places: shape (t,), where each stands in its text.
        pieces: (first token, texts, tokens of each) of every length.
        order: shape (n,), which text each of the n is.
    """

    ids: Rows
    places: Rows
    pieces: tuple[tuple[int, int, int], ...]
    order: Rows


def laid_out(ids: Sequence[Sequence[int]]) -> Tokens:
    """Texts' token ids, as `OnnxEncoder.tokens` gives them, for a pass.

    >>> laid_out([[2, 7, 3], [2, 3], [2, 9, 3]]).pieces
    ((0, 1, 2), (2, 2, 3))
    """
    lengths = np.array([len(each) for each in ids], np.int64)
    order = np.argsort(lengths, kind="stable")
    sizes, counts = np.unique(lengths, return_counts=True)
    firsts = np.concatenate([[0], np.cumsum(sizes * counts)[:-1]])
    ends = np.cumsum(lengths[order])
    return Tokens(
        ids=np.array([token for text in order.tolist() for token in ids[text]], np.int64),
        places=np.arange(lengths.sum()) - np.repeat(ends - lengths[order], lengths[order]),
        pieces=tuple(zip(firsts.tolist(), counts.tolist(), sizes.tolist(), strict=True)),
        order=order,
    )


def embedded(weights: Weights, tokens: Tokens) -> Floats:
    """What the first layer reads, shape (t, width)."""
    x = weights["embeddings.word_embeddings.weight"][tokens.ids]
    x += weights["embeddings.position_embeddings.weight"][tokens.places]
    x += weights["embeddings.token_type_embeddings.weight"][0]
    return normed(weights, "embeddings.LayerNorm", x)


def attended(weights: Weights, layer: int, x: Floats, tokens: Tokens, size: int) -> Floats:
    """What the heads of a layer saw, side by side, shape (t, heads * size).

    Args:
        size: width of one attention head.
    """
    name = f"encoder.layer.{layer}.attention.self"
    q, k, v = (linear(weights, f"{name}.{part}", x) for part in ("query", "key", "value"))
    out = np.empty_like(v)
    for first, texts, length in tokens.pieces:
        piece = slice(first, first + texts * length)
        query, key, value = (each[piece].reshape(texts, length, -1, size).swapaxes(1, 2) for each in (q, k, v))
        scores = query @ key.swapaxes(2, 3)
        scores *= np.float32(size**-0.5)
        scores -= scores.max(axis=-1, keepdims=True)
        np.exp(scores, out=scores)
        scores /= scores.sum(axis=-1, keepdims=True)
        out[piece] = (scores @ value).swapaxes(1, 2).reshape(texts * length, -1)
    return out


def widened(weights: Weights, layer: int, x: Floats) -> Floats:
    """What the neurons of a layer say, shape (t, neurons)."""
    wide = linear(weights, f"encoder.layer.{layer}.intermediate.dense", x)
    gate = erf(wide * np.float32(0.5**0.5))
    gate += 1
    gate *= np.float32(0.5)
    wide *= gate
    return wide


def linear(weights: Weights, name: str, x: Floats) -> Floats:
    """One product with its bias; of two matrices where it was factorised."""
    if f"{name}.narrow" in weights:
        x = x @ weights[f"{name}.narrow"].T
    return np.asarray(x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"], np.float32)


def normed(weights: Weights, name: str, x: Floats) -> Floats:
    """Layer norm."""
    centred = x - x.mean(axis=-1, keepdims=True)
    centred /= np.sqrt(np.einsum("td,td->t", centred, centred)[:, None] / x.shape[1] + 1e-12)
    return np.asarray(centred * weights[f"{name}.weight"] + weights[f"{name}.bias"], np.float32)


def pooled(x: Floats, tokens: Tokens) -> Floats:
    """One unit vector a text, in the texts' own order: shape (n, width)."""
    sums = [x[f : f + n * length].reshape(n, length, -1).sum(axis=1) for f, n, length in tokens.pieces]
    vectors = np.concatenate(sums)
    vectors /= np.sqrt(np.einsum("nd,nd->n", vectors, vectors))[:, None]
    out = np.empty_like(vectors)
    out[tokens.order] = vectors
    return out


def encoded(weights: Weights, tokens: Tokens, *, heads: int) -> Floats:
    """All layers: what the graph of these weights gives in fp32, shape (n, width)."""
    size = head_size(weights, heads)
    x = embedded(weights, tokens)
    for layer in range(depth(weights)):
        name = f"encoder.layer.{layer}"
        seen = linear(weights, f"{name}.attention.output.dense", attended(weights, layer, x, tokens, size))
        x = normed(weights, f"{name}.attention.output.LayerNorm", seen + x)
        said = linear(weights, f"{name}.output.dense", widened(weights, layer, x))
        x = normed(weights, f"{name}.output.LayerNorm", said + x)
    return pooled(x, tokens)


def head_size(weights: Weights, heads: int) -> int:
    """Width of one attention head, of an encoder that has `heads` of them where none was taken."""
    return len(weights["embeddings.LayerNorm.weight"]) // heads
