"""Tests made of failures, of a query, of picked examples: run like any other, and nothing of the gate in a file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.csv as pacsv
import pytest

from adequate.errors import NotEnoughDataError, TestError, UnknownNameError
from adequate.loop import made
from adequate.loop.engine import Engine
from adequate.loop.place import effective
from adequate.spec.load import load
from adequate.store.failures import Failure
from adequate.types import PARTS, Part
from tests.loop.projects import SLICED
from tests.made import begun, mail


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    root = tmp_path / "mail"
    begun(root, mail(500, hard=0.4).select(["body", "intent", "channel"]), SLICED)
    new = Engine.open(root)
    new.run(cycles=1)
    return new


def gate_texts(engine: Engine) -> set[str]:
    with engine.store() as store:
        rows = np.flatnonzero(store.examples.parts() == PARTS.index(Part.GATE))
        return set(store.examples.take(rows, ["body"])["body"].to_pylist())


def test_failures_become_a_file_that_must_pass_and_fails_now(engine: Engine) -> None:
    with engine.store(write=True) as store:
        test = made.from_failures(store, engine.project)
        made.record(store, engine.project, test, who="ann")
        again = made.from_failures(store, engine.project)
    assert test.path == engine.root / "tests/failures.csv"
    assert test.lines == ('project.must_pass("tests/failures.csv", "intent")',)
    assert test.cases == test.added == again.cases > 0
    assert again.added == 0
    assert not set(pacsv.read_csv(test.path)["body"].to_pylist()) & gate_texts(engine)
    results = Engine.open(engine.root).test().results
    (one,) = [one for one in results if one.cell.label == "failures"]
    assert (one.state, one.held, one.n) == ("inadequate", 0, test.cases)


def test_a_cell_narrows_the_failures_and_failing_cases_of_tests_come_with_their_right_answer(engine: Engine) -> None:
    with engine.store(write=True) as store:
        whole = made.from_failures(store, engine.project, name="whole")
        part = made.from_failures(store, engine.project, cell="intent/app", name="app", target=0.9)
        app = set(store.examples.take(store.slices.where("a", "channel = 'app'"), ["body"])["body"].to_pylist())
        assert set(pacsv.read_csv(part.path)["body"].to_pylist()) <= app
        assert 0 < part.cases <= whole.cases
        assert part.lines == ('project.suite("tests/app.csv", "intent", name="app", target=0.9)',)
        model = store.models.list()[-1].id
        gate = int(np.flatnonzero(store.examples.parts() == PARTS.index(Part.GATE))[0])
        key = "intent/all/negation/behaviour"
        cases = [
            Failure(text="no card", suggested="fee"),
            Failure(text="?"),
            Failure(text="g", suggested="fee", row=gate),
        ]
        store.failures.put(model, key, cases)
        only = made.from_failures(store, engine.project, cell=key, name="negation")
        assert pacsv.read_csv(only.path).to_pylist() == [{"body": "no card", "intent": "fee", "from": key}]
        store.failures.put(model, "intent/all/same thread/assertion", [Failure(text="likely", suggested="fee")])
        for none in ("intent/nowhere", "intent/all/same thread/assertion"):  # a majority is no right answer
            with pytest.raises(NotEnoughDataError, match="fails nothing"):
                made.from_failures(store, engine.project, cell=none)


def test_what_a_query_finds_becomes_a_suite_without_what_people_labelled_otherwise(engine: Engine) -> None:
    with engine.store(write=True) as store:
        test = made.from_query(store, engine.project, '"refund"', expect="refund")
        found = pacsv.read_csv(test.path)
        assert set(found["intent"].to_pylist()) == {"refund"}
        assert all("refund" in text for text in found["body"].to_pylist())
        assert test.otherwise > 0
        assert test.sealed > 0
        assert not set(found["body"].to_pylist()) & gate_texts(engine)
        assert test.lines == ('project.suite("tests/refund.csv", "intent", name="refund")',)
        for bad in ({}, {"expect": "refund", "same": "swap_letters"}):
            with pytest.raises(TestError, match="what must hold"):
                made.from_query(store, engine.project, "refund", **bad)


def test_an_invariance_on_what_a_query_means_is_a_slice_and_a_behaviour(engine: Engine) -> None:
    with engine.store(write=True) as store:
        test = made.from_query(store, engine.project, "card", where="channel <> 'fax'", same="swap_letters", target=0.5)
        made.record(store, engine.project, test, who="ann")
        project = effective(engine.root, store)
        with pytest.raises(TestError, match="already"):
            made.record(store, project, test, who="ann")
        with pytest.raises(UnknownNameError, match="swap_letters"):
            made.from_query(store, project, "card", same="swap_leters")
        with pytest.raises(TestError, match="may change what is right"):
            made.from_query(store, project, "card", same="negate")
        with pytest.raises(TestError, match="labels, answers or likeness"):
            made.from_query(store, project, "label:card", same="swap_letters")
    assert project.behaviours["card swap_letters"].slices == ("card",)
    source = project.as_python()
    (engine.root / "project.py").write_text(source)
    declared = load(engine.root)
    assert declared.digest() == project.digest()
    assert any(one.key == "intent/card/card swap_letters/envelope" for one in Engine.open(engine.root).test().results)


def test_picked_rows_become_a_test_of_their_labels(engine: Engine) -> None:
    with engine.store(write=True) as store:
        test = made.from_rows(store, engine.project, np.arange(100), name="picked", file="picked.csv")
        assert test.sealed > 0
        assert test.cases > 0
        assert not set(pacsv.read_csv(test.path)["body"].to_pylist()) & gate_texts(engine)
        with pytest.raises(UnknownNameError, match="refunds"):
            made.from_rows(store, engine.project, [0, 1, 2], expect="refunds", name="x")
        with pytest.raises(NotEnoughDataError, match="no example is left"):
            made.from_rows(store, engine.project, [], name="none")
