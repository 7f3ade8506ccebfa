"""What keys do in the labeller: pure, no terminal."""

from __future__ import annotations

import os
import pty
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adequate.cli.labeller.keyboard import Keyboard, listening
from adequate.cli.labeller.press import Act, Action, Answer, Mode, View, press
from adequate.cli.labeller.question import Question, likely, matching
from adequate.types import Kind

MANY = tuple(f"label {n:02}" for n in range(40))


def question(
    kind: Kind = Kind.CLASSIFY, labels: tuple[str, ...] = ("card", "fee", "refund"), **more: object
) -> Question:
    options = likely(labels, (), ())
    return Question(task="intent", kind=kind, text="hello", labels=labels, options=options, **more)  # type: ignore[arg-type]


def pressed(asked: Question | None, *keys: str) -> tuple[View, Action | None]:
    view, action = View(), None
    for key in keys:
        view, action = press(asked, view, key, page=10, last=25)
    return view, action


@pytest.mark.parametrize(
    ("key", "action"),
    [
        ("1", Answer("card")),
        ("3", Answer("refund")),
        ("a", Answer("fee")),
        (" ", Act.SKIP),
        ("u", Act.UNDO),
        ("backspace", Act.UNDO),
        ("q", Act.QUIT),
        ("interrupt", Act.QUIT),
        ("4", None),
        ("x", None),
        ("enter", None),
    ],
)
def test_each_key_does_one_thing(key: str, action: Action | None) -> None:
    assert pressed(question(suggestion=("fee",)), key)[1] == action


def test_digits_toggle_and_enter_confirms_where_several_labels_may_be_given() -> None:
    asked = question(Kind.MULTILABEL)
    assert pressed(asked, "2", "1", "2", "3")[0].chosen == ("card", "refund")
    assert pressed(asked, "2", "1", "2", "3", "enter")[1] == Answer(("card", "refund"))
    assert pressed(asked, "enter")[1] == Answer(())


def test_a_part_of_a_label_finds_it_and_enter_takes_the_first() -> None:
    assert pressed(question(labels=MANY), "/", *"31", "enter")[1] == Answer("label 31")
    assert pressed(question(labels=MANY), "/", *"label 1", "down", "enter")[1] == Answer("label 11")
    assert pressed(question(labels=MANY), "/", *"nothing", "enter")[1] is None


def test_enter_before_anything_is_typed_takes_nothing() -> None:
    view, action = pressed(question(labels=MANY), "/", "enter")
    assert action is None
    assert view.mode is Mode.FIND


def test_letters_and_space_are_text_while_typing_and_escape_leaves() -> None:
    view, action = pressed(question(labels=MANY), "/", "q", " ", "u", "backspace")
    assert (view.typed, action) == ("q ", None)
    assert press(question(labels=MANY), view, "escape")[0].mode is Mode.CHOOSE
    assert pressed(question(labels=MANY), "/", "backspace")[0].mode is Mode.CHOOSE
    assert pressed(question(labels=MANY), "/", "x", "interrupt")[1] is Act.QUIT


def test_a_new_label_can_be_typed_only_where_labels_come_from_the_data() -> None:
    assert pressed(question(open=True), "n", *"  lost  card ", "enter")[1] == Answer("lost card")
    view, action = pressed(question(), "n")
    assert (view.mode, action) == (Mode.CHOOSE, None)
    assert "project.py" in view.notice


@pytest.mark.parametrize("typed", ["Fee", "FEE ", " "])
def test_a_new_label_is_refused_where_it_is_a_twin_or_has_no_name(typed: str) -> None:
    view, action = pressed(question(open=True), "n", *typed, "enter")
    assert action is None
    assert view.notice


def test_a_new_label_that_is_there_already_is_taken() -> None:
    assert pressed(question(open=True), "n", *"fee", "enter")[1] == Answer("fee")
    assert pressed(question(open=True, normalise=True), "n", *"FEE", "enter")[1] == Answer("fee")


