"""Ids, near-duplicates, groups and parts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from adequate import store
from adequate.encoders import ngrams
from adequate.encoders.cache import CHUNK, embed
from adequate.encoders.duplicates import earlier
from adequate.encoders.identity import Identity, identify, part_of
from adequate.encoders.signatures import Signatures, places
from adequate.store import Store
from adequate.types import Floats

FRACTIONS = (0.6, 0.1, 0.3)


@pytest.fixture
def mail(tmp_path: Path) -> Iterator[Store]:
    with store.create(tmp_path / "mail") as made:
        yield made


def add(mail: Store, texts: list[str], threads: list[str | None] | None = None) -> Identity:
    """Identify and add."""
    declared = pa.array(threads if threads is not None else [None] * len(texts), pa.string())
    column = {} if threads is None else {"declared": declared, "group_column": "thread"}
    found = identify(mail, texts, column="text", fractions=FRACTIONS, **column)
    columns = {"text": texts, "thread": declared, "aq_id": found.ids, "aq_group": found.groups, "aq_part": found.parts}
    mail.examples.append([pa.RecordBatch.from_pydict(columns)])
    return found


def several(n: int, seed: int = 0) -> list[str]:
    """Texts of twelve random words."""
    rng = np.random.default_rng(seed)
    return [" ".join(f"w{word:04d}" for word in rng.integers(0, 5000, 12)) for _ in range(n)]


def test_signatures_agree_as_often_as_the_texts_have_ngrams_in_common() -> None:
    rng = np.random.default_rng(0)
    whole = several(300)
    cut = [" ".join(text.split()[: rng.integers(4, 12)]) for text in whole]
    signed = Signatures()
    agree = (places(signed.encode(whole)) == places(signed.encode(cut))).mean(axis=1)
    alike = []
    for pair in zip(whole, cut, strict=True):
        one, other = (set(ngrams.counts([text], bits=30).indices.tolist()) for text in pair)
        alike.append(len(one & other) / len(one | other))
    error = agree - np.array(alike)
    assert abs(error.mean()) < 0.015  # standard error of the mean: 0.06 / sqrt(300) = 0.0035
    assert error.std() < 0.07


def test_near_texts_are_found_and_others_are_not() -> None:
    texts = several(500)
    changed = [text.replace("w", "v", 1) for text in texts]  # one letter of seventy
    leads = earlier(Signatures().encode(texts + changed))
    assert (leads[:500] == -1).all()
    assert (leads[500:] == np.arange(500)).mean() > 0.99


def test_a_thousand_texts_from_one_template_are_one_group(mail: Store) -> None:
    texts = [f"your order number {n} was sent today, and it will be with you in two days" for n in range(1000)]
    assert len(set(add(mail, texts).groups)) == 1


def test_groups_do_not_depend_on_how_the_data_comes(tmp_path: Path) -> None:
    texts = several(200)
    texts += [f"{text} {text[:5]}" for text in texts[::3]] + texts[:10]
    with store.create(tmp_path / "one") as one, store.create(tmp_path / "other") as other:
        at_once = add(one, texts).groups
        in_three = [group for part in (texts[:50], texts[50:220], texts[220:]) for group in add(other, part).groups]
    assert at_once == in_three
    assert len(set(at_once)) == 200


def test_a_text_between_two_groups_joins_the_earlier(mail: Store) -> None:
    words = several(1)[0].split()
    left, right = " ".join(words[:10]), " ".join(words[3:])
    first = add(mail, [left, right])
    assert first.groups[0] != first.groups[1]
    between = add(mail, [" ".join(words)])
    assert between.groups[0] == first.groups[0]
    assert between.parts[0] == first.parts[0]


def test_a_declared_group_stays_together_across_additions(mail: Store) -> None:
    texts = several(6)
    first = add(mail, texts[:3], ["a", "b", None])
    then = add(mail, texts[3:], ["b", None, "a"])
    assert [then.groups[0], then.groups[2]] == [first.groups[1], first.groups[0]]
    assert len({*first.groups, *then.groups}) == 4


def test_a_declared_group_follows_what_its_first_example_is_near_to(mail: Store) -> None:
    text, other, third = several(3)
    first = add(mail, [text])
    then = add(mail, [text + " !", other, third], ["a", "a", "b"])
    assert then.groups[:2] == [first.groups[0]] * 2
    assert then.groups[2] != first.groups[0]


def test_texts_without_words_are_one_group() -> None:
    assert earlier(Signatures().encode(["", "  ", "\n"])).tolist() == [-1, 0, 0]


def test_nothing_new_is_fine(mail: Store) -> None:
    add(mail, several(3))
    assert identify(mail, [], column="text", fractions=FRACTIONS).ids == []


def test_parts_are_a_function_of_the_group_alone() -> None:
    groups = [str(n) for n in range(300)]
    parts = part_of(groups, FRACTIONS)
    assert np.array_equal(part_of(groups[::-1], FRACTIONS), parts[::-1])
    assert part_of(["a", "b", "c", "d", "e", "f"], FRACTIONS).tolist() == PINNED


PINNED = [0, 0, 0, 0, 0, 2]  # parts are on users' disks: they must never change


class Counting:
    """An encoder that tells how many texts it was given at once, and may break down."""

    digest, width = "counting", 3

    def __init__(self, limit: int = 10**9) -> None:
        self.sizes: list[int] = []
        self.limit = limit

    def encode(self, texts: list[str]) -> Floats:
        if sum(self.sizes) >= self.limit:
            raise KeyboardInterrupt
        self.sizes.append(len(texts))
        return np.array([[len(texts), len(text), 1] for text in texts], dtype=np.float32)


def test_an_interrupted_embedding_ends_with_the_same_vectors(mail: Store) -> None:
    rows = 2 * CHUNK + 100
    columns = {"text": [f"t{n}" for n in range(rows)], "aq_id": [str(n) for n in range(rows)]}
    columns |= {"aq_group": columns["aq_id"], "aq_part": np.zeros(rows, dtype=np.uint8)}
    mail.examples.append([pa.RecordBatch.from_pydict(columns)])
    broken, whole = Counting(limit=CHUNK), Counting()
    with pytest.raises(KeyboardInterrupt):
        embed(mail, broken, "text")
    assert mail.blocks.count("counting") == CHUNK
    done: list[tuple[int, int]] = []
    block = embed(mail, whole, "text", lambda *step: done.append(step))
    assert whole.sizes == [CHUNK, 100]
    assert done == [(2 * CHUNK, rows), (rows, rows)]
    assert len(block) == rows
    vectors = np.asarray(block.take(np.arange(rows)))
    assert np.array_equal(vectors[:, 0], [CHUNK] * 2 * CHUNK + [100] * 100)
    embed(mail, whole, "text")
    assert whole.sizes == [CHUNK, 100]  # nothing is encoded twice


def test_signatures_come_back_from_the_disk_bit_by_bit(mail: Store) -> None:
    texts = several(2000)
    add(mail, texts)
    kept = np.asarray(embed(mail, Signatures(), "text").take(np.arange(2000)))
    assert np.array_equal(places(kept), places(Signatures().encode(texts)))
