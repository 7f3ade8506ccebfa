"""With which probability each gate example is labelled by now, kept beside the store.

The numbers are a record of what was drawn, not of what was answered: they are written before the queue is filled, and
only ever grow. Losing one would make a label count for more than it is worth, so writing is atomic and synced.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from adequate.store.sync import write_atomically
from adequate.types import Doubles


@dataclass(frozen=True, slots=True)
class Chances:
    """The probabilities of a project's gate examples, a file a task."""

    root: Path

    def read(self, task: str, n: int) -> Doubles:
        """Shape (n,); 0 for gate examples that were added since."""
        path = self._path(task)
        kept = np.load(path, allow_pickle=False) if path.exists() else np.zeros(0)
        out = np.zeros(n)
        out[: len(kept)] = kept
        return out

    def raise_to(self, task: str, probability: Doubles) -> None:
        """Write them down; none becomes smaller."""
        now = np.maximum(probability, self.read(task, len(probability)))
        content = io.BytesIO()
        np.save(content, now, allow_pickle=False)
        self._path(task).parent.mkdir(exist_ok=True)
        write_atomically(self._path(task), content.getvalue())

    def _path(self, task: str) -> Path:
        return self.root / ".adequate" / "gate" / f"{task}.npy"
