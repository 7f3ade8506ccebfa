"""Read what servers recorded, from where one stopped the last time.

A position is how many bytes of a segment were read. Lines are whole or not there: the last one of a server that was
killed may be torn, and is never read; a torn one amid others (a full disk) is passed over. Erased lines are, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from adequate.store.recordings import segments

AT_ONCE = 1 << 22  # bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A stretch of one segment.

    Args:
        server, segment: names of the folder and of the file in it.
        start, end: bytes; read on from `end`.
        rows: recorded, in the order in which they were written.
        tallies: counts over all requests.
        torn: lines that could not be read.
    """

    server: str
    segment: str
    start: int
    end: int
    rows: list[dict[str, Any]]
    tallies: list[dict[str, Any]]
    torn: int


def pieces(
    recorded: Path,
    so_far: Callable[[str], Mapping[str, int]] = lambda _: {},
    *,
    at_once: int = AT_ONCE,
) -> Iterator[Piece]:
    """All that is new, piece by piece; each server's in its order. Memory is for one piece.

    Args:
        recorded: PROJECT/.adequate/recorded; it needn't be there yet.
        so_far: of a server's name, how many bytes of each of its segments were read before.
        at_once: bytes of a piece, about.
    """
    server: str | None = None
    known: Mapping[str, int] = {}
    for path in segments(recorded):
        if path.parent.name != server:
            server = path.parent.name
            known = so_far(server)
        yield from _pieces(path, known.get(path.name, 0), at_once)


def _pieces(path: Path, start: int, at_once: int) -> Iterator[Piece]:
    try:
        file = path.open("rb")
    except FileNotFoundError:  # too old: it was deleted just now
        return
    with file:
        while True:
            file.seek(start)
            data, limit = file.read(at_once), at_once
            while b"\n" not in data and len(data) == limit:  # one long line
                data += file.read(at_once)
                limit += at_once
            end = start + data.rfind(b"\n") + 1
            if end == start:
                return
            yield _parsed(path, start, end, data[: end - start])
            start = end


def _parsed(path: Path, start: int, end: int, data: bytes) -> Piece:
    lines: dict[str, list[dict[str, Any]]] = {"row": [], "tally": []}
    torn = 0
    for line in data.split(b"\n"):
        try:
            said = orjson.loads(line) if line else {"kind": ""}
            lines.get(said["kind"], []).append(said)
        except (ValueError, KeyError, TypeError):
            torn += 1
    return Piece(
        server=path.parent.name,
        segment=path.name,
        start=start,
        end=end,
        rows=lines["row"],
        tallies=lines["tally"],
        torn=torn,
    )
