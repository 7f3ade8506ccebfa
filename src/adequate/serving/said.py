"""Answers as JSON: by task, one value a text in each list, in the order of the texts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import orjson

from adequate.testing.outputs import Output, confidence
from adequate.types import Mask

Outputs = Mapping[str, Output]
Abstained = Mapping[str, Mask]  # by task that has a threshold: which answers a person should give


def reply(
    release: str,
    outputs: Outputs,
    *,
    abstained: Abstained | None = None,
    probabilities: int = 0,
    why: Mapping[str, Any] | None = None,
) -> bytes:
    """The body of an answer to `POST /predict`.

    Args:
        release: that answered.
        abstained: told beside the labels.
        probabilities: how many of the likeliest labels to tell with their probability.
        why: explanations by task.
    """
    told: dict[str, Any] = {task: _task(output, probabilities) for task, output in outputs.items()}
    for task, below in (abstained or {}).items():
        told[task]["abstained"] = below
    for task, words in (why or {}).items():
        told[task]["words"] = words
    return orjson.dumps({"release": release, "outputs": told}, option=orjson.OPT_SERIALIZE_NUMPY)


def labels(output: Output) -> list[Any]:
    """A label a text (None: no answer), or of a task that takes several a list of them."""
    names = output.labels
    if output.answers.ndim == 1:
        return [names[code] if code >= 0 else None for code in output.answers.tolist()]
    return [[names[code] for code in np.flatnonzero(row)] for row in output.answers]


def sure(output: Output) -> Any:
    """The probability of each answer, shape (n,) float32."""
    found = confidence(output)
    assert found is not None
    return found.astype(np.float32)


def _task(output: Output, probabilities: int) -> dict[str, Any]:
    told = {"labels": labels(output), "confidence": sure(output)}
    if probabilities:
        told["probabilities"] = _likeliest(output, probabilities)
    return told


def _likeliest(output: Output, most: int) -> list[dict[str, float]]:
    assert output.probs is not None
    order = np.argsort(-output.probs, axis=1, kind="stable")[:, :most]
    values = np.take_along_axis(output.probs, order, axis=1).tolist()
    return [
        {output.labels[code]: p for code, p in zip(codes, ps, strict=True)}
        for codes, ps in zip(order.tolist(), values, strict=True)
    ]
