"""The order of the queue, and what becomes of an answer."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adequate import store
from adequate.errors import LabelError
from adequate.labelling import answer, check, spread, undo
from adequate.store import QueueItem
from adequate.types import Kind

LABELS = ["card lost", "fee", "Über"]


def items(kinds: list[str]) -> list[QueueItem]:
    return [QueueItem(task="t", row=n, example=str(n), part="teach", cell=kind) for n, kind in enumerate(kinds)]


@given(st.lists(st.sampled_from("abc"), max_size=60), st.integers(0, 60))
def test_every_beginning_of_the_queue_is_mixed_as_the_whole_is(kinds: list[str], cut: int) -> None:
    ordered, whole = spread(items(kinds)), Counter(kinds)
    assert sorted(item.row for item in ordered) == list(range(len(kinds)))
    begun, share = Counter(item.cell for item in ordered[:cut]), min(cut, len(kinds)) / max(1, len(kinds))
    assert all(abs(begun[kind] - share * whole[kind]) <= 1.5 for kind in whole)


def test_within_a_cell_the_order_of_the_miner_holds() -> None:
    ordered = spread(items(list("abcabcab")))
    for kind in "abc":
        rows = [item.row for item in ordered if item.cell == kind]
        assert rows == sorted(rows)


def test_an_answer_the_task_knows_is_kept_as_the_task_writes_it() -> None:
    assert check("fee", task="t", kind=Kind.CLASSIFY, labels=LABELS) == "fee"
    assert check(["Über", "fee"], task="t", kind=Kind.MULTILABEL, labels=LABELS) == ["fee", "Über"]
    assert check([], task="t", kind=Kind.MULTILABEL, labels=LABELS) == []


@pytest.mark.parametrize("given", ["Fee", " fee", "FEE ", "card  LOST", "ÜBER"])
def test_a_label_that_differs_in_case_or_spaces_only_is_refused_with_what_was_meant(given: str) -> None:
    with pytest.raises(LabelError, match=r"in case or spaces only\n.*write it as"):
        check(given, task="t", kind=Kind.CLASSIFY, labels=LABELS)


@pytest.mark.parametrize(
    ("value", "kind", "said"),
    [
        ("fees", Kind.CLASSIFY, "no label 'fees'; did you mean 'fee'"),
        (["fee"], Kind.CLASSIFY, "exactly one label"),
        ("fee", Kind.MULTILABEL, "any number of labels"),
        (["fee", "x"], Kind.MULTILABEL, "no label 'x'"),
    ],
)
def test_what_the_task_does_not_take_is_refused(value: str | list[str], kind: Kind, said: str) -> None:
    with pytest.raises(LabelError, match=said):
        check(value, task="t", kind=kind, labels=LABELS)


def test_an_answer_carries_why_it_was_asked_and_can_be_taken_back(tmp_path: Path) -> None:
    with store.create(tmp_path / "mail") as one:
        one.queue.put(
            [QueueItem(task="t", row=0, example="e0", part="gate", policy="measure", why="drawn", probability=0.2)]
        )
        (item,) = one.queue.next("t", "ann")
        seq = answer(one, item, "fee", actor="ann")
        ((_, event),) = one.labels.history("e0")
        assert (event.value, event.policy, event.why, event.probability) == ("fee", "measure", "drawn", 0.2)
        assert one.queue.next("t", "ann") == []
        undo(one, item, seq, actor="ann")
        assert [again.row for again in one.queue.next("t", "ann")] == [0]
