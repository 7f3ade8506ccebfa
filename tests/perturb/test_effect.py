"""How much is changed grows with the level, by a measure that isn't our own; nothing hard to hold breaks one."""

from __future__ import annotations

from difflib import SequenceMatcher
from io import BytesIO
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from adequate.perturb import ALL, Perturbation, changed
from tests.perturb.made import HARD, PICTURES, SENTENCES, picture, pixels_of

LEVELS = (0.1, 0.3, 0.6, 1.0)
each = pytest.mark.parametrize("perturbation", ALL.values(), ids=ALL)
each_text = pytest.mark.parametrize(
    "perturbation", [one for one in ALL.values() if one.of == "text"], ids=lambda one: one.name
)
each_image = pytest.mark.parametrize(
    "perturbation", [one for one in ALL.values() if one.of == "image"], ids=lambda one: one.name
)

LONG = ("Anna paid 25 euros in Paris on Monday, I do not know why. " * 1800)[:100_000]
ODD = [
    *HARD,
    *(
        "word",
        "12345",
        "7",
        "A",
        "!!!",
        "👩\u200d👩\u200d👧 👍🏽",
        "e\u0301te\u0301 cafe\u0301 nin\u0303o",
        "שלום לך, עולם",
        "漢字 かな 한국",
        "a\r\nb",
    ),
    LONG,
    None,
]


def distance(before: str | bytes, after: str | bytes) -> float:
    """Of texts the share of characters that differ, of images the mean difference of a pixel."""
    if isinstance(before, str) and isinstance(after, str):
        return 1 - SequenceMatcher(None, before, after, autojunk=False).ratio()
    return float(np.abs(pixels_of(before).astype(int) - pixels_of(after).astype(int)).mean())


@each
def test_the_higher_the_level_the_further_from_what_it_was(perturbation: Perturbation) -> None:
    before = SENTENCES[:24] if perturbation.of == "text" else PICTURES[:4] * 3
    far = [
        np.mean([distance(one, other) for one, other in zip(before, perturbation(before, level, 3), strict=True)])
        for level in LEVELS
    ]
    assert all(less <= more for less, more in pairwise(far))
    assert far[-1] > 0
    assert far[0] < 0.75 * far[-1]


@each_text
def test_what_a_level_did_to_a_word_every_higher_one_does_too(perturbation: Perturbation) -> None:
    """A word changed at one level is the same at the next one, or changed further."""
    was, less, more = (
        [one.split(" ") for one in perturbation(SENTENCES[:40], level, 3)] for level in (0, LEVELS[1], LEVELS[2])
    )
    for words in zip(was, less, more, strict=True):
        if len({len(one) for one in words}) == 1:
            for one, then, later in zip(*words, strict=True):
                assert then in (one, later) or distance(one, later) > distance(one, then)


@each_text
def test_odd_texts_come_out_as_texts_each_by_itself(perturbation: Perturbation) -> None:
    for level in (0.3, 1.0):
        after = perturbation(pa.array(ODD), level, 4)
        after.validate(full=True)
        assert len(after) == len(ODD)
        assert after[-1].as_py() is None
        assert [one is None for one in after.to_pylist()] == [one is None for one in ODD]
    assert perturbation(pa.array(ODD), 0.0, 4).equals(pa.array(ODD))
    moved = changed(ODD, after.to_pylist())
    assert moved.tolist() == [one != other for one, other in zip(ODD, after.to_pylist(), strict=True)]


@each_text
@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.string_view()], ids=str)
def test_texts_keep_the_type_in_which_they_are_held(perturbation: Perturbation, kind: pa.DataType) -> None:
    before = pa.array([None, "x", *SENTENCES[:6]], pa.string()).cast(kind)
    after = perturbation(pa.chunked_array([before[1:3], before[3:]]), 0.8, 2)
    assert after.type == kind
    assert after.to_pylist() == perturbation(before.to_pylist()[1:], 0.8, 2)


@each_image
@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "F"])
@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1), (17, 9)], ids=str)
def test_any_image_comes_out_in_its_size(perturbation: Perturbation, mode: str, size: tuple[int, int]) -> None:
    raw = BytesIO()
    grey = picture(*size, 1)[:, :, 0]
    made = Image.fromarray(grey.astype(np.uint16) * 257 if mode == "I;16" else grey)
    (made if mode == "I;16" else made.convert(mode)).save(raw, "TIFF")
    (after,) = perturbation([raw.getvalue()], 1.0, 5)
    assert pixels_of(after).shape[:2] == size
    assert perturbation([raw.getvalue()], 0.0, 5) == [raw.getvalue()]
    assert perturbation([raw.getvalue()], 1.0, 5) == [after]
