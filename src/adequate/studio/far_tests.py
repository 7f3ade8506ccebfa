"""What the studio asks of its worker about tests; imported by the server too: nothing heavy at the top."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from adequate.loop.engine import Engine


def tests(engine: Engine) -> dict[str, Any]:
    """Every test, and what no test is about."""
    from adequate.loop.checks.screen import overview

    return overview(engine)


def test_case(engine: Engine, key: str) -> dict[str, Any]:
    """One test, and the cases that fail it."""
    from adequate.loop.checks.screen import case

    return case(engine, key)


def those(engine: Engine, key: str, n: int) -> list[dict[str, Any]]:
    """The examples that the failing cases come from, to be asked."""
    from adequate.loop.checks.asked import those

    return those(engine, key, n)


def discovered(engine: Engine, task: str) -> list[dict[str, Any]]:
    """Slices that nobody declared, in which the newest model is worse."""
    from adequate.loop.discover import found

    with engine.store() as store:
        return found(store, engine.project, task or None)
