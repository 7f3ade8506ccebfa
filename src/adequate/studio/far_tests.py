"""What the studio asks of its worker about tests; imported by the server too: nothing heavy at the top."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from adequate.loop.checks.screen import Which
    from adequate.loop.engine import Engine
    from adequate.loop.made import Made


def tests(engine: Engine, which: Which) -> dict[str, Any]:
    """Every test, and what no test is about."""
    from adequate.loop.checks.screen import overview

    return overview(engine, which)


def test_case(engine: Engine, key: str, which: Which, start: int) -> dict[str, Any]:
    """One test, and a page of the cases that fail it."""
    from adequate.loop.checks.screen import case

    return case(engine, key, which, start)


def those(engine: Engine, key: str, n: int) -> list[dict[str, Any]]:
    """The examples that the failing cases come from, to be asked."""
    from adequate.loop.checks.asked import those

    return those(engine, key, n)


def selected(engine: Engine, key: str) -> dict[str, Any]:
    """The examples that the failing cases come from, as a selection for Explore."""
    from adequate.loop import selections
    from adequate.loop.checks.asked import behind

    with engine.store() as store:
        kept = selections.keep(store, behind(store, key))
        return {"key": kept.key, "total": len(kept)}


def discovered(engine: Engine, task: str) -> list[dict[str, Any]]:
    """Slices that nobody declared, in which the newest model is worse."""
    from adequate.loop.discover import found

    with engine.store() as store:
        return found(store, engine.project, task or None)


def suite(engine: Engine, key: str, task: str, name: str, expect: str | None, target: float | None) -> dict[str, Any]:
    """A file of the examples of a selection, each with its right answer; as `test.put` records it."""
    import numpy as np

    from adequate.loop import made, selections
    from adequate.spec import slices

    called = slices.named(name, "test")
    picked = selections.recall(engine.root, key)
    with engine.store() as store:
        rows = np.array(picked.rows, np.int64)
        return _told(made.from_rows(store, engine.project, rows, task=task, expect=expect, name=called, target=target))


def invariance(engine: Engine, q: str, task: str, name: str, same: str, target: float, reach: float) -> dict[str, Any]:
    """A slice of what a query means, and that a perturbation must not matter on it; as `test.put` records it."""
    from adequate.loop import made

    with engine.store() as store:
        return _told(
            made.from_query(store, engine.project, q, same=same, task=task, name=name, target=target, reach=reach)
        )


def _told(made: Made) -> dict[str, Any]:
    return {
        "rows": dict(made.rows),
        "lines": "\n".join(made.lines),
        "cases": made.cases,
        "added": made.added,
        "sealed": made.sealed,
        "otherwise": made.otherwise,
    }
