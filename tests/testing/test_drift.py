"""What comes in is told from what was there where it differs, and hardly ever where it doesn't."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from adequate.testing.drift import one_each, shifted, told_apart
from adequate.types import Floats

D = 12


def threads(count: int, size: int, rng: np.random.Generator, move: float = 0.0) -> tuple[Floats, np.ndarray]:
    """Vectors that lie close to those of their own thread; threads come from one place, moved by so much."""
    centres = rng.standard_normal((count, D)) + move
    of = np.repeat(np.arange(count), size)
    return (centres[of] + 0.1 * rng.standard_normal((count * size, D))).astype(np.float32), of + rng.integers(1 << 40)


def told(trials: int, *, grouped: bool, move: float = 0.0) -> int:
    """In how many trials the new ones, of 30 threads with 10 each, are told from the old ones."""
    found = 0
    for seed in range(trials):
        rng = np.random.default_rng(seed)
        (old, ours), (new, theirs) = threads(300, 1, rng), threads(30, 10, rng, move)
        apart = told_apart(old, new, rng, 0.001, groups=(ours, theirs) if grouped else None)
        found += apart.p < 0.001
    return found


def test_a_thread_that_is_known_again_is_no_drift() -> None:
    assert told(40, grouped=True) == 0
    assert told(40, grouped=False) > 20  # that's why


def test_threads_that_are_of_another_kind_are_drift() -> None:
    assert told(20, grouped=True, move=1.5) >= 18


def test_of_alike_ones_about_half_are_told_right_however_many_there_are_of_each() -> None:
    rng = np.random.default_rng(3)
    found = [
        told_apart(rng.standard_normal((1500, D), np.float32), rng.standard_normal((250, D), np.float32), rng)
        for _ in range(60)
    ]
    assert {one.n for one in found} == {250}
    assert abs(np.mean([one.accuracy for one in found]) - 0.5) < 0.01
    assert sum(one.p < 0.05 for one in found) <= 9  # of 60, 3 by chance
    assert all(one.low < one.accuracy for one in found)


def test_too_few_to_try_say_nothing() -> None:
    one = np.zeros((1, D), np.float32)
    assert told_apart(one, one, np.random.default_rng(0)).p == 1


@given(st.lists(st.integers(0, 5)), st.integers(0, 99))
def test_one_of_each_group_is_drawn(groups: list[int], seed: int) -> None:
    keys = np.array(groups, np.int64)
    drawn = one_each(keys, np.random.default_rng(seed))
    assert sorted(keys[drawn].tolist()) == sorted(set(groups))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(1, 400), min_size=2, max_size=8), st.integers(0, 99))
def test_how_far_a_share_moved_is_never_more_than_it_seems(before: list[int], seed: int) -> None:
    was = np.array(before, np.int64)
    now = np.random.default_rng(seed).permutation(was)
    found = shifted(was, now)
    seems = now / now.sum() - was / was.sum()
    assert (np.abs(found.least) <= np.abs(seems) + 1e-12).all()
    assert (found.least * seems >= 0).all()


def test_labels_that_come_as_before_are_hardly_ever_told() -> None:
    rng = np.random.default_rng(1)
    shares = np.array([0.3, 0.2, 0.2, 0.1, 0.1, 0.05, 0.05])
    some = [shifted(rng.multinomial(3000, shares), rng.multinomial(300, shares)) for _ in range(2000)]
    assert sum(one.p < 0.001 for one in some) <= 8  # 2 by chance
    assert not any(one.least.any() for one in some)
