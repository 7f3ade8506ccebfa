"""The few types that every part shares: array aliases, enumerations, and what a block of features can do.

Rows. Examples are numbered 0..n-1 in the order they were added and keep their number for good: embeddings and
predictions are stored in the same order, so that a row number is the join. Ids (hashes of content) are for people,
files and SQL; arrays carry row numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:  # the server needs no arithmetic, and scipy takes 20 MB
    from scipy.sparse import csr_array

Rows: TypeAlias = NDArray[np.int64]  # row numbers of examples
Codes: TypeAlias = NDArray[np.int32]  # positions in a task's tuple of labels; -1: none
Mask: TypeAlias = NDArray[np.bool_]
Floats: TypeAlias = NDArray[np.float32]  # features, logits, probabilities
Doubles: TypeAlias = NDArray[np.float64]  # statistics
Matrix: TypeAlias = "Floats | csr_array"  # features of some examples, one row each

RESERVED = "aq_"  # columns that we add to the user's: aq_row, aq_id, aq_group, aq_part


class Part(StrEnum):
    """What an example may be used for; decided once, by a hash of its group."""

    TEACH = "teach"  # trained on
    STEER = "steer"  # visible: its failures drive the miner and are shown
    GATE = "gate"  # sealed: only verdicts come out of it


PARTS: tuple[Part, ...] = (Part.TEACH, Part.STEER, Part.GATE)  # position = the code stored in arrays (uint8)


def part_name(code: int) -> str:
    """What a code in arrays of parts says; an example that was erased is of none.

    >>> part_name(1), part_name(255)
    ('steer', 'erased')
    """
    return str(PARTS[code]) if code < len(PARTS) else "erased"


class Kind(StrEnum):
    """What a task puts out."""

    CLASSIFY = "classify"  # exactly one label
    MULTILABEL = "multilabel"  # any number of labels, none included
    SPAN = "span"  # stretches of the text, each with a label; they may overlap
    SCORE = "score"  # a number: people say which of two has more of it


LEARNABLE = frozenset({Kind.CLASSIFY, Kind.MULTILABEL})  # the loop trains these; of the others it collects labels


class Source(StrEnum):
    """Where a label came from."""

    HUMAN = "human"
    IMPORT = "import"
    RULE = "rule"
    MODEL = "model"


class Metric(StrEnum):
    """What a cell measures; each is a fraction in [0, 1] of examples that are right."""

    ACCURACY = "accuracy"  # of all examples of the slice, those answered right (multilabel: the whole set)
    RECALL = "recall"  # of those that truly have the label, those given it
    PRECISION = "precision"  # of those given the label, those that truly have it
    BEHAVIOUR = "behaviour"  # of the cases of a behaviour, those that hold
    ENVELOPE = "envelope"  # how far a change of the input may go, of all that it can, until the behaviour fails
    ASSERTION = "assertion"  # of predictions, those that don't violate it
    MUST_PASS = "must_pass"  # of the examples that must always be answered right, those that are


BY_LABELS = (Metric.ACCURACY, Metric.RECALL, Metric.PRECISION)  # measured by gold labels
TESTS = tuple(metric for metric in Metric if metric not in BY_LABELS)  # of tests, which need none


class State(StrEnum):
    """Of a cell, against its target."""

    ADEQUATE = "adequate"
    INADEQUATE = "inadequate"
    UNKNOWN = "unknown"


class Change(StrEnum):
    """Of a cell, against the baseline."""

    IMPROVED = "improved"
    NOT_REGRESSED = "not_regressed"
    REGRESSED = "regressed"
    SUSPECT = "suspect"


class Block(Protocol):
    """Features of all examples from one encoder, read in batches: memory doesn't grow with the data."""

    @property
    def name(self) -> str:
        """Digest of the encoder, part of a model's identity."""

    @property
    def width(self) -> int:
        """Features an example."""

    def __len__(self) -> int:
        """Examples."""

    def take(self, rows: Rows) -> Matrix:
        """Features of these rows, in this order, shape (len(rows), width)."""

    def batches(self, size: int) -> Iterator[tuple[int, Matrix]]:
        """All rows in order: (first row, features of up to `size` rows)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """The current labels of one task, m of them, by ascending row.

    Args:
        rows: shape (m,), which examples.
        gold: shape (m,) int32 codes for `classify`; (m, k) bool for `multilabel`.
        probability: shape (m,) in (0, 1], the chance with which each was drawn for labelling from its part.
    """

    rows: Rows
    gold: NDArray[np.int32] | Mask
    probability: Doubles

    def __len__(self) -> int:
        return len(self.rows)

    def at(self, keep: Mask | NDArray[np.int64]) -> Labels:
        """A part of them."""
        return Labels(rows=self.rows[keep], gold=self.gold[keep], probability=self.probability[keep])


Progress: TypeAlias = Callable[[str, int, int | None], None]  # (what, done, total if known): shown by the CLI


def silent(what: str, done: int, total: int | None) -> None:
    """The progress of whoever doesn't want any."""
