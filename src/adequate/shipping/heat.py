"""The temperature at which a student is as sure as its teacher."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from adequate.training.heads import Head, probabilities
from adequate.types import Floats, Kind

HEATS = np.exp2(np.linspace(-2, 2, 81))  # times the temperature it has, tried


def cooled(head: Head, logits: Floats, teacher: Floats) -> Head:
    """The head with the temperature that gives the least cross-entropy to the teacher's probabilities.

    Args:
        logits: shape (n, k), the head's, of texts that it wasn't made from.
        teacher: shape (n, k), probabilities of the same texts.
    """

    def loss(temperature: float) -> float:
        probs = probabilities(logits, head.kind, temperature)
        total = (teacher * np.log(np.maximum(probs, 1e-9))).sum()
        if head.kind is Kind.MULTILABEL:
            total += ((1 - teacher) * np.log(np.maximum(1 - probs, 1e-9))).sum()
        return -float(total)

    return replace(head, temperature=min((float(head.temperature * heat) for heat in HEATS), key=loss))
