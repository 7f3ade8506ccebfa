"""The examples that the documentation names can be used as they stand."""

from __future__ import annotations

import csv
import json
import runpy
from pathlib import Path

import pytest

from adequate.loop.checks.cases import filled
from adequate.spec.load import load

EXAMPLES = Path(__file__).parents[1] / "examples"


@pytest.mark.parametrize("name", ["behaviours", "hatecheck"])
def test_the_project_of_an_example_can_be_loaded(name: str) -> None:
    assert load(EXAMPLES / name).tasks


def test_every_template_of_the_assistant_can_be_filled_with_labels_of_its_task() -> None:
    project = load(EXAMPLES / "behaviours")
    for behaviour in project.behaviours.values():
        if behaviour.form == "cases":
            cases = filled(behaviour)
            assert {case.expect for case in cases.cases} <= set(project.tasks[behaviour.task].labels or ())
            assert cases.whole


def test_what_the_assistant_lives_on_names_every_intent() -> None:
    with (EXAMPLES / "behaviours/golden.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 20
    assert {row["intent"] for row in rows} == set(load(EXAMPLES / "behaviours").tasks["intent"].labels or ())


def test_sentences_of_snips_are_read_in_utf_8_and_in_latin_1(tmp_path: Path) -> None:
    made = [
        ("PlayMusic", "utf-8", [{"text": "play "}, {"text": "Björk", "entity": "artist"}]),
        ("GetWeather", "latin-1", [{"text": "snow in Réunion "}, {"text": "today", "entity": "timeRange"}]),
    ]
    for intent, encoding, data in made:
        file = tmp_path / intent / f"train_{intent}_full.json"
        file.parent.mkdir()
        file.write_bytes(json.dumps({intent: [{"data": data}] * 2}, ensure_ascii=False).encode(encoding))
    sentences = runpy.run_path(str(EXAMPLES / "behaviours/run.py"))["sentences"]
    assert sorted(sentences(tmp_path)) == [
        ("play Björk", "PlayMusic", "no"),
        ("snow in Réunion today", "GetWeather", "yes"),
    ]
