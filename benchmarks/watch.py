"""A look at a million recorded rows: seconds, and whether memory is flat.

    python benchmarks/watch.py [--rows 1000000]

Segments as servers write them, audit rows with a tally of 150 labels after each twenty, in a temporary folder. Against:
reading the same lines with `json` and keeping nothing. Memory is the growth of the process's peak between a tenth of
the rows and all of them.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from pathlib import Path

import orjson

from adequate.loop.watch.traffic import Traffic
from adequate.store.recordings import folder_of, segments

START, SEGMENT, LABELS = 1_700_000_000.0, 50_000, 150


def main() -> None:
    """Print the figures."""
    said = argparse.ArgumentParser(description=__doc__)
    said.add_argument("--rows", type=int, default=1_000_000)
    rows = said.parse_args().rows
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        written(root, 0, rows // 10)
        Traffic(root=root, start=START).read()
        before = peak()
        written(root, rows // 10, rows)
        began = time.process_time()
        traffic = Traffic(root=root, start=START)
        traffic.read()
        ours, after = time.process_time() - began, peak()
        began = time.process_time()
        for path in segments(folder_of(root)):
            with path.open() as file:
                for line in file:
                    json.loads(line)
        least = time.process_time() - began
        began = time.process_time()
        traffic.read()
        again = time.process_time() - began
    print(f"{rows:,} rows: {ours:.1f} s of CPU, {ours / least:.2f} x json.loads alone; kept {len(traffic.rows):,}")
    print(f"look again: {again * 1000:.1f} ms; peak {after:.0f} MB, {after - before:+.0f} MB from a tenth of the rows")


def written(root: Path, first: int, last: int) -> None:
    """Rows and tallies, a segment each 50,000."""
    folder = folder_of(root) / "host-1-x"
    folder.mkdir(parents=True, exist_ok=True)
    labels = {f"label {i}": 7 for i in range(LABELS)}
    for start in range(first, last, SEGMENT):
        with (folder / f"{start:09}.jsonl").open("wb") as file:
            for i in range(start, min(last, start + SEGMENT)):
                at = START + i * 0.5
                output = {"intent": {"label": f"label {i % LABELS}", "confidence": 0.9}}
                row = {
                    "kind": "row",
                    "id": f"host-1-x-{i}",
                    "at": at,
                    "release": "r1",
                    "inputs": {"text": "a text " * 8},
                }
                file.write(orjson.dumps(row | {"outputs": output, "why": {"audit": 0.05}, "probability": 0.05}) + b"\n")
                if i % 20 == 0:
                    tally = {
                        "kind": "tally",
                        "server": "x",
                        "release": "r1",
                        "start": at,
                        "end": at + 10,
                        "texts": 1050,
                    }
                    task = {"labels": labels, "confidence": [50] * 20, "abstained": 0}
                    file.write(orjson.dumps(tally | {"requests": 1000, "tasks": {"intent": task}}) + b"\n")


def peak() -> float:
    """Megabytes that the process had at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
