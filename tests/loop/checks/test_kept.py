"""What `test` finds of a model of the project is kept with it."""

from __future__ import annotations

from pathlib import Path

from adequate.loop.engine import Engine
from tests.loop.checks.conftest import declared


def test_results_are_kept_with_the_model_unless_another_process_is_writing(root: Path) -> None:
    source = (
        '@project.behaviour(intent, expect="login")\ndef words():\n    yield from ["login password", "loan rate"]\n'
    )
    engine = Engine(root, declared(root, source))
    with engine.store(write=True, verb="run") as held:
        busy = engine.test("last")
        assert [one.held for one in busy.results] == [1]
        assert held.failures.read(busy.model) == []
    found = engine.test("last")
    with engine.store() as store:
        [(cell, case)] = store.failures.read(found.model)
        kept = {row["label"]: row for row in store.cells.read(found.model).to_pylist()}["words"]
    assert (cell, case.text, case.expected) == ("intent/all/words/behaviour", "loan rate", "login")
    assert (kept["n"], kept["value"], kept["state"], kept["metric"]) == (2, 0.5, "inadequate", "behaviour")
