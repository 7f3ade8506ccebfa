"""What servers counted and sampled, within a window: counts by the hour, rows as a bounded uniform sample.

Segments are read once, from where the last look stopped. Of rows only those that the audit drew are kept, since only
they speak for all traffic; past `MOST` those with the smallest numbers of their own stay, which is a uniform sample of
them, whatever order they came in. So memory grows with hours and labels, not with requests.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from adequate.serving.spool import pieces
from adequate.store.recordings import DAY, folder_of, segments
from adequate.store.traffic import AUDIT, added
from adequate.testing.sampling import uniforms

MOST = 20_000  # rows kept
HOUR = 3600.0
LONGEST = 4000  # characters of a text that are kept: encoders read 256 tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One answer that the audit drew.

    Args:
        probability: with which the audit drew it, in (0, 1].
        uniform: a random number of its own, from its id.
        flagged: whether something else asked for it too.
        outputs: by task: label (a list, for multilabel) and confidence.
    """

    id: str
    at: float
    release: str
    inputs: Mapping[str, Any]
    outputs: Mapping[str, Mapping[str, Any]]
    probability: float
    uniform: float
    flagged: bool


@dataclass(eq=False)
class Traffic:
    """A window of traffic that moves on.

    Args:
        root: the project's folder.
        start: seconds since 1970; what ended before isn't counted.
        counts: by release and beginning of the hour, sums of tallies.
        torn: lines that couldn't be read.
    """

    root: Path
    start: float
    counts: dict[tuple[str, float], dict[str, Any]] = field(default_factory=dict)
    torn: int = 0
    _rows: list[tuple[float, str, Row]] = field(default_factory=list)  # a heap: the largest number first
    _read: dict[tuple[str, str], int] = field(default_factory=dict)

    def read(self, start: float | None = None) -> None:
        """Take what is new; what lies before `start` is forgotten.

        Raises:
            OSError: a segment can't be read.
        """
        if start is not None and start > self.start:
            self.start = start
            self.counts = {key: one for key, one in self.counts.items() if key[1] + HOUR > start}
            self._rows = [one for one in self._rows if one[2].at >= start]
            heapq.heapify(self._rows)
        recorded = folder_of(self.root)
        self._pass_over(recorded)
        for piece in pieces(recorded, self._positions):
            for tally in piece.tallies:
                self._count(tally)
            self._sample(piece.rows)
            self.torn += piece.torn
            self._read[piece.server, piece.segment] = piece.end

    @property
    def rows(self) -> list[Row]:
        """The sample, oldest first."""
        return sorted((row for _, _, row in self._rows), key=lambda row: (row.at, row.id))

    def releases(self) -> dict[str, int]:
        """How many texts each release answered."""
        found: dict[str, int] = {}
        for (release, _), one in self.counts.items():
            found[release] = found.get(release, 0) + one.get("texts", 0)
        return found

    def total(self, release: str | None = None) -> dict[str, Any]:
        """The sum of all hours of a release, or of all."""
        out: dict[str, Any] = {}
        for (of, _), one in self.counts.items():
            out = added(out, one) if release in (None, of) else out
        return out

    def hours(self, release: str) -> list[tuple[float, dict[str, Any]]]:
        """The hours of a release in which there was traffic, oldest first."""
        return sorted((hour, one) for (of, hour), one in self.counts.items() if of == release)

    def by_hour(self) -> list[int]:
        """Requests of all releases, hour by hour from the first to the last with any."""
        found: dict[float, int] = {}
        for (_, hour), one in self.counts.items():
            found[hour] = found.get(hour, 0) + one.get("requests", 0)
        first, last = min(found, default=0.0), max(found, default=-HOUR)
        return [found.get(first + k * HOUR, 0) for k in range(round((last - first) / HOUR) + 1)]

    def _pass_over(self, recorded: Path) -> None:
        """Segments that nobody wrote to since the window began hold nothing of it."""
        for path in segments(recorded):
            key = path.parent.name, path.name
            if key not in self._read:
                told = path.stat()
                if told.st_mtime < self.start:
                    self._read[key] = told.st_size

    def _positions(self, server: str) -> dict[str, int]:
        return {segment: upto for (of, segment), upto in self._read.items() if of == server}

    def _count(self, tally: dict[str, Any]) -> None:
        if tally["end"] < self.start:
            return
        key = tally["release"], tally["start"] // HOUR * HOUR
        body = {name: one for name, one in tally.items() if name not in ("kind", "server", "release", "start", "end")}
        self.counts[key] = added(self.counts.get(key, {}), body)

    def _sample(self, rows: Iterable[dict[str, Any]]) -> None:
        drawn = [row for row in rows if AUDIT in row["why"] and row["at"] >= self.start]
        for row, uniform in zip(drawn, uniforms((row["id"] for row in drawn), salt="watch").tolist(), strict=True):
            if len(self._rows) == MOST and -self._rows[0][0] <= uniform:
                continue
            item = -uniform, row["id"], _row(row, uniform)
            if len(self._rows) < MOST:
                heapq.heappush(self._rows, item)
            else:
                heapq.heapreplace(self._rows, item)


def window(now: float, seconds: float) -> float:
    """Where a window of at least so many seconds begins; of a day or more at the midnight (UTC) before, so that a
    day's looks are of one window, which only grows.

    >>> window(10 * 86_400 + 100.0, 7 * 86_400) / 86_400, window(86_500.0, 600.0)
    (3.0, 85900.0)
    """
    return now - seconds if seconds < DAY else (now - seconds) // DAY * DAY


def _row(row: dict[str, Any], uniform: float) -> Row:
    inputs = {name: value[:LONGEST] if isinstance(value, str) else value for name, value in row["inputs"].items()}
    return Row(
        id=row["id"],
        at=row["at"],
        release=row["release"],
        inputs=inputs,
        outputs=row["outputs"],
        probability=row["why"][AUDIT],
        uniform=uniform,
        flagged=len(row["why"]) > 1,
    )
