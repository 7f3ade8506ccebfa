"""From an accepted model to a release, on words alone."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from adequate.bundles import Bundle, write
from adequate.errors import BusyError, NotEnoughDataError
from adequate.loop.engine import Engine
from adequate.loop.ship import journal
from adequate.loop.ship.confirm import Gate
from adequate.loop.ship.material import LEAST, gather, teacher
from adequate.loop.ship.report import Shipped, in_bytes, in_seconds
from adequate.loop.ship.run import Search, worth
from adequate.loop.ship.screen import Screen
from adequate.shipping.search import Limits, Recipe, Space, Trial
from adequate.store import open as open_store
from adequate.types import PARTS, Part, silent
from tests.loop.projects import EASY
from tests.loop.ship.conftest import SECONDS
from tests.made import begun, mail, typed

PATIENCE = 240.0  # seconds


def test_the_smallest_adequate_bundle_becomes_a_release_with_its_card_and_its_cells(root: Path, found: Shipped) -> None:
    assert found.exit_code == 0
    assert found.release == min(found.adequate, key=lambda one: one.bytes).bundle
    bundle = Bundle.open(root / ".adequate" / "releases" / str(found.release))
    assert bundle.id == found.release
    with Engine.open(root).store() as store:
        record = store.releases.get(bundle.id)
        assert (record.state, record.model) == ("candidate", store.models.accepted())
        assert store.releases.steps(bundle.id)[0].who == "ann"
        cells = store.cells.read(bundle.id).to_pylist()
        assert [row["metric"] for row in cells] == ["accuracy"]
        assert cells[0]["value"] > 0.6
        assert [look.verdict for look in store.looks.list(bundle.id)] == ["passed"]
    card = bundle.manifest.card
    assert card["model"] == record.model
    assert {cell["name"] for cell in card["cells"]} == {"intent/all/accuracy"}


def test_the_model_as_it_is_differs_in_nothing(found: Shipped) -> None:
    one = next(trial for trial in found.trials if trial.recipe.form == "exact")
    assert (one.flips, one.loss, one.lost, one.won) == (0, 0, 0, 0)
    assert one.hopeful


def test_asking_again_tries_nothing_twice_and_looks_at_nothing_twice(root: Path, found: Shipped) -> None:
    engine = Engine.open(root)
    with engine.store() as store:
        looks = len(store.looks.list())
    again = engine.ship(search=SECONDS)
    assert again.trials == found.trials
    assert again.release == found.release
    with engine.store() as store:
        assert len(store.looks.list()) == looks
        assert len(store.releases.list()) == 1


def test_where_nothing_is_small_enough_it_says_what_comes_nearest(root: Path) -> None:
    found = Engine.open(root).ship(size=500, search=SECONDS)
    assert (found.exit_code, found.release, found.folder) == (1, None, None)
    said = found.sentences()
    assert said[0] == "nothing within 500 B is adequate"
    assert said[1].startswith("nearest: ")
    assert said[2].startswith(f"of {sum(one.made for one in found.trials)} candidates the smallest is ")


def test_a_head_whose_labels_are_mixed_up_is_hopeless_and_refused(root: Path, tmp_path: Path) -> None:
    engine = Engine.open(root)
    with open_store(root, beside=True, text="body") as store:
        model = teacher(store, engine.project)
        material, steer = gather(store, engine.project, model)
        head = model.heads["intent"]
        mixed = replace(head, labels=(*head.labels[1:], head.labels[0]))
        # The bundle says of each text another label than the head meant; codes are those of the project.
        order = np.roll(np.arange(len(head.labels)), 1)
        weights = {name: replace(one, values=one.values[:, order]) for name, one in head.weights.items()}
        wrong = replace(head, weights=weights, bias=head.bias[order], offsets=head.offsets[order])
        assert mixed.labels != head.labels
        folder = write(tmp_path / "made", project="mail", text="body", blocks=material.blocks, heads={"intent": wrong})
        gate = Gate(store=store, project=engine.project, model=model)
        screen = Screen(material=material, steer=steer, cells=gate.cells, sealed=gate.labels)
        bundle = Bundle.open(folder)
        seen = screen.look(bundle)
        assert not seen.hopeful
        assert seen.flips > 0.9
        verdict = gate.confirm(bundle)
        assert verdict.outcome == "blocked"
        assert store.looks.list(bundle.id)[0].verdict == "blocked"
        assert gate.refused() == 1


def test_a_bundle_that_was_refused_is_refused_again_without_another_look(root: Path, tmp_path: Path) -> None:
    engine = Engine.open(root)
    with open_store(root, beside=True, text="body") as store:
        model = teacher(store, engine.project)
        material, _ = gather(store, engine.project, model)
        head = model.heads["intent"]
        dull = replace(head, offsets=head.offsets + np.array([50, 0, 0, 0, 0, 0], np.float32))
        folder = write(tmp_path / "made", project="mail", text="body", blocks=material.blocks, heads={"intent": dull})
        bundle = Bundle.open(folder)
        gate = Gate(store=store, project=engine.project, model=model)
        left = gate.left()
        verdicts = [gate.confirm(bundle).outcome for _ in range(3)]
        assert verdicts == ["blocked"] * 3
        assert len(store.looks.list(bundle.id)) == 1
        assert gate.left() == left - 1


def test_after_a_refusal_what_the_refused_one_beat_is_looked_at_and_the_model_as_it_is_may_be(root: Path) -> None:
    engine = Engine.open(root)
    with open_store(root, beside=True, text="body") as store:
        model = teacher(store, engine.project)
        material, steer = gather(store, engine.project, model)
        head = model.heads["intent"]
        dull, duller = (replace(head, offsets=head.offsets + np.float32([much, 0, 0, 0, 0, 0])) for much in (90, 91))
        gate = Gate(store=store, project=engine.project, model=model)
        screen = Screen(material=material, steer=steer, cells=gate.cells, sealed=gate.labels)
        with journal.opened(root, "after-a-refusal", Limits()) as kept:
            places = [
                write(kept.folder, project="mail", text="body", blocks=material.blocks, heads={"intent": one})
                for one in (dull, duller, head)
            ]
            # By what is visible the dull ones are smaller, faster and as good; only the gate knows better.
            for form, size, place in zip(("static", "static", "exact"), (10, 15, 20), places, strict=True):
                kept.add(
                    Trial(
                        recipe=Recipe(form=form), bundle=place.name, bytes=size, seconds=size, alone=size, hopeful=True
                    )
                )
            search = Search(
                store=store,
                project=engine.project,
                limits=Limits(),
                seconds=1,
                material=material,
                screen=screen,
                gate=gate,
                journal=kept,
                space=Space(encoder=False),
                progress=silent,
                told=lambda *_: None,
            )
            verdicts = search.confirm()
    # What loses no less by what is visible than what was refused isn't looked at, and stands in nobody's way.
    assert {name: one.outcome for name, one in verdicts.items()} == {
        places[0].name: "blocked",
        places[2].name: "passed",
    }


def test_nothing_of_the_gate_part_is_in_the_material(root: Path) -> None:
    engine = Engine.open(root)
    with engine.store() as store:
        material, steer = gather(store, engine.project, teacher(store, engine.project))
        table = store.examples.take(range(store.examples.count), ["body"])["body"].to_pylist()
        parts = store.examples.parts()
    gate = {text for text, part in zip(table, parts.tolist(), strict=True) if part == PARTS.index(Part.GATE)}
    assert not gate & set(material.texts)
    teach = {text for text, part in zip(table, parts.tolist(), strict=True) if part == PARTS.index(Part.TEACH)}
    assert len(teach & set(material.texts[material.made :])) < LEAST * len(material.texts)  # others are few here
    assert (steer["intent"].rows >= material.made).all()
    assert (material.taught["intent"].rows < material.made).all()
    assert len(set(material.texts)) == len(material.texts)


def test_without_an_accepted_model_there_is_nothing_to_ship(tmp_path: Path) -> None:
    begun(tmp_path / "mail", mail(60).select(["body", "intent"]), EASY, with_labels=False)
    with pytest.raises(NotEnoughDataError, match="no accepted model"):
        Engine.open(tmp_path / "mail").ship()


def test_two_searches_at_once_are_one_too_many(root: Path) -> None:
    with journal.opened(root, "a", Limits()), pytest.raises(BusyError), journal.opened(root, "b", Limits()):
        pass


def test_time_is_counted_within_the_same_limits_and_what_was_tried_within_any(tmp_path: Path) -> None:
    small = Limits(bytes=5_000_000)
    for limits, took in ((Limits(), 3.0), (small, 2.0), (Limits(), 1.0)):
        with journal.opened(tmp_path, "a", limits) as kept:
            kept.add(Trial(recipe=Recipe(form="words", keep=int(took)), took=took))
    with journal.opened(tmp_path, "a", Limits()) as kept:
        assert kept.took == 4
        assert [one.took for one in kept.trials] == [3, 2, 1]
    with journal.opened(tmp_path, "a", small) as kept:
        assert (kept.took, len(kept.trials)) == (2, 3)
    with journal.opened(tmp_path, "a", Limits(seconds=1e-3)) as kept:
        assert (kept.took, len(kept.trials)) == (0, 3)


def test_a_torn_line_of_the_journal_is_tried_again(root: Path, found: Shipped) -> None:
    (file,) = (root / ".adequate" / "ship").glob("*/tried.jsonl")
    file.write_bytes(file.read_bytes()[:-20])
    again = Engine.open(root).ship(search=SECONDS)
    n = len(found.trials)  # what it costs this time may lead to more of them
    assert [one.recipe for one in again.trials[:n]] == [one.recipe for one in found.trials]
    assert again.trials[: n - 1] == found.trials[:-1]


def test_only_bundles_that_may_be_released_stay_on_the_disk(root: Path, found: Shipped) -> None:
    (file,) = (root / ".adequate" / "ship").glob("*/tried.jsonl")
    kept = {path.name for path in file.parent.iterdir()} - {file.name}
    assert kept == {one.bundle for one in worth(found.trials)}


def test_the_picture_is_drawn(root: Path, tmp_path: Path) -> None:
    found = Engine.open(root).ship(search=SECONDS, size=10_000_000, latency=0.01)
    found.plot(tmp_path / "frontier.png")
    assert (tmp_path / "frontier.png").stat().st_size > 10_000


@pytest.mark.parametrize(("n", "said"), [(0, "0 B"), (999, "999 B"), (9_960_000, "10 MB"), (1_000_000_000, "1 GB")])
def test_sizes_are_said_so_that_people_read_them(n: int, said: str) -> None:
    assert in_bytes(n) == said


def test_times_are_said_so_that_people_read_them() -> None:
    assert [in_seconds(one) for one in (0.0, 70e-6, 0.0012, 12.0)] == ["0 ns", "70 µs", "1.2 ms", "12 s"]


def test_a_search_that_was_killed_goes_on_where_it_was_and_comes_to_a_release(fresh: Path, found: Shipped) -> None:
    lines = killed(fresh, after=2)
    done = typed("ship", "-p", fresh, "--search", "10m", "--json")
    assert done.returncode == 0, done.stderr
    again = json.loads(done.stdout)
    tried = again["candidates"]
    assert [(one["recipe"], one["took"]) for one in tried][: len(lines)] == [
        (one["recipe"], one["took"]) for one in lines
    ]
    # What is tried beyond the ladder depends on the clock.
    assert {str(one.recipe) for one in found.trials[:5]} <= {one["in_words"] for one in tried}
    assert len({str(one["recipe"]) for one in tried}) == len(tried)
    assert (fresh / ".adequate" / "releases" / again["release"] / "bundle.json").is_file()


def killed(root: Path, *, after: int) -> list[dict[str, object]]:
    """Kill a search once so many candidates are written down; returns what is."""
    process = subprocess.Popen(
        [sys.executable, "-m", "adequate.cli.main", "ship", "-p", str(root), "--search", "10m"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"COLUMNS": "200"},
        start_new_session=True,
    )
    try:
        end = time.monotonic() + PATIENCE
        while len(lines := written(root)) < after:
            assert process.poll() is None, "it ended before it could be killed"
            assert time.monotonic() < end
            time.sleep(0.005)
        os.killpg(process.pid, signal.SIGKILL)
    finally:
        process.kill()
        process.wait()
    return lines


def written(root: Path) -> list[dict[str, object]]:
    """Whole lines of the journal."""
    files = list((root / ".adequate" / "ship").glob("*/tried.jsonl"))
    raw = files[0].read_bytes() if files else b""
    return [json.loads(line) for line in raw[: raw.rfind(b"\n") + 1].splitlines()]
