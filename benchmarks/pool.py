"""A made pool for the benchmarks of cycles: vectors like a sentence encoder's, labels, texts and slices.

Unit rows with a common direction and a decaying spectrum: 10,000 things that people say, and each row one of them put
a little differently; 77 labels that overlap so that a linear head of 2,000 labels gets about 90 % right. Made piece by
piece, each from its own seed, so that a pool larger than memory can be written.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from adequate.types import Codes, Doubles, Floats, Labels, Mask, Rows

WIDTH, LABELS, COLUMNS = 384, 77, 8
NAMES = tuple(f"label {code:02}" for code in range(LABELS))
PIECE = 50_000
SAID = 10_000  # things said
OVERLAP, JITTER = 3.2, 1.2  # spread within a label, and of ways to say one thing, in units of that between labels
TEACH, STEER, GATE = 2_000, 300, 1_500  # labels there are


@dataclass(frozen=True, slots=True)
class Piece:
    """Some rows of the pool."""

    first: int
    vectors: Floats
    gold: Codes
    parts: np.ndarray
    columns: Floats  # (m, COLUMNS), uniform; what slices are cut from

    def examples(self) -> pa.RecordBatch:
        """As the store takes them: a text of words, some of which tell the label."""
        m = len(self.gold)
        rng = np.random.default_rng([3, self.first])
        words = pa.array([f"w{i}" for i in range(5_000)])
        told = pa.array([f"topic{code} word{code % 9}" for code in range(LABELS)])
        said = [told.take(pa.array(np.where(rng.random(m) < 0.5, self.gold, rng.integers(LABELS, size=m))))]
        said += [words.take(pa.array((5_000 * rng.random(m) ** 3).astype(np.int32))) for _ in range(6)]
        numbers = np.arange(self.first, self.first + m)
        ids = pa.array([f"{number * 0x9E3779B97F4A7C15 % 2**64:016x}" for number in numbers.tolist()])
        columns = {f"c{i}": pa.array(self.columns[:, i]) for i in range(COLUMNS)}
        text = pc.binary_join_element_wise(*said, pc.cast(pa.array(numbers), pa.string()), " ")
        return pa.record_batch(
            {"text": text, **columns, "aq_id": ids, "aq_group": ids, "aq_part": pa.array(self.parts)}
        )


def pieces(n: int) -> Iterator[Piece]:
    """The pool in pieces, each always the same."""
    spectrum = (1 / np.sqrt(1 + np.arange(WIDTH) / 20)).astype(np.float32)
    centres = np.random.default_rng(0).standard_normal((LABELS, WIDTH), np.float32) * spectrum
    means = np.random.default_rng(1).integers(LABELS, size=SAID).astype(np.int32)
    said = np.random.default_rng(2).standard_normal((SAID, WIDTH), np.float32) * np.float32(OVERLAP) * spectrum
    said += centres[means] + np.float32(0.3)
    for first in range(0, n, PIECE):
        m = min(PIECE, n - first)
        rng = np.random.default_rng([1, first])
        which = rng.integers(SAID, size=m)
        gold = means[which]
        vectors = rng.standard_normal((m, WIDTH), np.float32)
        vectors *= np.float32(JITTER) * spectrum
        vectors += said[which]
        vectors /= np.sqrt(np.einsum("ij,ij->i", vectors, vectors))[:, None]
        parts = rng.choice(3, size=m, p=(0.80, 0.05, 0.15)).astype(np.uint8)
        yield Piece(first, vectors, gold, parts, rng.random((m, COLUMNS), np.float32))


def names_as_vectors() -> Floats:
    """What an encoder would make of the labels' names: near the centres."""
    rng = np.random.default_rng(0)
    centres = rng.standard_normal((LABELS, WIDTH), np.float32) + rng.standard_normal((LABELS, WIDTH), np.float32)
    return np.asarray(centres / np.linalg.norm(centres, axis=1, keepdims=True), np.float32)


def cuts(count: int) -> list[tuple[int, float, float]]:
    """Slices: (column, from, to), of 1 to 30 % of the pool each."""
    rng = np.random.default_rng(5)
    wide = rng.uniform(0.01, 0.3, count)
    low = rng.uniform(0, 1 - wide)
    return [(i % COLUMNS, float(a), float(a + w)) for i, (a, w) in enumerate(zip(low, wide, strict=True))]


def labelled(gold: Codes, parts: np.ndarray, uniform: Doubles, teach: int = TEACH) -> tuple[Labels, Doubles]:
    """Labels of the three parts, those of the gate drawn evenly; and each gate example's chance of being labelled."""
    rng = np.random.default_rng(9)
    taught = rng.permutation(np.flatnonzero(parts == 0))[:teach]
    steer = rng.permutation(np.flatnonzero(parts == 1))[:STEER]
    gate = np.flatnonzero(parts == 2)
    drawn = gate[np.argsort(uniform[gate])[:GATE]]
    chance = float(uniform[drawn].max())
    rows: Rows = np.sort(np.concatenate([taught, steer, drawn]))
    sealed: Mask = parts[rows] == 2
    labels = Labels(rows=rows, gold=gold[rows], probability=np.where(sealed, min(chance, 0.999), 0.999))
    return labels, np.full(len(gate), chance)
