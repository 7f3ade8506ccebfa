"""From texts to features: the encoders there are, and the blocks that they make of texts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from adequate.encoders.cache import embed
from adequate.encoders.lexical import Lexical, texts_of
from adequate.encoders.protocol import phrase
from adequate.errors import ResourceError
from adequate.types import Block, Floats, Matrix, Progress, Rows, silent

if TYPE_CHECKING:
    from adequate.encoders.protocol import Encoder
    from adequate.store import Store

WEIGHED = 100_000  # texts, evenly spaced, that weigh n-grams: four million would take minutes and weigh them alike
BATCH = 8192

Notice = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoders:
    """What turns texts into features.

    Args:
        dense: vectors for neighbours, and for heads where they carry meaning.
        lexical: hashed n-grams, weighed by the pool.
        meaning: whether `dense` comes from a language model; else it only projects the n-grams.
    """

    dense: Encoder
    lexical: Lexical
    meaning: bool

    def phrases(self, names: Sequence[str]) -> Floats | None:
        """The labels' names as vectors, shape (k, width)."""
        return self.dense.encode([phrase(name) for name in names]) if names else None


def encoders(texts: Iterator[Sequence[str]], notice: Notice, progress: Progress = silent) -> Encoders:
    """The encoders for a pool of texts. Without weights the engine works on words alone, and says so.

    Args:
        texts: the pool in batches, read once: it weighs the n-grams.
    """
    from adequate.encoders import onnx

    lexical = Lexical().fit_idf(texts)
    try:
        dense = onnx.load(progress=lambda done, total: progress("fetching weights (bytes)", done, total))
    except ResourceError as error:
        notice(f"no language model, so words alone are compared: {error.message}")
        return Encoders(dense=lexical.dense(), lexical=lexical, meaning=False)
    return Encoders(dense=dense, lexical=lexical, meaning=True)


def of_store(store: Store, column: str, notice: Notice, progress: Progress = silent) -> Encoders:
    """The encoders for the examples of a project."""
    return encoders(weighing(store, column), notice, progress)


def weighing(store: Store, column: str, most: int = WEIGHED) -> Iterator[Sequence[str]]:
    """The texts that tell how common an n-gram is: all of them, or of a large pool as many as settle it."""
    n = store.examples.count
    few = min(n, most)
    rows = np.arange(few) * n // max(few, 1)
    for start in range(0, len(rows), BATCH):
        yield texts_of(store.examples.take(rows[start : start + BATCH], [column]).column(0))


def blocks(store: Store, column: str, found: Encoders, progress: Progress = silent) -> tuple[Block, dict[str, Block]]:
    """The dense block (encoding what has no vector yet), and all blocks that a head may read, by name."""
    dense = embed(store, found.dense, column, lambda done, total: progress("embedding", done, total))
    lexical = found.lexical.block(store.examples, column)
    return dense, {block.name: block for block in ((dense, lexical) if found.meaning else (lexical,))}


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A `types.Block` in memory."""

    name: str
    matrix: Matrix

    @property
    def width(self) -> int:
        """Features an example."""
        return int(self.matrix.shape[1])

    def __len__(self) -> int:
        return int(self.matrix.shape[0])

    def take(self, rows: Rows) -> Matrix:
        """Features of these rows, in this order."""
        return self.matrix[rows]

    def batches(self, size: int) -> Iterator[tuple[int, Matrix]]:
        """All rows in order."""
        for first in range(0, len(self), size):
            yield first, self.matrix[first : first + size]


def held(
    texts: Sequence[str], found: Encoders, progress: Progress = silent, size: int = 4096
) -> tuple[Held, dict[str, Block]]:
    """Texts as blocks in memory: the dense one, and all that a head may read."""
    pieces = []
    for first in range(0, len(texts), size):
        pieces.append(found.dense.encode(texts[first : first + size]))
        progress("embedding", min(first + size, len(texts)), len(texts))
    dense = Held(
        name=found.dense.digest,
        matrix=np.concatenate(pieces) if pieces else np.empty((0, found.dense.width), np.float32),
    )
    lexical = Held(name=found.lexical.digest, matrix=found.lexical.hashed(texts))
    return dense, {block.name: block for block in ((dense, lexical) if found.meaning else (lexical,))}
