"""Features without a network: the vectors of a text's words and pairs of neighbouring words, summed, at unit length.

Words are looked up whole in one dictionary and summed with NumPy, which costs a few microseconds a text; a tokeniser of
wordpieces alone takes ten times that. The normal form is that of a BERT without case: compatibility forms are
unified (NFKC), case and the accents of Latin, Greek and Cyrillic letters dropped, apostrophes too ("don't" is "dont").
A word is a run of letters, digits and marks; an ideograph or kana, and any other visible sign, is a word of its own.
The edges of a text count as a word in pairs: how it begins and ends tells.

A word that the pool never had is read as the known one that it looks most like, where one is close (`alike`).
Features of a text are the same to the last bit whatever stands beside it.
"""

from __future__ import annotations

import hashlib
import re
import threading
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, cast

import numpy as np

from adequate.bundles.alike import Alike
from adequate.bundles.halves import unpacked
from adequate.bundles.places import Places
from adequate.encoders.ngrams import LONGEST

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from adequate.types import Floats

WRITER = 2  # part of every name: raise it when features change
TOGETHER = 1024  # texts read at once
HELD = 1024  # rows of the table gathered at once: they stay in the processor's cache
SPAN = HELD // 2  # words of a text added up at once
SIZES = np.array([8, 16, 32, 64, 128, 256, SPAN, 1 << 20])  # words: texts between two of them lie side by side
GUESSED = 1 << 16  # unknown words remembered, none longer than SHORT characters
SHORT = 64
EDGE = "\0"  # before, between and after texts
_ALONE = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_MARKS = "\u0591-\u05c7\u0610-\u061a\u064b-\u0670\u0900-\u0fff"  # vowel signs, which \w lacks
_SIGNS = [sign for sign in map(chr, range(128)) if not (sign.isalnum() or sign.isspace() or sign in "_'")]  # of ASCII
_ANY = re.compile(rf"\0|[{_ALONE}]|(?:[^\W{_ALONE}]|[{_MARKS}])+|[^\w\s]")
_ACCENTS = re.compile("[\u0300-\u036f]+")


def words(texts: Sequence[str]) -> list[str]:
    """The words of all texts in one list, an `EDGE` before each text and after the last.

    >>> words(["Don't panic!", "Café"])
    ['\\x00', 'dont', 'panic', '!', '\\x00', 'cafe', '\\x00']
    """
    laid = EDGE.join(["", *texts, ""])
    if laid.count(EDGE) != len(texts) + 1 or max(map(len, texts), default=0) > LONGEST:
        texts = [*map(_cut, texts)]
        laid = EDGE.join(["", *texts, ""])
    if laid.isascii():
        return _plain(laid)
    found: list[str] = []
    for plain, some in groupby(texts, str.isascii):
        found += (_plain if plain else _any)(EDGE.join(["", *some, ""]))[:-1]
    return [*found, EDGE]


def _plain(laid: str) -> list[str]:
    """Of ASCII: what `_any` finds, four times as fast."""
    plain = laid.lower().replace("'", "")
    for sign in _SIGNS:
        if sign in plain:
            plain = plain.replace(sign, f" {sign} ")
    return plain.split()


def _any(laid: str) -> list[str]:
    bare = _ACCENTS.sub("", unicodedata.normalize("NFKD", laid))
    plain = unicodedata.normalize("NFKC", bare).casefold().replace("'", "").replace("\u2019", "")
    return _ANY.findall(plain)


def _cut(text: str) -> str:
    return text[:LONGEST].replace(EDGE, " ")


