"""Several people answer one question: what makes a label, what a dispute, and what happens when somebody changes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from adequate import labelling, store
from adequate.errors import DataError, LabelError, UnknownNameError
from adequate.labelling import Policy, policy, settle
from adequate.store import Event, QueueItem, Store, queue, schema
from adequate.store.events import record
from adequate.types import Source
from tests.store.made import batch, event, identifier, item


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Store]:
    with store.create(tmp_path / "mail") as made:
        made.examples.append([batch(0, 6)])
        yield made


def say(one: Store, asked: QueueItem, actor: str, value: Any, **options: Any) -> list[Event]:
    """An answer, as an operation of the studio gives it."""

    def job(connection: sa.Connection) -> list[Event]:
        said = Event(
            example=asked.example,
            row=asked.row,
            task=asked.task,
            value=value,
            actor=actor,
            source=Source.HUMAN,
            **options,
        )
        events = labelling.answered(connection, asked.id, said)
        record(connection, events)
        return events

    return one.sql.write(job)


def put(one: Store, **options: Any) -> QueueItem:
    one.queue.put([item(0, **options)])
    return one.queue.waiting("t")[0]


def label(one: Store) -> object:
    held = one.labels.current("t")["value"].to_pylist()
    return json.loads(held[0]) if held else None


def state(one: Store, asked: QueueItem) -> tuple[str, int]:
    with one.sql.reading() as connection:
        found, now = queue.find(connection, asked.id)
    return now, found.answers


def test_where_one_is_asked_the_answer_is_the_label_and_closes_the_item(one: Store) -> None:
    asked = put(one)
    (said,) = say(one, asked, "ann", "yes")
    assert (said.kind, said.item) == ("label", asked.id)
    assert (label(one), state(one, asked)) == ("yes", ("answered", 0))
    assert one.queue.counts() == []


def test_an_answer_is_no_label_until_all_who_are_asked_agree(one: Store) -> None:
    asked = put(one, overlap=3)
    assert [e.kind for e in say(one, asked, "ann", "yes")] == ["answer"]
    assert [e.kind for e in say(one, asked, "ben", "yes")] == ["answer"]
    assert (label(one), state(one, asked)) == (None, ("waiting", 2))
    _, made = say(one, asked, "eve", "yes", op="mine")
    assert (made.kind, made.actor, made.why, made.op) == ("label", "consensus", "3 people agree", "mine/1")
    assert (label(one), state(one, asked)) == ("yes", ("answered", 3))
    answers = one.sql.rows(sa.select(schema.answer.c.actor).order_by(schema.answer.c.actor))
    assert [row.actor for row in answers] == ["ann", "ben", "eve"]  # the consensus is nobody's own answer


def test_where_answers_differ_a_reviewer_settles_it(one: Store) -> None:
    asked = put(one, overlap=2)
    say(one, asked, "ann", "yes")
    say(one, asked, "ben", "no")
    assert (label(one), state(one, asked)) == (None, ("disputed", 2))
    assert [of.id for of in one.queue.disputed("t")] == [asked.id]
    word = event(0, "no", actor="rev")
    one.sql.write(lambda connection: record(connection, labelling.adjudicated(connection, asked.id, word)))
    assert (label(one), one.queue.disputed()) == ("no", [])
    say(one, asked, "ann", "maybe")  # said later, it is kept, but a reviewer has spoken
    assert (label(one), state(one, asked)) == ("no", ("answered", 2))


def test_who_answers_again_replaces_what_they_said(one: Store) -> None:
    asked = put(one, overlap=2)
    say(one, asked, "ann", "yes")
    say(one, asked, "ann", "no")
    assert state(one, asked) == ("waiting", 1)
    say(one, asked, "ben", "yes")
    assert state(one, asked) == ("disputed", 2)
    say(one, asked, "ann", "yes")
    assert (label(one), state(one, asked)) == ("yes", ("answered", 2))
    said = say(one, asked, "ben", "no")
    assert [(e.kind, e.value) for e in said] == [("answer", "no"), ("label", None)]
    assert (label(one), state(one, asked)) == (None, ("disputed", 2))


def test_an_answer_taken_back_is_asked_of_the_same_person_again(one: Store) -> None:
    asked = put(one, overlap=2)
    say(one, asked, "ann", "yes", op="a")
    say(one, asked, "ben", "yes", op="b")
    seq = next(seq for seq, e in one.labels.history(asked.example) if e.op == "b")
    gone = one.sql.write(lambda connection: record(connection, labelling.taken_back(connection, seq, "ben")))
    assert len(gone) == 2  # the answer, and the label that stood on it
    assert (label(one), state(one, asked)) == (None, ("waiting", 1))
    assert [of.id for of in one.queue.next("t", "ben")] == [asked.id]
    assert one.queue.next("t", "ann") == []
    say(one, asked, "ben", "no")
    assert state(one, asked) == ("disputed", 2)


def test_a_label_taken_back_is_asked_again_first(one: Store) -> None:
    one.queue.put([item(0), item(1)])
    (first,) = one.queue.next("t", "ann")
    seq = labelling.answer(one, first, "yes", actor="ann")
    labelling.undo(one, first, seq, actor="ann")
    assert label(one) is None
    assert [of.row for of in one.queue.next("t", "ann", 2)] == [0, 1]
    with pytest.raises(LabelError, match="no longer the last word"):
        labelling.undo(one, first, seq, actor="ann")


def test_a_question_whose_answer_is_known_never_makes_a_label(one: Store) -> None:
    one.queue.put([item(0, gold='"yes"', overlap=policy.EVERYBODY)])
    (asked,) = one.queue.next("t", "zoe")
    for actor in ("ann", "ben"):
        assert [of.id for of in one.queue.next("t", actor)] == [asked.id]
        assert [e.kind for e in say(one, asked, actor, "no")] == ["answer"]
        assert one.queue.next("t", actor) == []
    assert (label(one), state(one, asked)[0], one.queue.counts()) == (None, "waiting", [])
    assert one.queue.waiting() == []
    with one.sql.reading() as connection:
        assert queue.said(connection, asked) == {"ann": "no", "ben": "no"}


def test_what_a_file_says_of_a_shared_question_holds_at_once(one: Store) -> None:
    asked = put(one, overlap=2)
    labelling.answer(one, asked, "yes", actor="oracle", source=Source.IMPORT)
    assert (label(one), one.queue.waiting()) == ("yes", [])


def test_answers_given_together_all_hold_or_none(one: Store) -> None:
    one.queue.put([item(n) for n in range(3)])
    first, second, third = one.queue.waiting()
    seqs = labelling.answer_all(one, [(second, "a"), (first, "b")], actor="ann", source=Source.HUMAN)
    assert seqs == [1, 2]
    with pytest.raises(UnknownNameError, match="no item 99"):
        labelling.answer_all(one, [(third, "a"), (item(0, id=99), "b")], actor="ann", source=Source.HUMAN)
    assert [of.row for of in one.queue.waiting()] == [2]
    assert one.labels.last_seq() == 2


def test_a_policy_holds_for_what_waits_already(one: Store) -> None:
    one.queue.put([item(0), item(1, overlap=3)])
    say(one, one.queue.waiting("t")[1], "ann", "yes")
    say(one, one.queue.waiting("t")[1], "ben", "yes")
    given = Policy(overlap=2, blind=True)
    one.sql.write(lambda connection: policy.change(connection, "t", given, who="rev", why="agreement"))
    assert policy.of(one.overrides, "t") == given
    assert policy.of(one.overrides, "u") == Policy()
    assert [(of.overlap, of.blind) for of in one.queue.waiting("t")] == [(2, True), (3, True)]


def test_known_questions_are_mixed_under_the_others_and_go_with_the_policy(one: Store) -> None:
    one.queue.put([item(n, cycle=1, rank=float(n)) for n in range(4, 12)])
    known = [item(n, gold='"yes"') for n in range(3)]

    def waits() -> list[Any]:
        columns = schema.queue_item.c
        query = sa.select(schema.queue_item).where(columns.state == "waiting")
        return list(one.sql.rows(query.order_by(columns.rank, columns.id)))

    assert one.sql.write(lambda connection: policy.mix(connection, "t", known, Policy(gold=0.2))) == 2
    numbers = [row.id for row in waits()]
    assert numbers == list(range(numbers[0], numbers[0] + 10))
    assert [row.row for row in waits() if row.gold is None] == list(range(4, 12))
    one.sql.write(lambda connection: policy.change(connection, "t", Policy(), who="eve", why="known well"))
    assert [row.row for row in waits()] == list(range(4, 12))


def test_nobody_is_asked_as_known_what_they_said_before(one: Store) -> None:
    one.labels.record([event(0, "yes")])
    [author] = {said.actor for _, said in one.labels.history(event(0, "yes").example)}
    one.queue.put([item(0, gold='"yes"', overlap=policy.EVERYBODY)])
    assert one.queue.next("t", author) == []
    assert [of.row for of in one.queue.next("t", "somebody")] == [0]


@pytest.mark.parametrize(
    "value", [{"overlap": 0}, {"overlap": "2"}, {"overlap": True}, {"gold": 0.9}, {"gold": None}, {"blind": 1}]
)
def test_a_policy_out_of_range_is_refused(value: dict[str, Any]) -> None:
    with pytest.raises(DataError):
        policy.read(value)


def test_a_setting_that_is_misspelt_is_refused_with_what_was_meant() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'overlap'"):
        policy.read({"overlapp": 2})


GUESS = '{"label": "yes", "confidence": 0.6, "second": "no"}'


def test_of_known_questions_those_are_asked_that_the_model_is_as_sure_of_as_of_the_others() -> None:
    def guess(confidence: float, label: str = "b") -> str:
        return json.dumps({"label": label, "confidence": confidence, "second": "c"})

    items = [item(k, why="'a' or 'c'?", suggestion=guess(0.5 + k / 100, "a")) for k in range(8)]
    gold = [item(100 + k, gold='"b"', suggestion=guess(k / 50)) for k in range(50)]
    mixed = policy.mixed_with(items, gold, Policy(gold=0.2), np.random.default_rng(0))
    known = [one for one in mixed if one.gold is not None]
    assert len(known) == 2
    assert all(0.48 <= json.loads(str(one.suggestion))["confidence"] <= 0.6 for one in known)
    assert {one.why for one in known} == {"'b' or 'c'?"}


@given(st.integers(1, 60), st.floats(0, 0.5), st.integers(0, 40))
def test_known_questions_have_their_share_and_look_like_the_others(n: int, share: float, known: int) -> None:
    items = [item(k, why="model unsure", cell="c", rank=k / n, cycle=3, suggestion=GUESS) for k in range(n)]
    gold = [item(100 + k, gold='"yes"', suggestion=GUESS) for k in range(known)]
    given_policy = Policy(gold=share)
    mixed = policy.mixed_with(items, gold, given_policy, np.random.default_rng(0))
    found = [one for one in mixed if one.gold is not None]
    assert len(found) == min(known, round(n * share / (1 - share)))
    for one in policy.asked(found, given_policy):
        assert (one.why, one.cell, one.cycle, one.suggestion) == ("model unsure", "c", 3, GUESS)
        assert one.overlap == policy.EVERYBODY
    assert [one.rank for one in mixed] == sorted(one.rank for one in mixed)


spans = st.lists(st.tuples(st.integers(0, 5), st.integers(6, 9), st.sampled_from("ab")), max_size=3, unique=True)


@given(st.lists(spans, min_size=1, max_size=3), st.randoms())
def test_answers_agree_whatever_the_order_and_the_names_of_spans(said: list[list[Any]], chance: Any) -> None:
    def named(values: Sequence[Any]) -> list[dict[str, Any]]:
        mixed = [{"start": a, "end": b, "label": c, "id": str(chance.random())} for a, b, c in values]
        chance.shuffle(mixed)
        return mixed

    agreed = settle([named(values) for values in said])
    assert (agreed is not None) == (len({frozenset(values) for values in said}) == 1)


def test_nothing_said_agrees_on_nothing() -> None:
    assert settle([]) is None
    assert settle([identifier(0), identifier(1)]) is None
