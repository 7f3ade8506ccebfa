"""What words are like: by their meaning, and by their letters."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from adequate.shipping.likeness import LETTERS, letters, likeness, meaning, short
from tests.shipping import small

WORDS = ["transfer", "transfers", "transferred", "balance", "balances", "weather", "zebra"]


def test_words_of_the_same_pieces_are_near() -> None:
    found = letters(WORDS, seed=0)
    near = found @ found.T
    np.fill_diagonal(near, -1)
    assert [WORDS[i] for i in near[:5].argmax(axis=1)] == [
        "transfers",
        "transfer",
        "transfer",
        "balances",
        "balance",
    ]


def test_letters_are_the_same_each_time_and_no_wider_than_there_are_words() -> None:
    np.testing.assert_array_equal(letters(WORDS, seed=0), letters(WORDS, seed=0))
    assert letters(WORDS, seed=0).shape == (7, 7)
    assert letters([f"word{i}" for i in range(300)], seed=0).shape == (300, LETTERS)
    assert letters([], seed=0).shape == (0, 0)


def test_what_the_encoder_knows_of_a_word_is_the_mean_of_its_tokens(tmp_path: Path) -> None:
    material = small.material(tmp_path, n=40)
    known = sorted({word for text in material.texts for word in text.split()})[:12]
    like = likeness(material, known)
    np.testing.assert_allclose(np.linalg.norm(meaning(material, known), axis=1), 1, rtol=1e-4)
    assert like.shape == (12, meaning(material, known).shape[1] + letters(known, material.seed).shape[1])


def test_short_vectors_keep_who_is_near_whom() -> None:
    rng = np.random.default_rng(0)
    flat = rng.normal(size=(50, 3)).astype(np.float32)
    wide = flat @ np.linalg.qr(rng.normal(size=(20, 20)))[0][:3].astype(np.float32)
    centred = flat - flat.mean(axis=0)
    unit = centred / np.linalg.norm(centred, axis=1, keepdims=True)
    np.testing.assert_allclose(short(wide, 3) @ short(wide, 3).T, unit @ unit.T, atol=1e-4)
