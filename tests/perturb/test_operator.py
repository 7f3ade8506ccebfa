"""Perturbations called wrongly, registries, and texts put before and after."""

from __future__ import annotations

import pyarrow as pa
import pytest

from adequate import perturb
from adequate.errors import ColumnError, SpecError, UnknownNameError
from adequate.perturb.lexicons import lexicons, pairs
from adequate.perturb.operator import as_input

BATCH = pa.record_batch({"text": ["my card is gone", None, ""], "n": [1, 2, 3]})


@pytest.mark.parametrize("level", [-0.1, 1.1, float("nan"), True])
def test_a_level_outside_0_to_1_says_what_it_would_measure(level: float) -> None:
    with pytest.raises(SpecError, match=r"isn't in \[0, 1\]\s.*share of words"):
        perturb.swap_letters(BATCH, level)


def test_a_column_that_holds_no_text_is_named() -> None:
    with pytest.raises(ColumnError, match="swap_letters of 'n': it changes texts, and was given int64"):
        perturb.swap_letters(BATCH, 0.5, column="n")
    with pytest.raises(ColumnError, match="rotate of 'text': it changes the bytes of images"):
        perturb.rotate(BATCH, 0.5)
    with pytest.raises(ColumnError, match="append of 'n'"):
        perturb.append(BATCH, "!", column="n")


def test_a_column_that_is_missing_is_named() -> None:
    with pytest.raises(ColumnError, match="no column 'body'; the batch has text, n"):
        perturb.upper(BATCH, 0.5, column="body")


def test_an_unknown_name_gets_the_nearest_one() -> None:
    with pytest.raises(UnknownNameError, match="no perturbation 'swap_leters'; did you mean 'swap_letters'"):
        perturb.named("swap_leters")
    with pytest.raises(UnknownNameError, match="no lexicon 'citys'; did you mean 'cities'"):
        perturb.lexicon("citys")


def test_a_text_is_put_before_and_after_every_input_but_a_null() -> None:
    after = perturb.append(BATCH, " please help now")
    assert after.schema == BATCH.schema
    assert after.column("text").to_pylist() == ["my card is gone please help now", None, " please help now"]
    assert perturb.prepend(["a", None], "Hi, ") == ["Hi, a", None]
    assert perturb.append(pa.array(["a"], pa.large_string()), "é").to_pylist() == ["aé"]
    assert perturb.append(as_input(pa.record_batch({"a": ["x"], "b": ["y"]}), "b"), "!").to_pydict() == {
        "a": ["x"],
        "b": ["y!"],
    }


def test_what_is_appended_must_be_a_text() -> None:
    with pytest.raises(SpecError, match=r"append: 0\.3 is no text"):
        perturb.append(BATCH, 0.3)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", lexicons())
def test_a_lexicon_has_each_word_once(name: str) -> None:
    words = [word.lower() for word in perturb.lexicon(name)]
    assert len(set(words)) == len(words) >= 7
    assert all(word == word.strip() for word in words)


@pytest.mark.parametrize("name", ["contractions", "misspellings", "numbers", "synonyms"])
def test_what_stands_for_a_word_is_another_one(name: str) -> None:
    for phrase, others in pairs(name).items():
        assert phrase == phrase.lower()
        assert phrase not in others
        assert all(one.strip() for one in others)


def test_what_changed_is_told_of_lists_arrays_and_batches_alike() -> None:
    before, after = ["turn off the lights", "play", None], ["turn off teh lights", "play", None]
    pairs = [(before, after), (pa.array(before), pa.chunked_array([after])), (text(before), text(after))]
    for was, now in pairs:
        assert perturb.changed(was, now).tolist() == [True, False, False]


def text(values: list[str | None]) -> pa.RecordBatch:
    return pa.record_batch({"text": pa.array(values, pa.string()), "at": pa.array(range(len(values)))})
