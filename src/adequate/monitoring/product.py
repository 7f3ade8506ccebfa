"""Does what the model is measured by go with what the product is for? By ranks, over releases.

A model's accuracy may rise while nobody is helped. With a handful of releases nothing but their order can be compared:
Spearman's rank correlation, its p exact for few releases (every order is counted), and an interval that says how
little five releases show.

Sources: Spearman, Am. J. Psychol. 15 (1904); Bonett & Wright, "Sample size requirements for estimating Pearson,
Kendall and Spearman correlations", Psychometrika 65 (2000), for the interval.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations
from math import atanh, sqrt, tanh
from statistics import NormalDist

import numpy as np
from scipy import stats

from adequate.types import Doubles

LEAST = 4  # releases; three can't be told from chance whatever they show
EXACT = 8  # releases up to which every order is counted: 40,320
DRAWN = 20_000  # orders drawn beyond that


@dataclass(frozen=True, slots=True, kw_only=True)
class Correlation:
    """How two metrics go together over n releases.

    Args:
        value, low, high: rank correlation in [-1, 1]; 95 % interval.
        p: chance of so strong a correlation, either way, were the orders unrelated.
        n: releases.
    """

    value: float
    low: float
    high: float
    p: float
    n: int


def correlated(model: Doubles, product: Doubles, *, coverage: float = 0.95, seed: int = 0) -> Correlation | None:
    """The rank correlation of two metrics; None with fewer than `LEAST` releases, or where one never changes.

    Args:
        model, product: shape (n,), one value a release, in the same order.

    >>> correlated(np.array([0.80, 0.84, 0.86, 0.90, 0.91]), np.array([10, 13, 12, 15, 19.0])).value
    0.9
    """
    n = len(model)
    if n < LEAST or len(np.unique(model)) < 2 or len(np.unique(product)) < 2:
        return None
    x, y = (_standard(stats.rankdata(one)) for one in (model, product))
    value = float(np.clip(x @ y, -1, 1))
    orders = (
        np.array(list(permutations(range(n))))
        if n <= EXACT
        else np.argsort(np.random.default_rng(seed).random((DRAWN, n)), axis=1)
    )
    hits = np.abs(y[orders] @ x) >= abs(value) - 1e-12
    p = float(hits.mean()) if n <= EXACT else float((hits.sum() + 1) / (DRAWN + 1))
    spread = NormalDist().inv_cdf(0.5 + coverage / 2) * sqrt((1 + value * value / 2) / (n - 3))
    # A perfect order is no perfect correlation: half a step short of it, a step being two neighbours exchanged.
    centre = atanh(min(abs(value), 1 - 6 / (n * (n * n - 1)))) * (1 if value >= 0 else -1)
    low, high = min(value, tanh(centre - spread)), max(value, tanh(centre + spread))
    return Correlation(value=round(value, 12), low=round(low, 12), high=round(high, 12), p=p, n=n)


def _standard(ranks: Doubles) -> Doubles:
    """Ranks with mean 0 and length 1, so that a product of two is their correlation."""
    centred = ranks - ranks.mean()
    found: Doubles = centred / np.sqrt(centred @ centred)
    return found
