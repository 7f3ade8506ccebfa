"""A model made of arithmetic, which answers as a bundle does, and what a recorder wrote of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from adequate.bundles.bundle import Answers
from adequate.serving.spool import pieces
from adequate.testing.outputs import Output

LABELS = ("card", "fee", "login")
TEXT = "body"


class Model:
    """Says the label at (length of the text + `turn`) modulo 3; its features are that place, and 1."""

    def __init__(self, name: str = "r1", turn: int = 0) -> None:
        self.id = name
        self.turn = turn
        self.tasks = ("intent", "topics")

    def answer(self, texts: Sequence[str], tasks: Sequence[str] | None = None) -> Answers:
        places = np.array([(len(text) + self.turn) % 3 for text in texts], np.int32)
        probs = np.full((len(texts), 3), 0.1, np.float32)
        probs[np.arange(len(texts)), places] = 0.8
        outputs = {
            "intent": Output(labels=LABELS, answers=places, probs=probs),
            "topics": Output(labels=LABELS, answers=probs > 0.5, probs=probs),
        }
        wanted = self.tasks if tasks is None else tasks
        features = np.stack([places, np.ones_like(places)], axis=1).astype(np.float32)
        return Answers(outputs={task: outputs[task] for task in wanted}, features={"block": features})


def texts(n: int) -> list[str]:
    """Texts whose answers go round: card, fee, login."""
    return [f"{'x' * (i % 3)}{i:06d}" for i in range(n)]


def written(recorded: Path) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """All rows and tallies of all servers."""
    found = list(pieces(recorded))
    return [row for piece in found for row in piece.rows], [one for piece in found for one in piece.tallies]


def total(tallies: Sequence[Mapping[str, Any]], *path: str) -> float:
    """The sum of one count over tallies."""
    found = 0.0
    for tally in tallies:
        value: Any = tally
        for name in path:
            value = value.get(name, 0) if isinstance(value, dict) else 0
        found += value
    return found
