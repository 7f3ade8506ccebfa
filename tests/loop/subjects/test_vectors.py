"""Texts are encoded once, whoever asks, and the file that remembers them may be lost or spoilt."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from adequate.encoders.lexical import Lexical, Projection
from adequate.loop.subjects import vectors
from adequate.loop.subjects.vectors import Vectors
from adequate.types import Floats, Rows


class Counting(Projection):
    """The projection of words, which counts what it encodes."""

    count = 0

    def encode(self, texts: Sequence[str]) -> Floats:
        self.count += len(texts)
        return super().encode(texts)


@pytest.fixture
def encoder() -> Counting:
    return Counting(Lexical(bits=10))


TEXTS = ["a card", "a fee", "a card", ""]


def test_each_text_is_encoded_once_and_comes_back_in_order(encoder: Counting) -> None:
    held = Vectors(encoder)
    words = [*TEXTS, "a loan"]
    found = held.of(words)
    assert encoder.count == 4
    assert np.array_equal(found, Projection(Lexical(bits=10)).encode(words))
    assert np.array_equal(held.of(words[::-1]), found[::-1])
    assert encoder.count == 4
    assert held.of([]).shape == (0, 256)


def test_what_was_encoded_elsewhere_is_taken_from_there(encoder: Counting) -> None:
    held = Vectors(encoder)
    held.of(TEXTS[:1])
    words = [*TEXTS, "a loan", "a loan"]
    lying = Projection(Lexical(bits=10)).encode(words)
    asked: list[int] = []

    def made(at: Rows) -> Floats:
        asked.extend(at.tolist())
        return lying[at]

    held.learn(words, made)
    assert [words[i] for i in asked] == ["a fee", "", "a loan"]
    assert np.array_equal(held.of(words), lying)
    assert (encoder.count, held.encoded) == (1, 1)


def test_the_next_process_finds_them(tmp_path: Path, encoder: Counting) -> None:
    first = Vectors(encoder, tmp_path)
    found = first.of(TEXTS[:3])
    del first
    assert np.array_equal(Vectors(encoder, tmp_path).of(TEXTS[:3]), found)
    assert encoder.count == 2


def test_who_comes_second_has_a_file_of_their_own(tmp_path: Path, encoder: Counting) -> None:
    first, second = Vectors(encoder, tmp_path), Vectors(encoder, tmp_path)
    assert np.array_equal(first.of(TEXTS[:3]), second.of(TEXTS[:3]))
    assert encoder.count == 4


def test_a_file_cut_short_is_made_anew(tmp_path: Path, encoder: Counting) -> None:
    first = Vectors(encoder, tmp_path)
    found = first.of(TEXTS[:2])
    del first
    file = tmp_path / "encoded" / encoder.digest
    file.write_bytes(file.read_bytes()[:-3])
    assert np.array_equal(Vectors(encoder, tmp_path).of(TEXTS[:2]), found)
    file.write_bytes(bytes(len(file.read_bytes())))
    assert np.array_equal(Vectors(encoder, tmp_path).of(TEXTS[:2]), found)


def test_a_full_file_is_emptied(tmp_path: Path, encoder: Counting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectors, "MOST", 8)
    monkeypatch.setattr(vectors, "TOGETHER", 4)
    held = Vectors(encoder, tmp_path)
    words = [f"word{i} other{i}" for i in range(30)]
    assert np.array_equal(held.of(words), Projection(Lexical(bits=10)).encode(words))
    assert (tmp_path / "encoded" / encoder.digest).stat().st_size <= 8 * (16 + 4 * 256)
