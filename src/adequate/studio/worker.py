"""Heavy reading in a process of its own: search, maps, boards, exports never hold up whoever labels.

The server itself needs SQL alone; Lance, DuckDB and the arrays live here, and go when nobody has asked for a while.
"""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")


class Worker:
    """Runs `function(engine, *args)` where `engine` is the project's `loop.engine.Engine`, opened for reading.

    Args:
        root: of the project.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._pool: ProcessPoolExecutor | None = None

    async def run(self, function: Callable[..., T], *args: Any) -> T:
        """Run a module-level function over there; its errors come back as they are."""
        if self._pool is None:
            self._pool = ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))
        return await asyncio.get_running_loop().run_in_executor(self._pool, _call, self.root, function, args)

    def close(self) -> None:
        """Let it go."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)


def _call(root: Path, function: Callable[..., T], args: tuple[Any, ...]) -> T:
    from adequate.loop.engine import Engine

    return function(Engine.open(root), *args)
