"""Several processes behind one port."""

from __future__ import annotations

import subprocess
import sys

CHILD = """
from adequate.net.listen import listen
from adequate.serving.process import spread

def broken(number, sock, life, started):
    raise RuntimeError(f"child {number} can't begin")

raise SystemExit(spread(listen("127.0.0.1", 0, verb="serve", usual=0, processes=2), broken, lambda: print("serves")))
"""


def test_a_child_that_cannot_begin_says_why_and_is_not_tried_again() -> None:
    done = subprocess.run([sys.executable, "-c", CHILD], capture_output=True, text=True, timeout=60)
    assert done.returncode == 3
    assert "RuntimeError: child 0 can't begin" in done.stderr
    assert "serves" not in done.stdout
