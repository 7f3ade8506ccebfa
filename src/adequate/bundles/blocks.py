"""What turns texts into features in a bundle. Each kind can be asked, written to a folder and read from it.

Graph       a sentence encoder as an ONNX file, with its tokeniser: one unit vector a text
Words       hashed n-grams weighed by the pool: sparse
Static      vectors of tokens and of hashed pairs of them, averaged (`bundles.static`)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeAlias

import numpy as np

from adequate.encoders.lexical import Lexical
from adequate.encoders.ngrams import Counted
from adequate.errors import FormatError
from adequate.types import Floats

if TYPE_CHECKING:
    from adequate.encoders.session import OnnxEncoder

Features: TypeAlias = "Floats | Counted"


class Block(Protocol):
    """One way from texts to features."""

    kind: ClassVar[str]

    @property
    def name(self) -> str:
        """Digest of all that its features depend on: heads name their blocks by it."""

    @property
    def width(self) -> int:
        """Features a text."""

    def of(self, texts: Sequence[str]) -> Features:
        """Features of some texts, one row each. Safe to call from several threads."""

    def save(self, folder: Path) -> dict[str, Any]:
        """Write its files into `folder`; returns what `load` needs besides them.

        Numbers, truth values and lists as they are; a string is the path of a file in `folder`, and nothing else.
        """


@dataclass(eq=False)
class Graph:
    """A sentence encoder.

    Args:
        name: digest.
        width: numbers in a vector.
        model, tokenizer: files.
        alone: whether each text is run by itself (int8: the vector depends on the batch otherwise).
        tokens: of a text that are read, at most.
        threads: most sessions at work at once.
    """

    name: str
    width: int
    model: Path
    tokenizer: Path
    alone: bool
    tokens: int
    threads: int = 1
    kind: ClassVar[str] = "graph"

    @cached_property
    def encoder(self) -> OnnxEncoder:
        """Ready to encode."""
        from adequate.encoders.session import OnnxEncoder

        return OnnxEncoder(
            self.model,
            self.tokenizer,
            digest=self.name,
            width=self.width,
            alone=self.alone,
            tokens=self.tokens,
            threads=self.threads,
        )

    def of(self, texts: Sequence[str]) -> Floats:
        """Shape (n, width)."""
        return self.encoder.encode(texts)

    def save(self, folder: Path) -> dict[str, Any]:
        """The graph and the tokeniser."""
        (folder / "encoder.onnx").write_bytes(self.model.read_bytes())
        (folder / "tokenizer.json").write_bytes(self.tokenizer.read_bytes())
        return {
            "width": self.width,
            "graph": "encoder.onnx",
            "tokenizer": "tokenizer.json",
            "alone": self.alone,
            "tokens": self.tokens,
        }

    @classmethod
    def load(cls, folder: Path, name: str, said: Mapping[str, Any], threads: int) -> Graph:
        """What `save` wrote, tried on one text.

        Raises:
            FormatError: the runtime can't run it, or it isn't `ids` in and one vector out.
        """
        made = cls(
            name=name,
            width=said["width"],
            model=folder / said["graph"],
            tokenizer=folder / said["tokenizer"],
            alone=said["alone"],
            tokens=said["tokens"],
            threads=threads,
        )
        try:
            vector = made.of(["a text of some words"])
        except Exception as error:  # ONNX Runtime's and tokenizers' errors have no common base
            reason = str(error.__cause__ or error).splitlines()[0][:300]
            raise FormatError(
                f"{made.model} can't be run here: {reason}",
                remedy="pip install --upgrade onnxruntime tokenizers, or ship again with this version of onnxruntime",
            ) from error
        if not np.isfinite(vector).all():
            raise FormatError(f"{made.model} answers no number: {vector[0, :3]}", remedy="adequate ship")
        return made


@dataclass(eq=False)
class Words:
    """Hashed n-grams."""

    lexical: Lexical
    kind: ClassVar[str] = "ngrams"

    @cached_property
    def name(self) -> str:
        """Of the n-grams and what each weighs."""
        return self.lexical.digest

    @property
    def width(self) -> int:
        """Features a text."""
        return self.lexical.width

    def of(self, texts: Sequence[str]) -> Counted:
        """Sparse, unit rows."""
        return self.lexical.weighed(texts)

    def save(self, folder: Path) -> dict[str, Any]:
        """How much each n-gram weighs."""
        if self.lexical.idf is not None:
            np.savez_compressed(folder / "idf.npz", idf=self.lexical.idf)  # most weigh the same: a tenth of the bytes
        return {"bits": self.lexical.bits, "idf": None if self.lexical.idf is None else "idf.npz"}

    @classmethod
    def load(cls, folder: Path, _name: str, said: Mapping[str, Any], _threads: int) -> Words:
        """What `save` wrote."""
        if said["idf"] is None:
            return cls(Lexical(bits=said["bits"]))
        with np.load(folder / said["idf"], allow_pickle=False) as arrays:
            return cls(Lexical(bits=said["bits"], idf=arrays["idf"]))


def load(folder: Path, name: str, said: Mapping[str, Any], threads: int) -> Block:
    """A block of a bundle.

    Raises:
        FormatError: of a kind that this version doesn't know.
    """
    from adequate.bundles.static import Static  # here: it is read where a bundle has it

    kinds: dict[str, type[Graph] | type[Words] | type[Static]] = {one.kind: one for one in (Graph, Words, Static)}
    if said.get("kind") not in kinds:
        raise FormatError(f"the bundle needs a block of kind {said.get('kind')!r}", remedy="upgrade adequate")
    return kinds[str(said["kind"])].load(folder, name, said, threads)
