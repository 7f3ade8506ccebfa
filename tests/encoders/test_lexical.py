"""Hashed n-grams: the vectorised counts are those of a plain loop."""

from __future__ import annotations

import unicodedata
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adequate import store
from adequate.encoders import ngrams
from adequate.encoders.lexical import Lexical

TEXTS = ["a card, a card", "A card", "", " \n", "日本語テキスト", "don't!", "İstanbul", "\0 a\0b", "x" * 400_000, "été"]


def plainly(text: str) -> Counter[str]:
    """N-grams of a text by the definition, one by one."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    words = [""]
    for character in plain:
        kind = unicodedata.category(character)[0]
        if kind in "LNM":
            words[-1] += character
        elif kind in "PS":
            words += [character, ""]
        else:
            words.append("")
    words = [word for word in words if word]
    found = Counter(f"word {word}" for word in words)
    found.update(f"pair {a} {b}" for a, b in pairwise(words))
    for word in words:
        padded = f" {word} "
        found.update(f"piece {padded[i : i + n]}" for n in (3, 4, 5) for i in range(len(padded) - n + 1))
    return found


@given(st.lists(st.text(max_size=40), max_size=8))
def test_counts_are_those_of_a_plain_loop(texts: list[str]) -> None:
    counted = ngrams.counts(texts, bits=30)
    for row, text in enumerate(texts):
        mine = counted.data[counted.indptr[row] : counted.indptr[row + 1]]
        assert sorted(mine) == sorted(plainly(text).values())


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_has_the_same_features_in_any_company(text: str) -> None:
    alone = ngrams.counts([text], bits=18)
    among = ngrams.counts(["before", text, "after"], bits=18)[[1]]
    assert np.array_equal(alone.indices, among.indices)
    assert np.array_equal(alone.data, among.data)


def test_case_and_blanks_do_not_count() -> None:
    one, other = Lexical().hashed(["My  CARD", "my card\n"]).toarray()
    assert np.array_equal(one, other)


def test_rows_have_length_one_or_are_empty() -> None:
    squares = Lexical().fit_idf([TEXTS]).hashed(TEXTS).power(2).sum(axis=1)
    assert np.allclose(squares, [0 if not text.strip() else 1 for text in TEXTS], atol=1e-5)


def test_rare_words_weigh_more() -> None:
    lexical = Lexical().fit_idf([["the card"] * 50, ["the iban"]])
    query, common, rare = lexical.hashed(["the card iban", "card", "iban"]).toarray()
    assert query @ rare > query @ common


def test_the_digest_tells_the_pool_and_nothing_else() -> None:
    pool = ["the card", "the iban"]
    fitted = Lexical().fit_idf([pool])
    assert fitted.digest == Lexical().fit_idf([pool[:1], pool[1:]]).digest
    assert len({fitted.digest, Lexical().digest, Lexical().fit_idf([pool[:1]]).digest, Lexical(bits=16).digest}) == 4


def test_the_projection_keeps_cosines() -> None:
    texts = [f"word{n} word{n + 1} word{n + 2} and the rest" for n in range(60)]
    lexical = Lexical().fit_idf([texts])
    sparse, dense = lexical.hashed(texts), lexical.dense().encode(texts)
    error = (sparse @ sparse.T).toarray() - dense @ dense.T
    assert np.sqrt((error**2).mean()) < 0.08
    assert np.abs(np.linalg.norm(dense, axis=1) - 1).max() < 1e-5


def test_the_projection_of_nothing_is_a_unit_vector() -> None:
    assert np.linalg.norm(Lexical().dense().encode([""])) == 1


def test_a_block_hashes_the_stored_texts(tmp_path: Path) -> None:
    texts = [f"text {n}" if n % 5 else None for n in range(100)]
    with store.create(tmp_path / "mail") as opened:
        given_ = pa.RecordBatch.from_pydict(
            {
                "text": pa.array(texts, pa.string()),
                "aq_id": [str(n) for n in range(100)],
                "aq_group": [str(n) for n in range(100)],
                "aq_part": pa.array([0] * 100, pa.uint8()),
            }
        )
        opened.examples.append([given_])
        block = Lexical().block(opened.examples, "text")
        expected = Lexical().hashed([text or "" for text in texts]).toarray()
        assert len(block) == 100
        assert np.array_equal(block.take(np.array([7, 3])).toarray(), expected[[7, 3]])
        assert [first for first, _ in block.batches(30)] == [0, 30, 60, 90]
        assert np.array_equal(np.concatenate([rows.toarray() for _, rows in block.batches(30)]), expected)
