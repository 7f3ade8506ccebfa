"""With which probability each gate example is labelled by now, kept beside the store.

The numbers are a record of what was drawn, not of what was answered: they are written before the queue is filled, and
only ever grow. Losing one would make a label count for more than it is worth, so writing is atomic and synced. Those
from before the last cycle that drew are kept beside them: when that cycle is interrupted and goes on, it must see what
it saw the first time, or it would draw something else.
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
    """The probabilities of a project's gate examples, a file a task.

    Args:
        root: the project's folder.
        cycle: number of the cycle that reads and draws; None: whoever reads as things stand.
    """

    root: Path
    cycle: int | None = None

    def read(self, task: str, n: int) -> Doubles:
        """Shape (n,); 0 for gate examples that were added since."""
        path = self._path(task)
        out = np.zeros(n)
        if path.exists():
            with np.load(path, allow_pickle=False) as kept:
                now = kept["before" if kept["cycle"] == self.cycle else "now"]
            out[: len(now)] = now
        return out

    def raise_to(self, task: str, probability: Doubles) -> None:
        """Write them down; none becomes smaller."""
        before = self.read(task, len(probability))
        content = io.BytesIO()
        np.savez(content, before=before, now=np.maximum(probability, before), cycle=np.int64(self.cycle or 0))
        self._path(task).parent.mkdir(exist_ok=True)
        write_atomically(self._path(task), content.getvalue())

    def _path(self, task: str) -> Path:
        return self.root / ".adequate" / "gate" / f"{task}.npz"
