"""Routes of the tests: every one of them, the cases that fail one, what to ask for it, and running them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from adequate.studio import far_tests, held, picks, testing
from adequate.studio.api.board import Wanted
from adequate.studio.context import Engineer, Here, Reviewer, Viewer
from adequate.studio.roles import Can

router = APIRouter(prefix="/api/tests", tags=["tests"])


@router.get("")
async def tests(here: Here, who: Viewer) -> dict[str, Any]:
    """Every test of the newest model that was tested, against the one before; and what no test is about."""
    shown: dict[str, Any] = await held.other(here, far_tests.tests)
    may = {"run": who.can(Can.BUILD), "mine": who.can(Can.REVIEW), "label": who.can(Can.LABEL)}
    return shown | {"run": testing.of(here).state(), "may": may}


@router.get("/case")
async def case(here: Here, _: Viewer, cell: Annotated[str, Query(max_length=2000)]) -> dict[str, Any]:
    """One test and the cases that fail it, the worst first; none of an example that measures."""
    shown: dict[str, Any] = await held.other(here, far_tests.test_case, cell)
    return shown


@router.get("/discovered")
async def discovered(here: Here, _: Viewer, task: Annotated[str, Query(max_length=500)] = "") -> dict[str, Any]:
    """Slices that nobody declared, in which the newest model is worse, the surest first; seconds the first time.

    One becomes a cell by `slice.put` with its name and `sql`, once `POST /api/slices/preview` has tried it.
    """
    found: list[dict[str, Any]] = await held.other(here, far_tests.discovered, task)
    return {"slices": found}


@router.post("/label")
async def label(here: Here, _: Reviewer, wanted: Wanted) -> dict[str, Any]:
    """The examples that the failing cases come from and that have no label; `queue.fill` with `picks` asks for them."""
    return picks.keep(here, wanted.cell, await here.worker.run(far_tests.those, wanted.cell, wanted.n))


@router.post("/run")
async def run(here: Here, _: Engineer) -> dict[str, Any]:
    """Run all tests against the newest model; how far they are is told on the topic `run`."""
    return testing.begin(here)
