"""A head in a folder: `NAME.safetensors` for arrays, `NAME.json` for the rest. Nothing is pickled.

The one idea: a head's name is the hash of what it computes, so equal heads are one and a changed byte shows.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import numpy as np
from safetensors.numpy import load_file
from safetensors.numpy import save as to_bytes

from adequate.errors import StoreError, VersionError
from adequate.training.heads import Head, Weights
from adequate.types import Kind

if TYPE_CHECKING:
    from pathlib import Path

FORMAT = 1


def save(head: Head, folder: Path) -> None:
    """Write `head.safetensors` and `head.json` into the folder, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "head.safetensors").write_bytes(to_bytes(_arrays(head)))
    (folder / "head.json").write_text(json.dumps(_card(head) | {"sha256": digest(head)}, indent=1) + "\n", "utf-8")


def load(folder: Path) -> Head:
    """Read what `save` wrote.

    Raises:
        StoreError: a file is missing or damaged, or the two don't belong together.
        VersionError: written by a newer version.
    """
    remedy = "train it again: adequate run"
    try:
        card = json.loads((folder / "head.json").read_text("utf-8"))
        arrays = load_file(folder / "head.safetensors")
        newer = card["format"] > FORMAT
    except Exception as error:  # whatever a damaged file makes its reader say
        raise StoreError(f"no readable head in {folder.name}: {error}", remedy=remedy) from error
    if newer:
        raise VersionError(f"head of format {card['format']}, this version reads {FORMAT}", remedy="update adequate")
    weights = {
        name: Weights(width=width, columns=arrays.get(f"columns/{name}"), values=arrays[f"values/{name}"])
        for name, width in card["blocks"].items()
    }
    head = Head(
        task=card["task"],
        kind=Kind(card["kind"]),
        labels=tuple(card["labels"]),
        weights=weights,
        bias=arrays["bias"],
        l2=card["l2"],
        temperature=card["temperature"],
        offsets=arrays["offsets"],
        mix=card.get("mix", 1.0),
    )
    if digest(head) != card["sha256"]:
        raise StoreError(f"the head in {folder.name} doesn't match its hash {card['sha256'][:12]}", remedy=remedy)
    return head


def digest(head: Head) -> str:
    """SHA-256 (hex) over all that the head computes with: equal heads, equal digest.

    The same labels, features and seed give the same digest on one class of CPU with one number of BLAS threads; across
    CPUs or thread counts float32 products are summed in another order, and the last bits may differ.
    """
    made = hashlib.sha256(json.dumps(_card(head), sort_keys=True).encode())
    for name, array in sorted(_arrays(head).items()):
        made.update(f"{name} {array.dtype} {array.shape}".encode())
        made.update(np.ascontiguousarray(array).tobytes())
    return made.hexdigest()


def _card(head: Head) -> dict[str, object]:
    card: dict[str, object] = {
        "format": FORMAT,
        "task": head.task,
        "kind": head.kind.value,
        "labels": list(head.labels),
        "blocks": {name: head.weights[name].width for name in head.blocks},
        "l2": head.l2,
        "temperature": head.temperature,
    }
    return card if head.mix == 1 else card | {"mix": head.mix}  # heads of earlier versions keep their digest


def _arrays(head: Head) -> dict[str, np.ndarray]:
    arrays: dict[str, np.ndarray] = {"bias": head.bias, "offsets": head.offsets}
    for name in head.blocks:
        arrays[f"values/{name}"] = head.weights[name].values
        columns = head.weights[name].columns
        if columns is not None:
            arrays[f"columns/{name}"] = columns
    return {name: np.ascontiguousarray(array) for name, array in arrays.items()}
