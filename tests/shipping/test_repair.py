"""What is taken out of a layer is what the rest can stand in for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adequate.shipping.repair import kept, solved
from adequate.types import Floats


def entangled(t: int, units: int, size: int, seed: int) -> tuple[Floats, Floats]:
    """Activations with fewer causes than columns, and a matrix that reads them."""
    rng = np.random.default_rng(seed)
    causes = rng.normal(size=(t, 3 * units * size // 4)) @ rng.normal(size=(3 * units * size // 4, units * size))
    x = causes + 0.3 * rng.normal(size=causes.shape) + 1
    return x.astype(np.float32), rng.normal(size=(6, units * size)).astype(np.float32)


def lost(x: Floats, y: Floats, weight: Floats, bias: Floats | float = 0) -> float:
    return float(((x @ weight.T + bias - y) ** 2).mean())


@given(st.integers(0, 50), st.sampled_from([1, 3]))
def test_solving_the_rest_anew_is_better_than_leaving_it(seed: int, size: int) -> None:
    x, weight = entangled(300, 12, size, seed)
    y = x @ weight.T
    columns = (kept(x, weight, 6, size=size)[:, None] * size + np.arange(size)).ravel()
    repaired = lost(x[:, columns], y, *solved(x[:, columns], y, weight[:, columns]))
    assert repaired < 0.9 * lost(x[:, columns], y, weight[:, columns])


@given(st.integers(0, 50))
def test_the_units_chosen_are_better_than_the_loudest(seed: int) -> None:
    x, weight = entangled(300, 24, 1, seed)
    x[:, 1::2] = x[:, ::2] + 0.1 * x[:, 1::2]  # half of them say nearly what their neighbour says
    y = x @ weight.T

    def left(columns: np.ndarray) -> float:
        return lost(x[:, columns], y, *solved(x[:, columns], y, weight[:, columns]))

    loudest = np.sort(np.argsort((x**2).mean(axis=0) * (weight**2).sum(axis=0))[-12:])
    assert left(kept(x, weight, 12)) <= left(loudest)


def test_nothing_to_mend_changes_nothing() -> None:
    x, weight = entangled(200, 8, 1, 0)
    made, bias = solved(x, x @ weight.T + 2, weight)
    assert np.abs(made - weight).max() < 1e-4
    assert bias == pytest.approx(2, abs=1e-3)


@pytest.mark.parametrize("count", [1, 5, 8])
def test_as_many_units_stay_as_were_asked_for(count: int) -> None:
    x, weight = entangled(100, 8, 2, 0)
    left = kept(x, weight, count, size=2)
    assert len(left) == count
    assert (np.diff(left) > 0).all()
