"""Neighbours, spread and doubt: the parts that selection is made of."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adequate.mining import exhausted, neighbours, outlook, share_out
from adequate.mining.diversity import kmeans, spread
from adequate.mining.neighbours import nearest, walk
from adequate.mining.uncertainty import lowest, shortlist_size
from adequate.types import Kind
from tests.mining.worlds import Held, unit


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that small data takes several."""
    monkeypatch.setattr(neighbours, "BATCH", 64)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), share=st.sampled_from([0.05, 0.5, 1.0]), masked=st.booleans())
def test_neighbours_are_those_of_a_full_search(seed: int, share: float, masked: bool) -> None:
    rng = np.random.default_rng(seed)
    block = Held(unit(rng.normal(size=(400, 6))))
    pool = np.flatnonzero(rng.random(400) < share)
    mask = rng.random(len(pool)) < 0.5 if masked else None
    queries = unit(rng.normal(size=(5, 6)))
    where, similar = nearest(block, pool, queries, 7, mask=mask)
    allowed = np.arange(len(pool)) if mask is None else np.flatnonzero(mask)
    full = queries @ block.x[pool[allowed]].T
    best = -np.sort(-full, axis=1)[:, :7]
    assert np.allclose(similar[:, : best.shape[1]], best, atol=1e-6)
    assert (where[:, best.shape[1] :] == -1).all()
    found = where[:, : best.shape[1]]
    assert np.isin(found, allowed).all()


def test_walking_gives_every_wanted_vector_once_and_in_order() -> None:
    block = Held(np.arange(600, dtype=np.float32).reshape(300, 2))
    for rows in (np.arange(300), np.arange(0, 300, 2), np.array([5, 299]), np.empty(0, np.int64)):
        seen = [(at, x) for at, x in walk(block, rows)]
        if len(rows) == 0:
            assert seen == []
            continue
        assert np.concatenate([at for at, _ in seen]).tolist() == list(range(len(rows)))
        assert np.array_equal(np.concatenate([x for _, x in seen]), block.x[rows])


def test_spread_takes_one_of_each_cluster_and_fills_up_among_copies() -> None:
    rng = np.random.default_rng(0)
    member = np.repeat(np.arange(6), 20)
    x = unit(np.eye(6)[member] + 0.02 * rng.normal(size=(120, 6)))
    assert sorted(member[spread(x, 6, rng)]) == list(range(6))
    copies = np.ones((30, 4), np.float32) / 2
    assert len(np.unique(spread(copies, 10, rng))) == 10
    assert spread(x[:3], 5, rng).tolist() == [0, 1, 2]


def test_heavy_rows_draw_the_centre() -> None:
    x = unit(np.array([[1, 0], [0.8, 0.6], [0, 1]]))
    centre, _ = kmeans(x, 1, np.random.default_rng(0), weight=np.array([0.01, 0.01, 5], np.float32))
    assert (x @ centre[0]).argmax() == 2


@given(
    values=st.lists(st.floats(-5, 5, width=32), max_size=50).map(lambda v: np.array(v, np.float32)),
    count=st.integers(0, 60),
)
def test_lowest_are_the_smallest_in_order(values: np.ndarray, count: int) -> None:
    assert lowest(values, count).tolist() == np.argsort(values, kind="stable")[:count].tolist()


def test_a_shortlist_is_eight_batches_or_a_tenth_of_the_pool_and_never_below_the_batch() -> None:
    assert [shortlist_size(50, pool) for pool in (100, 3000, 100_000)] == [50, 300, 400]


def test_an_outlook_keeps_the_two_best_and_how_far_they_are_apart() -> None:
    look = outlook(np.array([[0.2, 0.5, 0.3], [0.98, 0.01, 0.01]], np.float32))
    assert (look.top.tolist(), look.second[0]) == ([1, 0], 2)
    assert np.allclose(look.margin, [0.2, 0.97])
    assert look.entropy is not None
    assert look.entropy[0] > look.entropy[1]
    assert len(look.at(np.array([True, False]))) == 1


def test_of_several_labels_the_one_in_doubt_counts() -> None:
    look = outlook(np.array([[0.99, 0.55], [0.3, 0.02]], np.float32), kind=Kind.MULTILABEL)
    assert look.top.tolist() == look.second.tolist() == [1, 0]
    assert np.allclose(look.margin, [0.1, 0.4], atol=1e-6)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8), st.integers(0, 500))
def test_a_budget_is_split_whole_and_in_proportion(short: list[float], budget: int) -> None:
    shares = share_out(short, budget)
    total = sum(short)
    assert sum(shares) == (budget if total > 0 else 0)
    if total > 0:
        assert all(abs(share - budget * one / total) <= 1 for share, one in zip(shares, short, strict=True))


def test_a_label_is_exhausted_after_eight_picks_without_one_and_not_before() -> None:
    sought = np.array([0] * 9 + [1] * 9, np.int32)
    given_ = sought.copy()
    given_[1:9] = 2
    given_[9:17] = 2
    assert exhausted(sought, given_, 3) == frozenset({0})
    assert exhausted(sought[:7], given_[:7], 3) == frozenset()
    assert exhausted(sought, np.eye(3, dtype=bool)[given_], 3) == frozenset({0})
