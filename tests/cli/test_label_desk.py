"""Between the labeller's questions and the store, without a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from adequate import store
from adequate.cli.labeller.desk import Desk
from adequate.cli.labeller.press import View, press
from adequate.cli.labeller.question import Question
from adequate.loop.checks.suggested import suggestion
from adequate.spec.load import load
from adequate.store import Override
from tests.cli.mail import DECLARED, current, predicted, project

TWO = f'{DECLARED}\nproject.multilabel("topics", labels=["a", "b"], target=aq.Target(recall=0.8))'


@pytest.fixture
def sit() -> Iterator[Callable[[Path], Desk]]:
    """Sits down at a project; the store is closed at the end."""
    with ExitStack() as held:

        def desk(root: Path) -> Desk:
            declared = load(root)
            return Desk(held.enter_context(store.open(root, text="body")), declared, [*declared.tasks.values()], "ann")

        yield desk


def asked(desk: Desk) -> Question:
    question = desk.ask()
    assert question is not None
    return question


def test_tasks_are_asked_in_turn_and_counted_together(tmp_path: Path, sit: Callable[[Path], Desk]) -> None:
    root = project(tmp_path / "mail", tasks=TWO, names=("intent", "topics"), waiting=1)
    desk = sit(root)
    assert [(q.task, q.number, q.of) for q in [asked(desk)]] == [("intent", 1, 2)]
    desk.answer("fee")
    assert [(q.task, q.number, q.of) for q in [asked(desk)]] == [("topics", 2, 2)]
    assert desk.answer(["b", "a", "b"]) == "b, a, b"
    assert desk.ask() is None
    assert (current(root), current(root, "topics")) == ({0: '"fee"'}, {0: '["a", "b"]'})


def test_undo_goes_back_through_answers_and_skips(tmp_path: Path, sit: Callable[[Path], Desk]) -> None:
    root = project(tmp_path / "mail")
    desk = sit(root)
    for act in (lambda: desk.answer("fee"), desk.skip, lambda: desk.answer("card")):
        asked(desk)
        act()
    assert (desk.answered, desk.skipped) == (2, 1)
    shown = []
    for said in ("card", "put aside", "fee"):
        assert desk.undo() == said
        shown.append(asked(desk).text)
    assert shown == ["mail number 2", "mail number 1", "mail number 0"]
    assert desk.undo() is None
    assert (current(root), desk.waiting()) == ({}, {"intent": 10})


def test_an_item_that_another_holds_is_passed_over(tmp_path: Path, sit: Callable[[Path], Desk]) -> None:
    desk = sit(project(tmp_path / "mail"))
    desk.store.queue.next("intent", "bob", 9)
    assert asked(desk).text == "mail number 9"
    desk.leave()
    desk.store.queue.give_back("bob")
    assert asked(desk).text == "mail number 0"


def test_a_model_that_does_not_know_the_example_or_the_labels_suggests_nothing(
    tmp_path: Path, sit: Callable[[Path], Desk]
) -> None:
    root = project(tmp_path / "mail")
    predicted(root, ["fee", "gone"], ["card", "card"])
    desk = sit(root)
    suggested = []
    for _ in range(3):
        suggested.append(asked(desk).suggestion)
        desk.answer("fee")
    assert suggested == [("fee",), None, None]


def test_what_an_assertion_suggests_goes_before_what_the_model_says_and_is_told_as_its_own(
    tmp_path: Path, sit: Callable[[Path], Desk]
) -> None:
    root = project(tmp_path / "mail")
    predicted(root, ["fee"] * 10, ["card"] * 10)
    desk = sit(root)
    items = desk.store.queue.waiting("intent")[:3]
    desk.store.queue.clear()
    said = [suggestion("card_is_named", label, several=False) for label in ("card", "gone", "card")]
    parts = ("teach", "teach", "gate")
    asked_with = [replace(item, suggestion=by, part=part) for item, by, part in zip(items, said, parts, strict=True)]
    desk.store.queue.put(asked_with)
    shown = []
    for _ in range(3):
        question = asked(desk)
        shown.append((question.suggestion, question.rule))
        desk.answer("fee")
    assert shown == [(("card",), "card_is_named"), (("fee",), None), (None, None)]


def test_where_the_policy_shows_no_suggestions_neither_the_model_nor_an_assertion_makes_any(
    tmp_path: Path, sit: Callable[[Path], Desk]
) -> None:
    root = project(tmp_path / "mail")
    predicted(root, ["fee"] * 10, ["card"] * 10)
    desk = sit(root)
    first = desk.store.queue.waiting("intent")[0]
    desk.store.queue.clear()
    desk.store.queue.put([replace(first, suggestion=suggestion("card_is_named", "card", several=False))])
    desk.store.overrides.put(Override(what="queue:intent", value={"suggestions": False}, who="ann", why="unswayed"))
    question = asked(desk)
    assert (question.suggestion, question.rule, question.confidence) == (None, None, None)
    assert press(question, View(), "a")[0].notice == "suggestions are off for this task"
