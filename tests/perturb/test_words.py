"""Words, marks and spaces, one perturbation after the other."""

from __future__ import annotations

import pytest

from adequate import perturb
from adequate.perturb import Perturbation


@pytest.mark.parametrize(
    ("op", "before", "after"),
    [
        (perturb.drop_stop_words, "The card is in my  bag, the blue one", "card my  bag, blue one"),
        (perturb.drop_stop_words, "What is my name, am I not", "What my name, I not"),
        (perturb.drop_stop_words, "card is", "card"),
        (perturb.repeat_words, "lost my (card)", "lost lost my my (card)"),
        (perturb.contract, "I do not know. I am here, it is", "I don't know. I'm here, it is"),
        (perturb.contract, "do i have it, I have a card, I have been", "do i have it, I have a card, I've been"),
        (perturb.contract, "it is what time it is now", "it's what time it is now"),
        (perturb.contract, "let us know, should we have been told", "let us know, should we have been told"),
        (perturb.contract, "YOU ARE LATE and Do Not care", "YOU'RE LATE and Don't care"),
        (perturb.expand, "I can't say I'm sure, isn’t it", "I cannot say I am sure, isn’t it"),
        (perturb.expand, "she's been there, she's here, I'd better", "she's been there, she is here, I'd better"),
        (perturb.expand, "WON'T DO", "WILL NOT DO"),
        (perturb.misspell, "Receive my address", "Recieve my adress"),
        (perturb.truncate, " lost my card ", " lost "),
        (perturb.shuffle_words, "one", "one"),
        (
            perturb.drop_marks,
            "Well, isn't it 3.5 or -2 at www.a.org? (yes!)",
            "Well isnt it 3.5 or -2 at www.a.org yes",
        ),
        (perturb.drop_marks, "?!", "?!"),
        (perturb.repeat_marks, "Yes, no! 3.5.", "Yes,, no!! 3.5.."),
        (perturb.quotes, "\"it\" isn't 'so'", "“it” isn’t ‘so’"),
        (perturb.quotes, "“it” isn’t", '"it" isn\'t'),
        (perturb.join_words, "lost my card, 2 of it", "lostmycard, 2 ofit"),
        (perturb.join_words, "a \u0301b", "a \u0301b"),
    ],
)
def test_at_level_1(op: Perturbation, before: str, after: str) -> None:
    assert op([before], 1, 0) == [after]


def test_stop_words_of_a_text_that_is_nothing_else_never_go_all() -> None:
    assert {perturb.drop_stop_words(["it is the"], 1, seed)[0] for seed in range(40)} == {"it", "is", "the"}
    assert {perturb.drop_words(["go home now"], 1, seed)[0] for seed in range(40)} == {"go", "home", "now"}


def test_fillers_stand_before_words() -> None:
    fillers = perturb.lexicon("fillers")
    afters = {perturb.add_fillers(["card 漢字"], 1, seed)[0] for seed in range(200)}
    assert afters == {f"{one} card 漢字" for one in fillers}


def test_the_rest_of_a_text_is_cut_off_further_the_higher_the_level() -> None:
    text = "one two three four five six seven eight nine ten eleven"
    left = [len(perturb.truncate([text], level, 0)[0].split()) for level in (0.1, 0.3, 0.5, 1)]
    assert left == sorted(left, reverse=True)
    assert left[-1] == 1
    assert all(text.startswith(perturb.truncate([text], level, 0)[0]) for level in (0.1, 0.5, 1))


def test_neighbouring_words_change_places_and_what_is_between_stays() -> None:
    afters = {perturb.shuffle_words(["a  b\tc"], 1, seed)[0] for seed in range(20)}
    assert afters == {"b  a\tc", "a  c\tb"}


def test_a_text_ends_in_another_mark() -> None:
    ends = {perturb.end_marks(["Done. ", "Done", "?!", "👍"], 1, seed)[0] for seed in range(60)}
    assert ends == {f"Done{mark} " for mark in ("", "!", "..", "...", "!!")}
    assert perturb.end_marks(["?!", "👍", ""], 1, 0) == ["?!", "👍", ""]


def test_marks_are_added_between_words_only() -> None:
    afters = {perturb.add_marks(["so it, 2"], 1, seed)[0] for seed in range(60)}
    assert afters == {f"so{mark} it, 2" for mark in (",", ".", ";", " -", "...")}


def test_wide_spaces_are_still_space() -> None:
    (after,) = perturb.widen_spaces(["lost my card in it"], 1, 0)
    assert after.split() == ["lost", "my", "card", "in", "it"]
    assert all(gap != " " for gap in after.replace("lost", "|").replace("my", "|").split("|")[1:2])


def test_a_split_word_is_the_word_with_one_space() -> None:
    (after,) = perturb.split_words(["letter of it"], 1, 0)
    first, second, *rest = after.split(" ")
    assert (first + second, rest) == ("letter", ["of", "it"])


def test_an_emoji_is_added_at_the_end_of_what_is_said() -> None:
    (one, blank) = perturb.add_emoji(["Thanks! ", "  "], 1, 0)
    assert one.removesuffix(" ").removeprefix("Thanks! ") in perturb.lexicon("emoji")
    assert blank == "  "
