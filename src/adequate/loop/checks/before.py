"""What was the state of each cell before this model?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from adequate.testing.results import Result
from adequate.types import TESTS, State

if TYPE_CHECKING:
    from adequate.store import Store


def newly_failing(store: Store, model: str, results: Sequence[Result]) -> frozenset[str]:
    """Keys of the cells that are inadequate, and were adequate for the last other model that was measured on them."""
    was: dict[str, str] = {}
    for row in store.cells.read().to_pylist():  # oldest first
        if row["model"] != model and row["metric"] in TESTS:
            parts = (row["task"], row["slice"], *([row["label"]] if row["label"] else []), row["metric"])
            was["/".join(parts)] = row["state"]
    return frozenset(one.key for one in results if one.state is State.INADEQUATE and was.get(one.key) == State.ADEQUATE)
