"""A direction that finds more of what is wanted, and says honestly how well."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adequate.errors import NotEnoughDataError
from adequate.mining.seeking import FEWEST, OTHER, POOL, WANTED, Seeker, seeker


def world(
    rng: np.random.Generator, n: int, rate: float, shift: float, width: int = 16
) -> tuple[np.ndarray, np.ndarray]:
    """Features, and which are truly of the kind."""
    true = rng.random(n) < rate
    features = rng.normal(size=(n, width)).astype(np.float32)
    features[true] += shift * np.eye(width, dtype=np.float32)[0]
    return features, true


def made(seed: int, *, precision: float = 0.5, shift: float = 4.0, rate: float = 0.02) -> tuple[Seeker, float, float]:
    """A seeker, the yield that it has on fresh texts, and the rate at which it fires there."""
    rng = np.random.default_rng(seed)
    features, true = world(rng, 4000, rate, shift)
    labelled = rng.random(len(true)) < 0.4
    known = np.where(labelled, np.where(true, WANTED, OTHER), POOL).astype(np.int32)
    found = seeker(features, known, np.arange(len(true), dtype=np.int32), precision=precision, share=rate)
    fresh, is_so = world(rng, 40_000, rate, shift)
    fires = fresh @ found.weights >= found.threshold
    return found, float(is_so[fires].mean()) if fires.any() else 0.0, float(fires.mean())


@settings(deadline=None, max_examples=12)
@given(st.integers(0, 10_000))
def test_what_is_expected_out_of_fold_is_about_what_comes(seed: int) -> None:
    found, truly, rate = made(seed)
    assert found.expected >= 0.5
    assert truly >= 0.35  # 30 wanted examples tell the share to within some 15 points
    assert rate == pytest.approx(found.rate, abs=0.02)
    assert truly > 10 * 0.02  # ten times what chance would bring


def test_a_higher_precision_fires_less() -> None:
    low, high = made(1, precision=0.3)[0], made(1, precision=0.9)[0]
    assert high.rate < low.rate
    assert high.recall <= low.recall


def test_where_nothing_tells_it_does_not_claim_to_know() -> None:
    found, truly, _ = made(2, shift=0.0)
    assert found.expected < 0.5
    assert truly < 0.2


def test_copies_in_one_group_do_not_vouch_for_each_other() -> None:
    rng = np.random.default_rng(0)
    features = rng.normal(size=(600, 300)).astype(np.float32)
    for pair in range(5):  # five texts that have nothing in common, each with a copy
        features[2 * pair + 1] = features[2 * pair]
    known = np.where(np.arange(600) < 10, WANTED, OTHER).astype(np.int32)
    groups = np.arange(600, dtype=np.int32)
    apart = seeker(features, known, groups, precision=0.5)
    groups[:10] = np.arange(10) // 2
    assert seeker(features, known, groups, precision=0.5).expected < 0.1 < apart.expected
    groups[:10] = 0
    with pytest.raises(NotEnoughDataError, match="copies of one text"):
        seeker(features, known, groups, precision=0.5)


def test_too_few_examples_are_an_error_that_says_how_many_it_takes() -> None:
    features = np.zeros((20, 4), np.float32)
    known = np.where(np.arange(20) < FEWEST - 1, WANTED, OTHER).astype(np.int32)
    with pytest.raises(NotEnoughDataError, match=f"it takes {FEWEST}"):
        seeker(features, known, np.arange(20, dtype=np.int32), precision=0.5)
