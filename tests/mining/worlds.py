"""Small made pools: unit vectors around one direction a label, names near those directions, and a simple head."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from adequate.mining import Knowledge, Seen, Shortfall, outlook
from adequate.types import Codes, Floats, Kind, Mask, Rows

WIDTH = 32


@dataclass
class Held:
    """A `types.Block` in memory that counts what is read of it."""

    x: Floats
    name: str = "made"
    taken: int = 0

    @property
    def width(self) -> int:
        return int(self.x.shape[1])

    def __len__(self) -> int:
        return len(self.x)

    def take(self, rows: Rows) -> Floats:
        self.taken += len(rows)
        return self.x[rows]

    def batches(self, size: int) -> Iterator[tuple[int, Floats]]:
        for first in range(0, len(self.x), size):
            yield first, self.x[first : first + size]


def unit(x: np.ndarray) -> Floats:
    return (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float32)


@dataclass
class World:
    """A pool whose labels are hidden from the miner, and shown to the test."""

    block: Held
    gold: Codes
    names: Floats
    k: int

    def knowledge(
        self,
        taught: Rows,
        *,
        names: bool = True,
        cells: tuple[Shortfall, ...] = (),
        exhausted: frozenset[int] = frozenset(),
    ) -> Knowledge:
        """What is known once these rows are labelled; the head answers by the nearest labelled mean."""
        taught = np.sort(taught)
        pool = np.setdiff1d(np.arange(len(self.gold)), taught)
        blind = len(taught) == 0
        return Knowledge(
            task="intent",
            kind=Kind.CLASSIFY,
            labels=tuple(f"label {i}" for i in range(self.k)),
            vectors=self.block,
            pool=pool,
            taught=self._seen(taught),
            steer=self._seen(taught[:0]),
            outlook=None if blind else outlook(self.probs(pool, taught)),
            names=self.names if names else None,
            cells=cells,
            exhausted=exhausted,
        )

    def probs(self, rows: Rows, taught: Rows) -> Floats:
        means = np.zeros((self.k, WIDTH), np.float32)
        np.add.at(means, self.gold[taught], self.block.x[taught])
        known = means.any(axis=1)
        near = np.full((len(rows), self.k), -np.inf)
        near[:, known] = 15 * self.block.x[rows] @ unit(means[known]).T
        e = np.exp(near - near.max(axis=1, keepdims=True))
        return (e / e.sum(axis=1, keepdims=True)).astype(np.float32)

    def _seen(self, rows: Rows) -> Seen:
        """Labelled examples and what the head says of each without it."""
        told = np.full(len(rows), -1, np.int32)
        if len(rows) > 1:
            told[:] = [self.probs(rows[i : i + 1], np.delete(rows, i)).argmax() for i in range(len(rows))]
        return Seen(rows=rows, gold=self.gold[rows], predicted=told)


def world(sizes: list[int], *, seed: int = 0, spread: float = 0.6, meaning: float = 1.0) -> World:
    """sizes[c] examples of label c. `meaning` 1: names lie near their label; 0: they lie anywhere."""
    rng = np.random.default_rng(seed)
    k = len(sizes)
    directions = rng.normal(size=(k, WIDTH))
    gold = rng.permutation(np.repeat(np.arange(k, dtype=np.int32), sizes))
    x = unit(directions[gold] + spread * rng.normal(size=(len(gold), WIDTH)) + 0.5)
    names = unit(meaning * directions + (0.5 if meaning else 1.0) * rng.normal(size=(k, WIDTH)))
    return World(block=Held(x), gold=gold, names=names, k=k)


def several(n: int = 300, k: int = 4, *, seed: int = 0) -> tuple[Held, Mask]:
    """Examples with any number of k labels."""
    rng = np.random.default_rng(seed)
    gold = rng.random((n, k)) < np.geomspace(0.5, 0.05, k)
    return Held(unit(gold @ rng.normal(size=(k, WIDTH)) + 0.5 * rng.normal(size=(n, WIDTH)))), gold
