"""Short signatures of texts that agree in as many places as the texts have n-grams in common (MinHash).

64 numbers of 16 bits a text: each is the smallest of the text's n-grams under another order of all n-grams, so two
texts agree in a place with the chance that is their Jaccard similarity. Four places side by side are one key of 64
bits: texts without a key in common are never compared.

A signature is kept as 32 float32 whose bits it borrows, so that the store's blocks of vectors hold it: never compute
with them as numbers.

Source: A. Broder, "On the Resemblance and Containment of Documents" (1997).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from adequate.encoders.ngrams import pieces, portions, stream, words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from adequate.types import Floats

PLACES = 64
KEYS = PLACES // 4
WIDTH = PLACES // 2  # float32 a signature


class Signatures:
    """Signatures as an encoder, so that `cache.embed` keeps them for every example."""

    digest = "signatures-1"
    width = WIDTH

    def encode(self, texts: Sequence[str]) -> Floats:
        """Shape (n, 32) float32, to be read by `places` or `keys`."""
        made = [_signed(portion) for portion in portions(texts)]
        signed = np.concatenate([np.zeros((0, PLACES), dtype=np.uint16), *made])
        vectors: Floats = signed.view(np.float32)
        return vectors


def places(signatures: Floats) -> NDArray[np.uint16]:
    """The 64 numbers of each, shape (n, 64)."""
    return np.ascontiguousarray(signatures).view(np.uint16)


def keys(signatures: Floats) -> NDArray[np.uint64]:
    """The 16 keys of each, shape (n, 16); equal keys in one column make two texts candidates."""
    return np.ascontiguousarray(signatures).view(np.uint64)


def _signed(texts: Sequence[str]) -> NDArray[np.uint16]:
    laid = stream(texts)
    whole, parts = words(laid), pieces(laid)
    owner = np.concatenate([whole.texts, parts.texts])
    order = np.argsort(owner, kind="stable")
    hashes = np.concatenate([whole.hashes, parts.hashes])[order]
    having, starts = np.unique(owner[order], return_index=True)
    signed = np.full((len(texts), PLACES), 0xFFFF, dtype=np.uint16)  # of a text without any word
    if len(having):
        for place, factor in enumerate(_FACTORS):
            signed[having, place] = np.minimum.reduceat(hashes * factor, starts) >> np.uint64(_SHIFT)
    return signed


# The smallest of n numbers lies near the bottom: its high bits are nearly always 0, so 16 bits further down are kept.
_SHIFT = 24
_FACTORS = np.random.Generator(np.random.PCG64(1)).integers(0, 1 << 63, PLACES, dtype=np.uint64) * 2 + 1
