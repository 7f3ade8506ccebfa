"""Write a bundle: a folder that appears whole or not at all, and is never changed after."""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from adequate.bundles import heads as saved
from adequate.bundles.blocks import Block
from adequate.bundles.manifest import NAME, Manifest, name_of
from adequate.training.heads import Head


def write(
    into: Path,
    *,
    project: str,
    text: str,
    blocks: Sequence[Block],
    heads: Mapping[str, Head],
    assertions: Sequence[Mapping[str, Any]] = (),
    card: Mapping[str, Any] | None = None,
) -> Path:
    """Write a bundle as `into/ID`; returns that folder. One that is there already is the same, and stays.

    Args:
        project: its name.
        text: the column that holds the input.
        blocks: what makes features, at least those that the heads read.
        heads: by task.
        assertions, card: as in `Manifest`.
    """
    into.mkdir(parents=True, exist_ok=True)
    new = into / f".new-{time.time_ns()}"
    new.mkdir()
    try:
        made = {block.name: {"kind": block.kind} | block.save(new) for block in blocks}
        told = {task: saved.save(head, new) for task, head in heads.items()}
        files = {
            path.relative_to(new).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(new.rglob("*"))
            if path.is_file()
        }
        manifest = Manifest(
            id=name_of(made, told, files),
            project=project,
            text=text,
            blocks=made,
            heads=told,
            files=files,
            assertions=tuple(assertions),
            card=card or {},
            made=time.time(),
            adequate=version("adequate"),
        )
        (new / NAME).write_bytes(manifest.to_json())
        final = into / manifest.id
        if not final.exists():
            new.replace(final)
        return final
    finally:
        shutil.rmtree(new, ignore_errors=True)
