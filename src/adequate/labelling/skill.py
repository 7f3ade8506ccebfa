"""Who can be believed, and what is each example, when several people answered and not all agree?

Everybody has a confusion matrix: the chance of each answer, given what the example truly is. Expectation maximisation
finds the matrices and the truth together. Examples whose truth is known (gold questions, what a reviewer decided) keep
it, and so anchor the rest.

Source: A. P. Dawid and A. M. Skene, "Maximum Likelihood Estimation of Observer Error-Rates Using the EM Algorithm",
Applied Statistics 28 (1979).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from adequate.types import Codes, Doubles, Rows

ROUNDS = 100
ENOUGH = 1e-5  # gain of the log likelihood, an answer, at which to stop
CHUNK = 1 << 14  # answers at once: each takes k numbers
LITTLE = 1e-10  # the least chance of an answer, as in crowd-kit


@dataclass(frozen=True, slots=True, kw_only=True)
class Skill:
    """What the answers say about people and examples.

    Args:
        truth: shape (n, k), the chance of each answer being the true one, per example.
        prior: shape (k,), how common each answer truly is.
        confusion: shape (p, k, k): [person, true, said], rows sum to 1 (to 0 where a person never met that truth).
        accuracy: shape (p,), the share of a person's answers expected to be right.
        answers: shape (p,), how many they gave.
    """

    truth: Doubles
    prior: Doubles
    confusion: Doubles
    accuracy: Doubles
    answers: np.ndarray


def skill(
    items: Rows, people: Codes, codes: Codes, *, n: int, p: int, k: int, known: Codes | None = None, lent: float = 0.0
) -> Skill:
    """Fit the model of Dawid and Skene. O(rounds * answers * k).

    Args:
        items, people, codes: shape (m,) each: example 0..n-1, person 0..p-1, answer 0..k-1.
        known: shape (n,), the truth where it is known, else -1.
        lent: answers that each row of a person's matrix is lent, right as often as theirs are over all labels and wrong
            evenly: with many labels and few answers a matrix of its own for everybody fits any noise. 0 is the plain
            model.

    >>> said = np.array([0, 0, 1, 1, 1, 0])  # three people, two examples; the third always differs
    >>> found = skill(np.array([0, 0, 0, 1, 1, 1]), np.array([0, 1, 2] * 2), said, n=2, p=3, k=2)
    >>> found.accuracy.round(2).tolist()
    [1.0, 1.0, 0.0]
    """
    truth = _shares(items, codes, n, k)
    fixed = np.flatnonzero(known >= 0) if known is not None else np.zeros(0, np.int64)
    if known is not None:
        truth[fixed] = np.eye(k)[known[fixed]]
    prior, confusion = _matrices(truth, items, people, codes, p, k, lent)
    before = -np.inf
    for _ in range(ROUNDS):
        logs = np.log(np.maximum(prior, LITTLE))[None, :].repeat(n, axis=0)
        chances = np.log(confusion)
        for at in range(0, len(items), CHUNK):
            some = slice(at, at + CHUNK)
            np.add.at(logs, items[some], chances[people[some], :, codes[some]])
        top = logs.max(axis=1, keepdims=True)
        weight = np.exp(logs - top)
        total = weight.sum(axis=1, keepdims=True)
        truth = weight / total
        if known is not None:
            truth[fixed] = np.eye(k)[known[fixed]]
        likelihood = float((np.log(total) + top).sum()) / max(len(items), 1)
        prior, confusion = _matrices(truth, items, people, codes, p, k, lent)
        if likelihood - before < ENOUGH:
            break
        before = likelihood
    given = np.bincount(people, minlength=p)
    right = np.bincount(people, weights=truth[items, codes], minlength=p)
    return Skill(
        truth=truth,
        prior=prior,
        confusion=confusion,
        accuracy=np.divide(right, given, out=np.full(p, np.nan), where=given > 0),
        answers=given,
    )


def _shares(items: Rows, codes: Codes, n: int, k: int) -> Doubles:
    """Where to begin: each example is what most said, in shares."""
    votes = np.zeros((n, k))
    np.add.at(votes, (items, codes), 1.0)
    total = votes.sum(axis=1, keepdims=True)
    shares: Doubles = np.divide(votes, total, out=np.full_like(votes, 1.0 / k), where=total > 0)
    return shares


def _matrices(
    truth: Doubles, items: Rows, people: Codes, codes: Codes, p: int, k: int, lent: float
) -> tuple[Doubles, Doubles]:
    """The prior and everybody's confusion matrix, if the truth were this."""
    said = np.zeros((p * k, k))  # [person and answer, truth]
    np.add.at(said, people.astype(np.int64) * k + codes, truth[items])
    confusion = said.reshape(p, k, k).transpose(0, 2, 1)
    if lent and k > 1:
        right = np.trace(confusion, axis1=1, axis2=2)
        share = (right + 1) / (confusion.sum(axis=(1, 2)) + 2)
        usual = np.repeat(((1 - share) / (k - 1))[:, None, None], k, axis=1).repeat(k, axis=2)
        usual[:, np.arange(k), np.arange(k)] = share[:, None]
        confusion = confusion + lent * usual
    confusion = np.maximum(confusion, LITTLE)
    confusion /= confusion.sum(axis=2, keepdims=True)
    return truth.mean(axis=0), confusion
