"""A model of the project as a subject: its heads on disk, and the encoders that they read.

A batch is answered at once, each text in it once, however often it comes; what an encoder made of a text is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from adequate.encoders import onnx
from adequate.errors import NotEnoughDataError, ResourceError
from adequate.loop.memory import kept
from adequate.loop.subjects.vectors import Vectors
from adequate.loop.unseen import lexical_of
from adequate.perturb.operator import input_of
from adequate.store.store import FOLDER
from adequate.testing.outputs import Output, Outputs
from adequate.training.heads import Head
from adequate.training.saved import load
from adequate.types import Floats, Matrix, Rows

if TYPE_CHECKING:
    from pathlib import Path

    from adequate.encoders.lexical import Lexical
    from adequate.spec.project import Project
    from adequate.store import Store

TOGETHER = 8192  # texts answered at once: bounds the features held


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
        read = sorted({name for head in heads.values() for name in head.blocks} - {lexical.digest})
        return cls(
            name=found.id, heads=heads, dense={name: vectors(store.root, name) for name in read}, lexical=lexical
        )

    def __post_init__(self) -> None:
        name = self.lexical.digest  # a hash of all its weights: worth asking for once
        self._words = name if any(name in head.blocks for head in self.heads.values()) else None

    @property
    def tasks(self) -> tuple[str, ...]:
        """Those that have a head."""
        return tuple(self.heads)

    def answer(self, batch: pa.RecordBatch) -> Outputs:
        """What every head answers."""
        coded = pc.fill_null(batch.column(input_of(batch)), "").dictionary_encode()
        texts = coded.dictionary.to_pylist()
        pieces = [self._answer(texts[start : start + TOGETHER]) for start in range(0, max(len(texts), 1), TOGETHER)]
        at = coded.indices.to_numpy().astype(np.int64)
        return {task: _joined([piece[task] for piece in pieces], at) for task in self.heads}

    def learn(self, store: Store, rows: Rows, texts: pa.Array) -> None:
        """Take the vectors that the store has of examples, so that their texts aren't encoded again.

        Args:
            rows: shape (n,), which examples.
            texts: n, what they are.
        """
        for name, one in self.dense.items():
            stored = rows[at := np.flatnonzero(rows < store.blocks.count(name))]
            if len(stored):
                known = pc.fill_null(texts.take(pa.array(at)), "").to_pylist()
                one.learn(known, partial(_stored, store, name, stored))

    def _answer(self, texts: list[str]) -> Outputs:
        xs: dict[str, Matrix] = {name: one.of(texts) for name, one in self.dense.items()}
        if self._words is not None:
            xs[self._words] = self.lexical.hashed(texts)
        return {task: output_of(head, xs) for task, head in self.heads.items()}


def vectors(root: Path, name: str) -> Vectors:
    """What is kept of an encoder in a project, one for all models that read it.

    Raises:
        NotEnoughDataError: there is no such encoder, or its weights can't be had.
    """
    if name != onnx.digest("int8"):
        raise NotEnoughDataError(
            f"the model reads {name}, which isn't made any more", remedy="adequate run makes a new one"
        )

    def make() -> Vectors:
        try:
            return Vectors(onnx.load(), root / FOLDER)
        except ResourceError as error:
            raise NotEnoughDataError(
                f"the encoder {name} can't be had: {error.message}", remedy=error.remedy
            ) from error

    return kept(("encoded", str(root), name), make)


def _stored(store: Store, name: str, rows: Rows, at: Rows) -> Floats:
    """The vectors of some of these examples; the table is opened only where they are needed."""
    return store.blocks.block(name).take(rows[at])


def output_of(head: Head, xs: dict[str, Matrix]) -> Output:
    """The answers of one head."""
    logits = head.logits(xs)
    return Output(labels=head.labels, answers=head.decide(logits), probs=head.probs(logits))


def _joined(pieces: list[Output], at: Rows) -> Output:
    """The answers to some texts, each as often as it is asked."""
    probs = [piece.probs for piece in pieces if piece.probs is not None]
    return Output(
        labels=pieces[0].labels,
        answers=np.concatenate([piece.answers for piece in pieces])[at],
        probs=np.concatenate(probs)[at] if probs else None,
    )
