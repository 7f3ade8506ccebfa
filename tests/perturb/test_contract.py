"""What every perturbation keeps to, whatever it is given."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adequate import perturb
from adequate.perturb import ALL, Effect, Perturbation, changed
from adequate.perturb.images import IMAGES
from adequate.perturb.text import TEXT
from tests.perturb.made import PICTURES, SENTENCES, texts

levels = st.floats(0, 1)
seeds = st.integers(0, 2**32)
each_text = pytest.mark.parametrize("perturbation", TEXT, ids=lambda one: one.name)
each_image = pytest.mark.parametrize("perturbation", IMAGES, ids=lambda one: one.name)
each = pytest.mark.parametrize("perturbation", ALL.values(), ids=ALL)


def inputs_of(perturbation: Perturbation) -> list[str] | list[bytes]:
    return SENTENCES if perturbation.of == "text" else PICTURES * 10


def moved(before: list[object], after: list[object]) -> np.ndarray:
    return np.array([one != other for one, other in zip(before, after, strict=True)], bool)


@each_text
@given(before=texts, level=levels, seed=seeds)
@settings(max_examples=60, deadline=None)
def test_any_text_comes_out_as_a_text_in_its_place(
    perturbation: Perturbation, before: list[str | None], level: float, seed: int
) -> None:
    batch = pa.record_batch({"text": pa.array(before, pa.string()), "n": pa.array(range(len(before)), pa.int32())})
    after = perturbation(batch, level, seed)
    after.validate(full=True)  # UTF-8 among others
    assert after.schema == batch.schema
    assert after.column("n").equals(batch.column("n"))
    assert [one is None for one in after.column("text").to_pylist()] == [one is None for one in before]
    blank = [i for i, one in enumerate(before) if one is not None and one.strip()]
    assert all(after.column("text")[i].as_py().strip() for i in blank)
    assert changed(batch, after).tolist() == moved(before, after.column("text").to_pylist()).tolist()


@each_text
@given(before=texts, level=levels, seed=seeds)
@settings(max_examples=40, deadline=None)
def test_a_seed_gives_the_same_texts_again(
    perturbation: Perturbation, before: list[str | None], level: float, seed: int
) -> None:
    assert perturbation(before, level, seed) == perturbation(before, level, np.random.default_rng(seed))
    assert perturbation(before, 0, seed) == before


@each_text
@given(before=texts, two=st.tuples(levels, levels), seed=seeds)
@settings(max_examples=60, deadline=None)
def test_what_a_level_changes_in_a_text_every_higher_one_changes_too(
    perturbation: Perturbation, before: list[str | None], two: tuple[float, float], seed: int
) -> None:
    assert perturbation.nested
    less, more = (moved(before, perturbation(before, level, seed)) for level in sorted(two))
    assert (more | ~less).all()


@each_text
@given(before=texts, seed=seeds)
@settings(max_examples=25, deadline=None)
def test_texts_are_changed_alike_however_they_are_held(
    perturbation: Perturbation, before: list[str | None], seed: int
) -> None:
    expected = perturbation(before, 0.7, seed)
    whole = pa.array(["", "x", None, *before, "y"], pa.large_string())
    dictionary = pa.array(before, pa.string()).dictionary_encode()
    for held in (whole.slice(3, len(before)), dictionary, pa.chunked_array([pa.array(before, pa.string())])):
        after = perturbation(held, 0.7, seed)
        assert (after.type, after.to_pylist()) == (held.type, expected)


@each
def test_a_seed_gives_the_same_again_and_level_0_changes_nothing(perturbation: Perturbation) -> None:
    before = inputs_of(perturbation)
    assert perturbation(before, 0.4, 5) == perturbation(before, 0.4, 5)
    assert perturbation(before, 0.4, 5) != perturbation(before, 0.4, 6) or perturbation.name in ("blur", "jpeg")
    assert perturbation(before, 0, 5) == before


@each
def test_the_higher_the_level_the_more_is_changed(perturbation: Perturbation) -> None:
    before = inputs_of(perturbation)
    shares = [moved(before, perturbation(before, level, 5)) for level in (0.05, 0.3, 0.6, 1.0)]
    means = [share.mean() for share in shares]
    assert means == sorted(means)
    assert means[-1] > 0.5
    if perturbation.nested:
        assert all((more | ~less).all() for less, more in pairwise(shares))


@each_image
def test_an_image_keeps_its_size_its_kind_and_its_place(perturbation: Perturbation) -> None:
    from tests.perturb.made import pixels_of

    before = pa.record_batch({"image": pa.array([*PICTURES, None]), "n": list(range(len(PICTURES) + 1))})
    after = perturbation(before, 0.8, 1, column="image")
    assert after.schema == before.schema
    *made, none = after.column("image").to_pylist()
    assert none is None
    for raw, new in zip(PICTURES, made, strict=True):
        assert (new[:4], pixels_of(new).shape) == (raw[:4], pixels_of(raw).shape)
    assert changed(before, after, "image").tolist() == moved([*PICTURES, None], [*made, None]).tolist()


def test_each_is_called_by_its_name_and_says_its_unit() -> None:
    assert len(TEXT) >= 25
    assert len(IMAGES) == 12
    for name, perturbation in ALL.items():
        assert getattr(perturb, name) is perturb.named(name) is perturbation
        assert name in perturb.__all__
        assert perturbation.unit


def test_what_may_change_the_meaning_is_no_test_that_the_answer_stays() -> None:
    may = {name for name, one in ALL.items() if one.effect is Effect.MAY_CHANGE}
    assert may == {"drop_words", "shuffle_words", "truncate", "change_digits", "negate", "synonyms", "flip"}
