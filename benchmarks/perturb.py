"""How many texts a second does each perturbation change, and how many the loop that one would write?

    python benchmarks/perturb.py [--texts 200000]

Short texts of 8 words on average, one core, at level 0.3. The peer is `swap_letters` as a loop over texts and words.
Goal: 200,000 texts a second for the perturbations of letters. Images: 100 of 128 x 128 pixels, PNG in and out.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
import pyarrow as pa

from adequate import perturb
from adequate.perturb.images import IMAGES
from adequate.perturb.images.pixels import encoded
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


if __name__ == "__main__":
    said = argparse.ArgumentParser()
    said.add_argument("--texts", type=int, default=200_000)
    n = said.parse_args().texts
    rng = np.random.default_rng(0)
    texts = made(rng, n)
    peer = rate(n, lambda: looped(texts, LEVEL, rng))
    print(f"{n:,} texts, level {LEVEL}, one core         texts/s    of the loop")
    print(f"{'swap_letters, a loop over texts':34s} {peer:12,.0f}")
    for operator in TEXT:
        operator(texts.slice(0, 10), LEVEL, rng)  # tables and lexicons are made at the first call
        speed = rate(n, lambda operator=operator: operator(texts, LEVEL, rng))
        print(f"{operator.name:34s} {speed:12,.0f} {speed / peer:12.1f}x")
    images = pa.array([encoded(rng.integers(0, 256, (128, 128, 3), dtype=np.uint8), "PNG") for _ in range(100)])
    print("100 images of 128 x 128               images/s")
    for operator in IMAGES:
        speed = rate(100, lambda operator=operator: operator(images, LEVEL, rng))
        print(f"{operator.name:34s} {speed:12,.0f}")
