"""A bundle at work: open it, ask it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from adequate.bundles import blocks as kinds
from adequate.bundles import heads as saved
from adequate.bundles.blocks import Block, Features
from adequate.bundles.manifest import NAME, Manifest, parse
from adequate.errors import FormatError, unknown
from adequate.testing.outputs import Output
from adequate.training.heads import Head

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

TOGETHER = 4096  # texts answered at once: bounds the features held


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What a bundle answers for n texts.

    Args:
        outputs: by task.
        features: by block: what the heads read (a trigger is a dot product on the dense ones).
    """

    outputs: Mapping[str, Output]
    features: Mapping[str, Features]


@dataclass(eq=False)
class Bundle:
    """A release in memory. Safe to share between threads; `open` makes it."""

    manifest: Manifest
    folder: Path
    blocks: Mapping[str, Block]
    heads: Mapping[str, Head]
    _at: dict[tuple[str, str], NDArray[np.int32]] = field(default_factory=dict, repr=False)

    @classmethod
    def open(cls, folder: Path, *, threads: int = 1) -> Bundle:
        """Read a bundle and check every byte of it.

        Args:
            threads: sessions at work at once in one call.

        Raises:
            FormatError: it is no bundle, a file is missing, or a byte was changed.
            VersionError: a newer version wrote it.
        """
        try:
            raw = (folder / NAME).read_bytes()
        except OSError as error:
            raise FormatError(f"{folder} is no bundle: it has no readable {NAME}", remedy="adequate ship") from error
        manifest = parse(raw, str(folder))
        _verify(folder, manifest)
        blocks = {name: kinds.load(folder, name, said, threads) for name, said in manifest.blocks.items()}
        heads = {task: saved.load(folder, task, said) for task, said in manifest.heads.items()}
        return cls(manifest, folder, blocks, heads)

    def __post_init__(self) -> None:
        for task, head in self.heads.items():
            for name, weights in head.weights.items():
                if weights.columns is not None:
                    self._at[task, name] = saved.places(weights)

    @property
    def id(self) -> str:
        """Its name."""
        return self.manifest.id

    @property
    def tasks(self) -> tuple[str, ...]:
        """Those that it answers."""
        return tuple(self.heads)

    def answer(self, texts: Sequence[str], tasks: Sequence[str] | None = None) -> Answers:
        """What every head says of some texts, each by itself: n may be 1 or a million, memory is for `TOGETHER` of them
        only if the caller cuts.

        Raises:
            UnknownNameError: no such task.
        """
        wanted = self.tasks if tasks is None else tuple(tasks)
        for task in wanted:
            if task not in self.heads:
                raise unknown("task", task, self.tasks)
        read = {name for task in wanted for name in self.heads[task].blocks}
        xs = {name: block.of(texts) for name, block in self.blocks.items() if name in read}
        return Answers(outputs={task: self._output(task, xs) for task in wanted}, features=xs)

    def _output(self, task: str, xs: Mapping[str, Features]) -> Output:
        head = self.heads[task]
        at = {name: self._at[task, name] for name in head.blocks if (task, name) in self._at}
        logits = saved.logits(head, xs, at)
        return Output(labels=head.labels, answers=head.decide(logits), probs=head.probs(logits))


def _verify(folder: Path, manifest: Manifest) -> None:
    for path, sha256 in manifest.files.items():
        try:
            with (folder / path).open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise FormatError(f"{folder} lacks {path}: {error}", remedy="copy the bundle again") from error
        if found != sha256:
            raise FormatError(
                f"{path} of {folder} was changed: its hash is {found[:12]}, not {sha256[:12]}",
                remedy="copy the bundle again",
            )
