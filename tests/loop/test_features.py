"""Which texts weigh the n-grams."""

from __future__ import annotations

from pathlib import Path

from adequate import store
from adequate.loop.features import weighing
from tests.store.made import batch


def test_a_large_pool_weighs_n_grams_by_texts_from_all_over_it(tmp_path: Path) -> None:
    with store.create(tmp_path) as made:
        assert list(weighing(made, "text")) == []
        made.examples.append([batch(0, 20)])
        (some,), (every,) = weighing(made, "text", most=4), weighing(made, "text")
    assert some == [f"fee number {n}" for n in (0, 5, 10, 15)]
    assert every == [f"fee number {n}" for n in range(20)]
