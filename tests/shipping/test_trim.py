"""A smaller vocabulary reads the same."""

from __future__ import annotations

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from adequate.errors import FormatError
from adequate.shipping import trim
from adequate.shipping.forward import encoded, laid_out
from tests.encoders import made
from tests.shipping import small

POOL = small.texts(50)
SEEN = trim.tokenised(small.tokenizer(), POOL, small.TOKENS)
KEPT = trim.needed(small.tokenizer(), SEEN)
TRIMMED = trim.without(small.tokenizer(), KEPT)


def pieces(tokenizer: bytes, ids: list[int]) -> list[str]:
    made_of = Tokenizer.from_str(tokenizer.decode())
    return [made_of.id_to_token(code) for code in ids]


def test_texts_of_the_pool_keep_their_pieces() -> None:
    after = trim.tokenised(TRIMMED, POOL, small.TOKENS)
    assert [pieces(TRIMMED, ids) for ids in after] == [pieces(small.tokenizer(), ids) for ids in SEEN]


def test_what_nobody_said_is_gone_and_letters_and_special_tokens_stay() -> None:
    left = orjson.loads(TRIMMED)["model"]["vocab"]
    assert not set(small.NEVER_SAID) & set(left)
    assert {"j", "##j", *small.SPECIAL} <= set(left)
    assert sorted(left.values()) == list(range(len(left)))
    assert left["[PAD]"] == 0


def test_the_commonest_words_stay_whether_or_not_the_pool_has_them() -> None:
    known = orjson.loads(small.tokenizer())["model"]["vocab"]
    words = sorted((word for word in known if word.isalpha() and len(word) > 1), key=known.__getitem__)
    for common in (0, 1, len(words)):
        kept = trim.needed(small.tokenizer(), SEEN, common).tolist()
        assert set(kept) == {*KEPT.tolist(), *(known[word] for word in words[:common])}


def test_a_word_that_the_pool_did_not_have_is_spelt() -> None:
    (ids,) = trim.tokenised(TRIMMED, ["jig [SEP] zebra"], small.TOKENS)
    assert pieces(TRIMMED, ids)[:4] == ["[CLS]", "j", "##i", "##g"]
    assert pieces(TRIMMED, ids)[-2:] == ["[UNK]", "[SEP]"]  # there is no letter z
    assert ids.count(0) == 0


@given(st.text(alphabet="abj cardsfeloZ日[]", max_size=60))
def test_no_text_makes_an_id_that_the_table_lacks(text: str) -> None:
    (ids,) = trim.tokenised(TRIMMED, [text], small.TOKENS)
    assert min(ids) > 0
    assert max(ids) < len(KEPT)


def test_vectors_of_the_pool_stay_to_the_last_bit() -> None:
    whole = trim.places(made.weights(), small.TOKENS)
    after = laid_out(trim.tokenised(TRIMMED, POOL, small.TOKENS))
    fewer = encoded(trim.words(whole, KEPT), after, heads=made.HEADS)
    assert np.array_equal(fewer, encoded(made.weights(), laid_out(SEEN), heads=made.HEADS))


def test_a_tokeniser_of_another_kind_is_refused() -> None:
    other = orjson.loads(small.tokenizer())
    other["model"]["type"] = "BPE"
    with pytest.raises(FormatError, match="BPE can't be trimmed"):
        trim.needed(orjson.dumps(other), [[1]])
