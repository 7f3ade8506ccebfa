"""What `test` finds of a model of the project is kept with it."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from adequate.loop.checks.before import compared
from adequate.loop.checks.keep import OLDER, keep
from adequate.loop.engine import Engine
from adequate.types import State
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


def test_all_failing_cases_are_kept_of_models_that_are_looked_at_and_the_worst_of_older_ones(root: Path) -> None:
    source = (
        '@project.behaviour(intent)\ndef words():\n    yield from ((f"loan rate {i}", "login") for i in range(300))\n'
    )
    engine = Engine(root, declared(root, source))
    (found,) = engine.test().results
    assert len(found.failing) == 300
    with engine.store(write=True, verb="run") as store:
        accepted = store.models.accepted() or ""
        assert len(store.failures.rows(accepted, found.key)) == 300
        for name in ("b" * 16, "c" * 16):
            store.models.put(replace(store.models.get(accepted), id=name, state="candidate"))
            keep(store, name, [found], {})
        kept = {name: len(store.failures.rows(name, found.key)) for name in (accepted, "b" * 16, "c" * 16)}
        worst = [case.text for _, case in store.failures.read("b" * 16)]
    assert kept == {accepted: 300, "b" * 16: OLDER, "c" * 16: 300}
    assert worst == [case.text for case in found.failing[:OLDER]]


def test_what_is_tested_is_the_baseline_and_a_newer_model_is_named(root: Path) -> None:
    engine = Engine(root, declared(root, '@project.behaviour(intent)\ndef words():\n    yield "loan rate", "login"\n'))
    with engine.store(write=True, verb="run") as store:
        accepted = store.models.accepted() or ""
        newer = replace(store.models.get(accepted), id="b" * 16, state="candidate")
        store.models.put(newer)
        shutil.copytree(store.models.folder(accepted), store.models.folder(newer.id))
    found, last = engine.test(), engine.test("last")
    assert (found.model, last.model) == (accepted, newer.id)
    assert found.standing == "the baseline; bbbbbbbb is newer and wasn't accepted (adequate test last)"
    assert last.standing == f"not the baseline, which is {accepted[:8]} (adequate test baseline)"


def test_only_a_model_that_came_before_makes_a_cell_newly_failing(root: Path) -> None:
    engine = Engine(root, declared(root, '@project.behaviour(intent)\ndef words():\n    yield "loan rate", "login"\n'))
    first = engine.test()
    (failing,) = first.results
    with engine.store(write=True, verb="run") as store:
        store.models.put(replace(store.models.get(first.model), id="c" * 16, state="candidate"))
        keep(store, "c" * 16, [replace(failing, state=State.ADEQUATE)], {})
        assert compared(store, first.model, [failing]) == ([failing], frozenset())
        assert compared(store, "a model of somebody's", [failing]) == ([failing], {failing.key})


def test_a_suite_whose_file_is_another_is_not_compared_and_says_so(root: Path) -> None:
    (root / "golden.csv").write_text("body,intent\nlogin password code,login\n")
    engine = Engine(root, declared(root, 'project.must_pass("golden.csv")\n'))
    assert [one.state for one in engine.test().results] == [State.ADEQUATE]
    (root / "golden.csv").write_text("body,intent\nlogin password code,card\n")
    found = engine.test(lambda texts: {"intent": ["login"] * len(texts)})
    assert (found.exit_code, found.newly) == (1, frozenset())
    assert "; the file is another than when" in found.results[0].note
