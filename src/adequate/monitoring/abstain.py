"""Below which confidence is a person cheaper than the model's errors?

An answer costs what an error costs times the chance of one; to ask a person costs the same each time. Without labels
the rule is old: ask where 1 - confidence is above human / error. With labels the threshold is taken that would have
cost least on answers that the model didn't learn from, and what it costs is said with bounds that allow for having
picked the best of many.

Source: Chow, "On optimum recognition error and reject tradeoff", IEEE Trans. Inf. Theory 16 (1970).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from adequate.testing.bounds import clopper_pearson
from adequate.types import Doubles, Mask

GRID = 24  # thresholds tried, at even shares of the answers
FEW = 50  # labels below which a slice has no threshold of its own


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A threshold and what it does, by n labels.

    Args:
        threshold: answers of less confidence go to a person, in [0, 1]; 0: none does.
        answered, answered_low, answered_high: share that the model answers itself.
        accuracy, accuracy_low: of those that it answers; nan where it answers none.
        cost, cost_low, cost_high: expected, of 1,000 predictions, in the money of the declared costs.
        never: expected cost of 1,000 predictions where no person is ever asked.
        n: labels.
    """

    threshold: float
    answered: float
    answered_low: float
    answered_high: float
    accuracy: float
    accuracy_low: float
    cost: float
    cost_low: float
    cost_high: float
    never: float
    n: int


def pays(
    confidence: Doubles, right: Mask, *, whole: float, human: float, error: float, alpha: float = 0.05
) -> Rule | None:
    """The threshold of a part of the answers, where it costs less there than `whole` beyond noise; else None.

    A threshold chosen on one half is judged on the other, both ways, so that a part isn't credited with having been
    picked for: the mean saving of an answer must be above 0 by a t-test of level alpha.

    Args:
        whole: threshold that holds otherwise.
        alpha: of one part; share it among those that are tried.
    """
    from scipy.stats import ttest_1samp  # here: nobody who serves comes by

    rule = chosen(confidence, right, human=human, error=error)
    if rule is None:
        return None
    half = np.random.default_rng(0).permutation(len(right)) % 2 == 0
    saved = np.zeros(len(right))
    for side in (half, ~half):
        other = chosen(confidence[~side], right[~side], human=human, error=error, least=1)
        assert other is not None
        costs = [
            np.where(confidence[side] < threshold, human, error * ~right[side])
            for threshold in (whole, other.threshold)
        ]
        saved[side] = costs[0] - costs[1]
    if not saved.any() or not ttest_1samp(saved, 0, alternative="greater").pvalue < alpha:
        return None
    return rule


def chow(human: float, error: float) -> float:
    """The threshold for a confidence that is calibrated, without a label.

    >>> chow(human=0.5, error=10.0)
    0.95
    """
    return max(0.0, 1 - human / error)


def chosen(
    confidence: Doubles,
    right: Mask,
    *,
    human: float,
    error: float,
    alpha: float = 0.05,
    least: int = FEW,
) -> Rule | None:
    """The threshold of least expected cost; None where there are too few labels to choose one.

    Args:
        confidence: shape (n,), in [0, 1], of answers that the model didn't learn from.
        right: shape (n,).
        human: cost of one look by a person, above 0.
        error: cost of one wrong answer, above 0.
        alpha: chance that any of the bounds is wrong, though the best of several thresholds was picked.

    >>> sure = np.repeat([0.99, 0.6], 300)
    >>> rule = chosen(sure, np.arange(600) % 300 < np.repeat([297, 150], 300), human=1, error=10)
    >>> rule.threshold, rule.answered, round(rule.cost), round(rule.never)
    (0.99, 0.5, 550, 2550)
    """
    n = len(confidence)
    if n < least:
        return None
    # Candidates are confidences that came, so that a threshold never lies where nothing was seen.
    edges = np.concatenate([[0.0], np.unique(np.quantile(confidence, np.arange(GRID) / GRID, method="higher"))])
    answers = confidence[:, None] >= edges
    kept, wrong = answers.sum(axis=0), (answers & ~right[:, None]).sum(axis=0)
    cost = 1000 * (wrong * error + (n - kept) * human) / n
    # The most that is answered among those that cost least: people are asked only where it pays.
    best = int(np.argmin(cost))
    level = alpha / (4 * len(edges))
    kept_low, kept_high = (float(one[best]) for one in clopper_pearson(kept, n, level))
    wrong_low, wrong_high = (float(one[best]) for one in clopper_pearson(wrong, n, level))
    right_low = clopper_pearson(kept - wrong, np.maximum(kept, 1), level)[0]
    some = kept[best] > 0
    return Rule(
        threshold=float(edges[best]),
        answered=float(kept[best] / n),
        answered_low=kept_low,
        answered_high=kept_high,
        accuracy=float(1 - wrong[best] / kept[best]) if some else float("nan"),
        accuracy_low=float(right_low[best]) if some else float("nan"),
        cost=float(cost[best]),
        cost_low=1000 * (wrong_low * error + (1 - kept_high) * human),
        cost_high=1000 * (wrong_high * error + (1 - kept_low) * human),
        never=float(cost[0]),
        n=n,
    )
