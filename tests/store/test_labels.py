"""Labels: events stay, the last one holds, and one event is recorded once."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adequate.errors import LabelError, UnknownNameError
from adequate.store import Store, schema
from adequate.store.events import Many, record_many
from adequate.types import Source
from tests.store.made import batch, event, identifier


@pytest.fixture(autouse=True)
def _examples(request: pytest.FixtureRequest) -> None:
    one: Store = request.getfixturevalue("both" if "both" in request.fixturenames else "one")
    one.examples.append([batch(0, 30)])


def held(one: Store, upto_seq: int | None = None) -> dict[int, object]:
    table = one.labels.current("t", upto_seq)
    return {
        row: json.loads(value) for row, value in zip(*table.select(["row", "value"]).to_pydict().values(), strict=True)
    }


def test_the_last_word_holds_and_the_history_stays(both: Store) -> None:
    seqs = both.labels.record([event(3, "no"), event(1, "yes"), event(3, "yes"), event(1, ["a", "b"], task="u")])
    assert seqs == [1, 2, 3, 4]
    assert held(both) == {1: "yes", 3: "yes"}
    assert [(seq, e.value) for seq, e in both.labels.history(identifier(3))] == [(1, "no"), (3, "yes")]
    assert both.labels.current("u")["value"].to_pylist() == ['["a", "b"]']
    assert both.labels.tasks() == ["t", "u"]


def test_current_labels_come_with_all_that_measuring_needs(both: Store) -> None:
    both.labels.record([event(5, "ja", probability=0.25, source=Source.IMPORT)])
    row = {"row": 5, "example": identifier(5), "value": '"ja"', "part": "gate", "source": "import", "probability": 0.25}
    assert both.labels.current("t").to_pylist() == [{**row, "seq": 1}]
    assert both.labels.current("nothing").num_rows == 0


def test_an_event_that_comes_twice_is_recorded_once(both: Store) -> None:
    first = [event(n, op=f"op{n}") for n in range(5)]
    seqs = both.labels.record(first)
    assert both.labels.record([*first[2:], event(9, op="op9"), event(9, op="op9")]) == [*seqs[2:], 6, 6]
    assert both.labels.last_seq() == 6


def test_a_label_can_be_withdrawn(both: Store) -> None:
    both.labels.record([event(1), event(2), event(1, None)])
    assert held(both) == {2: "yes"}
    assert held(both, 2) == {1: "yes", 2: "yes"}


def test_undo_restores_what_held_before_with_where_it_came_from(both: Store) -> None:
    both.labels.record([event(1, "a", probability=0.5, source=Source.IMPORT), event(1, "b")])
    both.labels.undo(2, "ben")
    assert both.labels.current("t").select(["value", "source", "probability"]).to_pylist() == [
        {"value": '"a"', "source": "import", "probability": 0.5}
    ]
    assert both.labels.history(identifier(1))[-1][1].actor == "ben"
    both.labels.undo(3, "ben")  # redo
    assert held(both) == {1: "b"}


def test_undoing_the_first_label_leaves_none(both: Store) -> None:
    both.labels.undo(both.labels.record([event(1)])[0], "ann")
    assert held(both) == {}


def test_an_event_that_is_no_longer_the_last_word_can_not_be_undone(both: Store) -> None:
    both.labels.record([event(1, "a"), event(1, "b")])
    with pytest.raises(LabelError, match="event 2 came after"):
        both.labels.undo(1, "ann")
    with pytest.raises(UnknownNameError, match="event 77"):
        both.labels.undo(77, "ann")


def test_text_survives_as_it_was(both: Store) -> None:
    odd = replace(event(1, "größe 😀 'x' \"y\" \\ \n"), why="🙂 ≥ 3", actor="Zoë")
    both.labels.record([odd])
    assert both.labels.history(identifier(1)) == [(1, odd)]


answer = st.tuples(st.integers(0, 5), st.sampled_from(["a", "b", None]))


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(said=st.lists(answer, max_size=20), cut=st.integers(0, 20), at_once=st.booleans())
def test_what_holds_is_what_replaying_the_events_gives(
    one: Store, said: list[tuple[int, str | None]], cut: int, at_once: bool
) -> None:
    before = one.labels.last_seq()
    wipe = [event(n, None) for n in range(6)]
    events = [*wipe, *(event(row, value) for row, value in said)]
    for group in [events] if at_once else [[e] for e in events]:
        one.labels.record(group)

    def replayed(count: int) -> dict[int, str]:
        return {row: value for row, value in dict(said[:count]).items() if value is not None}

    assert held(one) == replayed(len(said))
    assert held(one, before + len(wipe) + cut) == replayed(cut)


def test_many_labels_are_recorded_in_one_go(both: Store) -> None:
    both.labels.record([event(n % 30, f"v{n}") for n in range(30_000)])
    assert held(both) == {n: f"v{29_970 + n}" for n in range(30)}


def test_labels_by_column_are_kept_as_those_of_one_event_each(both: Store) -> None:
    both.labels.record([event(1, "old"), event(2, "known", op="op2")])
    many = Many(
        why="came",
        example=[identifier(n) for n in (1, 2, 3)],
        row=[1, 2, 3],
        task=["t"] * 3,
        value=["new", "known", ["a", "é"]],
        actor=["ann"] * 3,
        source=["human", "human", "import"],
        at=[5.0] * 3,
        probability=[1.0] * 3,
        op=["op1", "op2", "op3"],
    )
    assert both.sql.write(lambda connection: record_many(connection, many)) == [True, False, True]
    assert both.sql.write(lambda connection: record_many(connection, many)) == [False] * 3
    assert held(both) == {1: "new", 2: "known", 3: ["a", "é"]}
    kept = schema.answer
    said = both.sql.rows(sa.select(kept.c.row, kept.c.value).where(kept.c.actor == "ann", kept.c.seq > 2))
    assert [tuple(row) for row in said] == [(1, '"new"')]  # a person's; what a file says is nobody's answer
    assert both.labels.last_seq() == 4
