"""The encoder in NumPy is the encoder."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from adequate.shipping.forward import encoded, laid_out
from tests.encoders import made

ID = st.integers(1, made.WORDS - 1)


@given(st.lists(st.lists(ID, min_size=2, max_size=12), min_size=1, max_size=6))
def test_texts_of_any_lengths_get_the_vectors_that_each_has_alone(ids: list[list[int]]) -> None:
    weights = made.weights()
    expected = [made.bert(weights, np.array(text), made.HEADS) for text in ids]
    assert np.abs(encoded(weights, laid_out(ids), heads=made.HEADS) - expected).max() < 1e-5
