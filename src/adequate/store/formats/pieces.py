"""Batches on their way through a file of ours: Arrow's own bytes, one stream of it for each batch.

So each batch keeps the columns and the types that it came with, and nothing is written as text to be read again.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

SUFFIX = ".arrows"


class Pieces:
    """A file that `put` wrote."""

    written = False

    def __init__(self, path: Path) -> None:
        self.path = path
        self.roles: dict[str, str] = {}
        self.notices: list[str] = []

    def batches(self) -> Iterator[pa.RecordBatch]:
        """All of them, in order."""
        with pa.OSFile(str(self.path)) as file:
            while file.tell() < file.size():
                yield from pa.ipc.open_stream(file)


def put(file: BinaryIO, batch: pa.RecordBatch) -> None:
    """Write one more batch."""
    with pa.ipc.new_stream(file, batch.schema) as stream:
        stream.write_batch(batch)
