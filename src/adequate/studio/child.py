"""Long work in a process of its own that says how far it is, in lines of JSON, and goes when the server goes.

The server side: `lines` runs `python -m MODULE ...` and hands on what it says. The other side: `serve` runs a function,
says its result or its error as the last line, and ends with the server however that ends.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from typing import Any

from adequate.errors import AdequateError

_log = logging.getLogger(__name__)

NICE = 10
OFTEN = 0.2  # seconds between two lines about the same step


async def lines(module: str, *words: str) -> AsyncGenerator[dict[str, Any]]:
    """What a process says: {what, done, total ...} while it works, at the end {result} or {error}.

    A process that ends without either is an {error} too. Closing the generator early kills it.
    """
    threads = str(max(1, (os.cpu_count() or 2) // 2))
    process = subprocess.Popen(  # not asyncio's: uvloop forks, which threads of other libraries don't survive
        [sys.executable, "-m", module, *words],
        stdin=subprocess.PIPE,  # its end is how it learns that we are gone
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads},
        start_new_session=True,  # Ctrl-C in our terminal is for us
    )
    assert process.stdout is not None
    assert process.stderr is not None
    complaint = asyncio.create_task(asyncio.to_thread(process.stderr.read))
    ended = False
    try:
        while text := await asyncio.to_thread(process.stdout.readline):
            line = json.loads(text)
            ended = ended or "result" in line or "error" in line
            yield line
        said = (await complaint).decode(errors="replace").strip()
        if not ended:
            how = f"its process ended with {process.poll()}: {said.splitlines()[-1] if said else 'no word'}"
            _log.warning("%s failed: %s", module, said or how)
            yield {"error": {"kind": "StoreError", "message": how, "remedy": "try again"}}
    finally:
        process.kill()
        await complaint
        await asyncio.to_thread(process.wait)
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()


def serve(work: Callable[[], Any]) -> int:
    """In the process: do the work, say what came of it; returns the exit status."""
    os.nice(NICE)
    threading.Thread(target=_end_with_the_server, daemon=True).start()
    try:
        say({"result": work()})
    except AdequateError as error:
        say({"error": {"kind": type(error).__name__, "message": error.message, "remedy": error.remedy}})
        return 1
    except Exception as error:
        say({"error": {"kind": type(error).__name__, "message": f"{type(error).__name__}: {error}", "remedy": ""}})
        raise
    return 0


def say(line: dict[str, Any]) -> None:
    """One line to the server."""
    sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
    sys.stdout.flush()


@dataclass(slots=True)
class Said:
    """A `types.Progress` that says how far a step is, not too often."""

    what: str = field(default="", init=False)
    at: float = field(default=0.0, init=False)

    def __call__(self, what: str, done: int, total: int | None) -> None:
        line, now = self.line(what, done, total), time.monotonic()
        if what != self.what or now - self.at >= OFTEN:
            self.what, self.at = what, now
            say(line)

    def line(self, what: str, done: int, total: int | None) -> dict[str, Any]:
        """What is said of a step."""
        return {"what": what, "done": done, "total": total}


def _end_with_the_server() -> None:
    while os.read(0, 1024):  # not `sys.stdin`: its lock would be in the way of an orderly end
        pass
    os._exit(3)
