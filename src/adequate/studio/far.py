"""What the studio asks of its worker about boards and models; imported by the server too: nothing heavy at the top."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from adequate.loop.engine import Engine

ALPHA = 0.05  # what a look at the gate is written down with: `testing.gate.ALPHA`, which takes SciPy to import


def board(engine: Engine) -> dict[str, Any]:
    """Every cell, forecast, burn-up."""
    from adequate.loop.screen import screen

    return screen(engine)


def cell(engine: Engine, key: str) -> dict[str, Any]:
    """One cell: its curve, what fails, what other targets would mean."""
    from adequate.loop.screen import detail

    return detail(engine, key)


def holds(engine: Engine, sql: str) -> dict[str, Any]:
    """How many examples a condition holds."""
    from adequate.loop.screen import count

    return count(engine, sql)


def mined(engine: Engine, key: str, n: int) -> list[dict[str, Any]]:
    """Examples of the pool to ask for one cell, measured by labels or by tests."""
    from adequate.loop.checks.asked import is_test, near
    from adequate.loop.dig import dig

    return near(engine, key, n) if is_test(key) else dig(engine, key, n)


def flips(engine: Engine, baseline: str, candidate: str) -> dict[str, Any]:
    """What changed between two models."""
    from adequate.loop.flips import changed

    return changed(engine, baseline, candidate)


def verdict(engine: Engine, baseline: str, candidate: str) -> dict[str, Any]:
    """What the gate says of two models now. Whoever asks writes the look down before they show it."""
    from adequate.loop.compare import compared

    with engine.store() as store:
        return compared(store, engine.project, baseline, candidate, spend=False).to_json()
