"""The confusion map: how long the server works on one of 100,000 x 384, and how long a browser draws it.

    python benchmarks/studio_map.py [--rows 118000]

The peer, in the same page: one `fillRect` a point. Drawing is measured until the pixels can be read back. It needs Node
and the packages of web/, and a Chromium; without them only the server's part is measured.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
from pool import LABELS, NAMES, pieces

from adequate import store as stores
from adequate.encoders import onnx
from adequate.loop.map import points
from adequate.spec import Project, Target
from adequate.store import Model, Store

HERE = Path(__file__).parent


def filled(root: Path, rows: int) -> tuple[Store, Project]:
    """A store of made examples with their vectors, and a model's answers."""
    project = Project("pool", text="text")
    project.classify("task", labels=NAMES, target=Target(accuracy=0.9))
    store = stores.create(root, text="text")
    answers = []
    for piece in pieces(rows):
        store.examples.append([piece.examples()])
        store.blocks.append(onnx.digest("int8"), piece.first, piece.vectors)
        m = len(piece.gold)
        sure = np.random.default_rng([7, piece.first]).random(m).astype(np.float32)
        columns = {
            "label": pa.array(NAMES).take(pa.array(piece.gold)),
            "confidence": pa.array(sure),
            "margin": pa.array(sure),
            "runner_up": pa.array(NAMES).take(pa.array((piece.gold + 1) % LABELS)),
        }
        answers.append(pa.record_batch(list(columns.values()), names=list(columns)))
    store.models.put(Model(id="m", data="", label_seq=0, project="", seed=0, code=""))
    store.predictions.append("task", "m", 0, pa.Table.from_batches(answers))
    return store, project


def main() -> None:
    """Print the figures."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--rows", type=int, default=118_000, help="100,000 of them lie outside the gate")
    rows = asked.parse_args().rows
    with tempfile.TemporaryDirectory() as folder:
        store, project = filled(Path(folder) / "pool", rows)
        task = project.tasks["task"]
        for name, pair in (("whole map", None), ("one pair", (NAMES[0], NAMES[1]))):
            began, cpu = time.perf_counter(), time.process_time()
            made = points(store, project, task, pair)
            content = made.to_bytes()
            wall, busy = time.perf_counter() - began, time.process_time() - cpu
            print(
                f"server, {name:9}: {wall:6.2f} s, {busy:6.2f} CPU-s, {len(made.rows):,} points, "
                f"{len(content) / 1e6:.2f} MB, axes of {made.about['space']}"
            )
            if pair is None:
                (Path(folder) / "map.bin").write_bytes(content)
        store.close()
        node = shutil.which("node")
        if node is None or not (HERE.parent / "web/node_modules").exists():
            print("no Node, or the packages of web/ are not there: the drawing is not measured")
            return
        drawn = subprocess.run(
            [node, HERE / "studio_map.mjs", Path(folder) / "map.bin"], check=True, capture_output=True, text=True
        )
        times = json.loads(drawn.stdout)
        for name in ("decode", "group", "paint", "grid", "pick", "fillRect"):
            first, usual, worst = times[name][0], statistics.median(times[name]), max(times[name])
            print(f"browser, {name:8}: first {first:7.1f} ms, median {usual:7.1f}, worst {worst:7.1f}")
        ratio = statistics.median(times["fillRect"]) / statistics.median(times["paint"])
        print(f"fillRect / paint: {ratio:.1f}  ({times['points']:,} points)")


if __name__ == "__main__":
    main()
