"""A trigger asks production for more of what a cell lacks, and its yield is measured by what comes back."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from adequate.bundles import Bundle, write
from adequate.bundles.static import Static, words
from adequate.cli.main import cli
from adequate.errors import NotEnoughDataError, UnknownNameError
from adequate.loop.engine import Engine
from adequate.loop.production import ingest
from adequate.loop.production.seek import seek
from adequate.loop.production.yields import fired, yields
from adequate.loop.watch.service import triggers
from adequate.store import Event, Release
from adequate.types import PARTS, Part, Source
from tests.bundles import made
from tests.loop.production.recorded import row, tally
from tests.loop.production.recorded import write as record
from tests.loop.projects import EASY
from tests.made import begun, mail

CELL = "intent/all/refund/recall"


def vectors() -> Static:
    """A random vector for each word: a sum of them tells the words."""
    rng = np.random.default_rng(0)
    known = tuple(sorted({word for text in made.texts() for word in words(text.split()) if word != "\0"}))
    values = rng.integers(-127, 128, (len(known), 64), dtype=np.int8)
    return Static(known, np.zeros(0, np.uint32), values, np.full(len(known), 0.01, np.float16))


@pytest.fixture(scope="module")
def begun_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project, and a release that serves it."""
    root = tmp_path_factory.mktemp("seek") / "mail"
    begun(root, mail(600).select(["body", "intent"]), EASY)
    bundles = []
    for blocks in ([vectors(), made.words()], [made.words()]):
        heads = {"intent": made.heads(blocks)["intent"]}
        bundles.append(write(root.parent, project="mail", text="body", blocks=blocks, heads=heads))
    with Engine.open(root).store(write=True) as one:
        for bundle in bundles:
            (root / ".adequate" / "releases").mkdir(exist_ok=True)
            shutil.copytree(bundle, root / ".adequate" / "releases" / bundle.name)
            path = f".adequate/releases/{bundle.name}"
            one.releases.put(Release(id=bundle.name, model="m", path=path), who="ann")
    return root


@pytest.fixture
def root(begun_once: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(begun_once, tmp_path / "mail"))


def test_it_fires_on_what_is_sought_in_texts_it_never_saw(root: Path) -> None:
    engine = Engine.open(root)
    with engine.store(write=True) as one:
        releases = one.releases.list()
        sought = seek(one, engine.project, CELL, who="ann", release=releases[0].id, per_day=7)
        (kept,) = one.triggers.list(active=True)
        assert (kept.cell, kept.task, kept.per_day, kept.who, kept.release) == (CELL, "intent", 7, "ann", "")
        assert kept.card["seeks"] == "texts of refund"
        bundle = Bundle.open(one.releases.folder(releases[0]))
        fresh = mail(600, seed=9)
        features = bundle.answer(fresh["body"].to_pylist()).features[kept.block]
        fires = np.asarray(features @ kept.weights >= kept.threshold)
        truly = np.array(fresh["intent"].to_pylist()) == "refund"
        assert truly[fires].mean() > 3 * truly.mean()
        assert truly[fires].mean() == pytest.approx(sought.found.expected, abs=0.25)
        assert fires[truly].mean() == pytest.approx(sought.found.recall, abs=0.25)


def test_what_measures_is_never_learned_from(root: Path) -> None:
    engine = Engine.open(root)
    with engine.store(write=True) as one:
        name = one.releases.list()[0].id
        before = seek(one, engine.project, CELL, who="ann", release=name).trigger
        now = one.labels.current("intent")
        gate = [i for i, part in enumerate(now["part"].to_pylist()) if part == str(Part.GATE)]
        said = [
            Event(
                example=now["example"][i].as_py(),
                row=now["row"][i].as_py(),
                task="intent",
                value="refund",
                actor="ann",
                source=Source.HUMAN,
            )
            for i in gate
        ]
        one.labels.record(said)
        after = seek(one, engine.project, CELL, who="ann", release=name).trigger
        np.testing.assert_array_equal(before.weights, after.weights)
        assert [trigger.ended is None for trigger in one.triggers.list()] == [False, True]


def test_its_yield_is_the_share_of_labels_that_came_back_as_sought(root: Path) -> None:
    engine = Engine.open(root)
    with engine.store(write=True) as one:
        number = seek(one, engine.project, CELL, who="ann", release=one.releases.list()[0].id).trigger.id
        fresh = mail(400, seed=5)["body"].to_pylist()
        known = set(one.examples.take(range(one.examples.count), ["body"]).column(0).to_pylist())
        new = [text for text in dict.fromkeys(fresh) if text not in known][:40]
        at = one.triggers.list()[0].at
        why = [{f"trigger:{number}": 1.0}, {f"trigger:{number}": 1.0, "shadow": 1.0}]
        lines = [row(n, text, why[n % 2], at=at + 1 + n) for n, text in enumerate(new)]
        record(root, [*lines, tally(at, 900) | {"triggers": {str(number): 55}}])
        ingest(one, engine.project)
        items = one.queue.waiting("intent")[:10]
        values = ["refund"] * 8 + ["fee"] * 2
        one.labels.record(
            [
                Event(example=item.example, row=item.row, task="intent", value=value, actor="ann", source=Source.HUMAN)
                for item, value in zip(items, values, strict=True)
            ]
        )
        found = yields(one, engine.project, one.triggers.list())[number]
        teach = one.examples.parts()[[item.row for item in items]] == PARTS.index(Part.TEACH)
        assert teach.all()
        assert (fired(one, one.triggers.list())[str(number)], found.labelled, found.right) == (55, 10, 8)
        assert found.low == pytest.approx(0.4931, abs=1e-4)  # Clopper and Pearson (1934), one-sided 95 %
        assert found.asked == len(one.traffic.recorded())
        (shown,) = triggers(one, engine.project, {"triggers": {str(number): 7}}, at)  # as watch has it
        assert (shown.asked, shown.labelled, shown.found) == (7, 10, 8)
        late = [max(entry.at for entry in one.traffic.recorded()) + 1, at]
        later = [yields(one, engine.project, one.triggers.list(), since)[number].asked for since in late]
        assert later == [0, found.asked]


def test_a_release_of_words_alone_is_refused_and_says_why(root: Path) -> None:
    engine = Engine.open(root)
    with engine.store(write=True) as one:
        with pytest.raises(NotEnoughDataError, match="reads words alone"):
            seek(one, engine.project, CELL, who="ann", release="last")
        with pytest.raises(UnknownNameError, match="no label 'refnd'; did you mean 'refund'"):
            seek(one, engine.project, "intent/all/refnd/recall", who="ann")
        assert one.triggers.list() == []


def test_the_verb_makes_lists_and_stops(root: Path) -> None:
    def said(*words: object) -> str:
        run = CliRunner(env={"COLUMNS": "200"}).invoke(cli, ["trigger", *map(str, words), "-p", str(root)])
        assert run.exit_code == 0, run.output
        return run.output

    with Engine.open(root).store() as one:
        name = one.releases.list()[0].id
    assert "trigger 1 seeks texts of refund, at most 9 a day" in said(CELL, "--per-day", 9, "--release", name)
    assert CELL in (shown := said("--list"))
    assert "ended" not in shown
    assert f"trigger 1 for {CELL} has ended" in said("--stop", 1)
    assert "ended" in said("--list")
