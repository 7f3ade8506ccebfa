"""Numbers of 4 bits come back as they were."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from adequate.bundles.halves import packed, unpacked


@given(
    st.tuples(st.integers(0, 5), st.integers(0, 4)).flatmap(
        lambda n: arrays(np.int8, (n[0], 2 * n[1]), elements=st.integers(-8, 7))
    )
)
def test_what_was_packed_comes_back_from_half_the_bytes(numbers: np.ndarray) -> None:
    assert packed(numbers).nbytes * 2 == numbers.nbytes
    np.testing.assert_array_equal(unpacked(packed(numbers)), numbers)


def test_what_was_not_packed_stays() -> None:
    whole = np.arange(6, dtype=np.int8).reshape(2, 3)
    assert unpacked(whole) is whole
