"""Texts as hashed counts of their words, pairs of words and pieces of words, without a loop over texts.

All texts of a batch are laid end to end as one array of code points, split into words by arithmetic on it, and every
n-gram's hash is a polynomial in the (scrambled) code points, so each kind of n-gram costs a few passes over the
array. Words are runs of letters, digits and marks, without case; any other visible character is a word of its own.
Pieces are 3-5 characters long, within one word and the blanks around it.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from adequate.types import Floats, Mask

    Hashes = NDArray[np.uint64]

PIECE = 1 << 18  # characters worked on at once: some 30 MB of arrays
LONGEST = 1 << 16  # characters of a text that are read: what a text is about shows before that
BLANK, END = 32, 0  # between words; after each text
BASE = np.uint64(0x9E3779B97F4A7C15)  # odd, so it has an inverse modulo 2**64
INVERSE = np.uint64(pow(int(BASE), -1, 1 << 64))
OTHER, SEEN, LETTER = 1, 2, 3  # what a code point is: blank or control, visible, part of a word
_KNOWN = np.zeros(0x110000, np.uint8)  # of each code point; 0: nobody has asked yet


class Grams(NamedTuple):
    """Hashes of n-grams, and for each the number of the text it is in."""

    hashes: Hashes
    texts: NDArray[np.int64]


class Counted(NamedTuple):
    """A sparse matrix of n rows, row by row.

    Args:
        values: shape (m,) float32.
        columns: shape (m,) int32 or int64, ascending in a row.
        starts: shape (n + 1,), where each row begins.
    """

    values: Floats
    columns: NDArray[Any]
    starts: NDArray[Any]


def counts(texts: Sequence[str], *, bits: int) -> csr_array:
    """How often each hashed n-gram is in each text.

    Args:
        texts: n texts.
        bits: the array has 2**bits columns.

    Returns:
        shape (n, 2**bits), float32, columns of a row ascending.

    >>> two = counts(["a card, a card", "A card"], bits=18)
    >>> two.shape, two.max(axis=1).toarray().tolist()
    ((2, 262144), [2.0, 1.0])
    """
    values, columns, starts = counted(texts, bits=bits)
    from scipy.sparse import csr_array  # here: signatures and servers need none of it

    return csr_array((values, columns, starts), shape=(len(texts), 1 << bits))


def counted(texts: Sequence[str], *, bits: int) -> Counted:
    """The same as three plain arrays."""
    found = [_counted(stream(portion), len(portion), bits) for portion in portions(texts)]
    found = found or [_counted(stream([]), 0, bits)]
    values, columns, lengths = (np.concatenate(part) for part in zip(*found, strict=True))
    starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    kind = np.int32 if starts[-1] < 2**31 else np.int64
    return Counted(values.astype(np.float32), columns.astype(kind), starts.astype(kind))


def portions(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    """The texts in runs of bounded length, each cut to what is read of it."""
    start, held = 0, 0
    for end, text in enumerate(texts):
        size = min(len(text), LONGEST) + 1
        if held and held + size > PIECE:
            yield [text[:LONGEST] for text in texts[start:end]]
            start, held = end, 0
        held += size
    if held:
        yield [text[:LONGEST] for text in texts[start:]]


class Stream(NamedTuple):
    """Texts laid end to end: words with one blank between, around every text, too.

    Args:
        points: code points, shape (c,).
        texts: shape (c,), which text each is in.
    """

    points: NDArray[np.uint32]
    texts: NDArray[np.int64]


def stream(texts: Sequence[str]) -> Stream:
    """Lay texts end to end, in one case and one normal form."""
    joined = "\0".join(text.replace("\0", " ") if "\0" in text else text for text in texts)
    plain = unicodedata.normalize("NFKC", joined).casefold()
    points = np.frombuffer(plain.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    letter, visible = _classes(points)
    number = np.cumsum(points == END)
    # A blank goes before every word: where letters begin, and before each other visible character.
    opens = visible.copy()
    opens[1:] &= ~(letter[1:] & letter[:-1])
    takes = visible + opens.astype(np.int64)
    ends = np.cumsum(takes)
    spread = np.full(int(ends[-1]) + 1 if len(ends) else 1, BLANK, dtype=np.uint32)
    spread[ends[visible] - 1] = points[visible]
    place = np.full(len(spread), max(len(texts) - 1, 0), dtype=np.int64)
    place[:-1] = np.repeat(number, takes)
    return Stream(spread, place)


def words(laid: Stream) -> Grams:
    """Words and pairs of neighbouring words."""
    points, place = laid
    blank = np.flatnonzero(points == BLANK)
    start, end = blank[:-1] + 1, blank[1:]
    power = np.full(len(points), BASE)
    power[0] = 1
    power = np.cumprod(power)
    back = np.full(len(points), INVERSE)
    back[0] = 1
    back = np.cumprod(back)
    before = np.concatenate([np.zeros(1, np.uint64), np.cumsum(_scrambled(points) * power)])
    single = _mixed((before[end] - before[start]) * back[start], 1)
    inside = place[start]
    pair = _mixed(single[:-1] * BASE + single[1:], 2)
    together = inside[:-1] == inside[1:]
    return Grams(np.concatenate([single, pair[together]]), np.concatenate([inside, inside[:-1][together]]))


def pieces(laid: Stream) -> Grams:
    """Runs of 3-5 characters of each word, the blanks around it included."""
    points, place = laid
    blank = points == BLANK
    code = _scrambled(points)
    hashes, where = [], []
    rolled = code[:-1] * BASE + code[1:]
    split = np.zeros(max(len(points) - 2, 0), dtype=np.bool_)  # a blank inside, not at an end
    for n in (3, 4, 5):
        rolled = rolled[:-1] * BASE + code[n - 1 :]
        split = split[: len(rolled)] | blank[n - 2 : n - 2 + len(rolled)]
        whole = ~split
        hashes.append(_mixed(rolled[whole], n))
        # The blank before a text's first word is its own; the one after its last is the next text's.
        where.append(place[1 : 1 + len(rolled)][whole])
    return Grams(np.concatenate(hashes), np.concatenate(where))


def _classes(points: NDArray[np.uint32]) -> tuple[Mask, Mask]:
    """Which code points are part of words, and which can be seen."""
    known = _KNOWN[points]
    if (known == 0).any():
        for point in np.unique(points[known == 0]).tolist():
            category = unicodedata.category(chr(point))[0]
            _KNOWN[point] = LETTER if category in "LNM" else SEEN if category in "PS" else OTHER
        known = _KNOWN[points]
    return known == LETTER, known >= SEEN


def _scrambled(points: NDArray[np.uint32]) -> Hashes:
    return _mixed(points.astype(np.uint64), 0)


def _mixed(hashes: Hashes, seed: int) -> Hashes:
    """Every bit depends on every bit (the finaliser of splitmix64: G. Steele, D. Lea, C. Flood, 2014)."""
    mixed = hashes + np.uint64(seed * int(BASE) % (1 << 64))
    mixed ^= mixed >> np.uint64(30)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(27)
    mixed *= np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return mixed


def _counted(laid: Stream, n: int, bits: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Counts, columns and how many there are a text, by text and column."""
    one, other = words(laid), pieces(laid)
    hashes = np.concatenate([one.hashes, other.hashes]) >> np.uint64(64 - bits)
    keys = np.sort((np.concatenate([one.texts, other.texts]) << bits) | hashes.astype(np.int64))
    first = np.flatnonzero(np.diff(keys, prepend=-1))
    found = keys[first]
    return np.diff(first, append=len(keys)), found & ((1 << bits) - 1), np.bincount(found >> bits, minlength=n)
