"""Where things stand in an image: turned, moved, larger or smaller, cut, mirrored. The size of the image stays.

Each level is how far, each image's own chance in which direction. What comes in from outside the image is its edge,
drawn out. None of these but `flip` is nested: a pattern that repeats can come back to itself.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from adequate.perturb.images.pixels import Pixels, either, image
from adequate.perturb.operator import Effect

ANGLE, DISTANCE, FACTOR, CUT = 45.0, 0.5, 2.0, 0.5


@image("angle, left or right: 45 degrees at level 1", nested=False)
def rotate(pixels: Pixels, level: float, rng: np.random.Generator) -> Pixels:
    angle = np.deg2rad(ANGLE) * level * either(rng)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return _sampled(pixels, turn, np.zeros(2))


@image("distance in any direction, of the shorter side: half of it at level 1", nested=False)
def shift(pixels: Pixels, level: float, rng: np.random.Generator) -> Pixels:
    angle = 2 * np.pi * rng.random()
    distance = DISTANCE * level * min(pixels.shape[:2])
    return _sampled(pixels, np.eye(2), distance * np.array([np.sin(angle), np.cos(angle)]))


@image("factor of size, larger or smaller about the middle: 2 or 1/2 at level 1", nested=False)
def scale(pixels: Pixels, level: float, rng: np.random.Generator) -> Pixels:
    return _sampled(pixels, np.eye(2) * FACTOR ** (level * either(rng)), np.zeros(2))


@image("share of width and height cut away, the rest drawn larger: half of each at level 1", nested=False)
def crop(pixels: Pixels, level: float, rng: np.random.Generator) -> Pixels:
    size = np.array(pixels.shape[:2])
    window = 1 - CUT * level
    middle = (rng.random(2) - 0.5) * (1 - window) * size
    return _sampled(pixels, np.eye(2) * window, middle)


@image("share of images mirrored, left to right", effect=Effect.MAY_CHANGE)
def flip(pixels: Pixels, level: float, rng: np.random.Generator) -> Pixels:
    return pixels[:, ::-1] if rng.random() < level else pixels


def _sampled(pixels: Pixels, turn: NDArray[np.float64], move: NDArray[np.float64]) -> Pixels:
    """The image seen through a linear map about its middle, between pixels by the four around.

    Args:
        turn: shape (2, 2): where a pixel (y, x) of the new image is looked up in the old one.
        move: shape (2,): and how far from there, in pixels.
    """
    height, width = pixels.shape[:2]
    middle = np.array([(height - 1) / 2, (width - 1) / 2])
    y, x = np.arange(height)[:, None] - middle[0], np.arange(width)[None, :] - middle[1]
    rows = np.clip(turn[0, 0] * y + turn[0, 1] * x + middle[0] + move[0], 0, height - 1)
    columns = np.clip(turn[1, 0] * y + turn[1, 1] * x + middle[1] + move[1], 0, width - 1)
    up, left = rows.astype(np.int64), columns.astype(np.int64)
    down, right = np.minimum(up + 1, height - 1), np.minimum(left + 1, width - 1)
    v, u = (rows - up)[:, :, None].astype(np.float32), (columns - left)[:, :, None].astype(np.float32)
    above = pixels[up, left] * (1 - u) + pixels[up, right] * u
    below = pixels[down, left] * (1 - u) + pixels[down, right] * u
    seen: Pixels = np.rint(above * (1 - v) + below * v).astype(np.uint8)
    return seen
