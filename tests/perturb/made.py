"""Texts that every perturbation of text changes, texts that are hard for all of them, and small images."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from hypothesis import strategies as st
from PIL import Image

from adequate.perturb.images.pixels import Pixels

SENTENCES = [
    f"Please, I don't believe it is my money: {n} euros for {who} at the café in {where}, "
    f'{day}, see www.{site} "so" now.'
    for n, who, where, day, site in [
        (25, "Anna", "Paris", "Monday", "shop.org"),
        (7, "David", "New York", "Friday", "bank.com/a"),
        (40, "Maria", "France", "October", "mail.net"),
        (13, "Omar", "South Korea", "Sunday", "post.edu"),
    ]
] * 100

# What tears easily: marks that combine, joiners, flags, skin tones, letters whose other case is two, no text at all.
HARD = [
    *(
        "",
        " ",
        "\t",
        "\n",
        ".",
        "?!",
        "'",
        "’",
        '"',
        "-5",
        "3.5",
        "ß",
        "İ",
        "ſ",
        "Ǆ",
        "é",
        "e\u0301",
        "\u0301",
        "\u200d",
    ),
    *(
        "👩\u200d👩\u200d👧",
        "👍🏽",
        "🇩🇪",
        "1\ufe0f\u20e3",
        "\U000e0100",
        "\U0010ffff",
        "\x00",
        "\u2028",
        "क्षि",
        "漢字",
        "한국",
        "ไทย",
    ),
    *("שלום", "مرحبا", "ΟΔΟΣ", "жизнь", "I ", "do not ", "can't ", "New York ", "Anna ", "twenty five ", "one ", "12 "),
    *("www.a.b ", "@x ", "a@b.c ", "it is ", "the ", "THE ", "a ", "receive ", "letters "),
]
text = st.text(max_size=12) | st.lists(st.sampled_from(HARD), max_size=6).map("".join)
texts = st.lists(st.none() | text, max_size=8)


def picture(height: int = 24, width: int = 32, channels: int = 3) -> Pixels:
    """Slopes, with a square in them."""
    y, x = np.mgrid[:height, :width]
    pixels = np.stack([40 + x * 4, 200 - y * 5, 90 + x + y, 255 - x], 2).astype(np.uint8)
    pixels[6:14, 8:20, :3] = [220, 30, 60]
    return pixels[:, :, :channels]


def encoded(pixels: Pixels, kind: str = "PNG") -> bytes:
    out = BytesIO()
    Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels).save(out, kind)
    return out.getvalue()


def pixels_of(raw: bytes) -> Pixels:
    with Image.open(BytesIO(raw)) as opened:
        return np.asarray(opened)


PICTURES = [
    encoded(picture(h, w, c), kind)
    for h, w, c, kind in [
        (24, 32, 3, "PNG"),
        (32, 24, 3, "JPEG"),
        (24, 24, 1, "PNG"),
        (20, 30, 4, "PNG"),
        (1, 1, 3, "PNG"),
        (24, 30, 2, "PNG"),
    ]
]
