"""Another target for the same counts: nothing is claimed that the first look didn't prove."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from adequate.testing.bounds import clopper_pearson
from adequate.testing.cells import Counts
from adequate.testing.retarget import Standing, retarget
from adequate.testing.states import judge
from adequate.types import State

ORDER = [State.ADEQUATE, State.UNKNOWN, State.INADEQUATE]


def standing(right: int, n: int, target: float, alpha: float = 0.025) -> Standing:
    counts = Counts(n=np.array([n]), right=np.array([right]), drawn=np.array([n]))
    judged = judge(counts, [target], alpha)
    need = judged.need[0]
    return Standing(
        n=n,
        right=right,
        drawn=n,
        low=float(judged.low[0]),
        high=float(judged.high[0]),
        target=target,
        state=judged.states[0],
        need=int(need) if np.isfinite(need) and need > 0 else None,
    )


counts = st.integers(1, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
targets = st.floats(0.05, 0.99)


@settings(deadline=None)
@given(counts, targets)
def test_the_same_target_is_the_same_answer(of: tuple[int, int], target: float) -> None:
    held = standing(*of, target)
    assert retarget(held, target) == (held.state, held.need)


@settings(deadline=None)
@given(counts, targets, targets, targets)
def test_a_harder_target_is_never_easier(of: tuple[int, int], target: float, a: float, b: float) -> None:
    held = standing(*of, target)
    low, high = sorted((a, b))
    assert ORDER.index(retarget(held, low)[0]) <= ORDER.index(retarget(held, high)[0])


@settings(deadline=None)
@given(counts, targets, targets)
def test_a_cell_is_never_called_adequate_without_a_look_that_found_it_so(
    of: tuple[int, int], target: float, other: float
) -> None:
    held = standing(*of, target)
    if retarget(held, other)[0] is State.ADEQUATE:
        assert held.state is State.ADEQUATE
        assert held.low >= other


@settings(deadline=None)
@given(counts, st.floats(0.001, 0.2))
def test_the_level_of_a_look_is_found_again_from_its_bounds(of: tuple[int, int], alpha: float) -> None:
    right, n = of
    low, high = clopper_pearson(right, n, alpha)
    held = Standing(
        n=n, right=right, drawn=n, low=float(low), high=float(high), target=0.9, state=State.UNKNOWN, need=None
    )
    assert np.isclose(held.level, alpha, rtol=1e-6)
