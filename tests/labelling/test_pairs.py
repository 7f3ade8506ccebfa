"""Strengths from comparisons, and which to ask next."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from adequate.labelling.pairs import pairs, strengths

Games = list[tuple[int, int, float]]
GAMES = st.lists(
    st.tuples(st.integers(0, 7), st.integers(0, 7), st.sampled_from([0.0, 0.5, 1.0])).filter(lambda g: g[0] != g[1]),
    max_size=40,
)


def likelihood(score: np.ndarray, games: Games) -> float:  # type: ignore[type-arg]
    """Of Bradley and Terry, with the drawn game of each against strength 1."""
    said = sum(
        won * -np.logaddexp(0, score[j] - score[i]) + (1 - won) * -np.logaddexp(0, score[i] - score[j])
        for i, j, won in games
    )
    return float(said + (-0.5 * np.logaddexp(0, -score) - 0.5 * np.logaddexp(0, score)).sum())


@given(GAMES)
def test_no_other_strengths_make_what_was_said_likelier(games: Games) -> None:
    found = strengths(8, games)
    best = likelihood(found, games)
    for step in np.eye(8) * 0.01:
        assert likelihood(found + step, games) <= best + 1e-9
        assert likelihood(found - step, games) <= best + 1e-9


@given(GAMES, st.randoms())
def test_the_order_of_comparisons_does_not_matter(games: Games, random: object) -> None:
    turned = [(j, i, 1 - won) for i, j, won in games]
    random.shuffle(turned)  # type: ignore[attr-defined]
    np.testing.assert_allclose(strengths(8, turned), strengths(8, games), atol=1e-6)


def test_true_strengths_are_found_again() -> None:
    rng = np.random.default_rng(0)
    true = np.linspace(-2, 2, 9)
    drawn = [(int(i), int(j)) for i, j in rng.integers(0, 9, (4000, 2)) if i != j]
    games = [(i, j, float(rng.random() < 1 / (1 + np.exp(true[j] - true[i])))) for i, j in drawn]
    assert np.abs(strengths(9, games) - true).max() < 0.25


@given(GAMES, st.integers(0, 5))
def test_a_pair_is_new_and_nobody_is_in_two(games: Games, seed: int) -> None:
    asked = pairs(8, games, 4, np.random.default_rng(seed))
    members = [one for pair in asked for one in pair]
    met = {frozenset(game[:2]) for game in games}
    assert bool(asked) == (len(met) < 28)
    assert len(members) == len(set(members))
    assert not {frozenset(pair) for pair in asked} & met


def test_who_was_compared_least_is_asked_first() -> None:
    games = [(0, 1, 1.0), (1, 2, 1.0), (0, 2, 1.0)]
    assert set(pairs(4, games, 1, np.random.default_rng(0))[0]) >= {3}


def test_every_pair_has_an_example_that_is_still_asked() -> None:
    rng = np.random.default_rng(0)
    assert all({0, 1} & set(pair) for pair in pairs(8, [], 8, rng, {0, 1}))
    assert len(pairs(8, [], 8, rng, {0, 1})) == 2
    assert pairs(8, [], 8, rng, ()) == []
