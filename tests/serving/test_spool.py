"""Reading what servers recorded, piece by piece."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adequate.serving.segments import Segments
from adequate.serving.spool import pieces

LINES = [b'{"kind":"row","id":"%d"}\n' % i for i in range(8)] + [b'{"kind":"tally","start":1.0}\n'] * 3


def test_a_torn_last_line_is_left_until_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "host-1-ab" / "000001.jsonl"
    path.parent.mkdir()
    path.write_bytes(LINES[0] + LINES[1][:10])
    (piece,) = pieces(tmp_path)
    assert [row["id"] for row in piece.rows] == ["0"]
    assert piece.end == len(LINES[0])
    path.write_bytes(LINES[0] + LINES[1])
    (piece,) = pieces(tmp_path, lambda _: {path.name: piece.end})
    assert [row["id"] for row in piece.rows] == ["1"]


def test_a_torn_line_amid_others_is_passed_over_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "host-1-ab" / "000001.jsonl"
    path.parent.mkdir()
    path.write_bytes(LINES[0] + LINES[1][:10] + b"\n" + LINES[2] + b"[]\n" + b'{"kind":[]}\n' + b'{"kind":"later"}\n')
    (piece,) = pieces(tmp_path)
    assert [row["id"] for row in piece.rows] == ["0", "2"]
    assert piece.torn == 3


@settings(deadline=None)
@given(cut=st.lists(st.integers(1, len(LINES)), max_size=4), at_once=st.integers(1, 400))
def test_every_line_is_read_once_wherever_one_stops(
    tmp_path_factory: pytest.TempPathFactory, cut: list[int], at_once: int
) -> None:
    root = tmp_path_factory.mktemp("recorded")
    segments = Segments(root / "host-1-ab", size=100)
    so_far: dict[str, int] = {}
    found: list[str] = []
    bounds = [0, *sorted(cut), len(LINES)]
    for start, end in pairwise(bounds):
        if end > start:
            assert segments.append(b"".join(LINES[start:end]))
        for piece in pieces(root, lambda _: so_far, at_once=at_once):
            so_far[piece.segment] = piece.end
            found += [row["id"] for row in piece.rows] + ["tally"] * len(piece.tallies)
    segments.close()
    assert found == [*map(str, range(8)), "tally", "tally", "tally"]


def test_nothing_recorded_yet_is_nothing(tmp_path: Path) -> None:
    assert list(pieces(tmp_path / "recorded")) == []


def test_a_segment_ends_when_it_is_full_and_one_that_was_deleted_is_begun_anew(tmp_path: Path) -> None:
    segments = Segments(tmp_path / "host-1-ab", size=len(LINES[0]) * 2)
    for line in LINES[:4]:
        assert segments.append(line)
    (tmp_path / "host-1-ab" / "000002.jsonl").unlink()
    assert segments.append(LINES[4])
    segments.close()
    assert [[row["id"] for row in piece.rows] for piece in pieces(tmp_path)] == [["0", "1"], ["4"]]
