"""What a frozen encoder made of texts, kept by their content: each text is encoded once, whoever asks.

The vectors lie in one file of the project, `.adequate/encoded/DIGEST`, and outlive the process: the next model is put
to the same cases, and pays for none of them. The file holds at most `MOST` texts (100 MB at 384 numbers a text); when
it is full it is emptied. It may be deleted at any time. One process at a time has the file; another one, or one that
may not write there, uses a temporary one.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from threading import Lock
from typing import IO, TYPE_CHECKING, Any, TypeVar

import numpy as np

from adequate.types import Floats, Rows

if TYPE_CHECKING:
    from adequate.encoders.protocol import Encoder

T = TypeVar("T")
FOLDER = "encoded"
MOST = 1 << 16
TOGETHER = 2048  # texts encoded, and written, at once
KEY = 16  # bytes that name a text


@dataclass(eq=False)
class Vectors:
    """The vectors of one encoder. Safe to share between threads.

    Args:
        encoder: what makes them; the same text must always give the same vector.
        folder: of the project's store; None: nothing is kept for the next process.
    """

    encoder: Encoder
    folder: Path | None = None
    encoded: int = 0  # texts that had no vector yet
    _at: dict[bytes, int] = field(default_factory=dict, repr=False)
    _lock: Lock = field(default_factory=Lock, repr=False)

    def __post_init__(self) -> None:
        self._kind = np.dtype([("key", f"V{KEY}"), ("vector", "<f4", (self.encoder.width,))])
        self._file = _opened(None if self.folder is None else self.folder / FOLDER / self.encoder.digest)
        weakref.finalize(self, self._file.close)
        self._map()
        keys = self._held["key"].tolist()
        lengths = np.einsum("nd,nd->n", self._held["vector"], self._held["vector"])
        if os.fstat(self._file.fileno()).st_size % self._kind.itemsize or not np.allclose(lengths, 1, atol=1e-2):
            self._empty()  # the process before was killed while it wrote
        else:
            self._at = {key: i for i, key in enumerate(keys)}

    def of(self, texts: Sequence[str]) -> Floats:
        """One vector a text, shape (n, width), in their order."""
        out = np.empty((len(texts), self.encoder.width), np.float32)
        with self._lock:
            for start in range(0, len(texts), TOGETHER):
                out[start : start + TOGETHER] = self._some(texts[start : start + TOGETHER])
        return out

    def learn(self, texts: Sequence[str], made: Callable[[Rows], Floats]) -> None:
        """Take vectors that were made before and lie elsewhere, so that these texts aren't encoded.

        Args:
            made: positions in `texts` -> their vectors; called for those that aren't known.
        """
        with self._lock:
            for start in range(0, len(texts), TOGETHER):
                keys = self._room(texts[start : start + TOGETHER])
                fresh = {key: start + i for i, key in enumerate(keys) if key not in self._at}
                self._add(fresh, lambda at: made(np.array(at, np.int64)))

    def _some(self, texts: Sequence[str]) -> Floats:
        keys = self._room(texts)
        fresh = {key: text for key, text in zip(keys, texts, strict=True) if key not in self._at}
        self._add(fresh, self.encoder.encode)
        self.encoded += len(fresh)
        found: Floats = self._held["vector"][[self._at[key] for key in keys]]
        return found

    def _room(self, texts: Sequence[str]) -> list[bytes]:
        """The keys of some texts, for which there is room now."""
        keys = [blake2b(text.encode("utf-8", "surrogatepass"), digest_size=KEY).digest() for text in texts]
        if len(self._at) + len(set(keys) - self._at.keys()) > MOST:
            self._empty()
        return keys

    def _add(self, fresh: dict[bytes, T], vectors: Callable[[list[T]], Floats]) -> None:
        """Those that aren't known: by key, what `vectors` makes a vector of."""
        if not fresh:
            return
        made = np.empty(len(fresh), self._kind)
        made["key"] = np.frombuffer(b"".join(fresh), f"V{KEY}")
        made["vector"] = vectors(list(fresh.values()))
        self._file.write(made.tobytes())
        self._file.flush()
        self._at |= {key: len(self._at) + i for i, key in enumerate(fresh)}
        self._map()

    def _map(self) -> None:
        n = os.fstat(self._file.fileno()).st_size // self._kind.itemsize
        self._held: Any = np.memmap(self._file, self._kind, "r", shape=n) if n else np.empty(0, self._kind)

    def _empty(self) -> None:
        self._held = np.empty(0, self._kind)  # before the file shrinks: what is mapped must be there
        self._at = {}
        self._file.truncate(0)
        self._map()


def _opened(path: Path | None) -> IO[bytes]:
    """The file, to read and to add to, for this process alone; a temporary one where that can't be."""
    if path is not None:
        try:
            path.parent.mkdir(exist_ok=True)
            file = path.open("a+b")
        except OSError:
            return tempfile.TemporaryFile("a+b")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
        else:
            return file
    return tempfile.TemporaryFile("a+b")
