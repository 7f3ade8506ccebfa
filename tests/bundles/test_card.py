"""A card says every fact that it was given, and none that it wasn't, for people."""

from __future__ import annotations

from pathlib import Path

from adequate.bundles import Bundle, write
from adequate.bundles.card import card, machine, rendered
from tests.bundles.conftest import Made

FACTS = card(
    model="m-7f3a",
    made="2026-01-02T03:04:05Z",
    project="mail",
    data={"examples": 12, "labels": 3400, "project": "ab12"},
    licences={"all-MiniLM-L6-v2": "Apache-2.0"},
    cells=[
        {"name": "intent/all", "state": "adequate", "value": 0.93, "low": 0.91, "high": 0.95, "target": 0.9, "n": 1234},
        {"name": "intent/a|b", "state": "unknown", "value": None, "low": None, "high": None, "target": None, "n": 0},
    ],
    edits=["vocabulary 30522 -> 4349", "int8 per channel"],
    sizes={"bytes": 2_600_000, "seconds a text": 4.2e-6},
    not_portable=["angry: it is a Python function"],
    known={"flips": {"right to wrong": 3, "wrong to right": 4}},
)


def test_every_fact_is_in_the_card() -> None:
    said = rendered(FACTS)
    for fact in (
        "m-7f3a",
        "2026-01-02",
        "3,400",
        "Apache-2.0",
        "0.910 to 0.950",
        "2,600,000",
        "4.2e-06",
        "1. vocabulary",
    ):
        assert fact in said
    assert "right to wrong 3" in said
    assert "angry: it is a Python function" in said
    assert machine()["architecture"] in said


def test_a_fact_that_nobody_foresaw_is_said_all_the_same() -> None:
    assert "weather: fine" in rendered({"project": "mail", "weather": "fine"})


def test_names_from_data_are_no_markup() -> None:
    said = rendered({"project": "<script>x</script>\n# Fine", "edits": ["[a](javascript:b)"]})
    assert "<script>" not in said.replace("\\<", "")
    assert "\n# Fine" not in said
    assert "[a]" not in said.replace("\\[", "").replace("\\]", "")
    assert "a\\|b" in rendered(FACTS)


def test_the_card_lies_in_the_bundle_as_facts_and_for_people(made: Made, tmp_path: Path) -> None:
    _, blocks, heads = made
    folder = write(tmp_path, project="mail", text="body", blocks=blocks, heads=heads, card=FACTS)
    assert Bundle.open(folder).manifest.card == FACTS
    assert (folder / "card.md").read_text() == rendered(FACTS)
