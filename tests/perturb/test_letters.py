"""Letters and capitals, one perturbation after the other."""

from __future__ import annotations

import unicodedata

import numpy as np
import pytest

from adequate import perturb
from adequate.perturb import Perturbation
from adequate.perturb.text.letters import ALIKE
from tests.perturb.made import SENTENCES

TYPED = [perturb.swap_letters, perturb.drop_letters, perturb.double_letters, perturb.keyboard_neighbour]
LETTERS = [*TYPED, perturb.homoglyphs, perturb.split_words, perturb.random_case]


def test_the_share_of_words_that_change_is_the_level() -> None:
    (after,) = perturb.swap_letters(["letter " * 20_000], 0.3, 1)
    assert sum(word != "letter" for word in after.split()) / 20_000 == pytest.approx(0.3, abs=0.02)


@pytest.mark.parametrize("typed", TYPED, ids=lambda one: one.name)
def test_short_words_and_first_letters_are_left_alone(typed: Perturbation) -> None:
    assert typed(["the cat is in"], 1, 0) == ["the cat is in"]
    if typed is perturb.swap_letters or typed is perturb.drop_letters:
        assert all(word[0] == "k" for seed in range(30) for word in typed(["kitten kettle"], 1, seed)[0].split())


def test_swapped_letters_are_the_same_letters_beside_each_other() -> None:
    (after,) = perturb.swap_letters(["abcdef"], 1, 3)
    at = [i for i in range(6) if after[i] != "abcdef"[i]]
    assert sorted(after) == list("abcdef")
    assert at[1] == at[0] + 1
    assert len(at) == 2


def test_two_letters_that_are_alike_are_never_swapped() -> None:
    assert {perturb.swap_letters(["aooo"], 1, seed)[0] for seed in range(20)} == {"aooo"}
    assert {perturb.swap_letters(["aoom"], 1, seed)[0] for seed in range(20)} == {"aomo"}


def test_one_letter_is_dropped_or_doubled() -> None:
    (short,), (long,) = perturb.drop_letters(["abcdef"], 1, 3), perturb.double_letters(["abcdef"], 1, 3)
    assert (len(short), len(long)) == (5, 7)
    assert any(long[i] == long[i + 1] and long[:i] + long[i + 1 :] == "abcdef" for i in range(6))


def test_a_key_hit_beside_is_a_neighbour_in_the_same_case() -> None:
    beside = {perturb.keyboard_neighbour(["GGGG"], 1, seed)[0] for seed in range(200)}
    assert {next(letter for letter in word if letter != "G") for word in beside} == set("FHTYVB")


def test_letters_that_look_the_same_are_others() -> None:
    (after,) = perturb.homoglyphs(["scope"], 1, 0)
    assert [unicodedata.name(letter).split()[0] for letter in after] == ["CYRILLIC"] * 5
    assert perturb.homoglyphs([after], 1, 0) == ["scope"]
    assert all(unicodedata.name(other).startswith("CYRILLIC") for other in ALIKE.values())


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_diacritics_go_however_they_are_written(form: str) -> None:
    texts = [unicodedata.normalize(form, one) for one in ("café señor Ångström", "ệ", "καλά", "й", "øß")]
    plain = ["cafe senor Angstrom", "e", "καλα", unicodedata.normalize(form, "й"), "øß"]
    assert perturb.strip_diacritics(texts, 1, 0) == plain


@pytest.mark.parametrize("op", LETTERS, ids=lambda one: one.name)
@pytest.mark.parametrize(
    "text",
    ["q\u0301q\u0301q\u0301q\u0301", "漢字漢字漢字", "한국어한국어", "क्षिक्षि", "ภาษาไทย", "👩\u200d👩\u200d👧👍🏽"],
)
def test_letters_that_combine_and_scripts_that_compose_are_left_alone(op: Perturbation, text: str) -> None:
    if op is not perturb.random_case:  # a capital with an accent is still one
        assert {op([text], 1, seed)[0] for seed in range(5)} == {text}


@pytest.mark.parametrize("text", ["שלוםעולם", "العالم", "Ελλαδα", "москва"])
def test_other_alphabets_are_typed_wrong_too(text: str) -> None:
    assert sorted(perturb.swap_letters([text], 1, 0)[0]) == sorted(text) != list(perturb.swap_letters([text], 1, 0)[0])


def test_case() -> None:
    text = ["Straße in NEW york, isn't it İ ſ"]
    assert perturb.lower(text, 1, 0) == ["straße in new york, isn't it İ ſ"]
    assert perturb.upper(text, 1, 0) == ["STRAßE IN NEW YORK, ISN'T IT İ S"]
    assert perturb.capitalise(["straße in NEW york, isn't"], 1, 0) == ["Straße In NEW York, Isn't"]
    assert perturb.random_case(["aBc ß"], 1, 0) == ["AbC ß"]


def test_some_words_change_case_whole() -> None:
    (after,) = perturb.upper(["letter " * 1000], 0.4, 0)
    assert set(after.split()) == {"letter", "LETTER"}
    assert np.mean([word == "LETTER" for word in after.split()]) == pytest.approx(0.4, abs=0.05)


def test_texts_of_a_batch_do_not_touch_each_other() -> None:
    alone = ["wor", "d", "s x", "", "be"]
    for op in (*LETTERS, perturb.join_words, perturb.drop_marks, perturb.repeat_marks):
        assert [len(one.split()) for one in op(alone, 1, 0)] == [1, 1, 1 + (op is not perturb.join_words), 0, 1]
    assert len(perturb.swap_letters(SENTENCES, 0.5, 0)) == len(SENTENCES)
