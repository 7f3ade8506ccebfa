"""Tasks that the loop doesn't train: spans and scores are asked, and passed over by all that needs a model."""

from __future__ import annotations

import json
from pathlib import Path

import adequate as aq
from adequate.loop.engine import Engine
from tests.loop.projects import EASY, HARD
from tests.made import begun, mail

KINDS = (
    EASY
    + """
project.span("names", labels=["who", "what"], target=aq.Target(recall=0.5))
project.score("anger", target=aq.Target(accuracy=0.8))
"""
)


def test_they_are_asked_evenly_and_said_once(tmp_path: Path) -> None:
    root = tmp_path / "mail"
    begun(root, mail(300), KINDS)
    said: list[str] = []
    Engine.open(root).run(cycles=1, notice=said.append)
    with Engine.open(root).store() as store:
        items = [item for task in ("names", "anger") for item in store.queue.waiting(task)]
    assert len(items) == 200
    assert all(item.part == "teach" and item.policy == "even" and item.text and not item.suggestion for item in items)
    assert [line for line in said if "doesn't train" in line] == [
        "names: the loop doesn't train a span task; it collects labels for it",
        "anger: the loop doesn't train a score task; it collects labels for it",
    ]
    assert {cell.task for cell in Engine.open(root).board().cells} == {"intent"}


def test_a_question_carries_its_text_and_what_the_model_says(tmp_path: Path) -> None:
    root = tmp_path / "mail"
    table = mail(300)
    rows = table.to_pylist()
    bodies = [row["body"] + " x" * 2000 * (n % 2) for n, row in enumerate(rows)]
    intents = [row["intent"] if n < 150 else None for n, row in enumerate(rows)]  # the others wait for a label
    begun(root, table.set_column(0, "body", [bodies]).set_column(1, "intent", [intents]), HARD)
    Engine.open(root).run(cycles=1)
    with Engine.open(root).store() as store:
        items = store.queue.waiting("intent")
    assert {item.text is None for item in items} == {True, False}
    assert max(len(item.text) for item in items if item.text is not None) <= 2000
    assert {item.part for item in items if item.suggestion is None} == {"gate"}
    assert "gate" not in {item.part for item in items if item.suggestion is not None}
    for said in (json.loads(item.suggestion) for item in items if item.suggestion):
        assert next(iter(said)) == "label"  # SQL finds items by how this text begins
        assert 0 <= said["second_confidence"] <= 1 - said["confidence"] + 1e-3
        # Of the five others none is likelier: where a rare label is preferred, what it was preferred to is named.
        assert said["second"] != said["label"]
        assert said["second_confidence"] >= (1 - said["confidence"]) / 5 - 1e-3


def test_they_are_declared_and_written_down_again() -> None:
    project = aq.Project("mail", text="body")
    names = project.span("names", labels=["who"], target=aq.Target(recall=0.5))
    anger = project.score("anger", column="how angry", target=aq.Target(accuracy=0.8))
    assert (str(names.kind), names.labels, str(anger.kind), anger.labels) == ("span", ("who",), "score", ())
    assert list(project.learnable) == []
    assert 'project.span("names", labels=["who"], target=aq.Target(recall=0.5))' in project.as_python()
    assert 'project.score("anger", column="how angry", target=aq.Target(accuracy=0.8))' in project.as_python()
