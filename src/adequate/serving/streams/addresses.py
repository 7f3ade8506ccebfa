"""What an address means: a source, or a sink."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from adequate.errors import FormatError
from adequate.serving.streams.lines import Lines, Written

if TYPE_CHECKING:
    from adequate.serving.streams.protocol import Sink, Source

LINES = (".jsonl", ".ndjson")


def streams(said: str, *, follow: bool = False) -> bool:
    """Whether an address is of inputs that may keep coming, rather than of a file that is whole."""
    return said == "-" or "://" in said or follow


def source(said: str, *, follow: bool = False) -> Source:
    """Where inputs come from: `-`, a file of JSON lines, redis://HOST/STREAM.

    Raises:
        FormatError: it is none of these.
    """
    if said == "-":
        return Lines(None)
    if said.startswith(("redis://", "rediss://")):
        from adequate.serving.streams.redis import Address, Group

        return Group(Address(said))
    if "://" in said:
        raise FormatError(f"can't read inputs from {said}", remedy="-, FILE.jsonl or redis://HOST/STREAM")
    return Lines(Path(said), follow=follow)


def sink(said: str, origin: Source) -> Sink:
    """Where answers go: `-`, a file of JSON lines, redis://HOST/STREAM, http(s)://.

    Raises:
        FormatError: it is none of these.
    """
    if said == "-":
        return Written(None)
    if said.startswith(("redis://", "rediss://")):
        from adequate.serving.streams.redis import Address, Answers

        return Answers(Address(said), origin)
    if said.startswith(("http://", "https://")):
        from adequate.serving.streams.http import Posted

        return Posted(said)
    if Path(said).suffix not in LINES:
        raise FormatError(
            f"answers of a stream can't go to {said}", remedy="-, FILE.jsonl, redis://HOST/STREAM, http://"
        )
    return Written(Path(said))
