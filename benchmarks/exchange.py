"""What do 100,000 texts cost on their way in and out, in CPU seconds of the whole process?

    python benchmarks/exchange.py

In: a CSV of texts (read, named, near-duplicates found, written), and a Label Studio export with labels. Out: tables
and other tools' formats. The peer is a physical limit: reading, hashing and writing the same bytes with the standard
library.
"""

from __future__ import annotations

import csv
import hashlib
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from adequate import store
from adequate.loop.answers import exported
from adequate.loop.exchange import brought_in, carried_out
from adequate.loop.ingest import add
from adequate.spec.project import Project
from adequate.spec.targets import Target
from adequate.store.formats import write

N = 100_000
GOAL = 1.5  # CPU seconds


def made(folder: Path) -> tuple[Path, Path]:
    """A CSV of texts of twelve words, and the same labelled as Label Studio exports it."""
    rng = np.random.default_rng(0)
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz"))
    words = ["".join(rng.choice(letters, rng.integers(3, 9))) for _ in range(5000)]
    texts = [" ".join(words[i] for i in row) for row in rng.integers(0, len(words), (N, 12))]
    labels = rng.choice(["card", "fee", "loan"], N)
    plain, tasks = folder / "texts.csv", folder / "tasks.json"
    with plain.open("w", newline="") as file:
        csv.writer(file).writerows([["text"], *([text] for text in texts)])
    tied = {"type": "choices", "from_name": "intent", "to_name": "text"}
    rows = [
        {
            "id": i,
            "data": {"text": text},
            "annotations": [
                {"completed_by": {"email": "ann"}, "result": [{**tied, "value": {"choices": [str(label)]}}]}
            ],
        }
        for i, (text, label) in enumerate(zip(texts, labels, strict=True))
    ]
    tasks.write_text(json.dumps(rows))
    return plain, tasks


def spent(work: Callable[[], object]) -> float:
    """CPU seconds of the process, all threads."""
    begun = time.process_time()
    work()
    return time.process_time() - begun


def least(plain: Path, out: Path) -> None:
    """Read, hash, write: what nobody can do without."""
    with plain.open(newline="") as file, out.open("w", newline="") as made:
        rows = csv.writer(made)
        for row in csv.reader(file):
            rows.writerow([hashlib.sha256(row[0].encode()).hexdigest(), *row])


def main() -> None:
    """Print each figure with its goal and its ratio to the limit."""
    project = Project("mail", text="text")
    project.classify("intent", labels=["card", "fee", "loan"], target=Target(accuracy=0.9))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        plain, tasks = made(folder)
        limit = spent(lambda: least(plain, folder / "least.csv"))
        print(f"{N:,} texts; the limit (read, hash, write by the standard library): {limit:.2f} CPU s")
        with store.create(folder / "one", text="text") as one:
            show("in: CSV of texts", spent(lambda: add(one, project, [plain], with_labels=False)), limit)
        with store.create(folder / "two", text="text") as two:
            show(
                "in: Label Studio, a label each", spent(lambda: brought_in(two, project, tasks, "label-studio")), limit
            )
            for ending in ("csv", "jsonl", "parquet"):
                file = folder / f"out.{ending}"
                show(f"out: {ending}", spent(lambda file=file: write(file, exported(two, project))), limit)  # type: ignore[misc]
            for form in ("label-studio", "prodigy", "doccano", "datasets"):
                file = folder / f"out-{form}"
                show(f"out: {form}", spent(lambda file=file, form=form: carried_out(two, project, file, form)), limit)  # type: ignore[misc]


def show(what: str, seconds: float, limit: float) -> None:
    """One line."""
    verdict = "met" if seconds <= GOAL else "missed"
    print(f"{what:32} {seconds:5.2f} CPU s  (goal {GOAL}: {verdict}; {seconds / limit:.1f} x the limit)")


if __name__ == "__main__":
    main()
