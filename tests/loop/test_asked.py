"""The miner's questions as a task's policy asks them; and what the loop makes of an example that was erased."""

from __future__ import annotations

import re
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from adequate.labelling import Policy, policy
from adequate.loop.engine import Engine
from adequate.store import schema
from tests.loop.projects import HARD
from tests.made import begun, mail

ALL = mail(300).select(["body", "intent", "channel"])
SOME = pa.array([n < 150 for n in range(300)])
DATA = ALL.set_column(1, "intent", pc.if_else(SOME, ALL["intent"], None))  # half of them wait for a label


def test_questions_are_asked_as_the_policy_says_some_with_an_answer_that_is_known(tmp_path: Path) -> None:
    begun(tmp_path / "mail", DATA, HARD)
    engine = Engine.open(tmp_path / "mail")
    asked = Policy(overlap=2, blind=True, suggestions=False, gold=0.25)
    with engine.store(write=True) as opened:
        change = lambda connection: policy.change(connection, "intent", asked, who="rev", why="agreement")  # noqa: E731
        opened.sql.write(change)
        opened.labels.undo(opened.labels.last_seq(), "ann")  # something is new, so a cycle turns
    engine.run()
    item = schema.queue_item.c
    with engine.store() as opened:
        waits = opened.sql.rows(sa.select(schema.queue_item).where(item.state == "waiting"))
        held = opened.labels.current("intent")
    known = dict(zip(held["row"].to_pylist(), held["value"].to_pylist(), strict=True))
    gold = [one for one in waits if one.gold is not None]
    true = [one for one in waits if one.gold is None]
    assert len(gold) == round(len(true) / 3) > 0
    assert all(one.gold == known[one.row] and one.text for one in gold)
    assert all(one.row not in known and one.overlap == 2 for one in true)
    assert {(one.blind, one.suggestion) for one in waits} == {(True, None)}
    # A reason names what the model wavers between: other labels, the same words.
    reasons = [{re.sub("'[^']*'", "LABEL", one.why) for one in some} for some in (gold, true)]
    assert reasons[0] <= reasons[1]


def test_the_loop_never_sees_what_was_erased(tmp_path: Path) -> None:
    begun(tmp_path / "mail", DATA, HARD)
    engine = Engine.open(tmp_path / "mail")
    engine.run()
    with engine.store(write=True) as opened:
        labelled = opened.labels.current("intent")["example"].to_pylist()[0]
        waits = opened.queue.waiting()[0]
        for example in (labelled, waits.example):
            opened.erase(example, "owner")
        gone = opened.examples.rows_of([labelled, waits.example]).tolist()
    assert engine.run().model is not None
    with engine.store() as opened:
        asked = {one.row for one in opened.queue.waiting()}
        taught = set(opened.labels.current("intent")["row"].to_pylist())
        assert not set(gone) & (asked | taught)
    assert engine.board().cells
