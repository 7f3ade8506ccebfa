"""Vectors are computed once: what an encoder made of an example is kept, and only what has no vector is encoded.

The examples are encoded in chunks that begin at multiples of `CHUNK` rows, whoever does it and whenever: a run that
was interrupted goes on at the last whole chunk, with the same texts together in each batch, so its vectors are the
same to the last bit. Only a chunk that grows because examples are added later is encoded in more than one go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from adequate.encoders.lexical import texts_of

if TYPE_CHECKING:
    from adequate.encoders.protocol import Encoder
    from adequate.store.resources import Progress
    from adequate.store.store import Store
    from adequate.types import Block

CHUNK = 4096  # rows encoded, and made safe on the disk, at once: what an interruption can lose


def embed(store: Store, encoder: Encoder, column: str, progress: Progress | None = None) -> Block:
    """The vectors of all examples, after encoding those that have none yet.

    Args:
        store: open for writing if any are missing.
        encoder: what makes them; its digest names them.
        column: of the examples, holding the texts; a missing text is encoded as an empty one.
        progress: called with (examples that have a vector, all examples) after each chunk.

    Returns:
        a block in row order, read from the disk as it is asked for.
    """
    examples, blocks = store.examples, store.blocks
    total, row = examples.count, blocks.count(encoder.digest)
    texts: list[str] = []
    for batch in examples.scan([column], size=CHUNK, first=row) if row < total else ():
        texts += texts_of(batch.column(0))
        while len(texts) >= (size := min(CHUNK - row % CHUNK, total - row)) > 0:
            blocks.append(encoder.digest, row, encoder.encode(texts[:size]))
            texts, row = texts[size:], row + size
            if progress:
                progress(row, total)
    return blocks.block(encoder.digest)
