"""The queue: in order, one person an item, nothing lost when somebody leaves."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from adequate.errors import UnknownNameError
from adequate.store import Store
from tests.store.made import batch, event, item


def rows(items: list[object]) -> list[int]:
    return [one.row for one in items]  # type: ignore[attr-defined]


def test_items_come_by_rank_and_to_one_person_at_a_time(both: Store) -> None:
    both.queue.put([item(n, rank=-n) for n in range(5)])
    assert rows(both.queue.next("t", "ann", 2)) == [4, 3]
    assert rows(both.queue.next("t", "ben", 2)) == [2, 1]
    assert rows(both.queue.next("t", "ann", 3)) == [4, 3, 0]
    assert both.queue.next("other", "ann") == []


def test_a_lease_that_ran_out_frees_the_item(both: Store) -> None:
    both.queue.put([item(0)])
    both.queue.next("t", "ann", seconds=0)
    assert rows(both.queue.next("t", "ben")) == [0]


def test_leases_can_be_renewed_and_given_back(both: Store) -> None:
    both.queue.put([item(0)])
    both.queue.next("t", "ann", seconds=30)
    both.queue.renew("ann")
    assert both.queue.next("t", "ben") == []
    both.queue.give_back("ann")
    assert rows(both.queue.next("t", "ben")) == [0]


def test_an_answer_is_a_label_and_closes_the_item(both: Store) -> None:
    both.examples.append([batch(0, 3)])
    both.queue.put([item(0), item(1)])
    (first,) = both.queue.next("t", "ann")
    assert both.queue.answer(first.id, event(first.row)) == 1
    assert both.labels.current("t")["row"].to_pylist() == [0]
    assert rows(both.queue.waiting()) == [1]
    assert both.queue.counts() == [("t", "", "teach", 1)]


def test_an_answer_to_no_item_records_no_label(both: Store) -> None:
    with pytest.raises(UnknownNameError, match="no item 99"):
        both.queue.answer(99, event(0))
    assert both.labels.last_seq() == 0


def test_an_answer_that_was_undone_is_asked_again_first(both: Store) -> None:
    both.queue.put([item(0), item(1)])
    (first,) = both.queue.next("t", "ann")
    seq = both.queue.answer(first.id, event(first.row))
    both.queue.undo(first.id, seq, "ann")
    assert both.labels.current("t").num_rows == 0
    assert rows(both.queue.next("t", "ann", 2)) == [0, 1]


def test_what_is_skipped_is_not_asked_again_until_it_is_picked_again(both: Store) -> None:
    both.queue.put([item(0)])
    both.queue.skip(both.queue.next("t", "ann")[0].id)
    assert both.queue.next("t", "ben") == []
    both.queue.put([item(0)])
    assert rows(both.queue.next("t", "ben")) == [0]


def test_an_example_waits_once_for_a_task_with_its_newest_reason(both: Store) -> None:
    assert both.queue.put([item(0, why="old"), item(1)]) == 2
    assert both.queue.put([item(0, why="new", rank=5.0), item(0, task="u")]) == 1
    assert [(one.row, one.why) for one in both.queue.waiting("t")] == [(1, ""), (0, "new")]


def test_a_new_plan_replaces_what_waits_but_not_what_somebody_holds(both: Store) -> None:
    both.queue.put([item(n) for n in range(3)])
    both.queue.next("t", "ann")
    both.queue.put([item(7)], replace=True)
    assert rows(both.queue.waiting("t")) == [0, 7]
    both.queue.clear()
    assert rows(both.queue.waiting()) == [0]


def test_sixteen_labellers_at_once_never_get_the_same_item(both: Store) -> None:
    both.queue.put([item(n) for n in range(200)])
    with ThreadPoolExecutor(16) as people:
        handed = list(people.map(lambda n: both.queue.next("t", f"p{n}", 10), range(16)))
    assert sorted(one.row for items in handed for one in items) == list(range(160))


def test_answers_given_together_are_recorded_in_their_order_or_not_at_all(both: Store) -> None:
    both.examples.append([batch(0, 3)])
    both.queue.put([item(n) for n in range(3)])
    first, second, third = both.queue.waiting()
    assert both.queue.answer_all([(second.id, event(second.row)), (first.id, event(first.row))]) == [1, 2]
    with pytest.raises(UnknownNameError):
        both.queue.answer_all([(third.id, event(third.row)), (99, event(0))])
    assert rows(both.queue.waiting()) == [third.row]
    assert both.labels.current("t")["seq"].to_pylist() == [2, 1]
