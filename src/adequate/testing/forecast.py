"""How many more labels until it is adequate? An honest range, or no forecast.

The error of a model falls with its labels about as (n + d)^-b: d is the cold start that the textbook power law leaves
out, which then errs by 170 %. Two fits, this one and "logit of the error linear in log n", err in opposite ways; their
geometric mean missed by 30 % from the first third of a curve, 20 % from half, 13 % from two thirds (docs/gate.md).
Being adequate also has to be proven, which takes gate labels: many if the model is trained to just above target, few
if well above. The forecast is the cheapest sum.

Source: Mahmood et al., "How Much More Data Do I Need?", CVPR (2022), for fitting several families.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from adequate.testing.bounds import labels_to_prove
from adequate.types import Doubles

POINTS = 4  # fewer tell no slope
REACH = 20.0  # times the labels so far; beyond, the curve says nothing
FLOOR = 0.002  # an error below this is not told from none


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """Further labels until adequate.

    Args:
        labels: to teach and to measure, together.
        low, high: the range that held the truth in nine of ten measured curves.
        teach, measure: the two parts of `labels`.
        value: the value to train to: proving the target from there is cheapest.
    """

    labels: int
    low: int
    high: int
    teach: int
    measure: int
    value: float


def forecast(
    spent: ArrayLike,
    values: ArrayLike,
    target: float,
    *,
    sizes: ArrayLike | None = None,
    measured: int = 0,
    each: float = 1.0,
    alpha: float = 0.05,
) -> Forecast | None:
    """Labels that a cell, or a whole task, still takes; None where its curve can't tell.

    Args:
        spent: shape (m,), teaching labels at each point of the curve, rising.
        values: shape (m,), the value at each point, in [0, 1], from labels that don't teach.
        target: to be reached and proven.
        sizes: shape (m,), how many labels each value is from: a full score from five labels is not an error of zero.
        measured: members that are labelled to measure already.
        each: labels drawn for one more member (`Counts.drawn / Counts.n`); 0 leaves proving out.
        alpha: level of the proof.

    None comes of fewer than four points, of a curve that is flat, or if it takes over twenty times the labels so far.

    >>> n = np.array([100, 150, 225, 340, 500])
    >>> found = forecast(n, 1 - 0.9 * (n / 20) ** -0.6, 0.9, each=0)
    >>> found.low < found.labels < found.high, 100 < found.labels < 400
    (True, True)
    >>> forecast(n, [0.6, 0.61, 0.6, 0.61, 0.6], 0.9) is None
    True
    """
    n, error = np.asarray(spent, float), 1 - np.asarray(values, float)
    if sizes is not None:
        error = (error * np.asarray(sizes, float) + 0.5) / (np.asarray(sizes, float) + 1)
    error = np.clip(error, FLOOR, 1 - FLOOR)
    usable = np.isfinite(error) & (n > 0)
    n, error = n[usable], error[usable]
    if len(np.unique(n)) < POINTS:
        return None
    # What to train to: from the target (or from where the model is) up, the last steps ever closer to 1.
    top = 1 - np.geomspace(max(1 - target, 2 * FLOOR), FLOOR, 24)
    teach = np.maximum(_labels_at(n, error, 1 - top) - n[-1], 0.0)
    if each > 0:
        proof = np.where(top > target, np.maximum(labels_to_prove(target, top, alpha) - measured, 0) * each, np.inf)
    else:
        proof = np.where(np.arange(len(top)) == 0, 0.0, np.inf)
    total = teach + proof
    best = int(np.argmin(total))
    if not np.isfinite(total[best]):
        return None
    labels, so_far = float(total[best]), float(n[-1]) + measured
    factor = _spread(so_far / (so_far + labels))
    return Forecast(
        labels=int(np.ceil(labels)),
        low=int(max((so_far + labels) / factor - so_far, labels / factor**2)),
        high=int(np.ceil((so_far + labels) * factor - so_far)),
        teach=int(np.ceil(teach[best])),
        measure=int(np.ceil(proof[best])),
        value=float(top[best]),
    )


def _labels_at(n: Doubles, error: Doubles, wanted: Doubles) -> Doubles:
    """Teaching labels at which each wanted error is reached; infinite where out of reach."""
    weight = n / n.sum()  # late points know more of what comes
    power, odds = _shifted_power(n, error, weight, wanted), _odds(n, error, weight, wanted)
    both = np.sqrt(power * odds)
    return np.where(both <= REACH * n[-1], both, np.inf)


def _shifted_power(n: Doubles, error: Doubles, weight: Doubles, wanted: Doubles) -> Doubles:
    """log error = a - b log(n + d): least squares over a grid of d, b drawn towards 0.6 and d towards the start."""
    best, answer = np.inf, np.full(wanted.shape, np.inf)
    for d in n[0] * np.array([0.0, 0.3, 1.0, 2.0, 4.0]):
        a, b, loss = _line(np.log(n + d), np.log(error), weight, prior=-0.6)
        loss += 0.002 * (np.log((n[0] + d) / (2 * n[0]))) ** 2
        if b < -0.05 and loss < best:
            with np.errstate(over="ignore"):
                best, answer = loss, np.maximum(np.exp((np.log(wanted) - a) / b) - d, 1.0)
    return answer


def _odds(n: Doubles, error: Doubles, weight: Doubles, wanted: Doubles) -> Doubles:
    """logit(error) linear in log n."""
    a, b, _ = _line(np.log(n), np.log(error / (1 - error)), weight, prior=-0.8)
    if b >= -0.05:
        return np.full(wanted.shape, np.inf)
    with np.errstate(over="ignore"):
        reached: Doubles = np.exp((np.log(wanted / (1 - wanted)) - a) / b)
    return reached


def _line(x: Doubles, y: Doubles, weight: NDArray[np.float64], *, prior: float) -> tuple[float, float, float]:
    """Weighted line y = a + b x with a weak pull of b to `prior`: (a, b, mean squared miss)."""
    mx, my = float(weight @ x), float(weight @ y)
    spread = float(weight @ (x - mx) ** 2)
    b = (float(weight @ ((x - mx) * (y - my))) + 0.01 * prior) / (spread + 0.01)
    a = my - b * mx
    return a, b, float(weight @ (y - a - b * x) ** 2)


def _spread(done: float) -> float:
    """The factor of the range of all labels, spent and to come, by the share that is spent already."""
    return float(np.interp(done, [0.3, 0.5, 0.8], [2.0, 1.5, 1.3]))