def test_a_new_label_of_several_waits_for_enter_and_can_be_found_again() -> None:
    asked = question(Kind.MULTILABEL, open=True)
    assert pressed(asked, "n", *"lost", "enter", "1", "enter")[1] == Answer(("lost", "card"))
    assert pressed(asked, "n", *"lost", "enter", "/", *"los", "enter", "enter")[1] == Answer(())


def test_a_suggestion_of_several_labels_is_accepted_whole() -> None:
    assert pressed(question(Kind.MULTILABEL, suggestion=("fee", "card")), "a")[1] == Answer(("fee", "card"))
    assert pressed(question(Kind.MULTILABEL, suggestion=()), "a")[1] == Answer(())


def test_the_text_scrolls_no_further_than_it_goes() -> None:
    assert pressed(question(), "pagedown", "pagedown", "pagedown")[0].top == 25
    assert pressed(question(), "end", "up")[0].top == 24
    assert pressed(question(), "up")[0].top == 0
    assert pressed(question(), "end", "home")[0].top == 0


@given(st.lists(st.sampled_from([*"123456789aun/?q x", "enter", "escape", "backspace", "up", "down"]), max_size=40))
def test_no_row_of_keys_answers_with_a_label_that_is_not_there(keys: list[str]) -> None:
    view = View()
    for key in keys:
        view, action = press(question(labels=MANY), view, key)
        assert not isinstance(action, Answer) or action.value in MANY


@given(st.lists(st.sampled_from(MANY)), st.lists(st.sampled_from(MANY), max_size=3))
def test_nine_labels_have_digits_the_likely_ones_first(used: list[str], first: list[str]) -> None:
    options = likely(MANY, first, used)
    assert len(options) == len(set(options)) == 9
    assert options[: len(set(first))] == tuple(dict.fromkeys(first))


@given(st.lists(st.sampled_from(MANY)), st.sampled_from(MANY))
def test_a_digit_stays_with_its_label_while_that_is_used(used: list[str], label: str) -> None:
    before, after = likely(MANY, (), [*used, label]), likely(MANY, (), [*used, label, label])
    assert label in before
    assert before == after


@given(st.text(max_size=5))
def test_what_is_typed_finds_only_labels_that_hold_its_letters(typed: str) -> None:
    for label in matching(MANY, typed):
        assert set(typed.casefold().strip()) <= set(label)


@pytest.fixture
def wires() -> Iterator[tuple[int, int]]:
    """A terminal: the side that types and the side that reads."""
    master, slave = pty.openpty()
    yield master, slave
    os.close(master)
    os.close(slave)


def keys(wires: tuple[int, int], typed: bytes) -> list[str]:
    with listening(wires[1]) as keyboard:
        os.write(wires[0], typed)
        return list(iter(lambda: keyboard.read(0.1), None))


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        (b"1a ", ["1", "a", " "]),
        ("üß字".encode(), ["ü", "ß", "字"]),
        (b"\x1b[A\x1bOB\x1b[6~", ["up", "down", "pagedown"]),
        (b"\x1b", ["escape"]),
        (b"\x7f\x08\r", ["backspace", "backspace", "enter"]),
        (b"\x03", ["interrupt"]),
        (b"\x1b[1;5C\x1bx\x00", ["another key"] * 3),
    ],
)
def test_keys_have_names(wires: tuple[int, int], typed: bytes, expected: list[str]) -> None:
    assert keys(wires, typed) == expected


def test_a_key_that_arrives_in_pieces_is_one_key(wires: tuple[int, int]) -> None:
    keyboard = Keyboard(wires[1])
    with listening(wires[1]):
        os.write(wires[0], "字".encode()[:2])
        assert keyboard.read(0.01) is None
        os.write(wires[0], "字".encode()[2:])
        assert keyboard.read(0.1) == "字"


def test_a_terminal_that_is_gone_means_quit() -> None:
    master, slave = pty.openpty()
    try:
        os.close(master)
        assert Keyboard(slave).read(0.1) == "interrupt"
    finally:
        os.close(slave)
