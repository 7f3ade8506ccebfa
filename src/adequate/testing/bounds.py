"""What can be said of a fraction after n trials: bounds, tests and the labels that a proof takes. All vectorised.

Verdicts use Clopper-Pearson: at n = 100 Wilson and Wald call an inadequate cell adequate more often than they say.
Where people watch a number live, the bound must hold at every moment at once: `e_bounds`.

Sources: Clopper & Pearson, Biometrika 26 (1934); Fagerland et al., BMC Med. Res. Meth. 13 (2013), for mid-p McNemar;
Robbins, Ann. Math. Stat. 41 (1970), for mixtures that may be looked at any time; Benjamini & Hochberg, JRSS-B 57
(1995); Holm, Scand. J. Stat. 6 (1979); Wang & Ramdas, JRSS-B 84 (2022), for e-BH.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from adequate.types import Doubles, Mask

SLIPS = 1024  # labels_to_prove gives up where a proof must survive more errors than this


def clopper_pearson(right: ArrayLike, n: ArrayLike, alpha: ArrayLike = 0.05) -> tuple[Doubles, Doubles]:
    """Exact one-sided bounds: the truth lies below `low` with chance at most alpha, above `high` likewise.

    Args:
        right: how many of n trials were right.
        n: trials; where 0 the bounds are 0 and 1.
        alpha: in (0, 1], of each side alone. All three broadcast.

    >>> low, high = clopper_pearson([59, 58], 59)
    >>> low.round(3), high.round(3)
    (array([0.95 , 0.922]), array([1.   , 0.999]))
    """
    r, m, a = np.broadcast_arrays(np.asarray(right, float), np.asarray(n, float), np.asarray(alpha, float))
    low = np.where(r > 0, special.betaincinv(np.maximum(r, 1e-9), m - r + 1, a), 0.0)
    high = np.where(r < m, special.betaincinv(r + 1, np.maximum(m - r, 1e-9), 1 - a), 1.0)
    return low, high


def mid_p(lost: ArrayLike, won: ArrayLike) -> Doubles:
    """One-sided mid-p McNemar: how surprising `lost` losses are among lost + won changed answers, were both equal.

    >>> mid_p([3, 8], [0, 2])
    array([0.0625    , 0.03271484])
    """
    b, changed = np.asarray(lost, float), np.asarray(lost, float) + np.asarray(won, float)
    # Half of "more than b" plus half of "b or more", which by symmetry are "fewer than / at most changed - b wins".
    return (at_most(changed - b - 1, changed, 0.5) + at_most(changed - b, changed, 0.5)) / 2


def at_most(k: ArrayLike, n: ArrayLike, p: ArrayLike) -> Doubles:
    """The chance of at most k successes in n trials of chance p.

    >>> at_most([0, 1, 3, -1], 3, 0.5)
    array([0.125, 0.5  , 1.   , 0.   ])
    """
    j, m = np.broadcast_arrays(np.asarray(k, float), np.asarray(n, float))
    inner = special.betaincc(np.maximum(j + 1, 1e-9), np.maximum(m - j, 1e-9), p)
    return np.where(j < 0, 0.0, np.where(j >= m, 1.0, inner))


def e_value(right: ArrayLike, n: ArrayLike, target: ArrayLike) -> Doubles:
    """Evidence that the truth is above target: a bet that, were it not, would pay 1/alpha with chance at most alpha.

    Holds whenever it is looked at, however often. A likelihood ratio against `target`, averaged over all better truths.

    >>> e_value([59, 100, 100], [59, 100, 108], 0.95).round(1)
    array([ 6.6, 33.3,  0.2])
    """
    r, m, t = np.broadcast_arrays(*(np.asarray(x, float) for x in (right, n, target)))
    t = np.clip(t, 1e-9, 1 - 1e-9)
    wrong = m - r
    # Flat prior on (target, 1); the tail of the posterior in logs, so that thousands of labels don't underflow.
    tail = np.maximum(special.betaincc(r + 1, wrong + 1, t), 1e-300)
    log_e = special.betaln(r + 1, wrong + 1) + np.log(tail) - np.log1p(-t) - special.xlogy(r, t)
    e: Doubles = np.exp(np.minimum(log_e - special.xlog1py(wrong, -t), 700.0))
    return e


def e_bounds(right: ArrayLike, n: ArrayLike, alpha: ArrayLike = 0.05) -> tuple[Doubles, Doubles]:
    """Like `clopper_pearson`, but both bounds hold at all moments at once: what a live display may show.

    >>> e_bounds(100, 100)[0].round(3)
    np.float64(0.956)
    """
    r, m, a = np.broadcast_arrays(*(np.asarray(x, float) for x in (right, n, alpha)))
    low, wrong = _highest_refuted(np.stack([r, m - r]), m, a)
    return low, 1.0 - wrong


def _highest_refuted(r: Doubles, m: Doubles, alpha: Doubles) -> Doubles:
    """The largest target that the e-value proves, by bisection: e falls as the target rises, up to the rate seen."""
    low, high = np.zeros(r.shape), np.where(m > 0, r / np.maximum(m, 1), 0.0)
    for _ in range(40):
        middle = (low + high) / 2
        proven = e_value(r, m, middle) >= 1 / alpha
        low, high = np.where(proven, middle, low), np.where(proven, high, middle)
    return low


def proof_size(errors: ArrayLike, target: ArrayLike, alpha: ArrayLike = 0.05) -> Doubles:
    """How many labels prove the target at level alpha although `errors` of them are wrong.

    >>> proof_size([0, 1, 2, 3], 0.95)
    array([ 59.,  93., 124., 153.])
    """
    size: Doubles = np.ceil(special.bdtrin(errors, alpha, 1 - np.asarray(target, float)))
    return size


def slips_allowed(n: ArrayLike, target: ArrayLike, alpha: ArrayLike = 0.05) -> Doubles:
    """How many errors among n labels still prove the target at level alpha; -1 where not even none would.

    >>> slips_allowed([58, 59, 92, 93], 0.95)
    array([-1.,  0.,  0.,  1.])
    """
    m, wrong, a = np.broadcast_arrays(np.asarray(n, float), 1 - np.asarray(target, float), np.asarray(alpha, float))
    k = np.floor(np.nan_to_num(special.bdtrik(a, np.maximum(m, 1), wrong), nan=0.0))
    k = k + (at_most(k + 1, m, wrong) <= a)  # the inverse is good to rounding only
    return np.where(at_most(k, m, wrong) <= a, k, np.where(at_most(k - 1, m, wrong) <= a, k - 1, -1.0))


def labels_to_prove(target: ArrayLike, truth: ArrayLike, alpha: ArrayLike = 0.05, power: float = 0.8) -> Doubles:
    """Labels with which a cell truly at `truth` is proven at least `target` with chance `power`; inf if never.

    Exact at the sizes where one more error becomes affordable (between them power only falls). 0.1 ms a cell.

    >>> labels_to_prove(0.95, [0.99, 0.98, 0.97, 0.95])
    array([124., 234., 601.,  inf])
    """
    t, p, a = np.broadcast_arrays(*(np.asarray(x, float) for x in (target, truth, alpha)))
    out = np.full(t.shape, np.inf)
    better = (p > t) & (t > 0) & (a > 0)
    goal, wrong, level = t[better], 1 - p[better], a[better]
    low, high = np.full(goal.shape, -1.0), np.full(goal.shape, float(SLIPS))
    while (high - low > 1).any():  # power grows with the errors that can be afforded
        middle = np.maximum(np.floor((low + high) / 2), 0)
        enough = at_most(middle, proof_size(middle, goal, level), wrong) >= power
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    out[better] = np.where(high < SLIPS, proof_size(high, goal, level), np.inf)
    return out


def more_to_decide(held: int, n: int, target: float, alpha: float = 0.05) -> int | None:
    """How many more trials would prove or refute a target, were the share as it looks; None: no number would.

    Args:
        held: of n trials; n above 0.

    >>> more_to_decide(50, 50, 0.9), more_to_decide(45, 50, 0.95), more_to_decide(45, 50, 0.9)
    (1, 130, None)
    """
    share = held / n
    better = share > target
    size = float(labels_to_prove(target if better else 1 - target, share if better else 1 - share, alpha))
    return max(int(size) - n, 1) if np.isfinite(size) else None


def holm(p: ArrayLike, alpha: float) -> Mask:
    """Which of a few hypotheses fall, with chance at most alpha that any falls wrongly.

    >>> holm([0.01, 0.04, 0.03], 0.05).tolist()
    [True, False, False]
    """
    q = np.asarray(p, float)
    order = np.argsort(q, kind="stable")
    falls = np.logical_and.accumulate(q[order] <= alpha / np.arange(len(q), 0, -1))
    out = np.zeros(len(q), bool)
    out[order] = falls
    return out


def benjamini_hochberg(p: ArrayLike, alpha: float) -> Mask:
    """Which hypotheses fall, with a share of at most alpha wrong among them (independent or positively dependent).

    >>> benjamini_hochberg([0.01, 0.04, 0.03, 0.9], 0.05).tolist()
    [True, False, False, False]
    """
    q = np.asarray(p, float)
    order = np.argsort(q, kind="stable")
    passing = np.flatnonzero(q[order] <= alpha * np.arange(1, len(q) + 1) / max(len(q), 1))
    out = np.zeros(len(q), bool)
    out[order[: passing[-1] + 1 if len(passing) else 0]] = True
    return out


def e_benjamini_hochberg(e: ArrayLike, alpha: float) -> Mask:
    """The same from e-values, and whatever their dependence: slices overlap, labels share examples.

    >>> e_benjamini_hochberg([1000.0, 30.0, 20.0, 0.5], 0.05).tolist()
    [True, False, False, False]
    """
    return benjamini_hochberg(1 / np.maximum(np.asarray(e, float), 1e-300), alpha)
