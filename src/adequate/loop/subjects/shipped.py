"""A bundle as a subject: what would be shipped is put to the tests, not the model that it was made from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from adequate.bundles import Bundle
from adequate.loop.subjects.cached import joined
from adequate.perturb.operator import input_of

if TYPE_CHECKING:
    from adequate.testing.outputs import Outputs

TOGETHER = 1_024  # texts answered at once


class Shipped:
    """A bundle; each text of a batch is answered once, however often it comes.

    Args:
        bundle: open.
    """

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle

    @property
    def name(self) -> str:
        """Its id."""
        return self.bundle.id

    @property
    def tasks(self) -> tuple[str, ...]:
        """Those that it answers."""
        return self.bundle.tasks

    def answer(self, batch: pa.RecordBatch) -> Outputs:
        """What every head answers."""
        coded = pc.fill_null(batch.column(input_of(batch)), "").dictionary_encode()
        texts = coded.dictionary.to_pylist()
        starts = range(0, max(len(texts), 1), TOGETHER)
        pieces = [self.bundle.answer(texts[start : start + TOGETHER]).outputs for start in starts]
        at = coded.indices.to_numpy().astype(np.int64)
        return {task: joined([piece[task] for piece in pieces]).at(at) for task in self.tasks}
