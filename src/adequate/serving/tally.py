"""Counts over all requests, whatever is recorded of them: one line for each release, every ten seconds of traffic."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adequate.testing.outputs import Output, confidence
from adequate.types import Mask

BINS = 20  # of the confidence, over [0, 1]
Counts = NDArray[np.int64]


@dataclass(slots=True)
class TaskCounts:
    """Of one task.

    Args:
        labels: how often each was said.
        confidence: shape (20,), answers by confidence; a model that says none adds nothing.
        abstained: how often there was no answer, or one that a person should give.
    """

    labels: Counter[str] = field(default_factory=Counter)
    confidence: Counts = field(default_factory=lambda: np.zeros(BINS, np.int64))
    abstained: int = 0

    def add(self, output: Output, below: Mask | None = None) -> None:
        """Count some answers; O(n), a few passes in NumPy.

        Args:
            below: shape (n,), those below the release's threshold.
        """
        if below is not None:
            self.abstained += int(below.sum())
        if output.answers.ndim == 1:
            many = np.bincount(output.answers + 1, minlength=len(output.labels) + 1)
            self.abstained += int(many[0])
            many = many[1:]
        else:
            many = np.asarray(output.answers, bool).sum(axis=0)
        for at in np.flatnonzero(many).tolist():
            self.labels[output.labels[at]] += int(many[at])
        sure = confidence(output)
        if sure is not None:
            answered = sure if output.answers.ndim == 2 else sure[output.answers >= 0]
            places = np.clip((answered * BINS).astype(np.int64), 0, BINS - 1)
            self.confidence += np.bincount(places, minlength=BINS)


@dataclass(slots=True)
class Tally:
    """Of one release since `start`.

    Args:
        start: seconds since 1970.
        requests, texts, errors: all of them.
        seconds: of the model's time.
        assertions: by name, [looked at, violated, batches on which it failed].
        triggers: by id, how often it fired.
        shadow: texts that the candidate answered too; disagreed: by task.
        recorded: rows written; dropped: texts that nobody could look at, and rows that could not be written.
    """

    start: float
    requests: int = 0
    texts: int = 0
    errors: int = 0
    seconds: float = 0.0
    tasks: dict[str, TaskCounts] = field(default_factory=dict)
    assertions: dict[str, Counts] = field(default_factory=dict)
    triggers: Counter[str] = field(default_factory=Counter)
    shadow: int = 0
    disagreed: Counter[str] = field(default_factory=Counter)
    recorded: int = 0
    dropped: int = 0

    def answered(self, outputs: Mapping[str, Output], abstained: Mapping[str, Mask]) -> None:
        """Count what was answered, and by task which of it a person should answer."""
        for task, output in outputs.items():
            self.tasks.setdefault(task, TaskCounts()).add(output, abstained.get(task))

    def asserted(self, name: str, *, looked: int, violated: int, failed: bool = False) -> None:
        """Count what an assertion found in a batch."""
        found = self.assertions.setdefault(name, np.zeros(3, np.int64))
        found += np.array([looked, violated, failed])

    def line(self, server: str, release: str, end: float) -> dict[str, Any]:
        """As it is written down."""
        names = ("n", "violated", "failed")
        return {
            "kind": "tally",
            "server": server,
            "release": release,
            "start": self.start,
            "end": end,
            "requests": self.requests,
            "texts": self.texts,
            "errors": self.errors,
            "seconds": self.seconds,
            "tasks": {
                task: {
                    "labels": dict(counts.labels),
                    "confidence": counts.confidence.tolist(),
                    "abstained": counts.abstained,
                }
                for task, counts in self.tasks.items()
            },
            "assertions": {
                name: dict(zip(names, found.tolist(), strict=True)) for name, found in self.assertions.items()
            },
            "triggers": dict(self.triggers),
            "shadow": {"n": self.shadow, "disagreed": dict(self.disagreed)},
            "recorded": self.recorded,
            "dropped": self.dropped,
        }
