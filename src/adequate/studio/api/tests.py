"""Routes of the tests: every one of them, the cases that fail one, what to ask for it, and running them."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from adequate.errors import TestError, unknown
from adequate.perturb import ALL, Effect, named
from adequate.spec.behaviours import REACH, TARGET
from adequate.studio import far_tests, held, picks, testing
from adequate.studio.api.board import Wanted
from adequate.studio.context import Engineer, Here, Reviewer, Viewer
from adequate.studio.ops.tests import KEPT, made
from adequate.studio.roles import Can

router = APIRouter(prefix="/api/tests", tags=["tests"])
Which = Literal["newest", "accepted"]


@router.get("")
async def overview(here: Here, who: Viewer, model: Which = "newest") -> dict[str, Any]:
    """Every test as a model does, the newest that was tested or the accepted one; and what no test is about."""
    shown: dict[str, Any] = await held.other(here, far_tests.tests, model)
    may = {"run": who.can(Can.BUILD), "mine": who.can(Can.REVIEW), "label": who.can(Can.LABEL)}
    return shown | {"run": testing.of(here).state(), "may": may}


@router.get("/case")
async def case(
    here: Here,
    _: Viewer,
    cell: Annotated[str, Query(max_length=2000)],
    model: Which = "newest",
    start: Annotated[int, Query(ge=0)] = 0,
) -> dict[str, Any]:
    """One test and the cases that fail it from the `start`th on, the worst first; none of an example that measures.

    `failing`: how many there are; `from`: of how many examples. `forecast` is the board's: {labels, low, high}, how
    many labels are likely to make it hold; null: nobody can tell.
    """
    shown: dict[str, Any] = await held.other(here, far_tests.test_case, cell, model, start)
    board, _now = await held.board(here)
    row: dict[str, Any] = next((row for row in board["cells"] if row["key"] == cell), {})
    return shown | {"forecast": row.get("forecast")}


@router.get("/discovered")
async def discovered(here: Here, _: Viewer, task: Annotated[str, Query(max_length=500)] = "") -> dict[str, Any]:
    """Slices that nobody declared, in which the newest model is worse, then those in which it may be; the surest first.

    Seconds the first time. Each as `loop.discover.found` has it: `proven` tells the two apart, `luck` is the chance
    that a search like this finds anything as bad where there is nothing, `decide` how many labels drawn from the slice
    would settle it (null: thousands), `target` what it is offered with: the accuracy outside of it.
    One becomes a cell by `slice.put` with its name and `sql`, once `POST /api/slices/preview` has tried it.
    """
    found: list[dict[str, Any]] = await held.other(here, far_tests.discovered, task)
    return {"slices": found}


@router.post("/label")
async def label(here: Here, _: Reviewer, wanted: Wanted) -> dict[str, Any]:
    """The examples that the failing cases come from and that have no label; `queue.fill` with `picks` asks for them."""
    return picks.keep(here, wanted.cell, await here.worker.run(far_tests.those, wanted.cell, wanted.n))


class Named(BaseModel):
    """Which test, by the key of its cell."""

    cell: str = Field(max_length=2000)


@router.post("/selection")
async def selection(here: Here, _: Viewer, of: Named) -> dict[str, Any]:
    """The examples that the failing cases come from as a selection, `in:KEY`, for Explore."""
    found: dict[str, Any] = await here.worker.run(far_tests.selected, of.cell)
    return found


@router.get("/names")
async def names(here: Here, _: Viewer) -> list[dict[str, str]]:
    """Every test, to be found by its name: {key, name, slice}."""
    shown: dict[str, Any] = await held.other(here, far_tests.tests, "newest")
    return [{name: one[name] for name in ("key", "name", "slice")} for one in shown["tests"]]


@router.get("/perturbations")
async def perturbations(_: Viewer, effect: Effect = Effect.SAME) -> list[dict[str, str]]:
    """Changes of a text after which the answer must be what it was, or may be another: {name, unit}."""
    found = [one for one in ALL.values() if one.of == "text" and one.effect is effect]
    return [{"name": one.name, "unit": one.unit} for one in found]


class Test(BaseModel):
    """What to make a test of, and what must hold.

    Args:
        selection: the examples of a suite, by the key of `POST /api/selections`.
        expect: the right answer to them all; None: to each its label.
        q: instead of a selection, the query whose examples must be answered the same after `same`.
        target: share that must hold; None: every case of a suite.
        reach: up to which level of `same`.
    """

    task: str = Field(max_length=500)
    name: str = Field(max_length=80)
    selection: str = Field("", max_length=12)
    expect: str | None = Field(None, max_length=500)
    q: str = Field("", max_length=8000)
    same: str | None = Field(None, max_length=80)
    target: float | None = Field(None, gt=0, le=1)
    reach: float = Field(REACH, gt=0, le=1)


@router.post("/make")
async def make(here: Here, _: Engineer, test: Test) -> dict[str, Any]:
    """Make a test of a selection, for `test.put` to record: a file of its examples, or an invariance on a slice."""
    if test.task not in here.project.learnable:
        raise unknown("task", test.task, here.project.learnable)
    of, name = test.task, test.name.strip()
    if test.same is None:
        found = await here.worker.run(far_tests.suite, test.selection, of, name, test.expect, test.target)
    else:
        share = TARGET if test.target is None else test.target
        found = await here.worker.run(far_tests.invariance, test.q, of, name, test.same, share, test.reach)
    waiting, key = made(here), uuid.uuid4().hex
    while len(waiting) >= KEPT:
        waiting.pop(next(iter(waiting)))
    waiting[key] = (of, found.pop("rows"))
    answer: dict[str, Any] = {"made": key, **found}
    return answer


@router.post("/run")
async def run(here: Here, _: Engineer) -> dict[str, Any]:
    """Run all tests against the newest model; how far they are is told on the topic `run`."""
    return testing.begin(here)


class Proposal(BaseModel):
    """Of which task, by which change, how many copies at most."""

    task: str = Field(max_length=500)
    change: str = Field(max_length=80)
    n: int = Field(50, ge=1, le=500)


@router.post("/propose")
async def propose(here: Here, _: Engineer, wanted: Proposal) -> dict[str, Any]:
    """Ask people about changed copies of labelled examples that the newest model answers as if nothing were changed."""
    if wanted.task not in here.project.learnable:
        raise unknown("task", wanted.task, here.project.learnable)
    if named(wanted.change).effect is not Effect.MAY_CHANGE:
        raise TestError(f"{wanted.change} leaves the right answer as it is", remedy="it makes a test: from Explore")
    return testing.propose(here, wanted.task, wanted.change, wanted.n)
