"""The answer in words: what is adequate, or what comes nearest to the limits and what they would cost."""

from __future__ import annotations

import pytest

from adequate.loop.ship.confirm import Confirmed, Loss
from adequate.loop.ship.report import Shipped, in_bytes, in_seconds
from adequate.shipping.search import Limits, Recipe, Trial

MODEL = Trial(recipe=Recipe(form="exact"), bundle="a", bytes=30_000_000, seconds=3e-3, alone=3e-3, hopeful=True)
CUT = Trial(recipe=Recipe(form="encoder", ffn=0.5), bundle="b", bytes=7_210_000, seconds=1e-3, alone=1e-3, hopeful=True)
SMALL = Trial(
    recipe=Recipe(form="static"),
    bundle="c",
    bytes=1_020_000,
    seconds=9e-6,
    alone=7e-5,
    loss=0.03,
    why="intent: expected to lose 3.0 points",
    worst=("intent/all/accuracy", 0.031),
)
NEAREST = "nearest: 7.2 MB, 1 ms a text, 1 ms alone (encoder: 50% of FFN, int8)"


def verdict(one: Trial, outcome: str = "passed", *, lost: int = 0, won: int = 0, ask: int = 0) -> Confirmed:
    worst = (Loss(cell="intent/all/accuracy", members=500, lost=lost, won=won),) if lost else ()
    return Confirmed(
        bundle=one.bundle,
        outcome=outcome,  # type: ignore[arg-type]
        reasons=("intent got worse overall",) if outcome != "passed" else (),
        lost=lost,
        won=won,
        worst=worst,
        ask=ask,
    )


def said(limits: Limits, *more: Confirmed, trials: tuple[Trial, ...] = (MODEL, SMALL, CUT)) -> list[str]:
    verdicts = {one.bundle: one for one in (verdict(MODEL), verdict(CUT), *more)}
    return Shipped(model="m", limits=limits, trials=trials, verdicts=verdicts, looks=3, most=12).sentences()


@pytest.mark.parametrize(
    ("limits", "first", "last"),
    [
        (
            Limits(bytes=1_000_000),
            "within 1 MB",
            "of 3 candidates the smallest is 1.02 MB (static vectors of 128, int8)",
        ),
        (Limits(seconds=5e-6), "within 5 µs", "of 3 candidates the fastest takes 70 µs (static vectors of 128, int8)"),
        (
            Limits(bytes=1_000_000, seconds=5e-6),
            "within 1 MB and 5 µs",
            "of 3 candidates the smallest is 1.02 MB (static vectors of 128, int8); "
            "the fastest takes 70 µs (static vectors of 128, int8)",
        ),
    ],
)
def test_where_no_candidate_is_within_the_limits_the_ends_are_named(limits: Limits, first: str, last: str) -> None:
    assert said(limits) == [f"nothing {first} is adequate", NEAREST, last]


def test_what_would_be_given_up_is_said_by_the_gate_where_it_was_asked() -> None:
    lines = said(Limits(bytes=5_000_000), verdict(SMALL, "blocked", lost=31, won=8))
    assert lines[:2] == ["nothing within 5 MB is adequate", NEAREST]
    assert lines[2].startswith("or give up 4.6 points in cell intent/all/accuracy (static vectors of 128, int8, 1 MB")
    assert lines[2].endswith("31 gate labels lost, 8 won)")


def test_and_by_labels_that_steer_where_it_was_not() -> None:
    line = said(Limits(bytes=5_000_000))[2]
    assert line.startswith("or give up about 3.1 points in cell intent/all/accuracy, by labels that steer (static")
    assert line.endswith("intent: expected to lose 3.0 points)")


def test_labels_that_would_decide_are_asked_for() -> None:
    lines = said(Limits(bytes=5_000_000), verdict(SMALL, "needs_labels", lost=3, won=1, ask=40))
    assert lines[-1] == "40 gate labels would likely decide c: intent got worse overall"


def test_a_little_too_large_doesnt_read_as_if_it_were_within() -> None:
    assert said(Limits(bytes=7_200_000))[:2] == ["nothing within 7.2 MB is adequate", NEAREST.replace("7.2", "7.21")]


def test_nothing_at_all_was_made() -> None:
    failed = Trial(recipe=Recipe(form="encoder"), why="no encoder")
    found = Shipped(model="m", limits=Limits(bytes=1), trials=(failed,))
    assert found.sentences() == ["nothing within 1 B is adequate"]


def test_digits_that_matter() -> None:
    assert [in_bytes(n, digits=3) for n in (1_021_000, 123_456_789, 999_600)] == ["1.02 MB", "123 MB", "1 MB"]
    assert in_seconds(8.214e-5, digits=3) == "82.1 µs"
