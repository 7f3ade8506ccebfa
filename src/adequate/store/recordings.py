"""The files in which servers record: PROJECT/.adequate/recorded/SERVER/NNNNNN.jsonl. What is erased or too old goes.

A server appends to its newest segment, and others remember how far they have read. So a line that must go is
overwritten in place, at its length: nobody's position moves, no file is replaced beneath a writer, and an interrupted
erasure is finished by asking again. `serving.segments` writes these files, `serving.spool` reads them.
"""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import orjson

NAME = "*.jsonl"
DAY = 86_400.0


def folder_of(root: Path) -> Path:
    """Where the servers of a project record."""
    return root / ".adequate" / "recorded"


def segments(recorded: Path) -> list[Path]:
    """The segments of all servers, each server's in the order in which they were written."""
    return sorted(recorded.glob(f"*/{NAME}"))


def erase(recorded: Path, texts: Collection[str]) -> int:
    """Overwrite every recorded row that has one of these values in a column; O(bytes recorded x texts).

    What a server was about to write this second may still come.

    Args:
        texts: as they were recorded, that is: redacted.

    Returns:
        How many rows went.

    Raises:
        OSError: a segment can't be read or written.
    """
    wanted = {text: orjson.dumps(text) for text in texts if text}
    gone = 0
    for path in segments(recorded) if wanted else ():
        data = path.read_bytes()  # 16 MB
        found = {line for sought in wanted.values() for line in _lines_with(data, sought)}
        found = {(start, end) for start, end in found if _has(data[start:end], wanted)}
        if found:
            _blank(path, sorted(found))
            gone += len(found)
    return gone


def expire(recorded: Path, keep_days: float, now: float | None = None) -> int:
    """Delete segments that nobody has written to for so many days; returns how many. One in use can't be so old."""
    before = (time.time() if now is None else now) - keep_days * DAY
    gone = 0
    for path in segments(recorded):
        try:
            if path.stat().st_mtime < before:
                path.unlink()
                gone += 1
        except FileNotFoundError:  # another server was faster
            continue
    return gone


def _lines_with(data: bytes, sought: bytes) -> Iterator[tuple[int, int]]:
    at = data.find(sought)
    while at >= 0:
        start, end = data.rfind(b"\n", 0, at) + 1, data.find(b"\n", at)
        end = len(data) if end < 0 else end
        yield start, end
        at = data.find(sought, end)


def _has(line: bytes, texts: Collection[str]) -> bool:
    try:
        inputs: dict[str, Any] = orjson.loads(line).get("inputs", {})
    except (ValueError, AttributeError):  # a torn line: whatever is left of the text in it goes
        return True
    return any(isinstance(value, str) and value in texts for value in inputs.values())


def _blank(path: Path, lines: Collection[tuple[int, int]]) -> None:
    file = os.open(path, os.O_WRONLY)
    try:
        for start, end in lines:
            os.pwrite(file, b'{"kind":"erased"}'.ljust(end - start)[: end - start], start)
        os.fsync(file)
    finally:
        os.close(file)
