"""More of one cell: what resembles its failures, and what is in doubt near it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adequate.loop.features import Held
from adequate.mining.single import single


def world(n: int = 200, seed: int = 0) -> tuple[Held, np.random.Generator]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 16)).astype(np.float32)
    return Held(name="x", matrix=x / np.linalg.norm(x, axis=1, keepdims=True)), rng


@settings(deadline=None)
@given(count=st.integers(1, 120), failures=st.integers(0, 40), inside=st.floats(0, 1), seed=st.integers(0, 20))
def test_it_picks_as_many_as_are_wanted_and_none_twice(count: int, failures: int, inside: float, seed: int) -> None:
    vectors, rng = world(seed=seed)
    pool = np.arange(60, 200)
    near = rng.random(len(pool)) < inside
    margin = rng.random(len(pool)).astype(np.float32)
    rows = rng.choice(60, failures, replace=False)
    alike, doubt = single(vectors, pool, count, failures=rows, known=rows[:0], near=near, margin=margin, rng=rng)
    both = np.concatenate([alike, doubt])
    assert len(both) == len(set(both.tolist())) == min(count, len(pool))
    assert len(alike) <= count // 2


def test_copies_of_a_failure_come_first_and_the_rest_is_what_the_cell_doubts_most() -> None:
    vectors, rng = world()
    x = np.asarray(vectors.matrix)
    x[150], x[160] = x[3], x[4]
    pool = np.arange(60, 200)
    near = np.zeros(len(pool), bool)
    near[[5, 6, 7, 8]] = True
    margin = np.full(len(pool), 0.9, np.float32)
    margin[[5, 6]] = 0.1, 0.05
    alike, doubt = single(
        vectors, pool, 8, failures=np.array([3, 4]), known=np.zeros(0, np.int64), near=near, margin=margin, rng=rng
    )
    assert {150, 160} <= set(pool[alike].tolist())
    assert doubt[:2].tolist() == [6, 5]
    assert set(doubt.tolist()) == {5, 6, 7, 8}


@pytest.mark.parametrize("blind", [True, False])
def test_without_failures_it_goes_by_what_is_known_and_without_vectors_by_doubt_alone(blind: bool) -> None:
    vectors, rng = world()
    pool = np.arange(60, 200)
    none = np.zeros(0, np.int64)
    everywhere, margin = np.ones(len(pool), bool), rng.random(len(pool)).astype(np.float32)
    alike, doubt = single(
        None if blind else vectors,
        pool,
        10,
        failures=none,
        known=np.array([1, 2]),
        near=everywhere,
        margin=margin,
        rng=rng,
    )
    assert len(alike) == (0 if blind else 5)
    assert len(alike) + len(doubt) == 10


def test_what_resembles_a_failure_that_is_no_example_comes_first_too() -> None:
    vectors, rng = world()
    x = np.asarray(vectors.matrix)
    changed = x[[170]] + 0.01
    changed /= np.linalg.norm(changed)
    pool, none = np.arange(60, 200), np.zeros(0, np.int64)
    margin = np.full(len(pool), 0.9, np.float32)
    near = np.zeros(len(pool), bool)
    alike, _ = single(vectors, pool, 4, failures=none, known=none, near=near, margin=margin, rng=rng, queries=changed)
    assert pool[alike][0] == 170
