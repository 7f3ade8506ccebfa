"""Segments as servers write them, made of answers: tallies of all, rows of a uniform sample.

recorded(root, release, texts, outputs, ...)    append one server's segment
said(trained, texts, column)                    what a model of a project answers, as rows have it
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from adequate.store.recordings import folder_of
from adequate.testing.outputs import Subject, confidence

EVERY = 10.0  # seconds of a tally
Said = Sequence[Mapping[str, Any]]  # by task: {"label", "confidence"}, one a text


def said(subject: Subject, texts: Sequence[str], column: str) -> list[dict[str, Any]]:
    """What a model answers, one {"task": {"label", "confidence"}} a text."""
    out: list[dict[str, Any]] = [{} for _ in texts]
    for task, output in subject.answer(pa.record_batch({column: pa.array(texts)})).items():
        sure = confidence(output)
        assert sure is not None
        for i, one in enumerate(out):
            given = output.answers[i]
            label = (
                [output.labels[j] for j in np.flatnonzero(given)] if output.answers.ndim == 2 else output.labels[given]
            )
            one[task] = {"label": label, "confidence": round(float(sure[i]), 6)}
    return out


def recorded(
    root: Path,
    release: str,
    texts: Sequence[str],
    outputs: Said,
    *,
    start: float,
    seconds: float = 3600.0,
    rate: float = 0.05,
    column: str = "body",
    server: str = "host-1-abc",
    violated: Mapping[str, int] | None = None,
    errors: int = 0,
    seed: int = 0,
    extra: Sequence[Mapping[str, Any]] | None = None,
    more: Mapping[str, Any] | None = None,
) -> Path:
    """A segment of traffic, evenly over `seconds` from `start`.

    Args:
        rate: of the audit sample.
        violated: by assertion, how many of the answers violate it.
        extra: further columns, one mapping a text.
        more: further keys of the last tally.

    Returns:
        the segment.
    """
    rng = np.random.default_rng(seed)
    n = len(texts)
    folder = folder_of(root) / server
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{len(list(folder.iterdir())):06}.jsonl"
    at = start + seconds * np.arange(n) / max(n, 1)
    lines: list[dict[str, Any]] = []
    for i in np.flatnonzero(rng.random(n) < rate).tolist():
        inputs = {column: texts[i]} | (dict(extra[i]) if extra else {})
        lines.append(
            {"kind": "row", "id": f"{server}-{path.stem}-{i}", "at": float(at[i]), "release": release}
            | {"inputs": inputs, "outputs": outputs[i], "why": {"audit": rate}, "probability": rate}
        )
    pieces = np.array_split(np.arange(n), max(1, min(int(seconds / EVERY), 12)))
    for k, piece in enumerate(pieces):
        if not len(piece):
            continue
        last = k == len(pieces) - 1
        tasks: dict[str, Any] = {}
        for i in piece.tolist():
            for task, one in outputs[i].items():
                mine = tasks.setdefault(task, {"labels": {}, "confidence": [0] * 20, "abstained": 0})
                for label in one["label"] if isinstance(one["label"], list) else [one["label"]]:
                    mine["labels"][label] = mine["labels"].get(label, 0) + 1
                mine["confidence"][min(int(one["confidence"] * 20), 19)] += 1
        lines.append(
            {"kind": "tally", "server": server, "release": release}
            | {"start": float(at[piece[0]]), "end": float(at[piece[-1]]) + 0.1, "requests": len(piece)}
            | {"texts": len(piece), "errors": errors if last else 0, "seconds": 0.001 * len(piece), "tasks": tasks}
            | {
                "assertions": {
                    name: {"n": len(piece), "violated": count if last else 0}
                    for name, count in (violated or {}).items()
                }
            }
            | {"triggers": {}, "shadow": {"n": 0, "disagreed": {}}, "recorded": 0, "dropped": 0}
            | (dict(more or {}) if last else {})
        )
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path
