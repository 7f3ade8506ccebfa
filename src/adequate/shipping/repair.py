"""Take units out of a layer's input so that its output changes least, and solve the rest anew to make up for them.

The one idea: what a matrix puts out is judged on the activations that real texts give it. Units (a neuron, or all
columns of an attention head) are removed where the rest can stand in for them: the error left after the rest was
solved again is known in closed form from the inverse of the activations' Gram matrix, and stays known as units go.

Sources: B. Hassibi, D. Stork, "Second Order Derivatives for Network Pruning: Optimal Brain Surgeon", NIPS (1992);
E. Kurtic, E. Frantar, D. Alistarh, "ZipLM", NeurIPS (2023), for units of several columns.
"""

from __future__ import annotations

import numpy as np

from adequate.types import Doubles, Floats, Rows

RIDGE = 0.01  # of the mean square of an activation: doubt in what few texts say of the rest
STEPS = 16  # rounds in which units are removed: after each, the errors of those left are known again


def kept(x: Floats, weight: Floats, count: int, *, size: int = 1) -> Rows:
    """The units to keep, ascending; O(columns^3).

    Args:
        x: shape (t, units * size), activations.
        weight: shape (out, units * size): what they are multiplied with.
        count: units to keep, in [1, units].
        size: columns of a unit.

    >>> x = np.random.default_rng(0).normal(size=(100, 3)).astype(np.float32)
    >>> x[:, 2] = x[:, 0] + x[:, 1]
    >>> kept(x, np.array([[1, 1, 0.1]], np.float32), 2).tolist()
    [0, 1]
    """
    units = x.shape[1] // size
    left = np.arange(units)
    inverse = np.asarray(np.linalg.inv(_gram(x)), np.float64)
    w = weight.astype(np.float64)
    while len(left) > count:
        gone = max(1, min(len(left) - count, (units - count) // STEPS))
        out = np.sort(np.argsort(_errors(inverse, w, size), kind="stable")[:gone])
        columns = (out[:, None] * size + np.arange(size)).ravel()
        rest = np.setdiff1d(np.arange(len(inverse)), columns)
        across = np.linalg.solve(inverse[np.ix_(columns, columns)], inverse[np.ix_(columns, rest)])
        w = w[:, rest] - w[:, columns] @ across
        inverse = inverse[np.ix_(rest, rest)] - inverse[np.ix_(rest, columns)] @ across
        left = np.delete(left, out)
    return left


def solved(x: Floats, y: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """The matrix (out, in) and bias (out,) that best give y from x, near to `weight` where x says little.

    Args:
        x: shape (t, in).
        y: shape (t, out).
        weight: shape (out, in): what the matrix was.
    """
    mean, wanted = x.mean(axis=0), y.mean(axis=0)
    missing = y - wanted - (x - mean) @ weight.T
    change = np.linalg.solve(_gram(x), ((x - mean).T @ missing).astype(np.float64)).T
    made = (weight + change).astype(np.float32)
    return made, np.asarray(wanted - made @ mean, np.float32)


def _gram(x: Floats) -> Doubles:
    centred = x - x.mean(axis=0)
    gram: Doubles = (centred.T @ centred).astype(np.float64)
    gram[np.diag_indices(len(gram))] += RIDGE * np.trace(gram) / len(gram) + 1e-9
    return gram


def _errors(inverse: Doubles, w: Doubles, size: int) -> Doubles:
    """Squared error that the removal of each unit alone leaves, shape (units,)."""
    units = len(inverse) // size
    blocks = inverse.reshape(units, size, units, size)[np.arange(units), :, np.arange(units), :]
    own = w.reshape(-1, units, size).transpose(1, 2, 0)  # (units, size, out)
    return np.asarray(np.einsum("uso,uso->u", own, np.linalg.solve(blocks, own)))
