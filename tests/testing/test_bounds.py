"""Bounds, tests and sizes of proofs: they hold, and agree with published values and second methods."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from adequate.testing.bounds import (
    benjamini_hochberg,
    clopper_pearson,
    e_benjamini_hochberg,
    e_bounds,
    e_value,
    holm,
    labels_to_prove,
    mid_p,
    proof_size,
    slips_allowed,
)


def chances(n: int, p: float) -> np.ndarray:
    """The binomial distribution, shape (n + 1,)."""
    return np.asarray(stats.binom.pmf(np.arange(n + 1), n, p))


@given(st.integers(1, 80), st.floats(0.01, 0.99), st.sampled_from([0.01, 0.05, 0.2]))
def test_the_exact_bounds_miss_the_truth_no_more_often_than_they_say(n: int, truth: float, alpha: float) -> None:
    low, high = clopper_pearson(np.arange(n + 1), n, alpha)
    assert chances(n, truth)[low > truth].sum() <= alpha + 1e-9
    assert chances(n, truth)[high < truth].sum() <= alpha + 1e-9


@given(st.integers(0, 200), st.integers(0, 200))
def test_bounds_are_ordered_around_the_value(right: int, wrong: int) -> None:
    n = right + wrong
    for low, high in (clopper_pearson(right, n), e_bounds(right, n)):
        assert 0 <= low <= (right / n if n else 1) + 1e-9
        assert (right / n if n else 0) - 1e-9 <= high <= 1


@given(st.integers(1, 60), st.floats(0.05, 0.95))
def test_an_e_value_is_at_most_one_on_average_where_the_target_is_just_missed(n: int, target: float) -> None:
    assert chances(n, target) @ e_value(np.arange(n + 1), n, target) <= 1 + 1e-6


def test_e_bounds_hold_at_all_looks_together_where_exact_bounds_do_not(rng: np.random.Generator) -> None:
    truth, n = 0.95, np.arange(1, 401)
    right = (rng.random((800, 400)) < truth).cumsum(1)
    watched = (e_value(right, n, truth) >= 20).any(1).mean()
    peeked = (clopper_pearson(right, n)[0] > truth).any(1).mean()
    assert watched <= 0.05
    assert peeked > 0.10  # published: 24 % over longer runs


@pytest.mark.parametrize(
    ("target", "sizes"), [(0.9, [29, 46, 61, 76]), (0.95, [59, 93, 124, 153]), (0.99, [299, 473, 628, 773])]
)
def test_proofs_take_the_published_numbers_of_labels(target: float, sizes: list[int]) -> None:
    assert proof_size([0, 1, 2, 3], target).tolist() == sizes  # research: sample_size.py


@pytest.mark.parametrize(
    ("target", "truth", "labels"),
    [
        (0.7, 0.8, 119),
        (0.7, 0.85, 49),
        (0.7, 0.9, 28),
        (0.8, 0.9, 82),
        (0.8, 0.95, 30),
        (0.9, 0.95, 179),
        (0.9, 0.99, 46),
    ],
)
def test_labels_to_prove_are_the_published_ones(target: float, truth: float, labels: int) -> None:
    assert labels_to_prove(target, truth) == labels  # power 0.8, one-sided 95 %


@given(st.floats(0.5, 0.97), st.floats(0.01, 0.2), st.sampled_from([0.05, 0.01]))
def test_labels_to_prove_prove_with_the_power_asked_for(target: float, margin: float, alpha: float) -> None:
    truth = target + (1 - target) * (0.4 + 2 * margin)
    n = int(labels_to_prove(target, truth, alpha))
    proven = clopper_pearson(np.arange(n + 1), n, alpha)[0] >= target - 1e-12
    assert chances(n, truth)[proven].sum() >= 0.8 - 1e-9


@given(st.integers(1, 400), st.floats(0.3, 0.99), st.floats(0.001, 0.3))
def test_slips_allowed_are_those_that_the_exact_bound_survives(n: int, target: float, alpha: float) -> None:
    slips = int(slips_allowed(n, target, alpha))
    low = clopper_pearson(np.arange(n + 1)[::-1], n, alpha)[0]  # by errors
    assert all(low[: slips + 1] >= target - 1e-9)
    assert slips == n or low[slips + 1] < target + 1e-9


@given(st.integers(0, 60), st.integers(0, 60))
def test_mid_p_equals_its_definition(lost: int, won: int) -> None:
    changed = lost + won
    p = chances(changed, 0.5)
    assert mid_p(lost, won) == pytest.approx(p[lost + 1 :].sum() + p[lost] / 2)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_holm_rejects_no_more_than_benjamini_hochberg(p: list[float]) -> None:
    assert (holm(p, 0.05) <= benjamini_hochberg(p, 0.05)).all()


def test_e_benjamini_hochberg_keeps_false_discoveries_rare_whatever_the_dependence(rng: np.random.Generator) -> None:
    shares = []
    for _ in range(300):
        shared = rng.binomial(50, 0.9)  # all nulls fail together
        e = e_value(
            np.r_[np.full(80, shared), rng.binomial(200, 0.99, 20)], np.r_[np.full(80, 50), np.full(20, 200)], 0.9
        )
        found = e_benjamini_hochberg(e, 0.05)
        shares.append(found[:80].sum() / max(found.sum(), 1))
    assert np.mean(shares) <= 0.05


def test_no_label_is_no_knowledge() -> None:
    low, high = clopper_pearson(0, 0)
    assert (low, high) == (0, 1)
    assert e_value(0, 0, 0.9) == pytest.approx(1)
    assert mid_p(0, 0) == 0.5
