"""Few heaps: what many threads free goes back to where the next one takes from, and what is large to the system.

glibc gives each thread a heap of its own, up to eight a core, and memory that is freed stays in it. Lance reads with
dozens of threads, one after the other: scoring 400,000 vectors then leaves 240 MB behind that nobody uses. With two
heaps it is 80 MB, and no slower. And glibc learns to keep ever larger arrays in its heaps, where they leave holes: here
all above 4 MB come from the system and go back to it. Smaller ones do not, for each page costs time. Arrow's own heaps
keep what another thread frees, which is how Lance uses them, so Arrow takes from these as well.
"""

from __future__ import annotations

import ctypes
import os
from contextlib import suppress
from functools import cache

import pyarrow as pa

# Names of <malloc.h>: M_ARENA_MAX, M_MMAP_THRESHOLD, M_TRIM_THRESHOLD
_WISHES = {-8: 2, -3: 4 << 20, -1: 32 << 20}


@cache
def few() -> bool:
    """Ask for few heaps, before the threads start; whether there is anybody to ask. The environment goes first."""
    if "MALLOC_ARENA_MAX" in os.environ:
        return False
    if "ARROW_DEFAULT_MEMORY_POOL" not in os.environ:
        pa.set_memory_pool(pa.system_memory_pool())
    try:
        ask = ctypes.CDLL(None).mallopt
        return all(ask(name, value) for name, value in _WISHES.items())
    except (OSError, AttributeError, TypeError):  # not glibc
        return False


def give_back() -> None:
    """Return what is free to the system, also between what is not: after a pass over everything that is 150 MB."""
    with suppress(OSError, AttributeError, TypeError):  # not glibc
        ctypes.CDLL(None).malloc_trim(0)
