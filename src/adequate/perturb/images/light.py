"""Light, sharpness and what is lost on the way: brightness, contrast, gamma, blur, noise, JPEG, something in front.

Each level is how much, each image's own chance in which direction (lighter or darker) or where.
"""

from __future__ import annotations

import numpy as np

from adequate.perturb.images.pixels import Pixels, colours, decoded, either, encoded, image, recoloured

BRIGHTNESS, CONTRAST, GAMMA = 0.5 * 255, 4.0, 3.0
RADIUS, NOISE = 0.05, 64.0
GREY, COVERED = 127, 0.5


@image("lighter or darker, of the full range: half of it at level 1")
def brightness(pixels: Pixels, level: float, rng: np.random.Generator) -> Pixels:
    return recoloured(pixels, colours(pixels) + BRIGHTNESS * level * either(rng))


@image("factor of contrast about the mean, more or less: 4 or 1/4 at level 1")
def contrast(pixels: Pixels, level: float, rng: np.random.Generator) -> Pixels:
    colour = colours(pixels).astype(np.float32)
    mean = colour.mean()
    return recoloured(pixels, mean + (colour - mean) * CONTRAST ** (level * either(rng)))


@image("gamma, darker or lighter: 3 or 1/3 at level 1")
def gamma(pixels: Pixels, level: float, rng: np.random.Generator) -> Pixels:
    curve = 255 * (np.arange(256) / 255) ** (GAMMA ** (level * either(rng)))
    return recoloured(pixels, curve[colours(pixels)])


@image("radius of a Gaussian blur, of the shorter side: 5 % at level 1", nested=False)
def blur(pixels: Pixels, level: float, _: np.random.Generator) -> Pixels:
    radius = RADIUS * level * min(pixels.shape[:2])
    reach = int(np.ceil(3 * radius))
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / radius) ** 2)
    out = pixels.astype(np.float32)
    for axis in (0, 1):
        around = [(reach, reach) if i == axis else (0, 0) for i in range(3)]
        padded = np.pad(out, around, mode="edge")
        size = out.shape[axis]
        out = np.zeros_like(out)
        for i, weight in enumerate(weights / weights.sum()):
            out += np.float32(weight) * padded.take(range(i, i + size), axis)
    blurred: Pixels = np.clip(np.rint(out), 0, 255).astype(np.uint8)
    return blurred


@image("standard deviation of noise in each pixel: a quarter of the full range at level 1")
def noise(pixels: Pixels, level: float, rng: np.random.Generator) -> Pixels:
    colour = colours(pixels)
    return recoloured(pixels, colour + NOISE * level * rng.standard_normal(colour.shape, np.float32))


@image("loss of JPEG quality: 95 at level 0, 5 at level 1", nested=False)
def jpeg(pixels: Pixels, level: float, _: np.random.Generator) -> Pixels:
    lossy = decoded(encoded(colours(pixels), "JPEG", round(95 - 90 * level)))[0]
    return recoloured(pixels, lossy)


@image("share of the image behind a grey rectangle: half of it at level 1")
def occlusion(pixels: Pixels, level: float, rng: np.random.Generator) -> Pixels:
    out = pixels.copy()
    # A larger rectangle holds the smaller ones: its free room shrinks on both sides of the same point.
    (top, bottom), (left, right) = (
        (int(at * (size - side)), int(np.ceil(at * (size - side) + side)))
        for at, size in zip(rng.random(2), pixels.shape[:2], strict=True)
        for side in [size * np.sqrt(COVERED * level)]
    )
    colours(out)[top:bottom, left:right] = GREY
    return out
