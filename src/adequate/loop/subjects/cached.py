"""A slow model asked once: each input once in a run, however often it comes back, and many in one question."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import orjson
import pyarrow as pa

from adequate.errors import SubjectError
from adequate.perturb.operator import input_of
from adequate.testing.outputs import Answered, Output, Outputs, Subject

if TYPE_CHECKING:
    from adequate.types import Rows

TOGETHER = 1_024  # inputs in one question
KEPT = 200_000  # answers that are remembered; beyond, all are forgotten and asked again


@dataclass(eq=False, kw_only=True)
class Cached:
    """A subject that remembers.

    Args:
        subject: who is asked.
        text_only: whether it sees nothing but the input; else inputs are alike where all columns are.
        together: inputs in one question.
    """

    subject: Subject
    text_only: bool = True
    together: int = TOGETHER
    _at: dict[Hashable, int] = field(default_factory=dict, init=False)
    _held: dict[str, Output] = field(default_factory=dict, init=False)

    @property
    def name(self) -> str:
        """The subject's."""
        return self.subject.name

    @property
    def tasks(self) -> tuple[str, ...]:
        """The subject's."""
        return self.subject.tasks

    def answer(self, batch: pa.RecordBatch) -> Outputs:
        """What the subject answers, or answered.

        Raises:
            SubjectError: with the row of this batch.
        """
        if len(self._at) > KEPT:
            self._at.clear()
            self._held.clear()
        keys = self._keys(batch)
        seen = {key: i for i, key in reversed(list(enumerate(keys)))}  # each at the first row that has it
        fresh = np.array(sorted(i for key, i in seen.items() if key not in self._at), np.int64)
        for start in range(0, len(fresh), self.together):
            rows = fresh[start : start + self.together]
            self._learn([keys[i] for i in rows.tolist()], self._asked(batch, rows))
        at = np.array([self._at[key] for key in keys], np.int64)
        return Answered({task: output.at(at) for task, output in self._held.items()})

    def _keys(self, batch: pa.RecordBatch) -> list[Hashable]:
        if self.text_only:
            return list(batch.column(input_of(batch)).to_pylist())
        return [orjson.dumps(row, default=str) for row in batch.to_pylist()]

    def _asked(self, batch: pa.RecordBatch, rows: Rows) -> Outputs:
        try:
            found = self.subject.answer(batch.take(pa.array(rows)))
        except SubjectError as error:
            raise error.moved(model=self.name, row=None if error.row is None else int(rows[error.row])) from error
        if self._held and set(found) != set(self._held):
            raise SubjectError(
                f"it answered for {', '.join(found)}, and before for {', '.join(self._held)}",
                remedy="answer the same tasks every time",
                model=self.name,
            )
        return found

    def _learn(self, keys: Sequence[Hashable], found: Outputs) -> None:
        first = len(self._at)
        self._held = {
            task: joined(self._held[task], output) if task in self._held else output for task, output in found.items()
        }
        self._at |= {key: first + i for i, key in enumerate(keys)}


def joined(one: Output, other: Output) -> Output:
    """The rows of both; the labels of one are the first of the other's, or the reverse."""
    labels = max(one.labels, other.labels, key=len)
    k = len(labels)

    def wide(array: np.ndarray) -> np.ndarray:
        return array if array.ndim == 1 or array.shape[1] == k else np.pad(array, ((0, 0), (0, k - array.shape[1])))

    def both(a: np.ndarray | None, b: np.ndarray | None) -> np.ndarray | None:
        return None if a is None or b is None else np.concatenate([wide(a), wide(b)])

    answers = np.concatenate([wide(one.answers), wide(other.answers)])
    return Output(labels=labels, answers=answers, probs=both(one.probs, other.probs), sure=both(one.sure, other.sure))
