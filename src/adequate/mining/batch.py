"""Picks as they are gathered from one rule after the other: nothing twice, never more than wanted."""

from __future__ import annotations

import numpy as np

from adequate.mining.knowledge import Knowledge, Picks
from adequate.types import Floats, Mask, Rows


class Batch:
    """A batch of at most `size` picks from the pool of one task."""

    def __init__(self, knowledge: Knowledge, size: int) -> None:
        self.knowledge = knowledge
        self.size = max(0, min(size, len(knowledge.pool)))
        self.taken: Mask = np.zeros(len(knowledge.pool), bool)
        self._at: list[int] = []
        self._said: list[tuple[str, str, str, float]] = []

    @property
    def wanted(self) -> int:
        """How many more."""
        return self.size - len(self._at)

    def add(
        self, positions: Rows, reason: str | list[str], policy: str, *, cell: str = "", probability: float = np.nan
    ) -> None:
        """Take these pool positions, as far as they are free and wanted.

        Args:
            reason: for the labeller; one for all, or one for each position.
        """
        for i, at in enumerate(positions.tolist()):
            if self.wanted == 0:
                return
            if not self.taken[at]:
                self.taken[at] = True
                self._at.append(at)
                self._said.append((reason if isinstance(reason, str) else reason[i], cell, policy, probability))

    def free(self) -> Rows:
        """Pool positions not taken yet, ascending."""
        return np.flatnonzero(~self.taken)

    def vectors(self, positions: Rows) -> Floats:
        """Of these pool positions, in this order."""
        return np.asarray(self.knowledge.vectors.take(self.knowledge.pool[positions]), np.float32)

    def picks(self) -> Picks:
        """What was gathered, in the order in which it was added."""
        reason, cell, policy, probability = zip(*self._said, strict=True) if self._said else ((), (), (), ())
        return Picks(
            rows=self.knowledge.pool[np.array(self._at, np.int64)],
            reason=reason,
            cell=cell,
            policy=policy,
            probability=np.array(probability, np.float64),
        )
