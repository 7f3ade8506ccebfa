"""A model of the project as a subject: its heads on disk, and the encoders that they read.

Each text is encoded once, however often it comes back and whichever model asks: vectors are kept by their text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from adequate.encoders import onnx
from adequate.errors import NotEnoughDataError, ResourceError
from adequate.loop.unseen import lexical_of
from adequate.perturb.operator import input_of
from adequate.testing.outputs import Output, Outputs
from adequate.training.heads import Head
from adequate.training.saved import load
from adequate.types import Floats, Matrix

if TYPE_CHECKING:
    from adequate.encoders.lexical import Lexical
    from adequate.encoders.protocol import Encoder
    from adequate.spec.project import Project
    from adequate.store import Store


@dataclass(eq=False)
class Vectors:
    """What an encoder made of texts, by text."""

    encoder: Encoder
    _at: dict[str, int] = field(default_factory=dict)
    _held: list[Floats] = field(default_factory=list)

    def of(self, texts: Sequence[str]) -> Floats:
        """One vector a text, shape (n, width)."""
        fresh = [text for text in dict.fromkeys(texts) if text not in self._at]
        if fresh:
            first = len(self._at)
            self._held.append(self.encoder.encode(fresh))
            self._at |= {text: first + i for i, text in enumerate(fresh)}
        if len(self._held) > 1:
            self._held = [np.concatenate(self._held)]
        return self._held[0][[self._at[text] for text in texts]]


@dataclass(eq=False)
class Trained:
    """One model of a project.

    Args:
        name: its id.
        heads: by task.
        dense: vectors by the name of their encoder.
        lexical: the weights that n-grams had when it was made.
    """

    name: str
    heads: dict[str, Head]
    dense: dict[str, Vectors]
    lexical: Lexical

    @classmethod
    def of(cls, store: Store, project: Project, model: str) -> Trained:
        """From the store.

        Raises:
            NotEnoughDataError: the model's files are gone, or an encoder that it reads can't be had.
        """
        found = store.models.get(model)
        folder = store.models.folder(found.id)
        heads = {task: load(folder / task) for task in project.learnable if (folder / task).exists()}
        if not heads:
            raise NotEnoughDataError(f"model {found.id} has no head on disk", remedy="adequate run makes a new one")
        lexical = lexical_of(store, project, found.id)
        dense: dict[str, Vectors] = {}
        for name in sorted({name for head in heads.values() for name in head.blocks}):
            if name.startswith("lexical-"):
                continue
            try:
                encoder: Encoder = onnx.load()
            except ResourceError as error:
                raise NotEnoughDataError(f"the encoder {name} can't be had: {error.message}") from error
            dense[name] = Vectors(encoder)
        return cls(name=found.id, heads=heads, dense=dense, lexical=lexical)

    @property
    def tasks(self) -> tuple[str, ...]:
        """Those that have a head."""
        return tuple(self.heads)

    def answer(self, batch: pa.RecordBatch) -> Outputs:
        """What every head answers."""
        texts = [text or "" for text in batch.column(input_of(batch)).to_pylist()]
        xs: dict[str, Matrix] = {name: vectors.of(texts) for name, vectors in self.dense.items()}
        if any(name.startswith("lexical-") for head in self.heads.values() for name in head.blocks):
            xs[self.lexical.digest] = self.lexical.hashed(texts)
        return {task: output_of(head, xs) for task, head in self.heads.items()}


def output_of(head: Head, xs: dict[str, Matrix]) -> Output:
    """The answers of one head."""
    logits = head.logits(xs)
    return Output(labels=head.labels, answers=head.decide(logits), probs=head.probs(logits))
