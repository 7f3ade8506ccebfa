"""Which known word does an unknown one look like? By the pairs and triples of characters that they share.

Dice's coefficient of the two sets, edges of the word included: swapped or missing letters, plurals and endings keep
most of them. Nothing is stored for it: the index is made of the known words when the first unknown one comes.

Source: L. R. Dice, "Measures of the Amount of Ecologic Association Between Species" (1945).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

CLOSE = 0.5  # least likeness
LETTERS = 24  # of a word that are looked at


class Alike:
    """An index of some words.

    >>> Alike(["money", "transfer", "balance"]).nearest("trasnfer")
    1
    """

    def __init__(self, words: Sequence[str]) -> None:
        pieces = [_pieces(word) for word in words]
        self._sizes = np.array([len(each) for each in pieces], np.int64)
        having: dict[str, list[int]] = {}
        for i, each in enumerate(pieces):
            for piece in each:
                having.setdefault(piece, []).append(i)
        self._having = {piece: np.array(at, np.int32) for piece, at in having.items()}

    def nearest(self, word: str) -> int | None:
        """Position of the closest word, the first of equals; None where none is close."""
        pieces = _pieces(word)
        found = [self._having[piece] for piece in pieces if piece in self._having]
        if not found:
            return None
        at, shared = np.unique(np.concatenate(found), return_counts=True)
        likeness = 2 * shared / (self._sizes[at] + len(pieces))
        best = int(likeness.argmax())
        return int(at[best]) if likeness[best] >= CLOSE else None


def _pieces(word: str) -> set[str]:
    edged = f"^{word[:LETTERS]}$"
    return {edged[i : i + n] for n in (2, 3) for i in range(len(edged) - n + 1)}
