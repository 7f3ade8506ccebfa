"""Weights in few bytes, of which a bundle loses nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from adequate.bundles import heads as saved
from adequate.shipping.columns import Precision, rounded, strongest
from adequate.training.heads import Head, Weights
from adequate.types import Kind


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.integers(1, 9), st.floats(-25, 25))
def test_int8_is_near_and_is_rounded_once(seed: int, a: int, k: int, size: float) -> None:
    rng = np.random.default_rng(seed)
    values = (10**size * rng.lognormal(sigma=3, size=(a, 1)) * rng.normal(size=(a, k))).astype(np.float32)
    made = rounded(values, "int8")
    assert (np.abs(made - values) <= np.abs(values).max(axis=1, keepdims=True) / 250).all()
    assert np.array_equal(rounded(made, "int8"), made)


@pytest.mark.parametrize(("precision", "bytes_"), [("int8", 1), ("fp16", 2), ("fp32", 4)])
def test_a_head_comes_back_as_it_was_from_as_few_bytes(tmp_path: Path, precision: Precision, bytes_: int) -> None:
    values = np.random.default_rng(0).normal(size=(2_000, 50)).astype(np.float32)
    values[7] = 0
    weights = Weights(width=4_096, columns=np.arange(2_000), values=rounded(values, precision))
    bias = np.zeros(50, np.float32)
    head = Head(
        task="topic",
        kind=Kind.CLASSIFY,
        labels=tuple(map(str, range(50))),
        weights={"words": weights},
        bias=bias,
        l2=1.0,
        temperature=1.0,
        offsets=bias,
    )
    said = saved.save(head, tmp_path)
    assert np.array_equal(saved.load(tmp_path, "topic", said).weights["words"].values, weights.values)
    assert 0 < (tmp_path / said["file"]).stat().st_size - bytes_ * values.size < 20_000


def test_the_strongest_are_those_that_move_logits_as_often_as_they_are_said() -> None:
    x = csr_array(np.array([[1, 1, 1, 0], [1, 0, 1, 0], [1, 0, 1, 1]], np.float32))
    values = np.array([[0.5, -0.5], [0.6, -0.6], [3, 3], [0.1, 0]], np.float32)  # the third moves all labels alike
    assert strongest(x, values, 2).tolist() == [0, 1]
    assert strongest(x, values, None).tolist() == [0, 1, 2, 3]
