"""A bundle that has the model's own encoder isn't asked to encode what the project has encoded already.

An int8 vector depends on nothing but its text, so that what is kept is what the bundle would compute, bit for bit: the
model as it is can be screened and gated in seconds. Its speed is measured on the bundle itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from adequate.bundles import Bundle
from adequate.bundles.blocks import Block, Graph
from adequate.encoders.lexical import texts_of
from adequate.loop.subjects.vectors import MOST, Vectors
from adequate.types import Floats

if TYPE_CHECKING:
    from adequate.loop.subjects import Trained
    from adequate.store import Store

TOGETHER = 8_192  # examples whose vectors are taken over at once


@dataclass(eq=False)
class _Kept(Graph):
    """An encoder whose vectors are kept."""

    vectors: Vectors | None = None

    def of(self, texts: Sequence[str]) -> Floats:
        """What is kept, and made where it isn't."""
        assert self.vectors is not None
        return self.vectors.of(texts)


def remembering(bundle: Bundle, model: Trained) -> Bundle:
    """The same bundle, with the vectors that the model's encoders made before."""
    if not any(isinstance(block, Graph) and block.name in model.dense for block in bundle.blocks.values()):
        return bundle
    return replace(bundle, blocks={name: _remembering(block, model) for name, block in bundle.blocks.items()})


def _remembering(block: Block, model: Trained) -> Block:
    if not isinstance(block, Graph) or block.name not in model.dense:
        return block
    said = {
        name: getattr(block, name) for name in ("name", "width", "model", "tokenizer", "alone", "tokens", "threads")
    }
    return _Kept(**said, vectors=model.dense[block.name])


def learned(store: Store, model: Trained, column: str) -> None:
    """Take over the vectors that the store has of examples, as far as there is room."""
    rows = 0
    if not model.dense:
        return
    for batch in store.examples.scan([column], size=TOGETHER):
        if rows + len(batch) > MOST // 2:
            return
        model.learn(store, np.arange(rows, rows + len(batch)), pa.array(texts_of(batch.column(0))))
        rows += len(batch)
