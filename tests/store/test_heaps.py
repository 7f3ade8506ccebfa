"""Threads share heaps."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

ASK = "from adequate.store.heaps import few; print(few())"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks glibc")
def test_few_heaps_are_asked_for_unless_the_environment_says_how_many() -> None:
    plain = {name: value for name, value in os.environ.items() if name != "MALLOC_ARENA_MAX"}
    for environment, expected in ((plain, "True"), (plain | {"MALLOC_ARENA_MAX": "4"}, "False")):
        told = subprocess.run([sys.executable, "-c", ASK], env=environment, capture_output=True, text=True, check=True)
        assert told.stdout.strip() == expected
