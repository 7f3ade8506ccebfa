"""First tests in a new `project.py`: comments until they are uncommented, and then tests that run."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from adequate.loop.engine import Engine
from adequate.spec.infer import infer, write
from adequate.spec.load import load
from adequate.spec.starters import HEAD
from tests.made import begun, mail, without_weights  # noqa: F401

SAID = ["The card is lost", "is my card lost?", "what a FEE", "my fee, again"] * 100
LABELS = ["card", "card", "fee", "fee"] * 100


def texts(change: Callable[[str], str] = str) -> list[str]:
    return [f"{change(said)} {i % 7 * 1111}" for i, said in enumerate(SAID)]


def source(said: list[str], label: str = "intent", **options: object) -> str:
    table = pa.table({"text": said, label: LABELS})
    return write(infer(table.to_batches(), name="mail", **options))  # type: ignore[arg-type]


def uncommented(text: str) -> str:
    """The file once the "# " of its first tests is taken away."""
    before, head, after = text.partition(HEAD)
    assert head
    return before + head + re.sub("^# ", "", after, flags=re.MULTILINE)


def proposed(text: str) -> list[str]:
    return re.findall(r"^# def (\w+)", text.partition(HEAD)[2], flags=re.MULTILINE)


def test_nothing_runs_unasked_and_every_test_runs_once_it_is_uncommented(tmp_path: Path) -> None:
    begun(tmp_path / "mail", mail(400).select(["body", "intent", "channel"]))
    file = tmp_path / "mail" / "project.py"
    project = load(tmp_path / "mail")
    assert [*project.behaviours, *project.suites] == []
    file.write_text(uncommented(file.read_text()))
    (tmp_path / "mail" / "golden.csv").write_text("body,intent\nmy card was swallowed,card\n")
    result = Engine.open(tmp_path / "mail").test(lambda some: ["card"] * len(some), task="intent")
    names = {"survives_typos", "bears_courtesy", "says_card", "golden"}
    assert {one.cell.label for one in result.results} == names
    assert all(one.error == "" and one.held == one.n > 0 for one in result.results)


@pytest.mark.parametrize(
    ("change", "names"),
    [
        (str, ["survives_typos", "survives_small_letters", "survives_no_marks", "bears_courtesy", "says_card"]),
        (str.lower, ["survives_typos", "survives_no_marks", "bears_courtesy", "says_card"]),
        (lambda _: "カードがない", ["says_card"]),
        (lambda _: "wo ist denn meine Karte hin", ["survives_typos", "says_card"]),
        (lambda said: f"{said} " * 30, ["survives_typos", "survives_small_letters", "survives_no_marks", "says_card"]),
    ],
    ids=["people", "lower", "japanese", "german", "articles"],
)
def test_a_change_is_proposed_where_it_does_something_to_texts_like_these(
    change: Callable[[str], str], names: list[str]
) -> None:
    assert proposed(source(texts(change))) == names


@pytest.mark.parametrize("label", ["lost card", "9 to 5", 'say "no"', "it's\nso", "class", "{fee|card}", "日本", "..."])
def test_a_label_of_any_name_has_a_template_that_loads(label: str, tmp_path: Path) -> None:
    named = [label if one == "card" else one for one in LABELS]
    table = pa.table({"text": texts(), "class": named})
    (tmp_path / "project.py").write_text(uncommented(write(infer(table.to_batches(), name="mail", tasks=["class"]))))
    project = load(tmp_path)
    (made,) = [one for one in project.behaviours.values() if one.form == "cases"]
    assert {case.expect for case in made.function()} <= set(project.tasks["class"].labels or {label})


def test_a_task_of_several_labels_has_tests_and_one_of_spans_or_none_has_none() -> None:
    rng = np.random.default_rng(0)
    several = [";".join(rng.choice(["fee", "card", "app"], 2, replace=False)) for _ in SAID]
    text = write(infer(pa.table({"text": texts(), "topics": several}).to_batches(), name="mail"))
    assert "# @project.behaviour(topics)" in text
    spans = ['[{"start": 0, "end": 3, "label": "who"}]'] * len(SAID)
    assert HEAD not in write(infer(pa.table({"text": texts(), "spans": spans}).to_batches(), name="mail"))
    assert HEAD not in write(infer(pa.table({"text": texts()}).to_batches(), name="mail"))


def test_labels_that_no_row_has_yet_are_named_too() -> None:
    table = pa.table({"text": texts()})
    one, two = (
        write(infer(table.to_batches(), name="mail", tasks=["topic"], labels=["fees", "cards"])) for _ in range(2)
    )
    assert "# def says_fees():" in one
    assert one == two
