"""The table of `docs/perturbations.md`, as the code has it.

python -m tests.perturb.page      # writes it anew
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from adequate.perturb import ALL, Perturbation
from adequate.perturb.images import IMAGES
from adequate.perturb.images.pixels import encoded

PAGE = Path(__file__).parents[2] / "docs" / "perturbations.md"
LEVEL = 0.3
HEADS = ("| name | effect | what the level measures | at level 0.3 |", "|---|---|---|---|")
EXAMPLES = (
    "Please help me, I do not think my card is lost.",
    "Anna isn't in Paris on Monday, call her at 7.",
    "I didn't receive the 25 euros at the Café Olé!",
    'Write to @bank or see www.bank.com for "fees".',
)
SEEN = {"\t": "⇥", "\u00a0": "⍽", "\u2009": "␣"}


def lines() -> list[str]:
    """One line a perturbation: name, effect, unit, an example."""
    return [f"| `{one.name}` | {one.effect} | {one.unit} | {example(one)} |" for one in ALL.values()]


def example(perturbation: Perturbation) -> str:
    """The first text and seed that level 0.3 changes; of images nothing."""
    if perturbation.of == "image":
        return "below"
    for seed in range(100):
        for before, after in zip(EXAMPLES, perturbation(list(EXAMPLES), LEVEL, seed), strict=True):
            if before != after:
                return f"{before} → {shown(after) if perturbation.name == 'widen_spaces' else after}"
    raise AssertionError(f"no example for {perturbation.name}")


def shown(text: str) -> str:
    """With its wide spaces to be seen."""
    return "".join(SEEN.get(letter, letter) for letter in text.replace("  ", "␣␣").replace("␣ ", "␣␣"))


def sheet() -> Image.Image:
    """A drawn picture as it is, and as each perturbation of images leaves it at level 0.6."""
    y, _ = np.mgrid[:96, :128]
    sky = np.stack([90 + y, 150 + y // 2, 235 - y // 3], 2).astype(np.uint8)
    picture = Image.fromarray(sky)
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 70, 128, 96), fill=(70, 120, 60))
    draw.rectangle((40, 40, 84, 78), fill=(200, 170, 120), outline=(60, 40, 30))
    draw.polygon([(34, 40), (62, 16), (90, 40)], fill=(170, 50, 40))
    draw.rectangle((56, 56, 68, 78), fill=(90, 60, 40))
    draw.ellipse((100, 8, 118, 26), fill=(250, 220, 90))
    raw = encoded(np.asarray(picture), "PNG")
    tiles = [("as it is", raw), *((one.name, one([raw], 0.6, 1)[0]) for one in IMAGES)]
    out = Image.new("RGB", (7 * 136, 2 * 120), "white")
    for i, (name, tile) in enumerate(tiles):
        at = (4 + i % 7 * 136, 4 + i // 7 * 120)
        out.paste(Image.open(BytesIO(tile)), at)
        ImageDraw.Draw(out).text((at[0], at[1] + 98), name, fill="black")
    return out


def table() -> list[str]:
    """The table that the page has now."""
    return [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| `")]


if __name__ == "__main__":
    old = PAGE.read_text("utf-8").splitlines()
    at = old.index(HEADS[0])
    rest = [line for line in old[at + 2 :] if not line.startswith("| `")]
    PAGE.write_text("\n".join([*old[:at], *HEADS, *lines(), *rest]) + "\n", "utf-8")
    sheet().save(PAGE.parent / "images" / "perturbations.png", optimize=True)
