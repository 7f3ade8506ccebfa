"""The queue: in order, one person an item, nothing lost when somebody leaves."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from adequate.store import Store
from adequate.store.queue import BY_PEOPLE, hand_out
from tests.store.made import item


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


def test_what_is_skipped_is_not_asked_again_until_it_is_picked_again(both: Store) -> None:
    both.queue.put([item(0)])
    both.queue.skip(both.queue.next("t", "ann")[0].id, "ann")
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


def test_what_somebody_asked_for_outlives_every_plan_and_keeps_its_reason(both: Store) -> None:
    asked = [item(0, cycle=BY_PEOPLE, policy="chosen", why="asked"), item(1, cycle=BY_PEOPLE, policy="failures")]
    both.queue.put([*asked, item(2)])
    both.queue.put([item(0, cycle=2, why="drawn", rank=9.0, suggestion='{"label": "yes"}')], replace=True)
    (first, second) = both.queue.waiting("t")
    assert (first.row, first.why, first.suggestion) == (0, "asked", '{"label": "yes"}')
    assert second.row == 1
    both.queue.clear()
    assert rows(both.queue.waiting()) == [0, 1]


def test_only_the_questions_of_one_cell_are_handed_out_where_it_is_named(both: Store) -> None:
    both.queue.put([item(n, cell="t/all/accuracy" if n % 2 else "") for n in range(6)])

    def handed(actor: str) -> list[int]:
        return rows(both.sql.write(lambda c: hand_out(c, "t", actor, 2, cell="t/all/accuracy"), "test"))

    assert handed("ann") == [1, 3]
    assert handed("ben") == [5]
    both.queue.put([item(7, cell="refund"), item(8, cell="refund/recall")])
    of_label = both.sql.write(lambda c: hand_out(c, "t", "ann", 9, cell="t/all/refund/recall"), "test")
    assert rows(of_label) == [7]


def test_sixteen_labellers_at_once_never_get_the_same_item(both: Store) -> None:
    both.queue.put([item(n) for n in range(200)])
    with ThreadPoolExecutor(16) as people:
        handed = list(people.map(lambda n: both.queue.next("t", f"p{n}", 10), range(16)))
    assert sorted(one.row for items in handed for one in items) == list(range(160))


def test_an_item_that_two_are_to_answer_is_before_two_and_never_twice_before_one(both: Store) -> None:
    both.queue.put([item(0, overlap=2), item(1, overlap=2)])
    first, _ = both.queue.next("t", "ann", 2)
    assert rows(both.queue.next("t", "ben", 2)) == [0, 1]
    assert both.queue.next("t", "eve", 2) == []
    both.queue.skip(first.id, "ann")  # put aside by one, it waits for another
    assert rows(both.queue.next("t", "ann", 2)) == [1]
    assert rows(both.queue.next("t", "eve", 2)) == [0]
    both.queue.give_back("ann")
    assert rows(both.queue.next("t", "ann", 2)) == [1]
    both.queue.reopen(first.id, "ann")
    both.queue.give_back("eve")
    assert rows(both.queue.next("t", "ann", 2)) == [0, 1]


def test_what_is_put_again_is_found_by_its_row_and_keeps_its_number(both: Store) -> None:
    assert both.queue.put([item(n) for n in range(30_000)]) == 30_000
    before = {one.row: one.id for one in both.queue.waiting()}
    assert both.queue.put([item(n, why="again") for n in range(20_000, 40_000)]) == 10_000
    after = both.queue.waiting()
    assert {one.row: one.id for one in after}.items() >= before.items()
    assert sum(one.why == "again" for one in after) == 20_000
    assert both.queue.counts() == [("t", "", "teach", 40_000)]
