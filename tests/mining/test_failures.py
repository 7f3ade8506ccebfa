"""Tests that need no labels are mined for: near their failing cases, which may be no examples, and what violates."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from adequate.mining import Shortfall, select
from tests.mining.worlds import unit, world


def shortfall(**more: object) -> Shortfall:
    of = {"cell": "intent/all/typos/envelope", "label": None, "value": 0.1, "target": 1.0, "examples": 200}
    return Shortfall(**of | more)  # type: ignore[arg-type]


def test_what_is_near_a_failing_case_is_picked_and_the_reason_says_which() -> None:
    made = world([200] * 4)
    wanted = np.array([310, 311])
    queries = unit(made.block.x[wanted] + 0.02)
    cell = shortfall(queries=queries, cases=("first case", "x" * 200))
    picks = select("adequate", 40, made.knowledge(np.arange(60), cells=(cell,)), np.random.default_rng(0))
    mine = [i for i, name in enumerate(picks.cell) if name == cell.cell]
    assert set(wanted.tolist()) <= {int(picks.rows[i]) for i in mine}
    assert 2 <= len(mine) <= 4  # two a case at most
    assert {picks.policy[i] for i in mine} == {"failures"}
    reasons = {picks.reason[i] for i in mine}
    assert 'near a failing case of typos: "first case"' in reasons
    assert all(len(one) < 110 for one in reasons)


def test_tests_take_a_quarter_of_the_batch_at_most_and_none_where_they_pass() -> None:
    made = world([300] * 4)
    queries = unit(made.block.x[200:300] + 0.02)
    cell = shortfall(queries=queries, cases=("a case",) * 100)
    knowledge = made.knowledge(np.arange(60), cells=(cell,))
    picks = select("adequate", 80, knowledge, np.random.default_rng(0))
    assert sum(name == cell.cell for name in picks.cell) == 20
    passing = replace(knowledge, cells=(replace(cell, value=1.0),))
    assert cell.cell not in select("adequate", 80, passing, np.random.default_rng(0)).cell


def test_violations_in_the_pool_are_asked_themselves_and_those_with_a_label_are_not() -> None:
    made = world([200] * 4)
    taught = np.arange(60)
    cell = shortfall(cell="intent/all/fee has amount/assertion", failures=np.array([401, 3, 400]), rates=(0.9,))
    picks = select("adequate", 40, made.knowledge(taught, cells=(cell,)), np.random.default_rng(0))
    mine = [i for i, name in enumerate(picks.cell) if name == cell.cell]
    assert [int(picks.rows[i]) for i in mine] == [401, 400]
    assert {picks.reason[i] for i in mine} == {"violates fee has amount"}


def test_of_two_assertions_the_one_that_labels_mend_is_asked_more() -> None:
    made = world([300] * 4)
    falls = shortfall(cell="intent/all/falls/assertion", failures=np.arange(300, 400), rates=(0.9, 0.4))
    stays = shortfall(cell="intent/all/stays/assertion", failures=np.arange(400, 500), rates=(0.9, 0.9))
    picks = select("adequate", 80, made.knowledge(np.arange(60), cells=(stays, falls)), np.random.default_rng(0))
    many = {name: picks.cell.count(name) for name in (falls.cell, stays.cell)}
    assert many == {falls.cell: 17, stays.cell: 3}  # of a quarter of the batch
    rows = [int(row) for row, name in zip(picks.rows, picks.cell, strict=True) if name == stays.cell]
    assert rows == [400, 401, 402]


def test_what_must_hardly_ever_happen_is_asked_where_it_happens_to_one_in_a_hundred() -> None:
    made = world([300] * 4)
    rare = shortfall(
        cell="intent/all/never/assertion",
        value=0.99,
        target=0.999,
        examples=1200,
        failures=np.arange(300, 312),
        rates=(0.01,),
    )
    picks = select("adequate", 80, made.knowledge(np.arange(60), cells=(rare,)), np.random.default_rng(0))
    assert picks.cell.count(rare.cell) == 10  # as many as there are too many
    often = replace(rare, examples=12_000, failures=np.arange(300, 400))
    picks = select("adequate", 80, made.knowledge(np.arange(60), cells=(often,)), np.random.default_rng(0))
    assert picks.cell.count(rare.cell) == 20  # a quarter of the batch at most


def test_a_failing_test_leaves_what_is_said_of_labels_as_it_is() -> None:
    made = world([200] * 4)
    knowledge = made.knowledge(np.arange(60))
    passing = shortfall(value=1.0, queries=made.block.x[:2], cases=("a", "b"))
    picks = [
        select("adequate", 40, replace(knowledge, cells=cells), np.random.default_rng(0)) for cells in ((), (passing,))
    ]
    np.testing.assert_array_equal(picks[0].rows, picks[1].rows)


def test_a_failing_test_of_which_no_case_is_kept_asks_for_nothing_near_it() -> None:
    made = world([200] * 4)
    knowledge = made.knowledge(np.arange(60))
    without = shortfall(queries=made.block.x[:0])
    picks = [
        select("adequate", 40, replace(knowledge, cells=cells), np.random.default_rng(0)) for cells in ((), (without,))
    ]
    np.testing.assert_array_equal(picks[0].rows, picks[1].rows)


def test_near_a_failing_case_what_the_model_is_sure_of_comes_last() -> None:
    made = world([200] * 4)
    first = made.knowledge(np.arange(60))
    assert first.outlook is not None
    queries = unit(made.block.x[first.pool[:4]])
    margin = first.outlook.margin.copy()
    around = np.unique(np.argsort(-queries @ made.block.x[first.pool].T, axis=1)[:, :32])
    margin[around], margin[around[1::4]] = 1.0, 0.9  # sure of all, but of a quarter
    cell = shortfall(queries=queries, cases=("one", "two", "three", "four"))
    known = replace(first, outlook=replace(first.outlook, margin=margin), cells=(cell,))
    picks = select("adequate", 40, known, np.random.default_rng(0))
    mine = picks.rows[[name == cell.cell for name in picks.cell]]
    assert 4 <= len(mine) <= 8
    assert set(mine.tolist()) <= set(first.pool[around[1::4]].tolist())
