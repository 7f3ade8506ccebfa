"""What somebody runs from the screen of the tests: one thing at a time, beside no cycle, told on the topic `run`.

begin(studio)                             all tests, against the newest model
propose(studio, task, change, most)       changed copies of examples, for people to be asked about
"""

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
        proposed: what the last proposal came to.
    """

    now: dict[str, Any] | None = None
    failure: dict[str, str] | None = None
    proposed: dict[str, Any] | None = None
    task: asyncio.Task[None] | None = field(default=None, init=False)

    def state(self) -> dict[str, Any]:
        """For people: is one on, how far is it, what failed?"""
        return {"running": self.now is not None, **(self.now or {}), "failure": self.failure, "proposed": self.proposed}


def of(studio: Studio) -> Tests:
    """Those of a project."""
    found: Tests = studio.extra.setdefault("tests", Tests())
    return found


def begin(studio: Studio) -> dict[str, Any]:
    """Run them all against the newest model; returns at once.

    Raises:
        BusyError: something is being run.
    """
    return _begin(studio, "tested", "adequate.studio.retest")


def propose(studio: Studio, task: str, change: str, most: int) -> dict[str, Any]:
    """Ask people about changed copies of labelled examples; returns at once.

    Raises:
        BusyError: something is being run.
    """
    return _begin(studio, "added", "adequate.studio.copied", task, change, str(most))


def _begin(studio: Studio, kind: str, module: str, *words: str) -> dict[str, Any]:
    tests = of(studio)
    if tests.now is not None:
        raise BusyError("the tests are being run", remedy="wait until they end: the screen says how far they are")
    what = "starting" if kind == "tested" else "changing examples"
    tests.now, tests.failure, tests.proposed = {"what": what, "done": 0, "total": None}, None, None
    tests.task = asyncio.create_task(_run(studio, tests, kind, module, words))
    return tests.state()


async def _run(studio: Studio, tests: Tests, kind: str, module: str, words: tuple[str, ...]) -> None:
    result: dict[str, Any] | None = None
    try:
        async with (
            studio.engine.still("studio (its tests)", wait=False),
            contextlib.aclosing(lines(module, str(studio.root), *words)) as said,
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
        tests.proposed = result if kind == "added" else None
        studio.hub.recount()
        studio.hub.tell(TOPIC, "testing", tests.state())
        if result is not None:
            studio.hub.tell("board", kind, result)
