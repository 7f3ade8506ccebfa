"""What a model answers for a batch, whosever model it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

import numpy as np

from adequate.errors import SubjectError
from adequate.types import Codes, Doubles, Floats, Mask, Rows

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """The answers of one task for n examples.

    Args:
        labels: k names.
        answers: shape (n,) codes into `labels` (-1: no answer), or (n, k) bool.
        probs: shape (n, k), the probability of each label; None where the model says none.
        sure: shape (n,), the probability of the answer, of a model that says no more; None where `probs` says it.
    """

    labels: tuple[str, ...]
    answers: Codes | Mask
    probs: Floats | None = None
    sure: Floats | None = None

    def __len__(self) -> int:
        return len(self.answers)

    def at(self, keep: Mask | Rows) -> Output:
        """Those of some rows."""
        probs, sure = (None if one is None else one[keep] for one in (self.probs, self.sure))
        return Output(labels=self.labels, answers=self.answers[keep], probs=probs, sure=sure)


Outputs: TypeAlias = Mapping[str, Output]  # by task


class Answered(dict[str, Output]):
    """Outputs by task; to ask for a task that the model doesn't answer is an error that says so."""

    def __missing__(self, task: str) -> Output:
        known = ", ".join(self) or "none"
        raise SubjectError(f"the model doesn't answer task {task!r}", remedy=f"it answers: {known}")


class Subject(Protocol):
    """A model under test: ours, a callable, a server."""

    @property
    def name(self) -> str:
        """For people: an id, an address, `module:callable`."""

    @property
    def tasks(self) -> tuple[str, ...]:
        """The tasks that it answers."""

    def answer(self, batch: pa.RecordBatch) -> Outputs:
        """What it answers for these inputs, row by row; the same for the same input, whatever stands beside it.

        Raises:
            SubjectError: it fails, or what it returns can't be answers; names it, and the row.
        """


def said(output: Output) -> pa.Array:
    """Answers in words: a label each (null: none), or of a task that takes several a list of them."""
    import pyarrow as pa  # here: a server that speaks JSON needs none of it

    names = pa.array(output.labels, pa.string())
    if output.answers.ndim == 1:
        return names.take(pa.array(output.answers, mask=output.answers == -1))
    chosen = np.asarray(output.answers, bool)
    ends = np.concatenate([[0], np.cumsum(chosen.sum(axis=1))]).astype(np.int32)
    return pa.ListArray.from_arrays(ends, names.take(pa.array(np.nonzero(chosen)[1])))


def confidence(output: Output) -> Doubles | None:
    """The probability of each answer, shape (n,); None where the model says none."""
    if output.probs is None:
        return None if output.sure is None else np.asarray(output.sure, np.float64)
    if output.answers.ndim == 1:
        return np.asarray(output.probs[np.arange(len(output)), np.maximum(output.answers, 0)], np.float64)
    chosen = output.answers.astype(bool)
    return np.asarray(np.where(chosen, output.probs, 1 - output.probs).prod(axis=1), np.float64)
