"""What a source and a sink are.

The one idea: a source says where it is, the sink keeps that place together with the answers, and only then is the
source told that they are done. A process that is killed between the two answers some inputs again, never none: every
answer carries the id of its input, and the same input has the same id, so that whoever reads can drop the second.
A sink that writes answers and place in one stroke (a file, one Redis) makes it exactly once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

Row = dict[str, Any]  # one input, or one answer: what a JSON object holds


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Some inputs that are answered together.

    Args:
        ids: what names each, the same when it comes again.
        rows: as many inputs; an `str` is what was wrong with one that can't be read.
        place: where the source is after them, as JSON; None: it keeps that itself.
    """

    ids: Sequence[str]
    rows: Sequence[Row | str]
    place: Any = None


class Source(Protocol):
    """Where inputs come from."""

    @property
    def name(self) -> str:
        """An address, without passwords: a sink keeps the place under it."""

    @property
    def stopped(self) -> bool:
        """Whether `stop` was called."""

    def pieces(self, place: Any) -> Iterator[Piece]:
        """What there is from `place` on (None: from the beginning), as it comes; waits, and ends when nothing more can
        come.

        Raises:
            DataError: it can't be read at all.
        """

    def done(self, piece: Piece) -> None:
        """Its answers are safe."""

    def stop(self) -> None:
        """End `pieces` soon. From a signal handler or another thread."""


class Sink(Protocol):
    """Where answers go."""

    def place(self, source: str) -> Any:
        """The place that was kept with the last answers from a source; None: nothing yet, or it keeps none."""

    def put(self, answers: Sequence[Row], source: str, piece: Piece) -> None:
        """Write answers, and the place of the source after them; returns when both are safe."""

    def close(self) -> None:
        """Nothing more comes."""


def id_of(row: Mapping[str, Any], otherwise: str) -> str:
    """What names an input: its own `id` where it has one."""
    found = row.get("id")
    return str(found) if isinstance(found, str | int) and not isinstance(found, bool) else otherwise
