"""Do inputs look like those that the model was tested on? A bet that may be looked at whenever one likes.

Inputs come in pairs, one of production and one of the reference, neither seen before. A linear classifier, learned from
all earlier pairs, says which of the two is production's. If both come from one place it is right half of the time, an
honest coin, whatever it learned; so the wins are a bet against that coin, and the stake that is won is evidence at any
moment. What is told is how often it wins, at least: with enough texts any two samples differ, and most differences
matter to nobody.

Sources: Podkopaev & Ramdas, "Sequential Predictive Two-Sample and Independence Testing", NeurIPS 2023; Lopez-Paz &
Oquab, "Revisiting Classifier Two-Sample Tests", ICLR 2017; the bet is the mixture of `testing.bounds`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from adequate.monitoring.rates import daily
from adequate.testing.bounds import e_bounds
from adequate.testing.drift import towards
from adequate.types import Doubles, Floats

FIRST = 24  # pairs that are only learned from; then all pairs before, at each growth by `GROWTH`
GROWTH = 1.25
NEWEST = 500  # pairs that are learned from at most: what came long ago says less of what is new
BEGIN = 250  # a bet begins at each so many pairs; drift that began late isn't hidden by what was before


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """How well production can be told from the reference.

    Args:
        value: share of pairs told right, 0.5: not at all; nan before there were enough.
        low: at least this share, at all looks of a year together.
        n: pairs that this is about: the newest ones.
        first: position, in what was given, of the first of them.
    """

    value: float
    low: float
    n: int
    first: int = 0

    def is_beyond(self, least: float) -> bool:
        """Whether it is sure that more than this share is told right."""
        return self.low > least


def drifted(reference: Floats, live: Floats, rng: np.random.Generator, alpha: float = 0.05) -> Drift:
    """Whether, and how well, production's inputs can be told from the reference. O(n d^2).

    Args:
        reference: shape (m, d), vectors of inputs that the model was tested on.
        live: shape (n, d), vectors of a uniform sample of production's, oldest first.
        rng: puts the reference into an order; the same seed at each look, or the looks are not of one bet.
        alpha: chance that, where nothing changed, `low` ever rises above 0.5 within a year.

    >>> rng = np.random.default_rng(0)
    >>> x, y = rng.standard_normal((2, 600, 8), np.float32)
    >>> drifted(x, y + 1, rng).low > 0.75, drifted(x, y, rng).low < 0.5
    (True, True)
    """
    n = min(len(reference), len(live))
    if n <= FIRST:
        return Drift(value=float("nan"), low=0.0, n=0)
    wins = _wins(reference[rng.permutation(len(reference))[:n]], live[:n])
    # Each bet has its share of the error, whether it has begun or not: as many as the pairs could ever be.
    bets = -(-len(reference) // BEGIN)
    begin = np.arange(FIRST, n, BEGIN)
    won, tried = wins[::-1].cumsum()[::-1][begin - FIRST], n - begin
    low, _ = e_bounds(won, tried, daily(alpha) / bets)
    best = int(np.argmax(low)) if low.max() > 0.5 else 0  # where nothing is sure, the one with most pairs
    return Drift(value=float(won[best] / tried[best]), low=float(low[best]), n=int(tried[best]), first=int(begin[best]))


def _wins(ours: Floats, theirs: Floats) -> Doubles:
    """Of each pair after the `FIRST`, 1 where it is told right, 0 where not; a tie is half a win."""
    pieces, start = [], FIRST
    while start < len(ours):
        end = min(len(ours), int(start * GROWTH) + 1)
        old = slice(max(0, start - NEWEST), start)
        across, _ = towards(ours[old], theirs[old])
        pieces.append((np.sign((theirs[start:end] - ours[start:end]) @ across) + 1) / 2)
        start = end
    return np.concatenate(pieces).astype(float)
