"""The examples that behaviours change: read, encoded and answered once as they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from adequate.encoders.lexical import Lexical, Projection
from adequate.loop.checks.run import examples
from adequate.loop.engine import Engine
from adequate.loop.subjects import Trained
from adequate.loop.subjects.vectors import Vectors
from adequate.types import Part
from tests.loop.checks.conftest import declared


def test_an_example_that_has_a_vector_is_not_encoded_again(root: Path) -> None:
    project = declared(root, "")
    encoder = Projection(Lexical(bits=10))
    with Engine(root, project).store(write=True) as store:
        n = store.examples.count
        texts = store.examples.take(np.arange(n), ["body"])["body"].to_pylist()
        store.blocks.append(encoder.digest, 0, encoder.encode(texts[: n - 600]))
        subject, held = Trained.of(store, project, "last"), Vectors(encoder)
        subject.dense = {encoder.digest: held}
        gate = examples(store, project, Part.GATE)
        gate.answered(subject, "intent", np.arange(len(gate.rows)))
        known = set(texts[: n - 600])
        assert held.encoded == len({texts[i] for i in gate.rows} - known)
        assert 0 < held.encoded < len(gate.rows)
        assert np.array_equal(held.of(texts), encoder.encode(texts))
