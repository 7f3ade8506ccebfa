"""Short signatures of texts that agree in as many places as the texts have n-grams in common (MinHash).

64 numbers of 16 bits a text, from four orders of all n-grams: an order deals a text's n-grams into 16 bins and keeps
the smallest of each, so two texts agree in a place with the chance that is their Jaccard similarity, at the cost of
four passes instead of 64. A bin that a short text leaves empty borrows from the next that isn't. Four places side by
side, one of each order, are one key of 64 bits: texts without a key in common are never compared.

A signature is kept as 32 float32 whose bits it borrows, so that the store's blocks of vectors hold it: never compute
with them as numbers.

Sources: A. Broder, "On the Resemblance and Containment of Documents" (1997); P. Li, A. Owen, C.-H. Zhang, "One
Permutation Hashing" (2012); A. Shrivastava, P. Li, "Densifying One Permutation Hashing" (2014), for the empty bins.
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

    digest = "signatures-2"
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
    owner = np.concatenate([whole.texts, parts.texts]) * BINS
    hashes = np.concatenate([whole.hashes, parts.hashes])
    signed = np.empty((len(texts), BINS, ORDERS), dtype=np.uint16)
    for order, factor in enumerate(_FACTORS):
        mixed = hashes * factor
        smallest = np.full(len(texts) * BINS, EMPTY, dtype=np.uint32)
        place = (mixed >> np.uint64(64 - _BITS)).view(np.int64)
        place += owner
        mixed >>= np.uint64(_SHIFT)
        np.minimum.at(smallest, place, mixed.astype(np.uint32))
        signed[:, :, order] = _filled(smallest.reshape(-1, BINS))
    return signed.reshape(len(texts), PLACES)


def _filled(smallest: NDArray[np.uint32]) -> NDArray[np.uint16]:
    """16 bits of each bin's smallest; an empty bin takes those of the next that isn't, and how far away that was."""
    bits = smallest.astype(np.uint16)  # the smallest of n numbers begins with zeros: its low bits tell texts apart
    empty = smallest == EMPTY
    bits[empty] = 0xFFFF  # of a text without any word
    some = np.flatnonzero(empty.any(axis=1) & ~empty.all(axis=1))
    held, missing = bits[some], empty[some]
    while missing.any():
        taken = np.where(missing, np.roll(held, -1, axis=1) * _STEP + np.uint16(1), held)
        missing &= np.roll(missing, -1, axis=1)
        held = np.where(missing, held, taken)
    bits[some] = held
    return bits


ORDERS, BINS = 4, PLACES // 4
EMPTY = 0xFFFFFFFF
_BITS = 4  # of a hash that say which bin; 32 further down are compared
_SHIFT = 24
_STEP = np.uint16(0x9E37)
_FACTORS = np.random.Generator(np.random.PCG64(1)).integers(0, 1 << 63, ORDERS, dtype=np.uint64) * 2 + 1
