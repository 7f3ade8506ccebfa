"""`kill -9` of real processes; a hundred of them in `benchmarks/kill.py`."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.loop.drill import Tally, drill


@pytest.mark.parametrize(("verb", "kills"), [("add", 2), ("run", 4), ("label", 3)])
def test_killed_at_random_moments_nothing_acknowledged_is_lost_and_the_end_is_the_same(
    verb: str, kills: int, tmp_path: Path
) -> None:
    tally = Tally()
    drill(tmp_path, verb, kills, random.Random(verb), tally)
    assert tally.kills[verb] == kills
