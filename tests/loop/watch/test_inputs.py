"""Sampled texts, made comparable with examples: each once, and all with one chance."""

from __future__ import annotations

import numpy as np

from adequate.loop.watch.inputs import drift_of, even
from adequate.loop.watch.traffic import Row
from adequate.types import Floats


def row(i: int, text: str, rng: np.random.Generator, probability: float = 0.1) -> Row:
    return Row(
        id=str(i),
        at=float(i),
        release="r",
        inputs={"text": text},
        outputs={},
        probability=probability,
        uniform=float(rng.random()),
        flagged=False,
    )


def test_a_text_that_is_sent_all_day_is_no_drift() -> None:
    rng = np.random.default_rng(3)
    vectors = rng.standard_normal((1200, 8), np.float32)
    texts = [f"{i}" for i in range(600)]
    rows = [row(i, texts[int(rng.zipf(1.3)) % 600], rng) for i in range(3000)]

    def encode(some: object) -> Floats:
        return vectors[[int(text) for text in some]]  # type: ignore[attr-defined]

    found = drift_of(rows, "text", vectors[600:], encode)
    assert found is not None
    assert found.low <= 0.5
    assert found.n < 600


def test_rows_without_a_text_say_nothing() -> None:
    rng = np.random.default_rng(0)
    assert drift_of([row(0, "a", rng)], "other", np.ones((5, 2), np.float32), lambda _: np.ones((1, 2))) is None


def test_of_hours_in_which_more_was_recorded_as_much_is_kept_as_of_others() -> None:
    rng = np.random.default_rng(1)
    rows = [row(i, str(i), rng, 0.1 if i < 1000 else 0.5) for i in range(6000)]
    kept = even(rows)
    assert sum(one.at < 1000 for one in kept) > 950
    assert 850 < sum(one.at >= 1000 for one in kept) < 1150
