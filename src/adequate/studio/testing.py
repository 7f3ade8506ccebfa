"""Tests that somebody runs from the page: one run at a time, beside no cycle, told step by step on the topic `run`."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from adequate.errors import AdequateError, BusyError
from adequate.studio.child import lines

if TYPE_CHECKING:
    from adequate.studio.context import Studio

TOPIC = "run"


@dataclass(slots=True)
class Tests:
    """The run that is on, and what became of the last one.

    Args:
        now: how far it is; None: none is on.
        failure: why the last one came to nothing.
    """

    now: dict[str, Any] | None = None
    failure: dict[str, str] | None = None
    task: asyncio.Task[None] | None = field(default=None, init=False)

    def state(self) -> dict[str, Any]:
        """For people: is one on, how far is it, what failed?"""
        return {"running": self.now is not None, **(self.now or {}), "failure": self.failure}


def of(studio: Studio) -> Tests:
    """Those of a project."""
    found: Tests = studio.extra.setdefault("tests", Tests())
    return found


def begin(studio: Studio) -> dict[str, Any]:
    """Run them all against the newest model; returns at once.

    Raises:
        BusyError: they are being run.
    """
    tests = of(studio)
    if tests.now is not None:
        raise BusyError("the tests are being run", remedy="wait until they end: the screen says how far they are")
    tests.now, tests.failure = {"what": "starting", "done": 0, "total": None}, None
    tests.task = asyncio.create_task(_run(studio, tests))
    return tests.state()


async def _run(studio: Studio, tests: Tests) -> None:
    result: dict[str, Any] | None = None
    try:
        async with (
            studio.engine.still("studio (its tests)", wait=False),
            contextlib.aclosing(lines("adequate.studio.retest", str(studio.root))) as said,
        ):
            async for line in said:
                if "what" in line:
                    tests.now = line
                    studio.hub.tell(TOPIC, "testing", tests.state())
                result = line.get("result", result)
                if "error" in line:
                    tests.failure = {name: line["error"][name] for name in ("message", "remedy")}
    except AdequateError as error:
        tests.failure = {"message": error.message, "remedy": error.remedy}
    finally:
        tests.now = None
        studio.hub.tell(TOPIC, "testing", tests.state())
        if result is not None:
            studio.hub.tell("board", "tested", result)
