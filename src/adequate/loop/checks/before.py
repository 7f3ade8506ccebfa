"""What was the state of each cell before this model, and where does it stand among the others?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from adequate.testing.results import Result
from adequate.types import TESTS, State

if TYPE_CHECKING:
    from adequate.store import Store


def newly_failing(store: Store, model: str, results: Sequence[Result]) -> frozenset[str]:
    """Keys of the cells that are inadequate, and were adequate for the last model before it that was measured on them.

    Args:
        model: its id; of one that isn't the project's, its name: all of the project's are then before it.
    """
    everyone = [one.id for one in store.models.list()]
    before = set(everyone[: everyone.index(model)] if model in everyone else everyone)
    was: dict[str, str] = {}
    for row in store.cells.read().to_pylist():  # oldest first
        if row["model"] in before and row["metric"] in TESTS:
            parts = (row["task"], row["slice"], *([row["label"]] if row["label"] else []), row["metric"])
            was["/".join(parts)] = row["state"]
    return frozenset(one.key for one in results if one.state is State.INADEQUATE and was.get(one.key) == State.ADEQUATE)


def standing(store: Store, model: str) -> str:
    """What a person should know of one of the project's models: that it isn't the one in use, or isn't the newest."""
    everyone, baseline = [one.id for one in store.models.list()], store.models.accepted()
    if model not in everyone or baseline is None:
        return ""
    if model != baseline:
        return f"not the baseline, which is {baseline[:8]} (adequate test baseline)"
    newer = f"the baseline; {everyone[-1][:8]} is newer and wasn't accepted (adequate test last)"
    return newer if everyone[-1] != baseline else "the baseline"
