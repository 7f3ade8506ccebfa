"""Vectors in row order, and the exact neighbours in them."""

from __future__ import annotations

import numpy as np
import pytest

from adequate.errors import StoreError, UnknownNameError
from adequate.store import Store


def vectors(n: int, width: int = 8, seed: int = 0) -> np.ndarray:
    found = np.random.default_rng(seed).standard_normal((n, width), dtype=np.float32)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def test_vectors_come_back_bit_by_bit_and_in_order(one: Store) -> None:
    x = vectors(1000)
    one.blocks.append("e", 0, x[:300])
    one.blocks.append("e", 300, x[300:])
    block = one.blocks.block("e")
    assert (block.name, block.width, len(block)) == ("e", 8, 1000)
    np.testing.assert_array_equal(block.take(np.array([999, 0, 300, 0])), x[[999, 0, 300, 0]])
    firsts, pieces = zip(*block.batches(128), strict=True)
    np.testing.assert_array_equal(np.concatenate(pieces), x)
    assert max(map(len, pieces)) <= 128
    assert list(firsts) == np.cumsum([0, *map(len, pieces[:-1])]).tolist()


def test_a_pass_over_many_rows_misses_none_wherever_commits_lie(one: Store) -> None:
    x = vectors(20_011, width=2)
    for start, stop in ((0, 5_000), (5_000, 5_001), (5_001, 20_011)):
        one.blocks.append("e", start, x[start:stop])
    firsts, pieces = zip(*one.blocks.block("e").batches(3_000), strict=True)
    np.testing.assert_array_equal(np.concatenate(pieces), x)
    assert list(firsts) == np.cumsum([0, *map(len, pieces[:-1])]).tolist()


def test_what_was_encoded_already_is_not_stored_twice(one: Store) -> None:
    one.blocks.append("e", 0, vectors(10))
    with pytest.raises(StoreError, match="the next row is 10"):
        one.blocks.append("e", 0, vectors(10))
    assert one.blocks.count("e") == 10


def test_encoders_do_not_mix(one: Store) -> None:
    one.blocks.append("a/b", 0, vectors(3))
    one.blocks.append("a_b", 0, vectors(4, width=2))
    assert (one.blocks.count("a/b"), one.blocks.block("a_b").width) == (3, 2)
    with pytest.raises(UnknownNameError, match="'c'"):
        one.blocks.block("c")


def test_a_row_past_the_end_is_an_error(one: Store) -> None:
    one.blocks.append("e", 0, vectors(3))
    with pytest.raises(IndexError):
        one.blocks.block("e").take(np.array([3]))
