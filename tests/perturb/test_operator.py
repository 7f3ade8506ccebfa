"""Perturbations called wrongly, registries, and texts put before and after."""

from __future__ import annotations

import pyarrow as pa
import pytest

from adequate import perturb
from adequate.errors import ColumnError, SpecError, UnknownNameError
from adequate.perturb import Perturbation
from adequate.perturb.lexicons import lexicons, pairs
from adequate.perturb.operator import as_input

BATCH = pa.record_batch({"text": ["my card is gone", None, ""], "n": [1, 2, 3]})


@pytest.mark.parametrize("level", [-0.1, 1.1, float("nan"), True])
def test_a_level_outside_0_to_1_says_what_it_would_measure(level: float) -> None:
    with pytest.raises(SpecError, match=r"isn't in \[0, 1\]\s.*share of words"):
        perturb.swap_letters(BATCH, level)


@pytest.mark.parametrize("perturbation", [perturb.swap_letters, perturb.rotate], ids=lambda one: one.name)
@pytest.mark.parametrize("level", ["high", None, [0.5], 1j])
def test_a_level_that_is_no_number_is_an_error_of_ours(perturbation: Perturbation, level: object) -> None:
    with pytest.raises(SpecError, match=r"isn't in \[0, 1\]"):
        perturbation([], level)


@pytest.mark.parametrize("rng", ["s", -1, 0.5, None, True])
def test_chance_that_is_neither_a_generator_nor_a_seed_is_an_error(rng: object) -> None:
    with pytest.raises(SpecError, match="neither a generator nor a seed"):
        perturb.upper(BATCH, 0.5, rng)


@pytest.mark.parametrize("inputs", ["one text", b"bytes", None, 5, {"text": ["a"]}])
def test_inputs_that_are_no_batch_are_an_error(inputs: object) -> None:
    for call in (lambda: perturb.upper(inputs, 0.5), lambda: perturb.append(inputs, "!")):
        with pytest.raises(SpecError, match="is no batch of inputs"):
            call()


@pytest.mark.parametrize("inputs", [["a", 1], ["half of \ud800"], [["a"], "b"]])
def test_inputs_that_are_no_column_are_an_error(inputs: list[object]) -> None:
    with pytest.raises(ColumnError, match=r"upper: .*(can't be held|was given)"):
        perturb.upper(inputs, 0.5)


def test_a_text_that_is_put_beside_has_no_level() -> None:
    with pytest.raises(SpecError, match=r"append: 0\.5 is no text"):
        perturb.append(BATCH, 0.5, 1)
    with pytest.raises(SpecError, match="neither level nor rng"):
        perturb.prepend(BATCH, "Hello, ", 0.5)
    with pytest.raises(SpecError, match="half a character"):
        perturb.append(BATCH, " \ud83d")


def test_a_table_comes_back_as_a_table() -> None:
    table = pa.Table.from_batches([BATCH, BATCH])
    after = perturb.upper(table, 1)
    assert after.schema == table.schema
    assert after.column("text").to_pylist() == ["MY CARD IS GONE", None, ""] * 2
    assert perturb.changed(table, after).tolist() == [True, False, False] * 2


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
