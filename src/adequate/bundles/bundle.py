"""A bundle at work: open it, ask it."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any
from weakref import finalize
from zipfile import BadZipFile

from adequate.bundles import blocks as kinds
from adequate.bundles import heads as saved
from adequate.bundles.blocks import Block, Features
from adequate.bundles.manifest import Manifest, parse
from adequate.bundles.packed import read, unpack
from adequate.errors import DataError, FormatError, unknown
from adequate.testing.outputs import Output
from adequate.training.heads import Head

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from adequate.bundles.abstain import Abstention
    from adequate.types import Mask

TOGETHER = 4096  # texts in one call that keep memory small


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
    _abstention: Abstention | None = field(default=None, init=False, repr=False)

    @classmethod
    def open(cls, path: Path | str, *, threads: int = 1, trust: Path | None = None) -> Bundle:
        """Read a bundle and check every byte of it before any is used.

        Args:
            path: its folder, or a `.zip` of it.
            threads: sessions at work at once in one call.
            trust: a public key's file; the bundle must be signed by its owner (`bundles.sign`).

        Raises:
            FormatError: it is no bundle, a file is missing, a byte was changed, the runtime can't run it, or it isn't
                signed as `trust` asks.
            VersionError: a newer version wrote it.
            MissingExtraError: `trust` without `cryptography`.
        """
        path = Path(path)
        if not path.is_file():
            return cls._of(path, path, threads, trust)
        folder = Path(mkdtemp(prefix="adequate-bundle-"))
        try:
            unpack(path, folder)
            made = cls._of(folder, path, threads, trust)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        finalize(made, shutil.rmtree, folder, ignore_errors=True)  # threads may start sessions as long as it lives
        return made

    @classmethod
    def _of(cls, folder: Path, path: Path, threads: int, trust: Path | None) -> Bundle:
        """Of a folder; `path` is what it is called in messages."""
        if trust is not None:
            from adequate.bundles.sign import verify

            verify(folder, trust)
        manifest = parse(read(folder), str(path))
        _verify(folder, manifest)
        try:
            blocks = {name: kinds.load(folder, name, said, threads) for name, said in manifest.blocks.items()}
            heads = {task: saved.load(folder, task, said) for task, said in manifest.heads.items()}
            for block in blocks.values():
                block.of([""])  # arrays that don't fit each other show now, not at the first request
            _fit(blocks, heads, path)
        except (LookupError, TypeError, ValueError, ArithmeticError, AttributeError, OSError, BadZipFile) as error:
            raise FormatError(
                f"{path} can't be loaded: {type(error).__name__}: {error}", remedy="adequate ship makes it again"
            ) from error
        return cls(manifest, folder, blocks, heads)

    def __post_init__(self) -> None:
        if self.manifest.abstain:
            from adequate.bundles.abstain import Abstention  # here: most releases have no such rule

            self._abstention = Abstention.of(self.manifest.abstain)
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
        """What every head says of some texts, each by itself. Memory is for all of them at once: cut a million into
        pieces of `TOGETHER`.

        Args:
            texts: n of them, none too long: of long ones the beginning is read. What is no Unicode (half of a
                surrogate pair) is read as U+FFFD.
            tasks: those to answer; None: all. Features that only other tasks need aren't made.

        Raises:
            UnknownNameError: no such task.
            DataError: a text is none.
        """
        texts = _texts(texts)
        wanted = self.tasks if tasks is None else tuple(tasks)
        for task in wanted:
            if task not in self.heads:
                raise unknown("task", task, self.tasks)
        read = {name for task in wanted for name in self.heads[task].blocks}
        xs = {name: block.of(texts) for name, block in self.blocks.items() if name in read}
        return Answers(outputs={task: self._output(task, xs) for task in wanted}, features=xs)

    def abstained(self, inputs: Mapping[str, Sequence[Any]], outputs: Mapping[str, Output]) -> dict[str, Mask]:
        """Which answers a person should give, by the rule that it carries: by task, shape (n,); {} without a rule.

        Args:
            inputs: n values of each column that there is; a slice with a threshold of its own may read them.
            outputs: what it answered.
        """
        return {} if self._abstention is None else self._abstention.below(inputs, outputs)

    def _output(self, task: str, xs: Mapping[str, Features]) -> Output:
        head = self.heads[task]
        at = {name: self._at[task, name] for name in head.blocks if (task, name) in self._at}
        logits = saved.logits(head, xs, at)
        return Output(labels=head.labels, answers=head.decide(logits), probs=head.probs(logits))


def _texts(texts: Sequence[str]) -> Sequence[str]:
    """Texts that every tokeniser can read."""
    if isinstance(texts, str):
        raise DataError(f"one text isn't a list of texts: {texts[:40]!r}", remedy="answer([text])")
    try:
        if all(map(str.isascii, texts)):
            return texts
    except TypeError as error:
        row, bad = next((i, one) for i, one in enumerate(texts) if not isinstance(one, str))
        raise DataError(f"text {row} is {type(bad).__name__}, not a text", remedy="a string; no text is ''") from error
    return [
        one if one.isascii() else one.encode("utf-16", "surrogatepass").decode("utf-16", "replace") for one in texts
    ]


def _fit(blocks: Mapping[str, Block], heads: Mapping[str, Head], path: Path) -> None:
    """Every head can be worked out: its blocks are there, as wide as it reads, and its arrays of one length."""
    for task, head in heads.items():
        k = len(head.labels)
        for name, weights in head.weights.items():
            rows = weights.width if weights.columns is None else len(weights.columns)
            if name not in blocks or blocks[name].width != weights.width or weights.values.shape != (rows, k):
                raise FormatError(f"{path}: task {task!r} doesn't fit block {name}", remedy="adequate ship")
        if not head.weights or head.bias.shape != (k,) or head.offsets.shape != (k,) or not head.temperature > 0:
            raise FormatError(f"{path}: the head of task {task!r} isn't whole", remedy="adequate ship")


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
