"""Training at the edge: where a change breaks the model it is taught copies changed so far, if that costs nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from adequate.loop.checks import edge
from adequate.loop.cycle import Cycle
from adequate.loop.engine import Engine
from adequate.loop.state import State
from adequate.spec.load import load
from adequate.store import Store
from adequate.training import Copies, learn
from adequate.types import Kind
from tests.loop.projects import EASY
from tests.made import begun, mail

# To a head on words, a lisp is a language that it never saw.
LISPS = (
    EASY
    + """

import pyarrow as pa

intent = project.tasks["intent"]


@project.behaviour(intent, expect="same", target=0.95, reach=0.6)
def lisps(batch, level, rng):
    said = [" ".join(w.replace("s", "th").replace("e", "eh") if rng.random() < level else w for w in text.split(" "))
            for text in batch["body"].to_pylist()]
    return batch.set_column(batch.schema.get_field_index("body"), "body", pa.array(said))
"""
)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("edge") / "mail"
    begun(folder, mail(900, hard=0.02).select(["body", "intent"]), LISPS, with_labels=True)
    return folder


def cycle(engine: Engine, store: Store) -> Cycle:
    state = State(rows=store.examples.count, seq=store.labels.last_seq())
    return Cycle(store=store, project=engine.project, number=0, state=state)


def test_more_of_the_changed_examples_hold_and_no_more_of_the_others_are_wrong(root: Path) -> None:
    engine = Engine.open(root)
    with engine.store(write=True, verb="test") as store:
        turning = cycle(engine, store)
        task = engine.project.learnable["intent"]
        learned = turning.learned(task)
        made = turning.edges["intent"]
        assert made.kept, made.why
        assert 0 < made.copies <= edge.MOST
        assert made.after["lisps"] > made.before["lisps"]
        assert len(learned.out_of_fold) == np.count_nonzero(turning.world.parts[turning.labels(task).rows] == 0)


def test_the_same_cycle_makes_the_same_head_and_the_same_name(root: Path) -> None:
    engine = Engine.open(root)
    task = engine.project.learnable["intent"]
    with engine.store(write=True, verb="test") as store:
        one, other = cycle(engine, store), cycle(engine, store)
        assert one.identity() == other.identity()
        first, second = one.learned(task).head, other.learned(task).head
        np.testing.assert_array_equal(first.bias, second.bias)
        np.testing.assert_array_equal(first.offsets, second.offsets)


def test_a_behaviour_that_may_not_be_taught_leaves_the_head_to_its_labels(root: Path, tmp_path: Path) -> None:
    (tmp_path / "project.py").write_text(LISPS.replace("reach=0.6", "reach=0.6, teach=False"))
    engine = Engine(root, load(tmp_path / "project.py"))
    with engine.store(write=True, verb="test") as store:
        turning = cycle(engine, store)
        turning.learned(engine.project.learnable["intent"])
        assert turning.edges == {}


def test_a_copy_falls_into_the_fold_of_its_example_so_that_no_row_is_vouched_for_by_its_copy() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(80, 40)).astype(np.float32)
    gold = rng.integers(0, 2, 80).astype(np.int32)  # pure chance: nobody can know better than half
    copies = Copies(xs={"x": x + np.float32(0.01)}, of=np.arange(80), weight=1.0)
    made = learn({"x": x}, gold, kind=Kind.CLASSIFY, labels=["a", "b"], task="t", copies=copies)
    assert made.out_of_fold.shape == (80, 2)
    assert (made.out_of_fold.argmax(axis=1) == gold).mean() < 0.75


def test_copies_of_no_weight_change_next_to_nothing() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(60, 8)).astype(np.float32)
    gold = (x[:, 0] > 0).astype(np.int32)
    plain = learn({"x": x}, gold, kind=Kind.CLASSIFY, labels=["a", "b"], task="t")
    copies = Copies(xs={"x": -x}, of=np.arange(60), weight=0.0)
    same = learn({"x": x}, gold, kind=Kind.CLASSIFY, labels=["a", "b"], task="t", copies=copies, warm=plain)
    # Features are centred on all rows, so that the solver stops elsewhere within its tolerance.
    agree = plain.head.decide(plain.out_of_fold) == same.head.decide(same.out_of_fold)
    assert agree.mean() > 0.95
