"""Changed copies that people are asked about: beside their origins in teach, asked once, never of the pool."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from click.testing import CliRunner

from adequate.cli.main import cli
from adequate.encoders.identity import identify
from adequate.errors import NotEnoughDataError, SpecError, TestError
from adequate.loop.candidates import copied
from adequate.loop.engine import Engine
from adequate.loop.ingest import FRACTIONS
from adequate.store import Event
from adequate.types import PARTS, Part, Source
from tests.loop.projects import EASY
from tests.made import begun, mail

DECLARED = f'{EASY}project.candidates("intent", aq.perturb.synonyms, level=1.0, most=10)\n'


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("candidates") / "mail"
    begun(root, mail(500).select(["body", "intent", "channel"]), EASY)
    Engine.open(root).run(cycles=1)
    return root


@pytest.fixture
def engine(trained: Path, tmp_path: Path) -> Engine:
    return Engine.open(shutil.copytree(trained, tmp_path / "mail"))


def copies(engine: Engine) -> pa.Table:
    with engine.store() as store:
        return store.examples.take(copied(store))


def test_copies_are_asked_beside_their_origins_and_only_teach(engine: Engine) -> None:
    found = engine.propose(change="drop_words", level=0.3, most=12)["intent/drop_words"]
    assert found.tried >= found.changed >= found.kept >= found.asked == 12
    table = copies(engine)
    assert set(table["made_by"].to_pylist()) == {"drop_words"}
    with engine.store() as store:
        origins = store.examples.take(store.examples.rows_of(table["made_from"]))
        for column in ("aq_group", "channel"):
            assert table[column].to_pylist() == origins[column].to_pylist()
        assert not set(table["body"].to_pylist()) & set(origins["body"].to_pylist())
        assert set(table["aq_part"].to_pylist()) == {PARTS.index(Part.TEACH)}
        items = [one for one in store.queue.waiting("intent") if one.policy == "candidates"]
    assert {one.text for one in items} == set(table["body"].to_pylist())
    assert {one.part for one in items} == {"teach"}
    assert all("with its meaning perhaps changed by drop_words: what is right now?" in one.why for one in items)
    assert all(one.suggestion is None for one in items)


def test_an_origin_is_changed_once_and_a_copy_never(engine: Engine) -> None:
    engine.propose(change="drop_words", level=0.3, most=12)
    engine.propose(change="drop_words", level=0.3, most=12)
    origins = copies(engine)["made_from"].to_pylist()
    assert len(set(origins)) == len(origins) == 24
    assert not set(origins) & set(copies(engine)["aq_id"].to_pylist())


def test_a_cycle_leaves_them_waiting_and_learns_from_those_that_are_labelled(engine: Engine) -> None:
    engine.propose(change="drop_words", level=0.3, most=12)
    ids = copies(engine)["aq_id"].to_pylist()
    with engine.store(write=True) as store:
        rows = store.examples.rows_of(ids[:4])
        said = "loan"
        pairs = zip(ids[:4], rows.tolist(), strict=True)
        store.labels.record(
            [
                Event(example=one, row=row, task="intent", value=said, actor="ann", source=Source.HUMAN)
                for one, row in pairs
            ]
        )
    engine.run(cycles=1)
    with engine.store() as store:
        waiting = {one.example for one in store.queue.waiting("intent") if one.policy == "candidates"}
        assert waiting >= set(ids[4:])
        models = store.models.list()
    assert models[-1].card["intent"]["taught"] == models[0].card["intent"]["taught"] + 4


def test_the_verb_does_what_is_declared_and_says_what_came_of_it(engine: Engine) -> None:
    (engine.root / "project.py").write_text(DECLARED)
    ran = CliRunner().invoke(cli, ["test", "propose", "-p", str(engine.root)], catch_exceptions=False)
    assert ran.exit_code == 0
    assert "intent/synonyms:" in ran.output
    assert "asked" in ran.output


def test_what_cannot_be_proposed_is_said(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(TestError, match="declares no candidates"):
        engine.propose()
    with pytest.raises(SpecError, match="leaves the right answer as it is"):
        engine.propose(change="lower")
    begun(tmp_path / "bare", mail(100).select(["body"]), EASY)
    with pytest.raises(NotEnoughDataError, match="no teaching example with a label of 'intent'"):
        Engine.open(tmp_path / "bare").propose(change="negate")


def test_what_is_nearly_a_sealed_text_is_not_made(engine: Engine) -> None:
    engine.propose(change="drop_words", level=0.05, most=500)
    with engine.store(write=True) as store:
        parts, rows = store.examples.parts(), copied(store)
        sealed = np.flatnonzero(parts == PARTS.index(Part.GATE))
        texts = store.examples.take(rows, ["body"])["body"].to_pylist()
        groups = store.examples.take(sealed, ["aq_group"])["aq_group"].to_pylist()
        who = identify(store, texts, column="body", fractions=FRACTIONS)
    assert len(rows) > 0
    assert not set(who.groups) & set(groups)


def test_what_is_drawn_evenly_from_the_pool_leaves_copies_out(tmp_path: Path) -> None:
    source = f'{EASY}project.span("names", labels=["who"], target=aq.Target(recall=0.5))\n'
    begun(tmp_path / "mail", mail(300).select(["body", "intent"]), source)
    engine = Engine.open(tmp_path / "mail")
    engine.run(cycles=1)
    engine.propose("intent", "drop_words", level=0.3, most=30)
    engine.run(cycles=1)
    with engine.store() as store:
        rows = {one.row for one in store.queue.waiting("names")}
        assert rows
        assert not rows & set(copied(store).tolist())
