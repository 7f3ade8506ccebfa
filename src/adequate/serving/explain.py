"""Which words moved an answer: each is left out once, and what the answer then loses is its weight.

It holds for every kind of model, since it only asks; it costs one more text a word, so it is off unless asked for.

Source: J. Li, W. Monroe, D. Jurafsky, "Understanding neural networks through representation erasure" (2016).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from adequate.testing.outputs import Output, confidence

WORDS = 64  # of a text, the first, that are left out


def without(texts: Sequence[str]) -> tuple[list[list[tuple[int, int]]], list[str]]:
    """Where the words of each text are, and the texts with one of them left out, in that order.

    >>> without(["pay bill"])
    ([[(0, 3), (4, 8)]], [' bill', 'pay '])
    """
    spans = [[match.span() for match in re.finditer(r"\S+", text[: WORDS * 100])][:WORDS] for text in texts]
    return spans, [text[:a] + text[b:] for text, each in zip(texts, spans, strict=True) for a, b in each]


def weighed(texts: Sequence[str], spans: list[list[tuple[int, int]]], whole: Output, less: Output) -> list[Any]:
    """Of each text its words, by how much the probability of the answer falls without them.

    Args:
        whole: answers to the texts, n of them.
        less: answers to the texts that lack a word each, as `without` orders them.
    """
    assert whole.probs is not None
    assert less.probs is not None
    rows = np.repeat(np.arange(len(texts)), [len(each) for each in spans])
    asked = Output(labels=less.labels, answers=whole.answers[rows], probs=less.probs)
    before, after = confidence(whole), confidence(asked)
    assert before is not None
    assert after is not None
    fall = iter((before[rows] - after).tolist())
    return [
        sorted(
            ({"start": a, "end": b, "word": text[a:b], "weight": next(fall)} for a, b in each),
            key=lambda one: -abs(float(str(one["weight"]))),
        )
        for text, each in zip(texts, spans, strict=True)
    ]
