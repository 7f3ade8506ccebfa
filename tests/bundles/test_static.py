"""Vectors of words and pairs of words: what they say of a text, and that a bundle keeps it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adequate.bundles import blocks
from adequate.bundles.places import Places
from adequate.bundles.static import Static, words

KNOWN = ("the", "card", "lost", "money", "transfer", "!", "旅", "🚀", "हिन्दी")
EDGE, BASE = len(KNOWN), len(KNOWN) + 2


def static() -> Static:
    """Random vectors of a few words, and of "lost card" and "the" where a text begins with it."""
    rng = np.random.default_rng(0)
    pairs = np.sort(np.array([2 * BASE + 1, EDGE * BASE + 0], np.uint32))
    rows = len(KNOWN) + len(pairs)
    values = rng.integers(-127, 128, (rows, 16), dtype=np.int8)
    return Static(KNOWN, pairs, values, rng.uniform(0.01, 0.02, rows).astype(np.float16))


def test_a_text_is_the_unit_sum_of_its_words_and_pairs() -> None:
    block = static()
    full = block.values.astype(np.float32) * block.scales[:, None].astype(np.float32)
    total = full[0] + full[2] + full[1] + full[len(KNOWN) + 0] + full[len(KNOWN) + 1]
    assert block.pairs.tolist() == [2 * BASE + 1, EDGE * BASE]
    np.testing.assert_allclose(block.of(["The lost CARD"])[0], total / np.linalg.norm(total), rtol=1e-5)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.text(st.sampled_from("thecardlost !\0é旅🚀'\ud800\n"), max_size=300), max_size=12), st.data())
def test_a_texts_features_are_the_same_to_the_last_bit_whatever_stands_beside_it(
    texts: list[str], data: st.DataObject
) -> None:
    block = static()
    together = block.of(texts)
    assert together.shape == (len(texts), 16)
    if texts:
        i = data.draw(st.integers(0, len(texts) - 1))
        np.testing.assert_array_equal(block.of([texts[i]])[0], together[i])


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Don't", ["dont"]),
        ("CAFÉ Ａ１", ["cafe", "a1"]),
        ("旅行 ok", ["旅", "行", "ok"]),
        ("हिन्दी", ["हिन्दी"]),
        ("a_b, c!!", ["a_b", ",", "c", "!", "!"]),
        ("go🚀now", ["go", "🚀", "now"]),
        ("nul\0here", ["nul", "here"]),
        ("", []),
    ],
)
def test_words_have_one_normal_form(text: str, found: list[str]) -> None:
    assert words([text])[1:-1] == found
    assert words([text, "é"])[1 : 1 + len(found)] == found  # read beside another script as well


def test_an_unknown_word_is_read_as_the_known_one_that_it_looks_like() -> None:
    block = static()
    np.testing.assert_array_equal(block.of(["trasnfer"]), block.of(["transfer"]))
    assert not block.of(["xylophone", "", "?"]).any()


def test_a_text_of_a_megabyte_is_read_as_far_as_its_first_65536_characters() -> None:
    block = static()
    long = "lost money " * 100_000
    np.testing.assert_array_equal(block.of([long]), block.of([long[: 1 << 16]]))
    assert np.isfinite(block.of(["x" * 1_000_000, "\ud800" * 1000])).all()


def test_what_was_saved_answers_the_same_bits(tmp_path: Path) -> None:
    block = static()
    said = {"kind": "static"} | block.save(tmp_path)
    again = blocks.load(tmp_path, block.name, said, 1)
    texts = ["the lost card", "money", ""]
    np.testing.assert_array_equal(again.of(texts), block.of(texts))
    assert (again.name, again.width) == (block.name, 16)


def test_a_block_of_no_words_says_nothing(tmp_path: Path) -> None:
    empty = Static((), np.zeros(0, np.uint32), np.zeros((0, 4), np.int8), np.zeros(0, np.float16))
    again = blocks.load(tmp_path, empty.name, {"kind": "static"} | empty.save(tmp_path), 1)
    assert again.of(["a card", ""]).tolist() == [[0.0] * 4] * 2


@settings(deadline=None, max_examples=60)
@given(st.sets(st.integers(0, 60) | st.integers(0, 1 << 62), max_size=200))
def test_each_of_some_numbers_is_found_at_its_place_and_no_other_is(keys: set[int]) -> None:
    there = np.array(list(keys), np.int64)
    places = Places(there)
    assert places.of(there, none=-1).tolist() == list(range(len(keys)))
    others = np.array([key for key in range(100) if key not in keys], np.int64)
    assert (places.of(others, none=-1) == -1).all()
