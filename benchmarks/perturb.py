"""How many texts a second does each perturbation change, and how many the loop that one would write?

    python benchmarks/perturb.py [--texts 200000] [--peers SITE_PACKAGES]

Short texts of 8 words on average, one core, at level 0.3. The peer is `swap_letters` as a loop over texts and words.
Goal: 200,000 texts a second for the perturbations of letters. Images: 100 of 128 x 128 pixels, PNG in and out.

--peers: a folder with nlpaug, albumentations or imagecorruptions (`pip install --target FOLDER nlpaug ...`); those that
are there are put beside ours, operator by operator. They change pixels, ours files: decoding and encoding are timed
for both.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable

import numpy as np
import pyarrow as pa

from adequate import perturb
from adequate.perturb.images import IMAGES
from adequate.perturb.images.pixels import decoded, encoded
from adequate.perturb.text import TEXT

LEVEL = 0.3


def made(rng: np.random.Generator, n: int) -> pa.Array:
    """Texts of words that the lexicons know and words that they don't."""
    known = [*perturb.lexicon("stop_words"), *perturb.lexicon("cities")[:10], *perturb.lexicon("women")[:10]]
    other = "".join(chr(97 + letter) for letter in rng.integers(0, 26, 4000))
    every = np.array([*known, "don't", "25", "Monday,", *(other[i : i + 3 + i % 7] for i in range(0, 3900, 13))])
    return pa.array([" ".join(words) for words in np.split(rng.choice(every, 8 * n), n)])


def looped(texts: pa.Array, level: float, rng: np.random.Generator) -> pa.Array:
    """Letters swapped text by text and word by word."""
    out = []
    for text in texts.to_pylist():
        words = text.split(" ")
        luck = rng.random(len(words))
        for i, word in enumerate(words):
            if len(word) > 3 and luck[i] < level:
                at = 1 + int(rng.integers(len(word) - 2))
                words[i] = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
        out.append(" ".join(words))
    return pa.array(out)


def rate(n: int, run: Callable[[], object]) -> float:
    """How many a second of processor time, the best of three."""
    best = float("inf")
    for _ in range(3):
        began = time.process_time()
        run()
        best = min(best, time.process_time() - began)
    return n / best


def peers_of_text() -> dict[str, Callable[[str], object]]:
    """By perturbation, what changes one text as nearly alike as a peer does."""
    try:
        from nlpaug.augmenter import char, word
    except ImportError:
        return {}
    share = {"aug_char_p": LEVEL, "aug_word_p": LEVEL, "aug_char_max": 1}
    word_share = {"aug_p": LEVEL}
    made = {
        "swap_letters": char.RandomCharAug(action="swap", **share),
        "drop_letters": char.RandomCharAug(action="delete", **share),
        "keyboard_neighbour": char.KeyboardAug(**share),
        "homoglyphs": char.OcrAug(**share),
        "drop_words": word.RandomWordAug(action="delete", **word_share),
        "shuffle_words": word.RandomWordAug(action="swap", **word_share),
        "split_words": word.SplitAug(**word_share),
        "misspell": word.SpellingAug(**word_share),
    }
    return {name: one.augment for name, one in made.items()}


def peers_of_images() -> dict[str, tuple[str, Callable[[np.ndarray], object]]]:
    """By perturbation, the peer and what changes the pixels of one image as it does."""
    found: dict[str, tuple[str, Callable[[np.ndarray], object]]] = {}
    try:
        from imagecorruptions import corrupt

        names = {"brightness": "brightness", "contrast": "contrast", "noise": "gaussian_noise", "blur": "gaussian_blur"}
        for ours, theirs in (names | {"jpeg": "jpeg_compression"}).items():
            found[ours] = ("imagecorruptions", lambda pixels, name=theirs: corrupt(pixels, 3, corruption_name=name))
    except ImportError:
        pass
    try:
        import albumentations as a

        always = {
            "rotate": a.Rotate(14, p=1), "shift": a.Affine(translate_percent=0.15, p=1), "flip": a.HorizontalFlip(p=1),
            "crop": a.RandomResizedCrop((128, 128), p=1), "scale": a.Affine(scale=1.2, p=1),
            "gamma": a.RandomGamma(p=1),
            "brightness": a.RandomBrightnessContrast(contrast_limit=0, p=1), "blur": a.GaussianBlur(p=1),
            "contrast": a.RandomBrightnessContrast(brightness_limit=0, p=1), "noise": a.GaussNoise(p=1),
            "jpeg": a.ImageCompression(p=1), "occlusion": a.CoarseDropout(p=1),
        }  # fmt: skip
        found |= {
            name: ("albumentations", lambda pixels, one=one: one(image=pixels)["image"]) for name, one in always.items()
        }
    except ImportError:
        pass
    return found


def filed(change: Callable[[np.ndarray], object], images: list[bytes]) -> None:
    """A change of pixels as ours are: from a file's bytes to a file's bytes."""
    for raw in images:
        encoded(np.ascontiguousarray(change(decoded(raw)[0]), np.uint8), "PNG")


if __name__ == "__main__":
    said = argparse.ArgumentParser()
    said.add_argument("--texts", type=int, default=200_000)
    said.add_argument("--peers", metavar="SITE_PACKAGES")
    asked = said.parse_args()
    if asked.peers:
        sys.path.append(asked.peers)  # behind our own packages
    n = asked.texts
    rng = np.random.default_rng(0)
    texts = made(rng, n)
    peer = rate(n, lambda: looped(texts, LEVEL, rng))
    theirs = peers_of_text() if asked.peers else {}
    few = texts.slice(0, 500).to_pylist()
    print(f"{n:,} texts, level {LEVEL}, one core         texts/s    of the loop" + "    of nlpaug" * bool(theirs))
    print(f"{'swap_letters, a loop over texts':34s} {peer:12,.0f}")
    for operator in TEXT:
        operator(texts.slice(0, 10), LEVEL, rng)  # tables and lexicons are made at the first call
        speed = rate(n, lambda operator=operator: operator(texts, LEVEL, rng))
        slow = theirs.get(operator.name)
        beside = f"{speed / rate(len(few), lambda slow=slow: [slow(one) for one in few]):12,.0f}x" if slow else ""
        print(f"{operator.name:34s} {speed:12,.0f} {speed / peer:12.1f}x{beside}")
    images = pa.array([encoded(rng.integers(0, 256, (128, 128, 3), dtype=np.uint8), "PNG") for _ in range(100)])
    beside_us = peers_of_images() if asked.peers else {}
    files = images.to_pylist()
    print("100 images of 128 x 128               images/s")
    for operator in IMAGES:
        speed = rate(100, lambda operator=operator: operator(images, LEVEL, rng))
        who, change = beside_us.get(operator.name, ("", None))
        beside = f"{speed / rate(100, lambda change=change: filed(change, files)):8.1f}x {who}" if change else ""
        print(f"{operator.name:34s} {speed:12,.0f} {beside}")
