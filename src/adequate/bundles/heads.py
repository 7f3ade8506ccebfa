"""A head in a bundle: arrays as one `.npz`, the rest in the manifest; and its logits from any block, without scipy."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from adequate.bundles.blocks import Features
from adequate.encoders.ngrams import Counted
from adequate.training.heads import NEVER, Head, Weights
from adequate.types import Floats, Kind

if TYPE_CHECKING:
    from numpy.typing import NDArray

HELD = 1 << 22  # numbers gathered at once


def logits(head: Head, xs: Mapping[str, Features], at: Mapping[str, NDArray[np.int32]]) -> Floats:
    """Raw scores, shape (n, k), as `Head.logits` gives them; of n-grams they may differ in the last bits.

    Args:
        xs: features by block.
        at: by block of n-grams, where each of its columns stands in the head's weights; the last row for those that
            training never saw.
    """
    out: Floats | None = None
    for name in head.blocks:
        x, weights = xs[name], head.weights[name]
        part = _summed(x, weights, at[name]) if isinstance(x, Counted) else weights.scores(x)
        out = part if out is None else out + part
    assert out is not None
    out = out + head.bias
    return np.maximum(out, NEVER, out=out)


def places(weights: Weights) -> NDArray[np.int32]:
    """Where each column of a block stands in the weights, shape (width,); past the end: nowhere."""
    assert weights.columns is not None
    at = np.full(weights.width, len(weights.columns), np.int32)
    at[weights.columns] = np.arange(len(weights.columns), dtype=np.int32)
    return at


def _summed(x: Counted, weights: Weights, at: NDArray[np.int32]) -> Floats:
    n, k = len(x.starts) - 1, weights.values.shape[1]
    where = at[x.columns]
    known = where < len(weights.values)
    ends = np.concatenate([[0], np.cumsum(known)])[x.starts]
    where, values = where[known], x.values[known]
    out = np.zeros((n, k), np.float32)
    step = max(1, HELD // max(k, 1))
    row = 0
    while row < n:
        last = max(row + 1, int(np.searchsorted(ends, ends[row] + step, "right")) - 1)
        first, end = ends[row], ends[last]
        if end > first:
            terms = weights.values[where[first:end]] * values[first:end, None]
            full = np.flatnonzero(np.diff(ends[row : last + 1]))
            out[row + full] = np.add.reduceat(terms, ends[row + full] - first, axis=0)
        row = last
    return out


def save(head: Head, folder: Path) -> dict[str, Any]:
    """Write `heads/TASK.npz`, without pickled objects; returns what `load` needs besides."""
    path = f"heads/{_file(head.task)}.npz"
    (folder / "heads").mkdir(exist_ok=True)
    arrays: dict[str, Any] = {"bias": head.bias, "offsets": head.offsets}
    for i, name in enumerate(head.blocks):
        arrays |= _least(head.weights[name].values, i)
        if (columns := head.weights[name].columns) is not None:
            arrays[f"columns{i}"] = columns.astype(np.int32)
    np.savez(folder / path, **arrays)
    return {
        "kind": str(head.kind),
        "labels": list(head.labels),
        "blocks": {name: head.weights[name].width for name in head.blocks},
        "l2": head.l2,
        "temperature": head.temperature,
        "file": path,
    }


def _least(values: Floats, i: int) -> dict[str, NDArray[Any]]:
    """In the fewest bytes that lose nothing: a head made small was rounded before it was calibrated."""
    scales = np.abs(values).max(axis=1, initial=0) / np.float32(127)
    steps = np.rint(values / np.where(scales > 0, scales, np.float32(1))[:, None]).astype(np.int8)
    if np.array_equal(steps * scales[:, None], values):
        return {f"values{i}": steps, f"scales{i}": scales}
    with np.errstate(over="ignore"):
        half = values.astype(np.float16)
    return {f"values{i}": half if np.array_equal(half, values) else values}


def _whole(arrays: Mapping[str, NDArray[Any]], i: int) -> Floats:
    values: Floats = arrays[f"values{i}"].astype(np.float32, copy=False)
    return values * arrays[f"scales{i}"][:, None] if f"scales{i}" in arrays else values


def _file(task: str) -> str:
    """A file's name for any task, two of which differ in more than case.

    >>> _file("intent"), _file("../Ünsafe")
    ('intent', 'nsafe-aee26ed4')
    """
    if re.fullmatch(r"[a-z0-9_-]{1,64}", task):
        return task
    plain = re.sub(r"[^a-z0-9_-]", "", task.lower())[:40] or "task"
    return f"{plain}-{hashlib.sha256(task.encode('utf-8', 'replace')).hexdigest()[:8]}"


def load(folder: Path, task: str, said: Mapping[str, Any]) -> Head:
    """What `save` wrote."""
    with np.load(folder / said["file"], allow_pickle=False) as arrays:
        weights = {
            name: Weights(
                width=width,
                columns=arrays[f"columns{i}"].astype(np.int64) if f"columns{i}" in arrays else None,
                values=_whole(arrays, i),
            )
            for i, (name, width) in enumerate(sorted(said["blocks"].items()))
        }
        bias, offsets = arrays["bias"], arrays["offsets"]
    return Head(
        task=task,
        kind=Kind(said["kind"]),
        labels=tuple(said["labels"]),
        weights=weights,
        bias=bias,
        l2=said["l2"],
        temperature=said["temperature"],
        offsets=offsets,
    )
