"""Few heaps: what many threads free goes back to where the next one takes from.

glibc gives each thread a heap of its own, up to eight a core, and memory that is freed stays in it. Lance reads with
dozens of threads, one after the other: scoring 400,000 vectors then leaves 240 MB behind that nobody uses. With two
heaps it is 80 MB, and no slower.
"""

from __future__ import annotations

import ctypes
import os
from functools import cache

_ARENA_MAX = -8  # M_ARENA_MAX of <malloc.h>
HEAPS = 2


@cache
def few() -> bool:
    """Ask for few heaps, before the threads start; whether there is anybody to ask. The environment goes first."""
    if "MALLOC_ARENA_MAX" in os.environ:
        return False
    try:
        return bool(ctypes.CDLL(None).mallopt(_ARENA_MAX, HEAPS))
    except (OSError, AttributeError, TypeError):  # not glibc
        return False
