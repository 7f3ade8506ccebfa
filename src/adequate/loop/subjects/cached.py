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
        if not len(batch) and not self._held:  # nobody has to be asked for that
            none = np.zeros(0, np.int32)
            return Answered({task: Output(labels=(), answers=none) for task in self.tasks})
        keys = self._keys(batch)
        seen = {key: i for i, key in reversed(list(enumerate(keys)))}  # each at the first row that has it
        fresh = np.array(sorted(i for key, i in seen.items() if key not in self._at), np.int64)
        found: list[Outputs] = []
        try:
            for start in range(0, len(fresh), self.together):
                found.append(self._asked(batch, fresh[start : start + self.together], found))
        finally:  # what was answered before an error isn't asked again
            self._learn([keys[i] for i in fresh[: len(found) * self.together].tolist()], found)
        at = np.array([self._at[key] for key in keys], np.int64)
        return Answered({task: output.at(at) for task, output in self._held.items()})

    def _keys(self, batch: pa.RecordBatch) -> list[Hashable]:
        if self.text_only:
            return list(batch.column(input_of(batch)).to_pylist())
        return [orjson.dumps(row, default=str) for row in batch.to_pylist()]

    def _asked(self, batch: pa.RecordBatch, rows: Rows, before: Sequence[Outputs]) -> Outputs:
        try:
            found = self.subject.answer(batch.take(pa.array(rows)))
        except SubjectError as error:
            raise error.moved(model=self.name, row=None if error.row is None else int(rows[error.row])) from error
        known: Outputs = self._held or (before[0] if before else found)
        if set(found) != set(known):
            raise SubjectError(
                f"it answered for {', '.join(found)}, and before for {', '.join(known)}",
                remedy="answer the same tasks every time",
                model=self.name,
            )
        return found

    def _learn(self, keys: Sequence[Hashable], found: Sequence[Outputs]) -> None:
        if found:
            held = [self._held, *found] if self._held else found
            self._held = {task: joined([one[task] for one in held]) for task in found[0]}
            first = len(self._at)
            self._at |= {key: first + i for i, key in enumerate(keys)}


def joined(outputs: Sequence[Output]) -> Output:
    """The rows of all, in order. Their labels may only grow: those of each are the first of the next one's."""
    labels = max((one.labels for one in outputs), key=len)
    k = len(labels)

    def wide(array: np.ndarray) -> np.ndarray:
        return array if array.ndim == 1 or array.shape[1] == k else np.pad(array, ((0, 0), (0, k - array.shape[1])))

    def together(arrays: Sequence[np.ndarray | None]) -> np.ndarray | None:
        known = [wide(array) for array in arrays if array is not None]
        return np.concatenate(known) if len(known) == len(arrays) else None

    return Output(
        labels=labels,
        answers=np.concatenate([wide(one.answers) for one in outputs]),
        probs=together([one.probs for one in outputs]),
        sure=together([one.sure for one in outputs]),
    )
