"""A release takes along what it can of the project's assertions, and its card says what stays."""

from __future__ import annotations

import shutil
from pathlib import Path

from adequate.bundles import Bundle
from adequate.bundles.assertions import from_data
from adequate.loop.engine import Engine
from adequate.loop.ship.confirm import Gate
from adequate.loop.ship.material import teacher
from adequate.loop.ship.release import released
from adequate.loop.ship.report import Shipped
from adequate.store import open as open_store

ASSERTED = """
project.assertion(sql="intent = 'card' AND body ILIKE '%fee%' AND intent_confidence < 0.5", name="in sql")
project.assertion(sql="sha256(body) LIKE 'a%'", name="in duckdb only")
project.within("intent_confidence", between=(0.2, None), severity="block", most=0.5)

@project.assertion
def by_hand(inputs, outputs):
    return [False] * len(inputs)
"""


def test_a_release_brings_its_assertions_and_says_which_stay(root: Path, found: Shipped) -> None:
    chosen = next(one for one in found.trials if one.bundle == found.release)
    place = root / ".adequate" / "releases" / str(found.release)
    made = Path(shutil.copytree(place, root / "copy"))
    shutil.rmtree(place)
    with (root / "project.py").open("a") as file:
        file.write(ASSERTED)
    engine = Engine.open(root)
    with open_store(root, beside=True, text="body") as store:
        gate = Gate(store=store, project=engine.project, model=teacher(store, engine.project))
        bundle = Bundle.open(made)
        manifest = Bundle.open(released(gate, bundle, chosen, found.verdicts[bundle.id], who="ann")).manifest
    assert [one.name for one in from_data(manifest.assertions)] == ["in sql", "intent_confidence within bounds"]
    duckdb, function = manifest.card["not_portable"]
    assert duckdb.startswith("in duckdb only: SQLite can't answer")
    assert function == "by_hand: it is a Python function; project.assertion(sql=...) can come"
    assert function.split(";")[0] in (place / "card.md").read_text()


def test_declared_costs_give_a_release_its_threshold_also_when_it_is_there_already(root: Path, found: Shipped) -> None:
    chosen = next(one for one in found.trials if one.bundle == found.release)
    place = root / ".adequate" / "releases" / str(found.release)
    assert Bundle.open(place).manifest.abstain == {}
    with (root / "project.py").open("a") as file:
        file.write("\nproject.slice('fees', sql=\"body LIKE '%fee%'\")\nproject.serving(human=1, error=1000)\n")
    engine = Engine.open(root)
    with open_store(root, beside=True, text="body") as store:
        gate = Gate(store=store, project=engine.project, model=teacher(store, engine.project))
        bundle = Bundle.open(place)
        released(gate, bundle, chosen, found.verdicts[bundle.id], who="ann")
    rule = Bundle.open(place).manifest.abstain["intent"]
    assert 0 < rule["threshold"] <= 1
    assert rule["cost"] <= rule["never"]
