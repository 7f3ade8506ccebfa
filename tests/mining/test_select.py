"""Which examples to label next."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adequate.errors import UnknownNameError
from adequate.mining import Knowledge, Policy, Seen, Shortfall, batch_size, outlook, select
from adequate.types import Kind, Rows
from tests.mining.worlds import World, several, world

POLICIES = get_args(Policy)


def rounds(made: World, policy: Policy, budget: int, *, seed: int = 0, names: bool = True, first: int = 10) -> Rows:
    """Rows labelled after as many rounds as the budget lasts."""
    rng = np.random.default_rng(seed)
    rows = np.empty(0, np.int64)
    while len(rows) < budget:
        picks = select(policy, min(first, budget - len(rows)), made.knowledge(rows, names=names), rng)
        rows = np.concatenate([rows, picks.rows])
    return rows


def right(made: World, rows: Rows) -> float:
    """Mean recall of the head taught these rows, over all labels alike."""
    everything = np.arange(len(made.gold))
    told = made.probs(everything, rows).argmax(axis=1)
    return float(np.mean([(told[made.gold == c] == c).mean() for c in range(made.k)]))


@pytest.mark.parametrize("policy", POLICIES)
@settings(max_examples=25, deadline=None)
@given(count=st.integers(0, 60), taught=st.integers(0, 30), seed=st.integers(0, 99))
def test_every_policy_picks_as_many_as_it_can_none_twice_none_labelled(
    policy: Policy, count: int, taught: int, seed: int
) -> None:
    made = world([25, 15, 5], seed=seed)
    rows = np.random.default_rng(seed).choice(45, taught, replace=False)
    knowledge = made.knowledge(rows)
    picks = select(policy, count, knowledge, np.random.default_rng(seed))
    assert len(picks) == min(count, 45 - taught)
    assert len(np.unique(picks.rows)) == len(picks)
    assert np.isin(picks.rows, knowledge.pool).all()
    assert all(picks.reason)
    assert len(picks.reason) == len(picks.cell) == len(picks.policy) == len(picks.probability) == len(picks)


@pytest.mark.parametrize("policy", POLICIES)
def test_an_empty_pool_gives_an_empty_batch(policy: Policy) -> None:
    made = world([3, 3])
    assert len(select(policy, 5, made.knowledge(np.arange(6)), np.random.default_rng(0))) == 0


@pytest.mark.parametrize("policy", POLICIES)
def test_the_same_seed_picks_the_same_examples(policy: Policy) -> None:
    made = world([40, 20, 5])
    knowledge = made.knowledge(np.arange(9))
    first, second = (select(policy, 12, knowledge, np.random.default_rng(3)) for _ in range(2))
    assert first.rows.tolist() == second.rows.tolist()
    assert first.reason == second.reason


def test_an_unknown_policy_suggests_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'margin'"):
        select("margn", 1, world([2, 2]).knowledge(np.arange(1)), np.random.default_rng(0))  # type: ignore[arg-type]


def test_the_first_batch_holds_nearly_every_label_whose_name_means_something() -> None:
    made = world([200, 100, 50, 25, 12, 8, 6, 6, 5, 5])
    picks = select("adequate", 10, made.knowledge(np.empty(0, np.int64)), np.random.default_rng(0))
    assert len(np.unique(made.gold[picks.rows])) >= 8
    assert set(picks.policy) == {"names"}
    assert picks.reason[0].startswith("may be 'label ")


def test_without_names_the_first_batch_covers_the_pool() -> None:
    made = world([60] * 8, spread=0.3)
    picks = select("adequate", 8, made.knowledge(np.empty(0, np.int64), names=False), np.random.default_rng(0))
    assert set(picks.policy) == {"typical"}
    assert len(np.unique(made.gold[picks.rows])) >= 7


@pytest.mark.parametrize("names", [True, False])
def test_a_long_tail_is_learned_from_fewer_labels_than_by_chance(names: bool) -> None:
    ours, chance = [], []
    for seed in range(5):
        made = world([int(size) for size in np.geomspace(300, 5, 20)], seed=seed)
        ours.append(right(made, rounds(made, "adequate", 60, seed=seed, names=names, first=20)))
        chance.append(right(made, rounds(made, "random", 60, seed=seed, first=20)))
    assert np.mean(ours) > np.mean(chance) + 0.1


def test_names_that_mean_nothing_are_given_up_and_do_no_harm() -> None:
    ours, chance, tries = [], [], []
    for seed in range(5):
        made = world([30] * 20, seed=seed, meaning=0.0)
        rows = rounds(made, "adequate", 80, seed=seed, first=20)
        ours.append(right(made, rows))
        chance.append(right(made, rounds(made, "random", 80, seed=seed, first=20)))
        tries.append(select("adequate", 20, made.knowledge(rows), np.random.default_rng(seed)).policy.count("names"))
    assert np.mean(ours) > np.mean(chance) - 0.02
    assert np.mean(tries) < 2


def test_some_of_every_later_batch_is_drawn_at_random_with_a_known_chance() -> None:
    made = world([80, 40, 20])
    picks = select("adequate", 40, made.knowledge(np.arange(10)), np.random.default_rng(0))
    audit = np.array(picks.policy) == "audit"
    assert audit.sum() == 2
    assert np.allclose(picks.probability[audit], 2 / (130 - 38))
    assert np.isnan(picks.probability[~audit]).all()


def test_once_the_head_knows_better_what_is_left_is_doubt() -> None:
    made = world([200] * 4, spread=1.2)
    rows = np.random.default_rng(0).choice(800, 400, replace=False)
    picks = select("adequate", 50, made.knowledge(rows), np.random.default_rng(0))
    assert picks.policy.count("doubt") >= 40
    assert "? Close, as mistakes are weighed" in picks.reason[picks.policy.index("doubt")]


def test_a_label_that_is_exhausted_is_not_sought() -> None:
    made = world([60, 40, 20, 4])
    rows = np.flatnonzero(made.gold < 3)[:12]
    for exhausted, expected in ((frozenset[int](), True), (frozenset({3}), False)):
        picks = select("adequate", 20, made.knowledge(rows, exhausted=exhausted), np.random.default_rng(0))
        assert ("label 3" in picks.cell) is expected


def test_a_slice_that_lags_behind_gets_neighbours_of_its_failures_from_within_it() -> None:
    made = world([200, 200])
    rows = np.arange(40)
    pool = made.knowledge(rows).pool
    mask = np.zeros(len(pool), bool)
    mask[::3] = True
    cell = Shortfall(
        cell="intent/short/accuracy", label=None, value=0.5, target=0.95, examples=40, mask=mask, failures=rows[:10]
    )
    picks = select("adequate", 40, made.knowledge(rows, cells=(cell,)), np.random.default_rng(0))
    chosen = np.array(picks.policy) == "failures"
    assert 5 <= chosen.sum() <= 10
    assert np.isin(picks.rows[chosen], pool[mask]).all()
    assert picks.reason[0] == "near what fails in intent/short/accuracy"


def test_a_slice_that_fails_as_everything_does_gets_nothing_of_its_own() -> None:
    made = world([200, 200])
    rows = np.arange(40)
    mask = np.ones(360, bool)
    cells = (
        Shortfall(cell="all", label=None, value=0.5, target=0.9, examples=40, failures=rows[:10]),
        Shortfall(cell="short", label=None, value=0.5, target=0.9, examples=40, mask=mask, failures=rows[:10]),
    )
    picks = select("adequate", 40, made.knowledge(rows, cells=cells), np.random.default_rng(0))
    assert "failures" not in picks.policy


def test_several_labels_an_example_are_mined_by_failures_names_and_doubt() -> None:
    block, gold = several()
    taught, pool = np.arange(60), np.arange(60, 300)
    known = gold[taught].copy()
    known[:, 3] = False
    probs = np.clip(gold[pool] * 0.6 + 0.2 + 0.1 * np.random.default_rng(0).normal(size=(240, 4)), 0, 1)
    empty = Seen(rows=taught[:0], gold=known[:0], predicted=known[:0])
    knowledge = Knowledge(
        task="topics",
        kind=Kind.MULTILABEL,
        labels=("a", "b", "c", "d"),
        vectors=block,
        pool=pool,
        taught=Seen(rows=taught, gold=known, predicted=~known),
        steer=empty,
        outlook=outlook(probs.astype(np.float32), kind=Kind.MULTILABEL),
        names=block.x[:4],
        cells=(Shortfall(cell="topics/b", label=1, value=0.4, target=0.9, examples=20, failures=taught[:15]),),
    )
    picks = select("adequate", 40, knowledge, np.random.default_rng(0))
    assert set(picks.policy) == {"failures", "names", "doubt", "audit"}
    assert len(np.unique(picks.rows)) == len(picks) == 40
    assert any(reason.endswith("or not? Close, as mistakes are weighed") for reason in picks.reason)


def test_a_task_with_one_label_only_can_still_be_asked_about() -> None:
    made = world([50])
    for rows in (np.empty(0, np.int64), np.arange(5)):
        assert len(select("adequate", 10, made.knowledge(rows), np.random.default_rng(0))) == 10


def test_batches_grow_with_what_is_labelled() -> None:
    assert [batch_size(n) for n in (0, 100, 250, 1000)] == [50, 50, 50, 200]
