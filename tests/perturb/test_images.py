"""Perturbations of images, one after the other."""

from __future__ import annotations

import sys
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from adequate import perturb
from adequate.errors import FormatError, MissingExtraError
from adequate.perturb.images import IMAGES
from tests.perturb.made import PICTURES, encoded, picture, pixels_of


def at(op: perturb.Perturbation, level: float, seed: int = 0, pixels: np.ndarray | None = None) -> np.ndarray:
    """The picture after it, as signed numbers."""
    (after,) = op([encoded(picture() if pixels is None else pixels)], level, seed)
    return pixels_of(after).astype(int)


def test_brightness_moves_every_pixel_as_far_as_the_level_says() -> None:
    grey = np.full((4, 4, 3), 120, np.uint8)
    assert {int(at(perturb.brightness, 0.4, seed, grey)[0, 0, 0]) for seed in range(20)} == {120 + 51, 120 - 51}


def test_contrast_keeps_the_mean_and_stretches_what_is_about_it() -> None:
    two = np.array([[[100], [140]]], np.uint8)
    assert {tuple(at(perturb.contrast, 0.5, seed, two)[0]) for seed in range(20)} == {(80, 160), (110, 130)}


def test_gamma_keeps_black_and_white() -> None:
    ends = np.array([[[0], [128], [255]]], np.uint8)
    found = {tuple(at(perturb.gamma, 1, seed, ends)[0]) for seed in range(20)}
    assert found == {(0, round(255 * (128 / 255) ** 3), 255), (0, round(255 * (128 / 255) ** (1 / 3)), 255)}


def test_noise_has_the_deviation_that_the_level_says() -> None:
    grey = np.full((64, 64, 3), 128, np.uint8)
    assert (at(perturb.noise, 0.5, 0, grey) - 128).std() == pytest.approx(32, rel=0.05)


def test_a_turn_by_45_degrees_is_the_one_that_pillow_makes() -> None:
    y, x = np.mgrid[:65, :65]
    smooth = np.rint(127 + 60 * np.sin(x / 9) + 60 * np.cos(y / 7)).astype(np.uint8)[:, :, None]
    turned = {+1: [], -1: []}
    for seed in range(6):
        ours = at(perturb.rotate, 1, seed, smooth)
        for sign, seen in turned.items():
            theirs = np.asarray(Image.fromarray(smooth[:, :, 0]).rotate(45 * sign, Image.Resampling.BILINEAR)).astype(
                int
            )
            seen.append(np.abs(ours - theirs)[20:45, 20:45].max() <= 2)
    assert all(a != b for a, b in zip(*turned.values(), strict=True))
    assert any(turned[1])
    assert any(turned[-1])


def test_scale_and_crop_keep_what_is_in_the_middle_or_the_window() -> None:
    block = np.zeros((40, 40, 1), np.uint8)
    block[15:25, 15:25] = 255
    areas = {int((at(perturb.scale, 1, seed, block) > 127).sum()) for seed in range(20)}
    assert len(areas) == 2
    assert min(areas) == pytest.approx(25, abs=12)
    assert max(areas) == pytest.approx(400, abs=45)
    whole = np.full((40, 40, 1), 77, np.uint8)
    assert (at(perturb.crop, 1, 0, whole) == 77).all()


def test_a_shift_goes_as_far_as_the_level_says() -> None:
    dot = np.zeros((41, 41, 1), np.uint8)
    dot[20, 20] = 255
    for seed in range(5):
        seen = at(perturb.shift, 0.5, seed, dot).astype(float)
        centre = [(seen.sum(1 - axis) * np.arange(41)).sum() / seen.sum() - 20 for axis in (0, 1)]
        assert np.hypot(*centre) == pytest.approx(0.25 * 41, abs=0.2)


def test_a_mirrored_image_is_itself_the_other_way_round() -> None:
    assert np.array_equal(at(perturb.flip, 1), picture()[:, ::-1])
    share = np.mean([one != PICTURES[0] for one in perturb.flip(PICTURES[:1] * 400, 0.3, 0)])
    assert share == pytest.approx(0.3, abs=0.07)


def test_a_rectangle_covers_the_share_that_the_level_says_and_grows() -> None:
    large = np.zeros((200, 300, 3), np.uint8)
    covered = [at(perturb.occlusion, level, 3, large)[:, :, 0] == 127 for level in (0.1, 0.4, 1)]
    assert [mask.mean() for mask in covered] == pytest.approx([0.05, 0.2, 0.5], abs=0.01)
    assert all((more | ~less).all() for less, more in pairwise(covered))


def test_blur_and_jpeg_lose_detail_the_more_the_higher_the_level() -> None:
    board = (np.indices((64, 64)).sum(0) % 2 * 255).astype(np.uint8)[:, :, None]
    assert at(perturb.blur, 1, 0, board)[20:40, 20:40].std() < 5
    fine = picture(64, 60)
    loss = [np.abs(at(perturb.jpeg, level, 0, fine) - fine).mean() for level in (0.1, 0.5, 1)]
    assert loss == sorted(loss)
    assert loss[0] > 0


@pytest.mark.parametrize("op", IMAGES, ids=lambda one: one.name)
def test_transparency_is_moved_but_never_recoloured(op: perturb.Perturbation) -> None:
    clear = np.dstack([picture(), np.full((24, 32), 90, np.uint8)])
    assert (at(op, 0.7, 1, clear)[:, :, 3] == 90).all()


@pytest.mark.parametrize("mode", ["1", "P", "I;16", "CMYK", "LA", "F"])
def test_images_of_any_mode_are_taken(mode: str) -> None:
    from io import BytesIO

    image = Image.fromarray(picture()).convert("L" if mode in ("I;16", "F") else "RGB").convert(mode)
    out = BytesIO()
    image.save(out, "TIFF")
    for raw in perturb.brightness([out.getvalue()], 0.5, 0):
        assert pixels_of(raw).shape[:2] == (24, 32)


def test_what_is_no_image_is_named_by_its_row() -> None:
    with pytest.raises(FormatError, match="rotate: row 1 is no image that can be read"):
        perturb.rotate([PICTURES[0], b"nothing"], 0.5)
    with pytest.raises(FormatError, match="blur: row 0 is no image"):
        perturb.blur([PICTURES[1][:200]], 0.5)


def test_without_pillow_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'adequate\[images\]'"):
        perturb.rotate([PICTURES[0]], 0.5)
