"""Encoded images as pixels and back: PNG or JPEG bytes in, the same size and kind out.

An image in which no pixel changed keeps its bytes, so that it doesn't count as changed. Every image has chances of its
own, whatever the level, so that a seed does the same to it at every level, only more.

What Pillow opens and NumPy changes: 8 bits a channel, upright (the camera's turn is applied), grey or colour, with or
without transparency; palettes become colours, 16 bits become 8. JPEG stays JPEG (quality 95), all else becomes PNG.
"""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from adequate.errors import FormatError, MissingExtraError
from adequate.perturb.operator import Effect, Perturbation

if TYPE_CHECKING:
    from PIL.Image import Image

Pixels: TypeAlias = NDArray[np.uint8]  # shape (height, width, channels): grey, grey + alpha, RGB, RGBA
Change: TypeAlias = Callable[[Pixels, float, np.random.Generator], Pixels]
QUALITY = 95
MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}


def image(unit: str, *, effect: Effect = Effect.SAME, nested: bool = True) -> Callable[[Change], Perturbation]:
    """Make a change of pixels a perturbation of images, named as the function."""

    def made(change: Change) -> Perturbation:
        def function(inputs: pa.Array, level: float, rng: np.random.Generator) -> pa.Array:
            seeds = rng.integers(2**63, size=len(inputs)).tolist()
            return pa.array(
                [
                    None if raw is None else changed(raw, change, level, seed, f"{change.__name__}: row {i}")
                    for i, (raw, seed) in enumerate(zip(inputs.to_pylist(), seeds, strict=True))
                ],
                inputs.type,
            )

        return Perturbation(change.__name__, "image", effect, unit, function, nested)

    return made


def changed(raw: bytes, change: Change, level: float, seed: int, where: str) -> bytes:
    """One image with its pixels changed.

    Args:
        where: of the image, for a message.

    Raises:
        FormatError: it is no image, or cut short.
        MissingExtraError: Pillow isn't installed.
    """
    pixels, kind = decoded(raw, where)
    after = change(pixels, level, np.random.default_rng(seed))
    return raw if np.array_equal(after, pixels) else encoded(after, kind)


def decoded(raw: bytes, where: str = "image") -> tuple[Pixels, str]:
    """The pixels of an image, and what it is encoded as from now on: "JPEG" or "PNG"."""
    try:
        from PIL import Image, ImageOps
    except ImportError as error:
        raise MissingExtraError("images need Pillow", remedy="pip install 'adequate[images]'") from error
    try:
        with Image.open(BytesIO(raw)) as opened:
            kind = "JPEG" if opened.format == "JPEG" else "PNG"
            pixels = _pixels(ImageOps.exif_transpose(opened))
    except (OSError, SyntaxError, ValueError) as error:
        message = f"{where} is no image that can be read: {error}"
        raise FormatError(message, remedy="give the bytes of whole PNG or JPEG files") from error
    return pixels if pixels.ndim == 3 else pixels[:, :, None], kind


def encoded(pixels: Pixels, kind: str, quality: int = QUALITY) -> bytes:
    """Pixels as the bytes of a file."""
    from PIL import Image

    out = BytesIO()
    mode = MODES[pixels.shape[2]]
    made = Image.fromarray(np.ascontiguousarray(pixels[:, :, 0] if mode == "L" else pixels), mode)
    if kind == "JPEG":
        made.convert(mode.removesuffix("A")).save(out, kind, quality=quality)
    else:
        made.save(out, kind, compress_level=1)
    return out.getvalue()


def either(rng: np.random.Generator) -> int:
    """A direction: 1 or -1."""
    return 1 if rng.random() < 0.5 else -1


def colours(pixels: Pixels) -> Pixels:
    """A view of the channels without the one of transparency."""
    return pixels[:, :, : (1 if pixels.shape[2] < 3 else 3)]


def recoloured(pixels: Pixels, new: NDArray[np.floating] | Pixels) -> Pixels:
    """The image in other colours, rounded and kept in range; transparency stays."""
    out = pixels.copy()
    colours(out)[:] = np.clip(np.rint(new), 0, 255)
    return out


def _pixels(opened: Image) -> Pixels:
    if opened.mode.startswith("I"):
        return (np.clip(np.asarray(opened, np.int64), 0, 65535) >> 8).astype(np.uint8)
    if opened.mode in MODES.values():
        return np.asarray(opened)
    see_through = "transparency" in opened.info or opened.mode in ("PA", "RGBa", "La")
    mode = "L" if opened.mode in ("1", "F") else "RGBA" if see_through else "RGB"
    return np.asarray(opened.convert(mode))
