"""What the labeller draws: it fits, and no text of a user is obeyed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adequate.cli.labeller.press import Mode, View
from adequate.cli.labeller.question import Question, likely
from adequate.cli.labeller.screen import Frame, frame
from adequate.cli.visible import visible
from adequate.types import Kind

LONG = "\n".join(f"line {n}" for n in range(100))


def question(text: str = "hello", labels: tuple[str, ...] = ("card", "fee"), **more: object) -> Question:
    given = {"kind": Kind.CLASSIFY, "options": likely(labels, (), ()), **more}
    return Question(task="intent", text=text, labels=labels, **given)  # type: ignore[arg-type]


def plain(shown: Frame) -> str:
    return "\n".join(line.plain for line in shown.lines)


@given(
    st.text(max_size=300),
    st.lists(st.text(min_size=1, max_size=40), max_size=14, unique=True),
    st.sampled_from(Mode),
    st.tuples(st.integers(20, 200), st.integers(4, 60)),
)
def test_every_screen_fits_and_holds_no_control_character(
    text: str, labels: list[str], mode: Mode, size: tuple[int, int]
) -> None:
    width, height = size
    shown = frame(question(text, tuple(labels)), View(mode=mode, typed=text[:9]), width=width, height=height)
    assert len(shown.lines) <= height
    for line in shown.lines:
        assert line.cell_len <= width
        assert visible(line.plain) == line.plain


def test_a_long_text_is_paged_and_the_answers_stay_in_sight() -> None:
    shown = frame(question(LONG), View(), width=80, height=24)
    assert "line 0" in plain(shown)
    assert f"lines 1-{shown.page} of 100" in plain(shown)
    assert " 1  card" in plain(shown)
    end = frame(question(LONG), View(top=shown.last), width=80, height=24)
    assert "line 99" in plain(end)


def test_the_answers_keep_their_place_while_texts_are_short() -> None:
    one, three = (frame(question(text), View(), width=80, height=24) for text in ("a", "a\nb\nc"))
    assert [plain(shown).split("\n").index(" 1  card    2  fee") for shown in (one, three)] == [12, 12]


def test_markup_in_texts_and_labels_is_text() -> None:
    shown = plain(frame(question("[bold]a[/]", ("[red]x[/]", "b")), View(), width=80, height=24))
    assert "[bold]a[/]" in shown
    assert "[red]x[/]" in shown


def test_a_huge_text_is_cut_and_says_by_how_much() -> None:
    shown = frame(question("x" * 1_000_000), View(top=10_000), width=80, height=24)
    assert "950,000 more characters, not shown" in plain(shown)


def test_what_several_labels_would_answer_is_shown() -> None:
    asked = question(kind=Kind.MULTILABEL)
    assert "Enter answers: none" in plain(frame(asked, View(), width=80, height=24))
    assert "Enter answers: fee, new" in plain(frame(asked, View(chosen=("fee", "new")), width=80, height=24))


def test_labels_without_a_digit_are_counted_and_found() -> None:
    asked = question(labels=tuple(f"label {n:02}" for n in range(40)))
    assert "31 more labels: / finds one" in plain(frame(asked, View(), width=80, height=24))
    finding = plain(frame(asked, View(mode=Mode.FIND, typed="3", at=0), width=80, height=24))
    assert "▸ label 30" in finding
    assert "13 labels" in finding


@pytest.mark.parametrize(("blind", "shown"), [(False, "why this one: near it · for refund recall"), (True, "measures")])
def test_the_reason_is_shown_unless_it_would_tell_what_models_say(blind: bool, shown: str) -> None:
    drawn = plain(frame(question(why="near it", cell="refund recall", blind=blind), View(), width=80, height=24))
    assert shown in drawn
    assert ("refund" in drawn) is not blind


def test_help_names_every_key() -> None:
    shown = plain(frame(question(), View(mode=Mode.HELP), width=80, height=24))
    assert all(key in shown for key in ("1-9", "space", "backspace", "Ctrl-C", "any key goes back"))


def test_signs_of_direction_are_seen_and_joiners_left_alone() -> None:
    assert visible("a\u202eb") == "a⟨202E⟩b"
    assert visible("می\u200cخواهم 👩\u200d🚒") == "می\u200cخواهم 👩\u200d🚒"


def test_found_labels_leave_room_on_a_small_screen() -> None:
    asked = question(labels=tuple(f"label {n:02}" for n in range(40)))
    shown = plain(frame(asked, View(mode=Mode.FIND, typed="label", at=30), width=60, height=12))
    assert "hello" in shown
    assert "▸ label 30" in shown
    assert "Enter takes it" in shown
