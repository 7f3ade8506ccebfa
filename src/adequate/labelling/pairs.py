"""What number does each of many examples have, if people only say which of two has more of it?

Bradley and Terry: example i beats j with probability p_i / (p_i + p_j); the p that make what was said likeliest are
found by Hunter's minorisation-maximisation, each step of which can only improve. A tie is half a win for each.
Everybody also has drawn one game against a player of strength 1: that keeps who won all games finite, and examples
that were never compared, even by way of others, on one scale.

Which pair to ask next: the example that was compared least, against the one nearest to it in strength that it hasn't
met; comparing the equal says most.

Sources: R. A. Bradley, M. E. Terry, "Rank Analysis of Incomplete Block Designs", Biometrika 39 (1952);
D. R. Hunter, "MM Algorithms for Generalized Bradley-Terry Models", Annals of Statistics 32 (2004).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from itertools import islice

import numpy as np

from adequate.types import Doubles

STEPS = 500
ENOUGH = 1e-9  # change of the log strengths at which to stop


def strengths(n: int, games: Sequence[tuple[int, int, float]]) -> Doubles:
    """The log strength of each of n examples, shape (n,); 0 where nothing is known. O(steps x games).

    Args:
        games: (i, j, what i won: 1, 0, or 0.5 for a tie), i != j.

    >>> strengths(3, [(0, 1, 1.0), (1, 2, 1.0)]).argsort().tolist()
    [2, 1, 0]
    """
    if not games:
        return np.zeros(n)
    i, j = (np.array([game[k] for game in games], np.int64) for k in (0, 1))
    won = np.array([game[2] for game in games])
    wins = 0.5 + np.bincount(i, won, n) + np.bincount(j, 1 - won, n)
    p = np.ones(n)
    for _ in range(STEPS):
        share = 1 / (p[i] + p[j])
        new = wins / (1 / (1 + p) + np.bincount(i, share, n) + np.bincount(j, share, n))
        # Games say nothing of the level of all, and steps by example would find it only slowly: Newton's step on it.
        drawn = new / (1 + new)
        new *= np.exp(np.clip((0.5 - drawn).sum() / (drawn * (1 - drawn)).sum(), -1, 1))
        moved = np.abs(np.log(new) - np.log(p)).max()
        p = new
        if moved < ENOUGH:
            break
    return np.log(p)


def pairs(
    n: int,
    games: Sequence[tuple[int, int, float]],
    most: int,
    rng: np.random.Generator,
    asked: Collection[int] | None = None,
) -> list[tuple[int, int]]:
    """Which pairs to compare next, at most `most`; each example is in one of them at most. O(n^2) at worst.

    Args:
        asked: examples that are still asked, of which every pair has one; None: all are.
    """
    score = strengths(n, games)
    met = {frozenset(game[:2]) for game in games}
    count = np.bincount(np.array([at for game in games for at in game[:2]], np.int64), minlength=n)
    order = rng.permutation(n)
    order = order[np.argsort(count[order], kind="stable")]
    first = order.tolist() if asked is None else [one for one in order.tolist() if one in asked]
    return list(islice(_matched(first, dict.fromkeys(order.tolist()), score, met), most))


def _matched(
    first: list[int], free: dict[int, None], score: Doubles, met: set[frozenset[int]]
) -> Iterable[tuple[int, int]]:
    for one in first:
        if one not in free:
            continue
        del free[one]
        others = [other for other in free if frozenset((one, other)) not in met]
        if others:
            near = min(others, key=lambda other: abs(score[other] - score[one]))
            del free[near]
            yield one, near
