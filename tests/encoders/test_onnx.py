"""The default encoder, with its real weights where they can be had."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load_file

from adequate.encoders import onnx, session
from adequate.encoders.protocol import Encoder
from adequate.errors import ResourceError
from adequate.store.resources import cached, fetch
from tests.encoders import made

TEXTS = [
    "hello",
    "can you block my chase account right away please",
    "",
    "how much is an overdraft fee for bank, and who is paying? " * 6,
    "日本語のテキスト",
]


@pytest.fixture(scope="module")
def int8() -> session.OnnxEncoder:
    return onnx.load()


@pytest.fixture(scope="module")
def fp32() -> session.OnnxEncoder:
    return onnx.load("fp32", threads=2)


def test_vectors_agree_with_bert_written_in_numpy(fp32: session.OnnxEncoder) -> None:
    weights = load_file(fetch(*onnx.WEIGHTS))
    expected = [made.bert(weights, np.array(ids), onnx.HEADS) for ids in fp32.tokens(TEXTS)]
    assert np.abs(fp32.encode(TEXTS) - expected).max() < 1e-5


def test_int8_vectors_are_close_to_full_precision(int8: session.OnnxEncoder, fp32: session.OnnxEncoder) -> None:
    assert (int8.encode(TEXTS) * fp32.encode(TEXTS)).sum(axis=1).min() > 0.97


@pytest.mark.parametrize("precision", ["int8", "fp32"])
def test_vectors_have_length_one(precision: str, request: pytest.FixtureRequest) -> None:
    encoder: Encoder = request.getfixturevalue(precision)
    vectors = encoder.encode(TEXTS)
    assert vectors.dtype == np.float32
    assert vectors.shape == (len(TEXTS), encoder.width)
    assert np.abs(np.linalg.norm(vectors, axis=1) - 1).max() < 1e-5


def test_an_int8_vector_depends_on_nothing_but_its_text(int8: session.OnnxEncoder) -> None:
    many = [f"text number {n} " + "and more " * (n % 7) for n in range(200)]
    alone = np.concatenate([int8.encode([text]) for text in many[:20]])
    assert np.array_equal(int8.encode(many)[:20], alone)


def test_a_full_precision_vector_depends_on_its_batch_by_rounding_only(fp32: session.OnnxEncoder) -> None:
    many = [f"text number {n} " + "and more " * (n % 7) for n in range(200)]
    alone = np.concatenate([fp32.encode([text]) for text in many[:20]])
    assert np.abs(fp32.encode(many)[:20] - alone).max() < 1e-6


def test_vectors_come_in_the_order_of_the_texts(int8: session.OnnxEncoder) -> None:
    assert np.array_equal(int8.encode(TEXTS[::-1]), int8.encode(TEXTS)[::-1])


def test_no_texts_give_no_vectors(int8: session.OnnxEncoder) -> None:
    assert int8.encode([]).shape == (0, 384)


def test_control_tokens_in_a_text_are_text(int8: session.OnnxEncoder) -> None:
    (ids,) = int8.tokens(["[PAD] [SEP]"])
    assert 0 not in ids
    assert ids.count(102) == 1


def test_a_huge_text_is_read_up_to_256_tokens(int8: session.OnnxEncoder) -> None:
    huge = "an endless tale " * 2_000_000
    assert len(int8.tokens([huge])[0]) == 256
    assert np.array_equal(int8.encode([huge]), int8.encode([huge[:10_000]]))


@given(st.lists(st.integers(2, 256), max_size=300))
def test_batches_hold_every_text_once_and_little_padding(lengths: list[int]) -> None:
    n = np.array(lengths, dtype=np.int64)
    made_batches = list(session.batches(n, alone=False))
    assert sorted(row for rows in made_batches for row in rows) == list(range(len(n)))
    padded = sum(len(rows) * n[rows].max() for rows in made_batches)
    assert padded <= session.WASTE * n.sum()


def test_a_damaged_model_file_is_named_with_what_to_do(
    int8: session.OnnxEncoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokenizer = cached(onnx.TOKENIZER[0])
    damaged = tmp_path / "damaged.onnx"
    damaged.write_bytes(b"not a graph")
    with pytest.raises(ResourceError, match=r"damaged\.onnx can't be loaded") as caught:
        session.OnnxEncoder(damaged, tokenizer, digest="damaged", width=384, alone=True)
    assert "delete it" in caught.value.remedy


def test_it_is_available_once_it_was_loaded(
    int8: session.OnnxEncoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert onnx.available()
    monkeypatch.setenv("ADEQUATE_CACHE", str(tmp_path))
    assert not onnx.available()


def test_precisions_have_different_digests() -> None:
    assert onnx.digest("int8") != onnx.digest("fp32")