@dataclass(eq=False)
class Static:
    """Vectors of words and pairs.

    Args:
        known: v distinct words, the commonest first.
        pairs: shape (p,) uint32 or uint64 ascending: first * (v + 2) + second; v is the edge, v + 1 any unknown word.
        values: shape (v + p, width), int8 or float16, or (v + p, width // 2) uint8, two numbers of 4 bits in each
            (`halves`): vectors of words, then of pairs.
        scales: shape (v + p,) float16, what each row is multiplied by.
    """

    known: tuple[str, ...]
    pairs: NDArray[Any]
    values: NDArray[Any]
    scales: NDArray[np.float16]
    kind: ClassVar[str] = "static"

    @cached_property
    def name(self) -> str:
        """Of all vectors and what they belong to."""
        digest = hashlib.sha256(b"%d " % WRITER + "\n".join(self.known).encode("utf-8", "surrogatepass"))
        for array in (self.pairs, self.values, self.scales):
            digest.update(array.dtype.str.encode() + np.ascontiguousarray(array).tobytes())
        return f"static-{digest.hexdigest()[:12]}"

    @property
    def width(self) -> int:
        """Features a text."""
        return int(self.values.shape[1]) * (2 if self.values.dtype == np.uint8 else 1)

    @cached_property
    def _vocabulary(self) -> _Vocabulary:
        return _Vocabulary(self.known)

    @cached_property
    def _table(self) -> Floats:
        """Rows as they are added: of words; of the edge and of an unknown word, zeros; of pairs."""
        full = np.zeros((len(self.values) + 2, self.width), np.float32)
        v, values = len(self.known), unpacked(self.values)
        for rows, own in ((slice(v), slice(v)), (slice(v + 2, None), slice(v, None))):
            np.multiply(values[own], self.scales[own, None], out=full[rows], dtype=np.float32)
        return full

    def _room(self) -> Floats:
        """For rows that are being added, the calling thread's own: to get it anew takes longer than to fill it."""
        if not hasattr(self._threads, "room"):
            self._threads.room = np.empty((HELD, self.width), np.float32)
        return cast("Floats", self._threads.room)

    @cached_property
    def _threads(self) -> threading.local:
        return threading.local()

    @cached_property
    def _places(self) -> Places:
        return Places(self.pairs.astype(np.int64))

    def of(self, texts: Sequence[str]) -> Floats:
        """Shape (n, width), rows of length 1; of a text without any known word, zeros."""
        out = np.zeros((len(texts), self.width), np.float32)
        for first in range(0, len(texts), TOGETHER):
            some = texts[first : first + TOGETHER]
            rows = self._read(some)
            edges = np.flatnonzero(rows[0] == len(self.known))
            _sums(self._table, rows, edges, out[first : first + len(some)], self._room())
        length = np.sqrt(np.einsum("nd,nd->n", out, out))
        out /= np.where(length > 0, length, 1)[:, None]
        return out

    def rows(self, texts: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Rows of `values` that n texts add up, text by text, and how many each has, shape (n,)."""
        v = len(self.known)
        found = self._read(texts)
        flat = found.T.ravel()
        held = (flat != v) & (flat != v + 1)
        # A text's rows are what stands from its first edge, whose pair is its own, up to the next edge.
        counts = np.diff(np.cumsum(held)[len(found) * np.flatnonzero(found[0] == v)])
        return flat[held] - 2 * (flat[held] > v), counts

    def keys(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """The keys of all pairs of words that it knows in some texts."""
        v = len(self.known)
        ids = self._ids(texts)
        both = (ids[:-1] <= v) & (ids[1:] <= v) & ((ids[:-1] < v) | (ids[1:] < v))
        return self._paired(ids)[both]

    def _ids(self, texts: Sequence[str]) -> NDArray[np.int64]:
        found = words(texts)
        return np.fromiter(map(self._vocabulary.__getitem__, found), np.int64, len(found))

    def _paired(self, ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """The key of each word with the one that follows."""
        return ids[:-1] * (len(self.known) + 2) + ids[1:]

    def _read(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """Rows of the table by word, an edge before each text and after the last: the word's, and, where there are
        pairs, that of the pair which it begins. Shape (1 or 2, words).
        """
        ids = self._ids(texts)
        if not len(self.pairs):
            return ids[None]
        v = len(self.known)
        rows = np.full((2, len(ids)), v)
        rows[0] = ids
        rows[1, :-1] = self._places.of(self._paired(ids), none=-2) + (v + 2)  # of an unknown pair, the edge's zeros
        return rows

    def save(self, folder: Path) -> dict[str, Any]:
        """Words as lines, the rest as arrays."""
        (folder / "words.txt").write_text("\n".join(self.known), "utf-8", newline="\n")
        for name, array in (("pairs", self.pairs), ("vectors", self.values), ("scales", self.scales)):
            np.save(folder / f"{name}.npy", array, allow_pickle=False)
        return {"words": "words.txt", "pairs": "pairs.npy", "vectors": "vectors.npy", "scales": "scales.npy"}

    @classmethod
    def load(cls, folder: Path, name: str, said: Mapping[str, Any], _threads: int) -> Static:
        """What `save` wrote."""
        arrays = (np.load(folder / said[part], allow_pickle=False) for part in ("pairs", "vectors", "scales"))
        text = (folder / said["words"]).read_text("utf-8")
        made = cls(tuple(text.split("\n")) if text else (), *arrays)
        made.__dict__["name"] = name  # hashed by whoever wrote it, and its files checked
        return made


class _Vocabulary(dict[str, int]):
    """Positions of known words. An unknown one has that of the known word it looks like, or v + 1."""

    def __init__(self, known: Sequence[str]) -> None:
        super().__init__(zip(known, range(len(known)), strict=True))
        self[EDGE] = len(known)
        self._known = known
        self._guessed: list[str] = []

    @cached_property
    def _alike(self) -> Alike:
        return Alike(self._known)

    def __missing__(self, word: str) -> int:
        close = self._alike.nearest(word)
        found = len(self._known) + 1 if close is None else close
        if len(word) > SHORT:
            return found
        if len(self._guessed) >= GUESSED:
            guessed, self._guessed = self._guessed, []
            for one in guessed:
                self.pop(one, None)
        self._guessed.append(word)
        self[word] = found  # the next time it is looked up as fast as any
        return found


def _sums(table: Floats, rows: NDArray[np.int64], edges: NDArray[np.int64], out: Floats, room: Floats) -> None:
    """Add up the rows of each text, its words and then its pairs, one after the other: so the sum is the same to the
    last bit whatever stands beside it.

    Texts of a length lie side by side, a word of each in a step, so that a step adds all their numbers at once; where
    a text has ended, the edge is added, which is zeros.

    Args:
        edges: shape (n + 1,), where each text begins, and the end.
        out: shape (n, width), zeros.
        room: shape (HELD, width), for rows that are being added.
    """
    lengths, end = np.diff(edges), edges[-1]
    order = np.argsort(lengths, kind="stable")
    lengths, starts = lengths[order], edges[order]
    sums = np.zeros_like(out)
    for first, last in pairwise([0, *np.searchsorted(lengths, SIZES).tolist()]):
        longest = int(lengths[last - 1])
        many = max(1, HELD // (len(rows) * longest))
        for i in range(first, last, many):
            some = slice(i, min(last, i + many))
            for begin in range(0, longest, SPAN):
                steps = np.arange(begin, min(longest, begin + SPAN))[:, None]
                picked = rows.take(np.where(steps < lengths[some], starts[some] + steps, end), axis=1).ravel()
                held = table.take(picked, axis=0, out=room[: len(picked)], mode="clip")  # "raise" would copy all of it
                sums[some] += np.add.reduce(held.reshape(-1, *sums[some].shape), axis=0)
    out[order] = sums
