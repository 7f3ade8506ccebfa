"""Write a bundle: a folder that appears whole or not at all, outlives a power cut, and is never changed after."""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from adequate.bundles import heads as saved
from adequate.bundles.blocks import Block
from adequate.bundles.manifest import CARD, NAME, SIGNATURE, Manifest, name_of, parse
from adequate.bundles.packed import read
from adequate.store.sync import listing, sync_new, sync_tree, write_atomically
from adequate.training.heads import Head


def write(
    into: Path,
    *,
    project: str,
    text: str,
    blocks: Sequence[Block],
    heads: Mapping[str, Head],
    assertions: Sequence[Mapping[str, Any]] = (),
    abstain: Mapping[str, Mapping[str, Any]] | None = None,
    recording: Mapping[str, Any] | None = None,
    card: Mapping[str, Any] | None = None,
) -> Path:
    """Write a bundle as `into/ID`; returns that folder. One that is there already is the same, and stays.

    Args:
        project: its name.
        text: the column that holds the input.
        blocks: what makes features, at least those that the heads read.
        heads: by task.
        assertions, abstain, recording, card: as in `Manifest`; a card is also written for people, as `card.md`.
    """
    into.mkdir(parents=True, exist_ok=True)
    new = into / f".new-{time.time_ns()}"
    new.mkdir()
    try:
        made = _blocks(blocks, new)
        told = {task: saved.save(head, new) for task, head in heads.items()}
        if card:
            from adequate.bundles.card import rendered  # here: only who ships writes cards

            (new / CARD).write_text(rendered(card), encoding="utf-8")
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
            abstain=abstain or {},
            recording=recording,
            card=card or {},
            made=time.time(),
            adequate=version("adequate"),
        )
        (new / NAME).write_bytes(manifest.to_json())
        final = into / manifest.id
        if not final.exists():
            sync_tree(new)
            new.replace(final)
            sync_new(into, listing(into) - {str(into)})  # its new name
        return final
    finally:
        shutil.rmtree(new, ignore_errors=True)


def amend(folder: Path, **said: Any) -> None:
    """Let a bundle say something else than when it was shipped: costs, assertions, and what may be kept of requests are
    declared later, too. It computes what it did, so its name stays; a signature of what it said before is removed.
    Atomic.

    Args:
        said: `abstain`, `assertions`, `recording` as in `Manifest`; what isn't given stays.

    Raises:
        FormatError: there is no bundle.
    """
    manifest = parse(read(folder), str(folder))
    new = replace(manifest, **said).to_json()
    if new != manifest.to_json():
        (folder / SIGNATURE).unlink(missing_ok=True)
        write_atomically(folder / NAME, new)


def _blocks(blocks: Sequence[Block], folder: Path) -> dict[str, dict[str, Any]]:
    """Save all; a second one of a kind into a folder of its own, since files are named by what they are."""
    made: dict[str, dict[str, Any]] = {}
    kinds: set[str] = set()
    for number, block in enumerate(sorted(blocks, key=lambda one: one.name)):
        place = "" if block.kind not in kinds else f"{block.kind}-{number}/"
        kinds.add(block.kind)
        (folder / place).mkdir(exist_ok=True)
        said = block.save(folder / place)
        made[block.name] = {"kind": block.kind} | {k: place + v if isinstance(v, str) else v for k, v in said.items()}
    return made
