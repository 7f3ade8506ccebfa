"""What is a word like, before any text tells? Its meaning by the teacher's own table of tokens, and its letters.

The one idea: a student's word has a vector of its own, which its texts teach, and one that follows from what the word
is like, by a matrix that all words teach together. So a word that few texts have, or none, begins where its like are.

Source: S. Deerwester et al., "Indexing by Latent Semantic Analysis" (1990), here of words and the pieces they are made
of; the singular vectors as N. Halko, P. Martinsson, J. Tropp, "Finding Structure with Randomness" (2011) find them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array, diags_array

from adequate.encoders import ngrams
from adequate.shipping.material import Material
from adequate.shipping.trim import WORDS, tokenised
from adequate.types import Floats

if TYPE_CHECKING:
    from numpy.typing import NDArray

MEANING, LETTERS = 128, 256  # numbers of each
PIECES = 13  # bits of the hash of a word's pieces
ROUNDS, SPARE = 2, 16  # of subspace iteration, and numbers that it carries along
TOKENS = 32  # of a word that are read


def likeness(material: Material, known: Sequence[str]) -> Floats:
    """What v words are like: shape (v, MEANING + LETTERS), less of few words, or without an encoder."""
    return np.concatenate([meaning(material, known), letters(known, material.seed)], axis=1)


def meaning(material: Material, known: Sequence[str]) -> Floats:
    """The mean of each word's tokens in the encoder's table, its first principal components, as unit rows.

    Shape (v, MEANING) or less; (v, 0) without an encoder.
    """
    if material.weights is None or not known:
        return np.zeros((len(known), 0), np.float32)
    ids = [one[1:-1] for one in tokenised(material.tokenizer, known, TOKENS)]  # without those of a text's edges
    of = np.repeat(np.arange(len(ids)), [len(one) for one in ids])
    tokens = np.fromiter((token for one in ids for token in one), np.int64, len(of))
    table = material.weights[WORDS]
    counts = csr_array((np.ones(len(of), np.float32), (of, tokens)), shape=(len(ids), len(table)))
    number = np.maximum(np.bincount(of, minlength=len(ids)), 1).astype(np.float32)
    return short(np.asarray(counts @ table / number[:, None], np.float32), MEANING)


def short(vectors: Floats, width: int) -> Floats:
    """Their first principal components, as unit rows: shape (n, width), or less where they have less."""
    centred = vectors - vectors.mean(axis=0)
    _, axes = np.linalg.eigh(centred.T @ centred)
    parts = centred @ axes[:, ::-1][:, :width]
    return np.asarray(parts / np.maximum(np.linalg.norm(parts, axis=1, keepdims=True), 1e-6), np.float32)


def letters(known: Sequence[str], seed: int) -> Floats:
    """Words with the same pieces are near: shape (v, LETTERS), or less of few words; a mean row has length 1."""
    if not known:
        return np.zeros((0, 0), np.float32)
    pieces = _pieces(known)
    rng = np.random.default_rng((seed, 3))
    width = min(LETTERS, len(known))
    space = pieces @ rng.normal(size=(pieces.shape[1], width + SPARE)).astype(np.float32)
    for _ in range(ROUNDS):
        space = pieces @ (pieces.T @ np.linalg.qr(space)[0])
    base = np.linalg.qr(space)[0]
    left, sizes, _ = np.linalg.svd((pieces.T @ base).T, full_matrices=False)
    found = (base @ left)[:, :width] * sizes[:width]
    return np.asarray(found / max(float(np.sqrt((found**2).sum(axis=1).mean())), 1e-6), np.float32)


def _pieces(known: Sequence[str]) -> csr_array:
    """The pieces of each word, hashed, the rarer the heavier, as unit rows: shape (v, 2**PIECES)."""
    hashes, of = ngrams.pieces(ngrams.stream(known))
    columns: NDArray[np.int64] = (hashes >> np.uint64(64 - PIECES)).astype(np.int64)
    weight = np.log(1 + len(known) / (1 + np.bincount(columns, minlength=1 << PIECES))).astype(np.float32)
    table = csr_array((weight[columns], (of, columns)), shape=(len(known), 1 << PIECES))
    length = np.sqrt(np.asarray(table.power(2).sum(axis=1)).ravel())
    return csr_array(diags_array(1 / np.maximum(length, 1e-6)).astype(np.float32) @ table)
