"""Does an answer hold? Each case of a behaviour, whole batches at a time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from adequate.errors import TestError
from adequate.spec.behaviours import Expect
from adequate.testing.outputs import Output
from adequate.types import Doubles, Mask, Rows

STILL = 1e-3  # a probability that moves by less stays where it is: what nobody would see is no failure


def held(before: Output, after: Output, expect: Expect, by: float = 0.0) -> Mask:
    """Which cases hold, shape (n,).

    Args:
        before, after: the answers to the inputs as they were, and changed.
        expect: what the change may do.
        by: how far the probability must move; 0: it must not move the other way by `STILL` or more.

    Raises:
        TestError: a direction is asked of a model that says no probabilities, or has no such label.
    """
    if expect.kind == "same":
        same = np.asarray(before.answers == after.answers)
        return same if same.ndim == 1 else np.asarray(same.all(axis=1))
    moved = of_label(after, expect.label) - of_label(before, expect.label)
    least = by - 1e-6 if by > 0 else -STILL
    return np.asarray((moved if expect.kind == "rises" else -moved) >= least)


def alike(one: Output, other: Output) -> Mask:
    """Which of n inputs two models answer with the same label or labels, shape (n,); their labels may be in any
    order."""
    code = {name: i for i, name in enumerate(one.labels)}
    at = np.array([code.get(name, -1) for name in other.labels], np.int64)
    if one.answers.ndim == 1:
        mapped = np.where(other.answers >= 0, np.append(at, -1)[other.answers], -1)
        return np.asarray((one.answers == mapped) & (mapped >= 0))
    theirs = np.zeros(one.answers.shape, bool)
    theirs[:, at[at >= 0]] = other.answers[:, at >= 0]
    strange = other.answers[:, at < 0].any(axis=1)
    return np.asarray((one.answers == theirs).all(axis=1) & ~strange)


def of_label(output: Output, label: str) -> Doubles:
    """The probability of one label, shape (n,)."""
    if output.probs is None:
        raise TestError(
            f"whether {label!r} rises can't be tested: the model says no probabilities",
            remedy="let it return them, one for each label",
        )
    if label not in output.labels:
        raise TestError(f"the model has no label {label!r}", remedy=f"it has: {', '.join(output.labels[:20])}")
    return np.asarray(output.probs[:, output.labels.index(label)], np.float64)


def right(output: Output, expected: Sequence[str | tuple[str, ...]]) -> Mask:
    """Which answers are as expected, shape (n,).

    Args:
        expected: n labels; of `multilabel` a label must be among the answers, a tuple be all of them ("": none).
    """
    code = {name: i for i, name in enumerate(output.labels)}
    if output.answers.ndim == 1:
        wanted = np.array([code.get(one, -2) if isinstance(one, str) else -2 for one in expected], np.int64)
        return np.asarray(output.answers == wanted)
    asked = np.zeros(output.answers.shape, bool)
    possible = np.ones(len(expected), bool)  # a label that the model doesn't know is never among its answers
    for i, one in enumerate(expected):
        labels = one if isinstance(one, tuple) else (one,) if one else ()
        asked[i, [code[name] for name in labels if name in code]] = True
        possible[i] = all(name in code for name in labels)
    whole = np.array([not one or isinstance(one, tuple) for one in expected], bool)
    answers = output.answers.astype(bool)
    return np.asarray(possible & np.where(whole, (answers == asked).all(axis=1), (answers | ~asked).all(axis=1)))


def said(output: Output) -> list[str]:
    """The answers in words, for people."""
    if output.answers.ndim == 1:
        return [output.labels[code] if code >= 0 else "" for code in output.answers.tolist()]
    return [", ".join(np.array(output.labels)[row].tolist()) for row in output.answers.astype(bool)]


def surest(sure: Doubles | None, cases: Rows, most: int) -> Rows:
    """Of some cases at most so many, those first of whose answer the model is surest.

    Args:
        sure: of every case, as `confidence` has it; None: the cases stay in their order.

    >>> surest(np.array([0.2, 0.9, 0.5]), np.array([0, 1, 2]), 2).tolist()
    [1, 2]
    """
    return (cases if sure is None else cases[np.argsort(-sure[cases], kind="stable")])[:most]
