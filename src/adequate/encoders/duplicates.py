"""Which texts are the same but for a word or a slip, so that they never lie on both sides of a test.

Two texts are near when at least 0.7 of their n-grams are in common, as estimated from their signatures (its standard
error is 0.06). Every text follows the earliest one that it is near to, and shares its group: so groups only grow, a
text that is near to two of them joins the earlier one, and none that was decided changes when more is added.

Texts are compared only where they share a key, and there only with the first text that had it and with the one
before: the work grows with the number of texts, also where thousands are made from one template.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from adequate.encoders.signatures import KEYS, keys, places

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from adequate.types import Block, Floats, Mask, Rows

NEAR = 0.7
READ = 1 << 16  # signatures read at once
SIEVE = 24  # bits of a key that are looked up before the key itself


def earlier(signatures: Floats, known: Block | None = None) -> Rows:
    """For each new text the earliest near one: its row, where new texts are numbered on from the known; -1: none.

    O((known + new) * 16); memory grows with the new ones only.

    Args:
        signatures: of the new texts, shape (n, 32), by `Signatures.encode`.
        known: signatures of the texts that are there already.
    """
    offset = len(known) if known is not None else 0
    found = np.full(len(signatures), offset + len(signatures), dtype=np.int64)
    mine = places(signatures)

    def consider(new: Rows, rows: Rows, theirs: NDArray[np.uint16]) -> None:
        near = (mine[new] == theirs).mean(axis=1) >= NEAR
        np.minimum.at(found, new[near], rows[near])

    for new, other in _within(keys(signatures)):
        consider(new, offset + other, mine[other])
    if known is not None:
        for new, rows in _among(keys(signatures), known):
            asked, place = np.unique(rows, return_inverse=True)
            consider(new, rows, places(np.asarray(known.take(asked)))[place])
    return np.where(found < offset + len(signatures), found, -1)


def roots(leads: Rows) -> Rows:
    """The end of each text's chain of leads, in O(n log(longest chain)).

    Args:
        leads: shape (n,), for each the number of an earlier one that it follows; its own: it follows nobody.

    >>> roots(np.array([0, 0, 1, 3, 2])).tolist()
    [0, 0, 0, 3, 0]
    """
    while not np.array_equal(further := leads[leads], leads):
        leads = further
    return leads


def _within(new: NDArray[np.uint64]) -> Iterator[tuple[Rows, Rows]]:
    """Pairs of new texts (later, earlier) that share a key: with the first that has it, and with the one before."""
    for column in range(KEYS):
        order = np.argsort(new[:, column], kind="stable")
        repeats = np.flatnonzero(_repeats(new[order, column]))
        first = np.arange(len(order))
        first[repeats] = 0
        first = np.maximum.accumulate(first)
        yield order[repeats], order[first[repeats]]
        yield order[repeats], order[repeats - 1]


def _repeats(ordered: NDArray[np.uint64]) -> Mask:
    same = np.zeros(len(ordered), dtype=np.bool_)
    same[1:] = ordered[1:] == ordered[:-1]
    return same


def _among(new: NDArray[np.uint64], known: Block) -> Iterator[tuple[Rows, Rows]]:
    """Pairs (new text, row of a known text) that share a key: with the first and with the last that has it."""
    asked = [np.unique(new[:, column], return_inverse=True) for column in range(KEYS)]
    sieves = [_sieve(values) for values, _ in asked]
    first = [np.full(len(values), -1, dtype=np.int64) for values, _ in asked]
    last = [np.full(len(values), -1, dtype=np.int64) for values, _ in asked]
    for start, batch in known.batches(READ):
        theirs = keys(np.asarray(batch))
        for column, (values, _) in enumerate(asked):
            some = np.flatnonzero(sieves[column][theirs[:, column] >> np.uint64(64 - SIEVE)])
            place = np.minimum(np.searchsorted(values, theirs[some, column]), len(values) - 1)
            hit = values[place] == theirs[some, column]
            place, rows = place[hit], start + some[hit]
            last[column][place] = rows
            fresh = first[column][place] < 0
            first[column][place[fresh][::-1]] = rows[fresh][::-1]  # of several, the first is written last
    for column, (_, place) in enumerate(asked):
        for rows in (first[column][place], last[column][place]):
            new_too = np.flatnonzero(rows >= 0)
            yield new_too, rows[new_too]


def _sieve(values: NDArray[np.uint64]) -> Mask:
    held = np.zeros(1 << SIEVE, dtype=np.bool_)
    held[values >> np.uint64(64 - SIEVE)] = True
    return held
