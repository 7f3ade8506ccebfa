"""Threads share heaps, and heaps give back."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

ASK = "from adequate.store.heaps import few; print(few())"


HOLES = """
from pathlib import Path
from adequate.store.heaps import give_back
def anonymous():
    return next(int(line.split()[1]) for line in Path("/proc/self/status").open() if line.startswith("RssAnon"))
held = [bytes(60_000) for _ in range(2_000)]
held = held[::50]
before = anonymous()
give_back()
print(before - anonymous())
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks glibc")
def test_what_is_free_between_what_is_not_goes_back_to_the_system() -> None:
    told = subprocess.run([sys.executable, "-c", HOLES], capture_output=True, text=True, check=True)
    assert int(told.stdout) > 50_000  # of 120,000 kB


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks glibc")
def test_few_heaps_are_asked_for_unless_the_environment_says_how_many() -> None:
    plain = {name: value for name, value in os.environ.items() if name != "MALLOC_ARENA_MAX"}
    for environment, expected in ((plain, "True"), (plain | {"MALLOC_ARENA_MAX": "4"}, "False")):
        told = subprocess.run([sys.executable, "-c", ASK], env=environment, capture_output=True, text=True, check=True)
        assert told.stdout.strip() == expected
