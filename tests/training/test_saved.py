"""A head that is written is read back as the same head, or not at all."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from adequate.errors import StoreError, VersionError
from adequate.training import Head, digest, load, save
from adequate.training.fit import fit
from adequate.types import Kind
from tests.training.problems import clusters, words


@pytest.fixture
def head() -> Head:
    x, gold = clusters([20, 10, 0])
    return fit({"dense": x, "lexical": words(gold)}, gold, kind=Kind.CLASSIFY, k=3, l2=0.1, task="t")


def test_a_head_comes_back_to_the_bit(head: Head, tmp_path: Path) -> None:
    save(head, tmp_path / "t")
    again = load(tmp_path / "t")
    assert digest(again) == digest(head)
    assert again.labels == head.labels
    x, gold = clusters([5, 5, 5])
    xs = {"dense": x, "lexical": words(gold)}
    np.testing.assert_array_equal(again.logits(xs), head.logits(xs))


def test_the_digest_is_of_what_the_head_computes(head: Head) -> None:
    moved = head.with_rule(temperature=head.temperature, offsets=head.offsets + np.float32(1e-6))
    assert digest(moved) != digest(head)
    assert digest(replace(head, labels=("x", "y", "z"))) != digest(head)


def test_a_damaged_head_is_refused(head: Head, tmp_path: Path) -> None:
    save(head, tmp_path)
    file = tmp_path / "head.safetensors"
    whole = bytearray(file.read_bytes())
    whole[-1] ^= 1
    file.write_bytes(whole)
    with pytest.raises(StoreError, match="doesn't match its hash"):
        load(tmp_path)
    file.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(StoreError, match="no readable head"):
        load(tmp_path)


def test_a_missing_head_is_a_store_error(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no readable head"):
        load(tmp_path / "nothing")


def test_a_head_of_a_newer_version_says_to_update(head: Head, tmp_path: Path) -> None:
    save(head, tmp_path)
    card = json.loads((tmp_path / "head.json").read_text())
    (tmp_path / "head.json").write_text(json.dumps(card | {"format": 99}))
    with pytest.raises(VersionError, match="format 99"):
        load(tmp_path)
