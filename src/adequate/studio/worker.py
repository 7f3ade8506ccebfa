"""Heavy reading in a process of its own: search, maps, boards, exports never hold up whoever labels.

The server itself needs SQL alone; Lance, DuckDB and the arrays live over there, and go when nobody has asked for a
while. One thing is worked out at a time. Whoever asks and leaves ends what was worked out for them.
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import pickle
import signal
from collections.abc import AsyncIterator, Callable
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, TypeVar

from adequate.errors import AdequateError, StoreError
from adequate.store.faults import translated

IDLE = 300.0  # seconds after which it goes

T = TypeVar("T")


class Worker:
    """Runs `function(engine, *args)` where `engine` is the project's `loop.engine.Engine`, opened for reading.

    Args:
        root: of the project; None where there is none yet, and `function(*args)` is run.
        idle: seconds after which the process goes when nobody asks.
    """

    def __init__(self, root: Path | None, *, idle: float = IDLE) -> None:
        self.root = root
        self.idle = idle
        self._process: BaseProcess | None = None
        self._line: Connection | None = None
        self._turn: asyncio.Lock | None = None
        self._leave: asyncio.TimerHandle | None = None

    async def run(self, function: Callable[..., T], *args: Any) -> T:
        """Run a module-level function over there; its errors come back as they are.

        Raises:
            StoreError: the process was killed, such as for want of memory; the next call gets a new one.
        """
        async with self._alone():
            if self._leave is not None:
                self._leave.cancel()
            try:
                right, value = await self._ask(function, args)
            except BaseException:  # the asker has left, or the process has: either way what it does is of no use
                self.close()
                raise
            self._leave = asyncio.get_running_loop().call_later(self.idle, self.close)
        if not right:
            raise value
        return value  # type: ignore[no-any-return]

    @contextlib.asynccontextmanager
    async def resting(self) -> AsyncIterator[None]:
        """While nobody reads over there, and nothing that was read is left there."""
        async with self._alone():
            self.close()
            yield

    def _alone(self) -> asyncio.Lock:
        self._turn = self._turn or asyncio.Lock()
        return self._turn

    async def _ask(self, function: Callable[..., Any], args: tuple[Any, ...]) -> tuple[bool, Any]:
        if self._process is None or not self._process.is_alive():
            self._start()
        line = self._line
        assert line is not None
        try:
            await asyncio.to_thread(line.send, (function, args))
            answer: tuple[bool, Any] = await asyncio.to_thread(line.recv)
        except (EOFError, OSError) as error:
            raise StoreError(
                f"{function.__name__} was cut short: its process ended",
                remedy="try again; it may have run out of memory",
            ) from error
        return answer

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._line, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(self.root, theirs), name="adequate-worker", daemon=True)
        process.start()
        self._process = process
        theirs.close()

    def close(self) -> None:
        """Let it go, whatever it is doing."""
        if self._leave is not None:
            self._leave.cancel()
            self._leave = None
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._process = None
        self._line = None  # whoever still reads from it hears that it has ended


def _serve(root: Path | None, line: Connection) -> None:
    """In the process: answer until the other end of the line is gone."""
    if root is not None:
        os.nice(5)  # whoever labels comes first; where there is no project yet, nobody does
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in the server's terminal is for the server
    # The end of a line, or its reset: so it looks where the server was killed before it read our last answer.
    with contextlib.suppress(EOFError, OSError):
        while True:
            function, args = line.recv()
            answer = _call(root, function, args)
            try:
                line.send(answer)
            except (pickle.PicklingError, AttributeError, TypeError) as error:
                line.send((False, TypeError(f"{function.__name__} returns what can't be sent: {error}")))


def _call(root: Path | None, function: Callable[..., Any], args: tuple[Any, ...]) -> tuple[bool, Any]:
    from adequate.loop.engine import Engine

    try:
        given = () if root is None else (Engine.open(root),)
        return True, function(*given, *args)
    except AdequateError as error:
        error.__cause__ = error.__context__ = None  # what lies below may not survive the way
        return False, error.with_traceback(None)
    except Exception as error:
        known = translated(error, function.__name__.strip("_"))
        return False, known or RuntimeError(f"{function.__name__}: {type(error).__name__}: {error}")
