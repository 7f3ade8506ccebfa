"""What waits in the queue: in which order, and what is no longer looked for."""

from __future__ import annotations

import numpy as np

from adequate.loop.steps.questions import together
from adequate.loop.turn import dried_up
from adequate.store import QueueItem
from adequate.types import Labels


def item(task: str, row: int, rank: float) -> QueueItem:
    return QueueItem(task=task, row=row, example=str(row), part="teach", rank=rank)


def test_an_example_wanted_for_two_tasks_is_asked_for_both_at_once() -> None:
    asked = together([item("a", 7, 0.1), item("a", 3, 0.4), item("b", 5, 0.2), item("b", 7, 0.9)])
    assert [(one.task, one.row) for one in asked] == [("a", 7), ("b", 7), ("b", 5), ("a", 3)]
    assert [one.rank for one in asked] == sorted(one.rank for one in asked)


def test_a_label_that_eight_picks_in_a_row_did_not_find_is_given_up() -> None:
    labels = Labels(rows=np.arange(20), gold=np.zeros(20, np.int32), probability=np.ones(20))
    sought = [(row, "rare") for row in range(8)] + [(row, "common") for row in range(8, 16)]
    assert dried_up(labels, ["common", "rare"], sought) == {1}
    assert dried_up(labels, ["common", "rare"], sought[1:]) == frozenset()
    assert dried_up(labels, ["common", "rare"], []) == frozenset()
